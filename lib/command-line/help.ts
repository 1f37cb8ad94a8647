/** `--help`: of all commands, and of one with its flags and examples. */
import type { Command, Flags } from './command.ts';
import { pairs } from './table.ts';

/** What every command takes. */
export const commonFlags: Flags = {
  json: { type: 'boolean', text: 'one JSON value for scripts in place of tables' },
  'state-dir': { type: 'string', hint: 'DIR', text: 'the state of a local server; `.certbound` without it' },
  registry: { type: 'string', hint: 'TABLE', text: 'the registry table of an account, or REGISTRY_TABLE; with' },
  grants: { type: 'string', hint: 'TABLE', text: 'its grants table, or GRANTS_TABLE' },
  region: {
    type: 'string',
    hint: 'REGION',
    text: 'its region, or AWS_REGION, or that of the profile; credentials as the AWS SDK finds them',
  },
  help: { type: 'boolean', text: 'this text' },
};

export const exitCodes = 'Exit codes: 0 done, 1 failed, 2 asked wrongly, 3 refused by «check», 4 not done in time.';

export function overview(commands: readonly Command[]): readonly string[] {
  return [
    'npm run certbound -- COMMAND [flags]',
    '',
    ...pairs(commands.map(({ name, operands, summary }) => [`  ${name} ${operands}`.trimEnd(), summary])),
    '',
    'Flags of every command',
    ...flagLines(commonFlags),
    '',
    `npm run certbound -- COMMAND --help tells more. ${exitCodes}`,
  ];
}

export function helpOf({ name, operands, summary, flags, examples, details = [] }: Command): readonly string[] {
  return [
    `npm run certbound -- ${name} ${operands}`.trimEnd(),
    '',
    `  ${summary}`,
    '',
    'Flags',
    ...flagLines({ ...flags, ...commonFlags }),
    '',
    ...(details.length === 0 ? [] : [...details, '']),
    'Examples',
    ...examples.map((example) => `  npm run certbound -- ${example}`),
    '',
    exitCodes,
  ];
}

const flagLines = (flags: Flags): readonly string[] =>
  pairs(Object.entries(flags).map(([name, { hint, text }]) => [`  --${name}${hint ? ` ${hint}` : ''}`, text]));
