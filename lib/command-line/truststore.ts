/** `truststore add | list | remove | status`. */
import { type PublicationStatus, publicationStatus } from '../administration/publication-status.ts';
import { addEntries, type ListedEntry, listEntries, removeEntry } from '../administration/truststore.ts';
import type { StoredEntry } from '../oauth/ports.ts';
import type { RefusedCertificate } from '../publication/assemble.ts';
import { AskedWrongly, type Command, granted, type Input, noWords, onlyWord, tenantFlag, tenantOf } from './command.ts';
import { readInput } from './files.ts';
import { day, pairs, table } from './table.ts';

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
    const file = readInput(onlyWord(input, 'the file with the certificates'));
    const type = typeOf(input);
    const wanted = { file, ...(type !== undefined && { type }) };
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

const status: Command = {
  name: 'truststore status',
  operands: '',
  summary:
    'shows what the mutual TLS host of a tenant lets connect: the last publication, what was left out, what failed since',
  flags: tenantFlag,
  examples: ['truststore status', 'truststore status --tenant acme --json'],
  async run(input, { registry }) {
    noWords(input);
    const found = granted(await publicationStatus(tenantOf(input), (await registry()).stores));
    const { published, failed } = found;
    const left = (failed ?? published)?.refused ?? [];
    return {
      lines: [
        ...pairs([
          ['domain name', found.domain],
          ...publishedPairs(published),
          ...(published?.warnings ?? []).map((warning) => ['warning', warning] as const),
          ...failedPairs(failed),
        ]),
        ...(left.length === 0 ? [] : ['', ...table(refusedTitles, left.map(refusedRow), '')]),
      ],
      json: found,
    };
  },
};

const refusedTitles = ['LEFT OUT', 'SUBJECT', 'WHY'];

const refusedRow = ({ thumbprint, subject, reason, detail }: RefusedCertificate): readonly string[] => [
  thumbprint,
  subject,
  `${reason}: ${detail}`,
];

type Pairs = readonly (readonly [string, string])[];

function publishedPairs(published: PublicationStatus['published']): Pairs {
  if (published === undefined)
    return [['published', 'nothing yet: the publisher has not run, or had nothing to publish']];
  const { version, sha256, certificates, bytes, published_at, expires_at } = published;
  return [
    ['published', `${time(published_at)}, ${certificates} certificates, ${bytes} bytes`],
    ['version', version],
    ['sha256', sha256],
    ['first expires', time(expires_at)],
  ];
}

function failedPairs(failed: PublicationStatus['failed']): Pairs {
  if (failed === undefined) return [];
  const standing = failed.restored ? 'the one before is in force' : 'the one before could not be set again';
  return [
    ['failed', `${time(failed.failed_at)}, ${standing}`],
    ...failed.reasons.map((each) => ['reason', each] as const),
  ];
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const truststoreCommands: readonly Command[] = [add, list, remove, status];
