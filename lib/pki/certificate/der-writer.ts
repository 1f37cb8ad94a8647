/** A tiny DER writer (X.690 §8, §10), enough for OCSP requests and names. Its input is ours: it does not validate. */
import { tags } from './der.ts';

/** Tag, minimal definite length, contents. */
export function write(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOctets(length)), ...parts]);
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = bigEndian(length);
  return [0x80 | octets.length, ...octets];
}

export const writeSequence = (...parts: readonly Uint8Array[]): Uint8Array => write(tags.sequence, ...parts);
export const writeSet = (...parts: readonly Uint8Array[]): Uint8Array => write(tags.set, ...parts);
export const writeOctetString = (bytes: Uint8Array): Uint8Array => write(tags.octetString, bytes);
export const writeNull = (): Uint8Array => write(tags.null);
export const writeBoolean = (value: boolean): Uint8Array => write(tags.boolean, Uint8Array.of(value ? 0xff : 0));

/** An INTEGER from its contents octets (as `readInteger` gives them) or from a small non-negative number. */
export function writeInteger(value: number | Uint8Array): Uint8Array {
  if (typeof value !== 'number') return write(tags.integer, value);
  const octets = bigEndian(value);
  return write(tags.integer, Uint8Array.from((octets[0] ?? 0) >= 0x80 ? [0, ...octets] : octets));
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function writeOid(dotted: string): Uint8Array {
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  return write(tags.oid, Uint8Array.from([first * 40n + second, ...rest].flatMap(septets)));
}

function septets(arc: bigint): number[] {
  const low = Number(arc & 0x7fn);
  const octets = [low];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) octets.unshift(Number(left & 0x7fn) | 0x80);
  return octets;
}

function bigEndian(value: number): number[] {
  const octets = [value % 256];
  for (let left = Math.floor(value / 256); left > 0; left = Math.floor(left / 256)) octets.unshift(left % 256);
  return octets;
}
