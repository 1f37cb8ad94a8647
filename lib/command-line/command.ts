/** What a command of the operator's command line is: its words, its flags, what it does and what it tells. */
import type { Stores } from '../adapters/stores.ts';
import type { Operator, Problem } from '../administration/change.ts';
import { describeProblem, type Refusable } from '../administration/change.ts';

/** The registry that a command works on: that of an account, or of a local server. */
export type OpenRegistry = {
  readonly stores: Stores;
  /** `host:port` of OCSP and CRL servers that the server lets through. */
  readonly statusAllowHosts: readonly string[];
  /** Whether a publisher looks at it: not at the state that a local server left. */
  readonly published: boolean;
  close(): Promise<void>;
};

/** The CA of a running local server. */
export type DevelopmentCa = {
  /** Where the server is, without its secret. */
  readonly address: Readonly<Record<string, string>>;
  readonly revocationReasons: readonly string[];
  issue(subject: string): Promise<{ readonly serial: string; readonly certificate: string; readonly key: string }>;
  /** PEM; rejects when the CA never issued it. */
  revoke(certificate: string, reason: string): Promise<void>;
};

/** What a command can reach. Opening rejects with `AskedWrongly` where there is nothing to open. */
export type Session = {
  readonly operator: Operator;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Tells people something before the command has ended: on the error stream. */
  readonly tell: (line: string) => void;
  registry(): Promise<OpenRegistry>;
  developmentCa(): Promise<DevelopmentCa>;
};

export type Flag = {
  readonly type: 'string' | 'boolean';
  /** Of a string: what to write, in capitals. */
  readonly hint?: string;
  readonly text: string;
};

export type Flags = Readonly<Record<string, Flag>>;

/** What the user wrote, held against the flags of the command. */
export type Input = {
  readonly words: readonly string[];
  readonly text: (flag: string) => string | undefined;
  readonly has: (flag: string) => boolean;
};

export type Outcome = {
  /** For people. */
  readonly lines: readonly string[];
  /** For scripts (`--json`). */
  readonly json: unknown;
  /** What the user should know although it is done: on the error stream, so that output stays what it is. */
  readonly cautions?: readonly string[];
  /**
   * How it ended where it was not done: `refused` is the certificate that was to be checked, `late` what did not happen in
   * time.
   */
  readonly ended?: 'failed' | 'refused' | 'late';
};

export type Command = {
  /** `policy set`. */
  readonly name: string;
  /** What follows the name: `NAME=VALUE…`. */
  readonly operands: string;
  readonly summary: string;
  readonly flags: Flags;
  readonly examples: readonly string[];
  /** More help: a table of settings. */
  readonly details?: readonly string[];
  readonly run: (input: Input, session: Session) => Promise<Outcome>;
};

/** What was asked for cannot be done as asked; each line says what, with which value, and what to do. */
export class AskedWrongly extends Error {
  readonly lines: readonly string[];
  constructor(...lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** The value; throws `AskedWrongly` with every problem. */
export function granted<T>(result: Refusable<T>): T {
  if (!result.ok) throw new AskedWrongly(...result.failure.map((problem: Problem) => describeProblem(problem)));
  return result.value;
}

/** Which tenant a command speaks of. */
export const tenantFlag: Flags = {
  tenant: { type: 'string', hint: 'NAME', text: 'the tenant; `default` without it' },
};

export const tenantOf = (input: Input): string => input.text('tenant') ?? 'default';

/** The operand of a command that takes exactly one. */
export function onlyWord(input: Input, what: string): string {
  const [word, ...others] = input.words;
  if (word === undefined || others.length > 0) {
    throw new AskedWrongly(`${what} is needed${word === undefined ? '' : ', and nothing else'}; see --help`);
  }
  return word;
}

export function noWords(input: Input): void {
  const [word] = input.words;
  if (word !== undefined) throw new AskedWrongly(`${JSON.stringify(word)} is not understood here; see --help`);
}
