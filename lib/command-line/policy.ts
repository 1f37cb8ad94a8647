/** `policy show | set | unset`. */

import { readInput } from '../adapters/operator-files.ts';
import { entrySettings } from '../administration/entry-settings.ts';
import {
  changeEntryPolicy,
  changePolicy,
  type PolicyChange,
  type PolicyInput,
  type ShownSetting,
  showEntryPolicy,
  showPolicy,
} from '../administration/policy.ts';
import { tenantSettings } from '../administration/tenant-settings.ts';
import {
  AskedWrongly,
  type Command,
  type Flags,
  granted,
  type Input,
  noWords,
  type Outcome,
  type Session,
  tenantFlag,
  tenantOf,
} from './command.ts';
import { pairs, table } from './table.ts';

const flags: Flags = {
  ...tenantFlag,
  entry: { type: 'string', hint: 'THUMBPRINT', text: 'a truststore entry of the tenant, in place of the tenant' },
};

const settingLines = (settings: readonly { name: string; allowed: string; fallback: string; meaning: string }[]) =>
  settings.flatMap(({ name, allowed, fallback, meaning }) => [
    `  ${name}=${allowed}`,
    `      ${meaning}; default ${fallback}`,
  ]);

const details = [
  'Settings of a tenant',
  ...settingLines(tenantSettings),
  '',
  'Settings of a truststore entry (--entry)',
  ...settingLines(entrySettings),
];

const show: Command = {
  name: 'policy show',
  operands: '',
  summary: 'shows what holds in a tenant or for an entry, and where each value comes from',
  flags,
  examples: ['policy show', 'policy show --entry 5f70…c6ef --tenant acme'],
  async run(input, { registry }) {
    noWords(input);
    const entry = input.text('entry');
    const { stores } = await registry();
    if (entry !== undefined) {
      const shown = granted(await showEntryPolicy(tenantOf(input), entry, stores));
      return { lines: [`${shown.type} ${shown.subject}`, '', ...settingRows(shown.settings)], json: shown };
    }
    const shown = granted(await showPolicy(tenantOf(input), stores));
    const entries = shown.entries.flatMap(({ thumbprint, type, subject, settings }) => [
      '',
      `${type} ${subject} (${thumbprint})`,
      ...settingRows(settings),
    ]);
    return { lines: [...settingRows(shown.settings), ...entries], json: shown };
  },
};

const settingRows = (settings: readonly ShownSetting[]): readonly string[] =>
  table(
    ['SETTING', 'VALUE', 'FROM'],
    settings.map(({ name, text, source }) => [name, text, source]),
    '',
  );

const set: Command = {
  name: 'policy set',
  operands: 'NAME=VALUE…',
  summary: 'sets values: all of them or, where one is wrong, none; seen by every function within registryMaxAge',
  flags,
  examples: [
    'policy set max_status_age=60',
    'policy set mode=soft-fail hosts=ocsp.example.com,crl.example.com',
    'policy set --entry 5f70…c6ef crl_url=http://crl.example.com/ca.crl order=crl',
    'policy set --entry 5f70…c6ef responder_certificate=responder.pem',
  ],
  details,
  run: (input, session) => change(new Map(input.words.map((word) => assignment(word, input))), input, session),
};

/** Where the value of a setting is a file, its content. */
function assignment(word: string, input: Input): [string, string | Uint8Array] {
  const [, name, value] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  if (name === undefined || value === undefined) {
    throw new AskedWrongly(`${JSON.stringify(word)}: must be NAME=VALUE; «policy unset NAME» returns to the default`);
  }
  const settings = input.text('entry') === undefined ? tenantSettings : entrySettings;
  const isFile = settings.some((setting) => setting.name === name && setting.input === 'file');
  return [name, isFile ? readInput(value) : value];
}

const unset: Command = {
  name: 'policy unset',
  operands: 'NAME…',
  summary: 'returns settings to their defaults, those of an entry to what the tenant says',
  flags,
  examples: ['policy unset max_status_age', 'policy unset --entry 5f70…c6ef crl_url order'],
  details,
  run: (input, session) => change(new Map(input.words.map((word) => [word, undefined])), input, session),
};

async function change(values: PolicyInput, input: Input, { registry, operator }: Session): Promise<Outcome> {
  if (values.size < input.words.length) throw new AskedWrongly('a setting is named twice');
  const entry = input.text('entry');
  const { stores } = await registry();
  const changed = granted(
    entry === undefined
      ? await changePolicy(tenantOf(input), values, operator, stores)
      : await changeEntryPolicy(tenantOf(input), entry, values, operator, stores),
  );
  return { lines: changeLines(changed), json: changed, cautions: changed.cautions };
}

const changeLines = ({ changes }: PolicyChange): readonly string[] =>
  changes.length === 0
    ? ['Nothing changed: it was so already.']
    : pairs(changes.map(({ name, from, to }) => [name, `${from} → ${to}`]));

export const policyCommands: readonly Command[] = [show, set, unset];
