/** `truststore add | list | remove`; what is published of it is in truststore-publication.ts. */

import { readInput } from '../adapters/operator-files.ts';
import { addEntries, type ListedEntry, listEntries, removeEntry } from '../administration/truststore.ts';
import type { StoredEntry } from '../oauth/ports.ts';
import { AskedWrongly, type Command, granted, type Input, noWords, onlyWord, tenantFlag, tenantOf } from './command.ts';
import { day, table } from './table.ts';
import { publicationCommands } from './truststore-publication.ts';

const types = ['anchor', 'intermediate', 'client'] as const satisfies readonly StoredEntry['type'][];

const add: Command = {
  name: 'truststore add',
  operands: 'FILE',
  summary: 'adds the certificates of a PEM, DER or P7B file: all of them or, where one is refused, none',
  flags: {
    ...tenantFlag,
    type: {
      type: 'string',
      hint: 'TYPE',
      text: 'anchor, intermediate or client; without it a self-issued CA is an anchor, another CA an intermediate',
    },
  },
  examples: ['truststore add corporate-cas.pem', 'truststore add device.pem --type client --tenant acme'],
  async run(input, { registry, operator }) {
    const name = onlyWord(input, 'the file with the certificates');
    const file = readInput(name);
    const type = typeOf(input);
    const wanted = { file, name, ...(type !== undefined && { type }) };
    const { stores } = await registry();
    const { entries, cautions } = granted(await addEntries(tenantOf(input), wanted, operator, stores));
    const rows = entries.map((entry) => [entry.change, ...rowOf(entry)]);
    return { lines: table(['', ...titles], rows, ''), json: entries, cautions };
  },
};

function typeOf(input: Input): StoredEntry['type'] | undefined {
  const text = input.text('type');
  const type = types.find((each) => each === text);
  if (text !== undefined && type === undefined) {
    throw new AskedWrongly(`--type ${JSON.stringify(text)}: must be one of ${types.join(', ')}`);
  }
  return type;
}

const list: Command = {
  name: 'truststore list',
  operands: '',
  summary: 'lists the entries of a tenant with the hosts that tell the status of the certificates themselves',
  flags: tenantFlag,
  examples: ['truststore list', 'truststore list --tenant acme --json'],
  async run(input, { registry }) {
    noWords(input);
    const entries = granted(await listEntries(tenantOf(input), (await registry()).stores));
    return { lines: table(titles, entries.map(rowOf), 'The truststore is empty: nobody gets in.'), json: entries };
  },
};

const remove: Command = {
  name: 'truststore remove',
  operands: 'THUMBPRINT',
  summary: 'removes an entry with its settings; tokens whose certificates led to it become inactive',
  flags: tenantFlag,
  examples: ['truststore remove 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'],
  async run(input, { registry, operator }) {
    const text = onlyWord(input, 'the thumbprint of the entry');
    const { entry, cautions } = granted(await removeEntry(tenantOf(input), text, operator, (await registry()).stores));
    return { lines: [`Removed ${entry.type} ${entry.subject}`], json: entry, cautions };
  },
};

const titles = ['THUMBPRINT', 'TYPE', 'SUBJECT', 'UNTIL', 'STATUS HOSTS', 'SETTINGS'];

const rowOf = ({ thumbprint, type, subject, notAfter, hosts, policy }: ListedEntry): readonly string[] => [
  thumbprint,
  type,
  subject,
  day(notAfter),
  [...new Set([...hosts.ocsp, ...hosts.crl])].join(' ') || '-',
  policy ? 'own' : '-',
];

export const truststoreCommands: readonly Command[] = [add, list, remove, ...publicationCommands];
