/** A setting: how an operator writes it, where it stands in a row, and why its default is what it is. */
import { fail, ok, type Result } from '../result.ts';
import type { SettingInput, ValueForm } from './value-form.ts';

/** One line of the table that parsing, printing, `--help` and docs/policies.md all read. */
export type Setting<Row> = {
  readonly name: string;
  /** What may be written, in words. */
  readonly allowed: string;
  /** `file`: the value is the content of a file. */
  readonly input: 'text' | 'file';
  readonly meaning: string;
  /** The default, in words, and why it is that. */
  readonly fallback: string;
  readonly reason: string;
  /** What an operator must know who chooses this value, by the value as printed. */
  readonly cautions: Readonly<Record<string, string>>;
  /** What the row says besides the default: as printed, and as plain data. */
  readonly find: (row: Row) => SettingValue | undefined;
  /** What holds where the row says nothing, as printed. */
  readonly fallbackOf: (row: Row) => string;
  /** The failure is what is wrong with the value. */
  readonly change: (row: Row, input: SettingInput) => Result<Row, string>;
  readonly unset: (row: Row) => Row;
};

export type SettingValue = { readonly text: string; readonly value: unknown };

export type SettingTexts = Pick<Setting<never>, 'name' | 'meaning' | 'reason'> &
  Partial<Pick<Setting<never>, 'cautions'>>;

export type SettingOptions<Row, T> = SettingTexts & {
  readonly form: ValueForm<T>;
  readonly fallback: string;
  readonly fallbackOf?: (row: Row) => string;
  readonly read: (row: Row) => T | undefined;
  readonly write: (row: Row, value: T) => Row;
  readonly unset: (row: Row) => Row;
};

/** Hides the type of the value behind its form. */
export function setting<Row, T>(options: SettingOptions<Row, T>): Setting<Row> {
  const {
    name,
    meaning,
    reason,
    cautions = {},
    form,
    fallback,
    fallbackOf = () => fallback,
    read,
    write,
    unset,
  } = options;
  return {
    name,
    meaning,
    reason,
    cautions,
    fallback,
    fallbackOf,
    unset,
    allowed: form.allowed,
    input: form.input ?? 'text',
    find(row) {
      const value = read(row);
      if (value === undefined) return undefined;
      const text = form.print(value);
      return text === fallbackOf(row) ? undefined : { text, value: form.input === 'file' ? text : value };
    },
    change(row, input) {
      const parsed = form.parse(input);
      return parsed.ok ? ok(write(row, parsed.value)) : fail(parsed.failure);
    },
  };
}

/** The object with this member, or without it. */
export function withMember<O extends object, K extends keyof O>(object: O, name: K, value: O[K] | undefined): O {
  const { [name]: _, ...rest } = object;
  // Callers take out only members that may be absent.
  return (value === undefined ? rest : { ...rest, [name]: value }) as O;
}
