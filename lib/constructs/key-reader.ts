/** Reads the keys of one JSON object of the configuration, and remembers what is wrong with any of them. */
import type { Keys } from './configuration-file.ts';
import { matching, oneOf, problem } from './configuration-values.ts';

export type KeyReader = {
  /** How a key of this object is called where problems are told. */
  readonly named: (key: string) => string;
  /** One line each. */
  readonly problems: string[];
  /** Undefined, whatever its type says, where there is a problem, which is remembered. */
  readonly read: <T>(key: string, fallback: unknown, allowed: string, parse: (value: unknown) => T | undefined) => T;
  readonly optional: (key: string, allowed: string, pattern: RegExp) => string | undefined;
  /** The first of the values is the default. */
  readonly choice: <T extends string>(key: string, values: readonly T[]) => T;
  /** A key that is spelled wrong would otherwise be a default: remembers those that nobody has read. */
  readonly refuseUnread: () => void;
};

/** `path` is where the object stands, as in `tenantHosts.acme`; nothing for the configuration itself. */
export function keyReader(keys: Keys, path?: string): KeyReader {
  const problems: string[] = [];
  const known: string[] = [];
  const named = (key: string) => (path === undefined ? key : `${path}.${key}`);
  const read: KeyReader['read'] = (key, fallback, allowed, parse) => {
    known.push(key);
    const given = keys[key];
    // An empty text is what `-c key=` gives: it takes back what a file says.
    const text = given === '' ? fallback : (given ?? fallback);
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined) problems.push(problem(named(key), text, allowed));
    return value as never;
  };
  return {
    named,
    problems,
    read,
    optional: (key, allowed, pattern) =>
      read(key, '', allowed, (value) => (value === '' ? '' : matching(pattern)(value))) || undefined,
    choice: (key, values) => read(key, values[0], `one of ${values.join(', ')}`, oneOf(values)),
    refuseUnread: () => {
      // Those of the CDK have a colon or a hyphen.
      const unread = Object.keys(keys).filter((key) => /^[A-Za-z]+$/.test(key) && !known.includes(key));
      const allowed = `no key ${path === undefined ? 'of the configuration' : 'of this object'}; there are ${known.join(', ')}`;
      problems.push(...unread.map((key) => problem(named(key), keys[key], allowed)));
    },
  };
}
