/** `crl upload | remove`. */

import { readInput } from '../adapters/operator-files.ts';
import { removeCrl, uploadCrl } from '../administration/crl-upload.ts';
import {
  AskedWrongly,
  type Command,
  type Flags,
  granted,
  type Input,
  noWords,
  onlyWord,
  tenantFlag,
  tenantOf,
} from './command.ts';

const flags: Flags = {
  ...tenantFlag,
  entry: { type: 'string', hint: 'THUMBPRINT', text: 'the truststore entry of the CA that signed it' },
};

const upload: Command = {
  name: 'crl upload',
  operands: 'FILE',
  summary: 'keeps a CRL (PEM or DER, any size) for what a CA issued; upload its successor before its nextUpdate',
  flags,
  examples: ['crl upload ca.crl --entry 5f70…c6ef', 'crl upload ca.crl --entry 5f70…c6ef --tenant acme'],
  async run(input, { registry, operator }) {
    const file = readInput(onlyWord(input, 'the file of the CRL'));
    const entry = entryOf(input);
    const { stores } = await registry();
    const { cautions, ...kept } = granted(await uploadCrl(tenantOf(input), entry, file, operator, stores));
    const until = kept.nextUpdate === undefined ? 'for 7 days' : `until ${kept.nextUpdate.toISOString()}`;
    const line = `Kept the CRL of ${kept.subject} with ${kept.entries} entries: it holds ${until}`;
    return { lines: [line], json: kept, cautions };
  },
};

const remove: Command = {
  name: 'crl remove',
  operands: '',
  summary: 'uses the uploaded CRL of a CA no longer',
  flags,
  examples: ['crl remove --entry 5f70…c6ef'],
  async run(input, { registry, operator }) {
    noWords(input);
    const removed = granted(await removeCrl(tenantOf(input), entryOf(input), operator, (await registry()).stores));
    return { lines: [`The uploaded CRL of ${removed.subject} is used no longer`], json: removed };
  },
};

function entryOf(input: Input): string {
  const entry = input.text('entry');
  if (entry === undefined) throw new AskedWrongly('--entry is needed: a CRL holds for what one CA issued');
  return entry;
}

export const crlCommands: readonly Command[] = [upload, remove];
