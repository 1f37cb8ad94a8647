/**
 * Rows are parsed, never cast. A shape names a parser for every member of its type, so that a member added to the type
 * and forgotten here does not compile.
 */
import type { Thumbprint } from '../../pki/certificate/thumbprint.ts';
import { type Item, members } from './attribute-value.ts';

/** Throws `Unreadable`. */
export type Parser<T> = (value: unknown) => T;

type Shape<T> = {
  readonly [K in keyof T]-?: Parser<Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K]>;
};

class Unreadable extends Error {}

const unreadable = (expected: string): never => {
  throw new Unreadable(expected);
};

/** The row, or undefined where it does not parse: closed by default. */
export function parseRow<T>(item: Item | undefined, parser: Parser<T>): T | undefined {
  if (item === undefined) return undefined;
  try {
    return parser(members(item));
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

export const text: Parser<string> = (value) => (typeof value === 'string' ? value : unreadable('text'));

export const flag: Parser<boolean> = (value) => (typeof value === 'boolean' ? value : unreadable('true or false'));

/** A whole number that is not negative: seconds, or epoch seconds. */
export const count: Parser<number> = (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : unreadable('a whole number');

export const bytes: Parser<Uint8Array> = (value) => (value instanceof Uint8Array ? value : unreadable('bytes'));

export const date: Parser<Date> = (value) => {
  const read = new Date(text(value));
  return Number.isNaN(read.getTime()) ? unreadable('a date') : read;
};

/** RFC 7515 §4.1.8: `x5t#S256` as `thumbprint` makes it. */
export const storedThumbprint: Parser<Thumbprint> = (value) =>
  /^[A-Za-z0-9_-]{43}$/.test(text(value)) ? (value as Thumbprint) : unreadable('a thumbprint');

export const oneOf =
  <const T extends string>(...values: readonly T[]): Parser<T> =>
  (value) =>
    values.find((each) => each === value) ?? unreadable(values.join(' or '));

export const list =
  <T>(parser: Parser<T>): Parser<readonly T[]> =>
  (value) =>
    Array.isArray(value) ? value.map(parser) : unreadable('a list');

export const optional =
  <T>(parser: Parser<T>): Parser<T | undefined> =>
  (value) =>
    value === undefined ? undefined : parser(value);

/** Members by name, of one kind. */
export const record =
  <K extends string, T>(key: Parser<K>, parser: Parser<T>): Parser<Readonly<Record<K, T>>> =>
  (value) =>
    Object.fromEntries(
      Object.entries(membersOf(value)).map(([name, member]) => [key(name), parser(member)]),
    ) as Readonly<Record<K, T>>;

export const shape =
  <T>(parsers: Shape<T>): Parser<T> =>
  (value) => {
    const given = membersOf(value);
    const parsed = Object.entries<Parser<unknown>>(parsers)
      .map(([name, parser]) => [name, parser(given[name])] as const)
      .filter(([, member]) => member !== undefined);
    return Object.fromEntries(parsed) as T;
  };

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    return unreadable('members');
  }
  return value as Readonly<Record<string, unknown>>;
}
