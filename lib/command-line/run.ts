/** One run of the command line: words to a command, its outcome to output and an exit code. */
import { parseArgs } from 'node:util';
import { oneLine, shortened } from '../administration/change.ts';
import { AskedWrongly, type Command, type Flags, type Input, type Outcome, type Session } from './command.ts';
import { commands } from './commands.ts';
import { commonFlags, helpOf, overview } from './help.ts';
import { jsonLines } from './table.ts';

export const exits = { done: 0, failed: 1, askedWrongly: 2, refused: 3, late: 4 } as const;

export type Printed = { readonly out: readonly string[]; readonly error: readonly string[]; readonly exit: number };

/** What a session is opened with. */
export type SessionOptions = {
  readonly stateDirectory: string;
  readonly registryTable?: string;
  readonly grantsTable?: string;
  readonly region?: string;
};

export type OpenSession = (options: SessionOptions) => Session & { close(): Promise<void> };

/** Never rejects, and never shows a stack: what failed is told in one line. */
export async function run(args: readonly string[], open: OpenSession): Promise<Printed> {
  try {
    return await dispatched(args, open);
  } catch (error) {
    if (error instanceof AskedWrongly) return { out: [], error: error.lines.map(oneLine), exit: exits.askedWrongly };
    return { out: [], error: [failureLine(error)], exit: exits.failed };
  }
}

async function dispatched(args: readonly string[], open: OpenSession): Promise<Printed> {
  const found = findCommand(args);
  if (found === undefined) return withoutCommand(args);
  const { command, rest } = found;
  const input = parsed(rest, command);
  if (input.has('help')) return { out: helpOf(command), error: [], exit: exits.done };
  const session = open(sessionOptions(input));
  try {
    return printed(await command.run(input, session), input.has('json'));
  } finally {
    await session.close();
  }
}

/** The command with the longest name that the words begin with. */
function findCommand(args: readonly string[]) {
  const named = (command: Command) => command.name.split(' ').every((word, index) => args[index] === word);
  const command = commands.filter(named).toSorted((a, b) => b.name.length - a.name.length)[0];
  return command && { command, rest: args.slice(command.name.split(' ').length) };
}

function withoutCommand(args: readonly string[]): Printed {
  // Flags follow the command, which says what they mean.
  const flag = args.findIndex((word) => word.startsWith('-'));
  const words = flag === -1 ? args : args.slice(0, flag);
  const [first = 'nothing'] = words;
  const family = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (args.includes('--help') || args.includes('-h') || first === 'help') {
    return { out: overview(family.length > 0 ? family : commands), error: [], exit: exits.done };
  }
  if (words.length === 0) {
    const wrong =
      args.length === 0 ? [] : [`${oneLine(shortened(args.join(' ')))} names no command: flags follow it`, ''];
    return { out: [], error: [...wrong, ...overview(commands)], exit: exits.askedWrongly };
  }
  const said = oneLine(shortened(words.slice(0, family.length > 0 ? 2 : 1).join(' ')));
  const rest = family.map(({ name }) => name.slice(first.length + 1)).join(', ');
  const known = rest === '' ? '' : `; ${first} takes ${rest}`;
  return { out: [], error: [`${said} is no command${known}; see --help`], exit: exits.askedWrongly };
}

function parsed(args: readonly string[], { flags }: Command): Input {
  const all: Flags = { ...flags, ...commonFlags };
  const options = Object.fromEntries(Object.entries(all).map(([name, { type }]) => [name, { type }]));
  try {
    const { values, positionals } = parseArgs({
      args: arranged(args, all),
      options,
      allowPositionals: true,
      strict: true,
    });
    const given = new Map(Object.entries(values));
    const text = (flag: string) => {
      const value = given.get(flag);
      return typeof value === 'string' ? value : undefined;
    };
    return { words: positionals, text, has: (flag) => given.get(flag) !== undefined };
  } catch (error) {
    throw new AskedWrongly(`${oneLine((error as Error).message.split('. ')[0] ?? '')}; see --help`);
  }
}

/**
 * No flag has one hyphen, but a thumbprint or a `kid` in base64url may begin with one or two: behind a flag it is its value,
 * elsewhere a word.
 */
function arranged(args: readonly string[], known: Flags): string[] {
  const takesValue = (flag: string) => flag.startsWith('--') && known[flag.slice(2)]?.type === 'string';
  const [flags, words]: [string[], string[]] = [[], []];
  const end = args.indexOf('--');
  for (const arg of end === -1 ? args : args.slice(0, end)) {
    const flag = flags.at(-1) ?? '';
    if (!/^-[^-]|^-[\w-]{42}$/.test(arg)) flags.push(arg);
    else if (arg === '-h') flags.push('--help');
    else if (takesValue(flag)) flags.splice(-1, 1, `${flag}=${arg}`);
    else words.push(arg);
  }
  return [...flags, '--', ...words, ...(end === -1 ? [] : args.slice(end + 1))];
}

function sessionOptions({ text }: Input): SessionOptions {
  const [registryTable, grantsTable, region] = [text('registry'), text('grants'), text('region')];
  return {
    stateDirectory: text('state-dir') ?? '.certbound',
    ...(registryTable !== undefined && { registryTable }),
    ...(grantsTable !== undefined && { grantsTable }),
    ...(region !== undefined && { region }),
  };
}

function printed({ lines, json, cautions = [], ended }: Outcome, asJson: boolean): Printed {
  return {
    out: asJson ? jsonLines(json) : lines.map(oneLine),
    error: cautions.map((caution) => oneLine(`caution: ${caution}`)),
    exit: exits[ended ?? 'done'],
  };
}

/** The message and what lies under it: «The security token included in the request is expired» is worth reading. */
function failureLine(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  return oneLine(cause instanceof Error ? `${message}: ${cause.message}` : message);
}
