/**
 * A strict DER cursor (X.690 §8, §10, §11): definite minimal lengths, no trailing bytes, bounded depth, nothing copied.
 *
 * Inside `lib/pki` the readers throw `DerError`, so that a structure reads top to bottom as its ASN.1 does; every
 * exported parse function runs them within `decode`, which turns the error into a failure. It never escapes.
 */
import { fail, ok, type Result } from '../../result.ts';

/** One tag-length-value: `start` is its first byte, `contents` its first content byte, `end` is past its last. */
export type Element = {
  readonly tag: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly contents: number;
  readonly end: number;
  readonly depth: number;
};

/** A position among the elements of one constructed value. */
export type Cursor = { readonly bytes: Uint8Array; position: number; readonly end: number; readonly depth: number };

export type DerFailure = { readonly problem: string; readonly at: number };

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The tag `[number]`, IMPLICIT over a primitive type. */
export const contextTag = (number: number): number => 0x80 | number;
/** The tag `[number]`, EXPLICIT or IMPLICIT over a constructed type. */
export const constructedTag = (number: number): number => 0xa0 | number;

/** What `lib/pki` parses nests 12 deep at most (an OCSP response with a certificate); the rest is an attack on the stack. */
const maximumDepth = 24;
/** A length of more than four octets cannot be that of anything we hold in memory. */
const maximumLengthOctets = 4;

export class DerError extends Error {
  readonly at: number;
  constructor(problem: string, at: number) {
    super(problem);
    this.at = at;
  }
}

/** Runs DER readers and turns their `DerError` into a failure; any other exception is a programming fault. */
export function decode<T>(read: () => T): Result<T, DerFailure> {
  try {
    return ok(read()) as Result<T, DerFailure>;
  } catch (error) {
    if (error instanceof DerError) return fail({ problem: error.message, at: error.at });
    throw error;
  }
}

/** The one element that all the bytes are; anything after it is an error. */
export function root(input: Uint8Array, tag?: number): Element {
  // Views of a plain Uint8Array cost a fraction of those of a Buffer.
  const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  const cursor: Cursor = { bytes, position: 0, end: bytes.length, depth: 0 };
  const element = take(cursor, tag);
  close(cursor);
  return element;
}

/** A cursor over the elements within a constructed element. */
export function enter(element: Element, tag: number = tags.sequence): Cursor {
  expectTag(element, tag);
  if (element.depth >= maximumDepth) throw new DerError('nested too deep', element.start);
  return { bytes: element.bytes, position: element.contents, end: element.end, depth: element.depth + 1 };
}

/** The next element, which must be there and, where a tag is given, must have it. */
export function take(cursor: Cursor, tag?: number): Element {
  const { bytes, position: start, depth } = cursor;
  if (start >= cursor.end) throw new DerError('truncated', start);
  const found = byteAt(bytes, start);
  if (tag !== undefined && found !== tag) throw unexpected(found, tag, start);
  if ((found & 0x1f) === 0x1f) throw new DerError('high-tag-number form', start);
  const end = stepInto(cursor, cursor.end);
  const { position: contents } = cursor;
  cursor.position = end;
  return { tag: found, bytes, start, contents, end, depth };
}

/** X.690 §8.1.3, §10.1: steps over tag and length, the length definite and in the fewest octets; the end of the value. */
export function stepInto(scan: { readonly bytes: Uint8Array; position: number }, limit: number): number {
  const { bytes, position: start } = scan;
  if (start + 2 > limit) throw new DerError('truncated', start);
  const first = byteAt(bytes, start + 1);
  const octets = first < 0x80 ? 0 : first & 0x7f;
  scan.position = start + 2 + octets;
  const length = first < 0x80 ? first : longLength(bytes, start, octets, limit);
  if (length > limit - scan.position) throw new DerError('length beyond the enclosing value', start);
  return scan.position + length;
}

function longLength(bytes: Uint8Array, start: number, octets: number, limit: number): number {
  if (octets === 0) throw new DerError('indefinite length', start);
  if (octets > maximumLengthOctets) throw new DerError('length of too many octets', start);
  if (start + 2 + octets > limit) throw new DerError('truncated', start);
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + byteAt(bytes, start + 2 + i);
  if (length < 0x80 || length < 256 ** (octets - 1)) throw new DerError('length not minimal', start);
  return length;
}

/** The next element if it has the tag. */
export function takeIf(cursor: Cursor, tag: number): Element | undefined {
  return cursor.position < cursor.end && cursor.bytes[cursor.position] === tag ? take(cursor, tag) : undefined;
}

export const more = (cursor: Cursor): boolean => cursor.position < cursor.end;

/** Nothing may be left. */
export function close(cursor: Cursor): void {
  if (cursor.position !== cursor.end) throw new DerError('trailing bytes', cursor.position);
}

/** All elements within a constructed element, at least `minimum` of them. */
export function takeAll(element: Element, tag: number = tags.sequence, minimum = 0): Element[] {
  const cursor = enter(element, tag);
  const elements: Element[] = [];
  while (more(cursor)) elements.push(take(cursor));
  if (elements.length < minimum) throw new DerError('empty', element.start);
  return elements;
}

/** The one element within an EXPLICIT tag. */
export function takeOnly(element: Element, tag: number): Element {
  const cursor = enter(element, tag);
  const inner = take(cursor);
  close(cursor);
  return inner;
}

/** The two elements of a SEQUENCE of two. */
export function takePair(element: Element): readonly [Element, Element] {
  const cursor = enter(element);
  const pair = [take(cursor), take(cursor)] as const;
  close(cursor);
  return pair;
}

/** The elements of a SEQUENCE of which each is OPTIONAL, by their tags. */
export function takeOptional<const T extends readonly number[]>(
  element: Element,
  wanted: T,
): { readonly [K in keyof T]: Element | undefined } {
  const cursor = enter(element);
  const found = wanted.map((tag) => takeIf(cursor, tag));
  close(cursor);
  return found as { readonly [K in keyof T]: Element | undefined };
}

/** The one element that an OCTET STRING wraps, as the value of an extension does. */
export function takeWrapped(element: Element): Element {
  expectTag(element, tags.octetString);
  const { bytes, contents: position, end, depth } = element;
  const cursor: Cursor = { bytes, position, end, depth: depth + 1 };
  const inner = take(cursor);
  close(cursor);
  return inner;
}

/** The encoding, tag and length included; a view, not a copy. */
export const encoding = (element: Element): Uint8Array => element.bytes.subarray(element.start, element.end);
/** The contents octets; a view, not a copy. */
export const contents = (element: Element): Uint8Array => element.bytes.subarray(element.contents, element.end);

export function expectTag(element: Element, tag: number): void {
  if (element.tag !== tag) throw unexpected(element.tag, tag, element.start);
}

const unexpected = (found: number, wanted: number, at: number) =>
  new DerError(`expected ${describeTag(wanted)}, found ${describeTag(found)}`, at);

export function byteAt(bytes: Uint8Array, index: number): number {
  const byte = bytes[index];
  if (byte === undefined) throw new DerError('truncated', index);
  return byte;
}

const tagNames = new Map<number, string>(Object.entries(tags).map(([name, tag]) => [tag, name]));

function describeTag(tag: number): string {
  const name = tagNames.get(tag);
  if (name !== undefined) return name;
  return (tag & 0xc0) === 0x80 ? `[${tag & 0x1f}]` : `tag 0x${tag.toString(16)}`;
}
