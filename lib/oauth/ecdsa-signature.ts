/**
 * The two forms of a P-256 signature: R and S of 32 octets each (RFC 7518 §3.4), and the ASN.1 (RFC 3279 §2.2.3) that KMS
 * returns and that node:crypto makes and takes in half the time.
 */

const size = 32;

/** RFC 3279 §2.2.3: SEQUENCE of two INTEGERs, DER. Throws an Error for anything else, and for numbers beyond P-256's. */
export function rawSignature(der: Uint8Array): Uint8Array {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) throw notDer();
  const r = integerAt(der, 2);
  const s = integerAt(der, r.end);
  if (s.end !== der.length) throw notDer();
  const raw = new Uint8Array(2 * size);
  raw.set(r.digits, size - r.digits.length);
  raw.set(s.digits, 2 * size - s.digits.length);
  return raw;
}

/** A positive INTEGER without its sign octet. */
function integerAt(der: Uint8Array, at: number): { readonly digits: Uint8Array; readonly end: number } {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  const value = der.subarray(at + 2, end);
  if (der[at] !== 0x02 || length === 0 || value.length !== length || (value[0] ?? 0) > 0x7f) throw notDer();
  const digits = value[0] === 0 ? value.subarray(1) : value;
  if (digits.length > size) throw notDer();
  return { digits, end };
}

const notDer = () => new Error('an ECDSA signature is not what RFC 3279 says');

/** RFC 3279 §2.2.3. Undefined for anything but 64 octets (RFC 7518 §3.4). */
export function derSignature(raw: Uint8Array): Uint8Array | undefined {
  if (raw.length !== 2 * size) return undefined;
  const r = integer(raw.subarray(0, size));
  const s = integer(raw.subarray(size));
  return Uint8Array.of(0x30, r.length + s.length, ...r, ...s);
}

/** X.690 §8.3.2: the shortest two's complement, positive by a sign octet. */
function integer(number: Uint8Array): readonly number[] {
  const first = number.findIndex((octet) => octet !== 0);
  const digits = first === -1 ? [0] : [...number.subarray(first)];
  const signed = (digits[0] ?? 0) > 0x7f ? [0, ...digits] : digits;
  return [0x02, signed.length, ...signed];
}
