/** The primitive values of DER (X.690 §8, §11), each refused unless it is in its one canonical encoding. */
import { byteAt, contents, DerError, type Element, expectTag, tags } from './der.ts';

/** X.690 §11.1: TRUE is FF and nothing else. */
export function readBoolean(element: Element, tag: number = tags.boolean): boolean {
  expectTag(element, tag);
  const value = element.bytes[element.contents];
  if (element.end - element.contents !== 1 || (value !== 0 && value !== 0xff)) {
    throw new DerError('BOOLEAN neither 00 nor FF', element.start);
  }
  return value === 0xff;
}

/** X.690 §8.3: the contents octets of an INTEGER, two's complement, in the fewest octets. */
export function readInteger(element: Element, tag: number = tags.integer): Uint8Array {
  expectTag(element, tag);
  checkInteger(element.bytes, element.contents, element.end);
  return contents(element);
}

/** The contents of an INTEGER: at least one octet, none that only repeats the sign. Throws `DerError`. */
export function checkInteger(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) throw new DerError('empty INTEGER', start);
  if (end - start === 1) return;
  const first = byteAt(bytes, start);
  const negative = byteAt(bytes, start + 1) >= 0x80;
  if (first === (negative ? 0xff : 0)) throw new DerError('INTEGER not minimal', start);
}

/** A non-negative INTEGER that fits 31 bits: counts, versions, pathLenConstraint. */
export function readCount(element: Element, tag: number = tags.integer): number {
  const bytes = readInteger(element, tag);
  if (bytes.length > 4 || byteAt(bytes, 0) >= 0x80) throw new DerError('INTEGER negative or too large', element.start);
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** X.690 §8.6, §11.2.1: the octets of a BIT STRING; unused bits must be zero. */
export function readBitString(
  element: Element,
  tag: number = tags.bitString,
): { readonly unused: number; readonly bytes: Uint8Array } {
  expectTag(element, tag);
  const unused = element.bytes[element.contents];
  if (element.end === element.contents || unused === undefined) throw new DerError('empty BIT STRING', element.start);
  const bytes = element.bytes.subarray(element.contents + 1, element.end);
  const last = bytes.at(-1);
  if (unused > 7 || (last === undefined && unused > 0)) throw new DerError('unused bits out of range', element.start);
  if (last !== undefined && (last & ((1 << unused) - 1)) !== 0)
    throw new DerError('unused bits not zero', element.start);
  return { unused, bytes };
}

/** A BIT STRING of whole octets: a signature, a key. */
export function readBitStringOctets(element: Element): Uint8Array {
  const { unused, bytes } = readBitString(element);
  if (unused !== 0) throw new DerError('BIT STRING not of whole octets', element.start);
  return bytes;
}

/** X.690 §11.2.2: the numbers of the bits that are set; trailing zero bits must have been removed. */
export function readNamedBits(element: Element, tag: number = tags.bitString): ReadonlySet<number> {
  const { unused, bytes } = readBitString(element, tag);
  const set = new Set<number>();
  bytes.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) set.add(index * 8 + bit);
  });
  if (bytes.length > 0 && !set.has(bytes.length * 8 - unused - 1)) {
    throw new DerError('named bits with trailing zeros', element.start);
  }
  return set;
}

export function readOctetString(element: Element, tag: number = tags.octetString): Uint8Array {
  expectTag(element, tag);
  return contents(element);
}

export function readNull(element: Element): void {
  expectTag(element, tags.null);
  if (element.end !== element.contents) throw new DerError('NULL with contents', element.start);
}

/** One arc of many octets costs the square of its length as a bigint; real identifiers, UUIDs among them, have below 40. */
const maximumOidOctets = 128;

/** X.690 §8.19: an OBJECT IDENTIFIER in dotted form, each arc in the fewest octets. */
export function readOid(element: Element, tag: number = tags.oid): string {
  expectTag(element, tag);
  if (element.end - element.contents > maximumOidOctets) throw new DerError('OID too long', element.start);
  let dotted = '';
  let arc: number | bigint = 0;
  let begun = false;
  for (let i = element.contents; i < element.end; i++) {
    const byte = byteAt(element.bytes, i);
    if (!begun && byte === 0x80) throw new DerError('OID arc not minimal', i);
    arc = appendSeptet(arc, byte & 0x7f);
    begun = byte >= 0x80;
    if (begun) continue;
    dotted = dotted === '' ? firstArcs(arc) : `${dotted}.${arc}`;
    arc = 0;
  }
  if (begun || dotted === '') throw new DerError('OID truncated', element.start);
  return dotted;
}

/** Arcs up to 2^53 are numbers; longer ones (2.25 carries a UUID) become bigints. */
function appendSeptet(arc: number | bigint, septet: number): number | bigint {
  if (typeof arc === 'bigint') return arc * 128n + BigInt(septet);
  const longer = arc * 128 + septet;
  return Number.isSafeInteger(longer) ? longer : BigInt(arc) * 128n + BigInt(septet);
}

function firstArcs(value: number | bigint): string {
  if (value < 40) return `0.${value}`;
  if (value < 80) return `1.${Number(value) - 40}`;
  return `2.${typeof value === 'bigint' ? value - 80n : value - 80}`;
}
