/** ECDSA signatures as JWS wants them (RFC 7518 §3.4): R and S of 32 octets each, out of the ASN.1 that KMS returns. */

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

const notDer = () => new Error('a signature of KMS is not what RFC 3279 says');
