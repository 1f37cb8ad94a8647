/** `truststore publish | status`: what of a truststore the mutual TLS host has. */

import { oneLine } from '../administration/change.ts';
import {
  type AwaitedPublication,
  awaitPublication,
  type PublicationRequest,
  requestPublication,
} from '../administration/publication-request.ts';
import { type PublicationStatus, publicationStatus } from '../administration/publication-status.ts';
import type { RefusedCertificate } from '../publication/assemble.ts';
import type { PublicationAnswer } from '../publication/publication.ts';
import {
  AskedWrongly,
  type Command,
  granted,
  type Input,
  noWords,
  type Outcome,
  tenantFlag,
  tenantOf,
} from './command.ts';
import { pairs, table } from './table.ts';

/** Milliseconds between two looks for the answer. */
const lookEvery = 1_000;

const defaultWait = 300;
const maxWait = 3_600;

const publish: Command = {
  name: 'truststore publish',
  operands: '',
  summary: 'asks for a publication of what the registry holds now, and waits until the mutual TLS host has it',
  flags: {
    ...tenantFlag,
    wait: {
      type: 'string',
      hint: 'SECONDS',
      text: `how long to wait, 0 to ${maxWait}; ${defaultWait} without it: API Gateway takes 60 to 90 seconds`,
    },
  },
  examples: ['truststore publish', 'truststore publish --tenant acme --wait 600 --json', 'truststore publish --wait 0'],
  details: [
    'Every change of a tenant or an entry is published without this command, too.',
    'Exit code 0 where the truststore was published, or was so already; 1 where it could not be; 4 where the',
    'time was over before. With --wait 0 it is only asked for, and that is exit code 0.',
  ],
  async run(input, session) {
    noWords(input);
    const wait = waitOf(input);
    const { stores, published } = await session.registry();
    if (!published)
      throw new AskedWrongly('No server runs on this state: npm start publishes what it holds when it starts');
    const asked = granted(await requestPublication(tenantOf(input), session.operator, stores));
    if (wait === 0)
      return { lines: [`Asked for a publication of ${asked.domain}`], json: { ...asked, outcome: 'asked' } };
    session.tell(`Asked for a publication of ${asked.domain}; waiting for up to ${wait} seconds`);
    const awaited = await awaitPublication(
      asked,
      { every: lookEvery, limit: wait * 1000 },
      { ...stores, ...session, progress: (answer) => session.tell(oneLine(progressLine(answer))) },
    );
    return ended(asked, awaited, wait, granted(await publicationStatus(tenantOf(input), stores)));
  },
};

function waitOf(input: Input): number {
  const text = input.text('wait') ?? String(defaultWait);
  if (/^\d{1,4}$/.test(text) && Number(text) <= maxWait) return Number(text);
  throw new AskedWrongly(`--wait ${JSON.stringify(text)}: must be a number of seconds from 0 to ${maxWait}`);
}

const progressLine = ({ outcome, reasons }: PublicationAnswer): string =>
  outcome === 'begun'
    ? 'The publisher is at it'
    : `The publisher could not do its work and tries again: ${reasons.join('; ')}`;

function ended(
  { domain, request }: PublicationRequest,
  awaited: AwaitedPublication,
  wait: number,
  found: PublicationStatus,
): Outcome {
  const { answer } = awaited;
  const outcome = answer?.outcome ?? 'not_begun';
  const json = { ...found, request, outcome, reasons: answer?.reasons ?? [] };
  if (awaited.late) {
    const told = outcome === 'fault' ? [`The publisher could not do its work: ${answer?.reasons.join('; ')}`] : [];
    const lines = [...told, ...lateLines(outcome, domain, wait)];
    return { lines, json, ended: outcome === 'fault' ? 'failed' : 'late' };
  }
  if (outcome === 'failed') {
    return {
      lines: [`Not published: ${awaited.answer.reasons.join('; ')}`, ...rest(found)],
      json,
      ended: 'failed',
    };
  }
  return { lines: [endings[outcome] ?? outcome, ...rest(found)], json };
}

const rest = (found: PublicationStatus): readonly string[] => ['', ...statusLines(found)];

const endings: Readonly<Record<string, string>> = {
  published: 'Published',
  restored: 'Published: the domain name had another truststore than was published last',
  unchanged: 'Unchanged: what the registry holds is published already',
};

/** Where to look, in the order in which it is worth it. */
function lateLines(outcome: string, domain: string, wait: number): readonly string[] {
  const begun = outcome === 'begun';
  return [
    begun
      ? `The publisher is at it, but has not come to an end in ${wait} seconds: see «truststore status» later, or repeat with --wait`
      : `No run of the publisher has ${outcome === 'fault' ? 'succeeded' : 'begun'} in ${wait} seconds`,
    ...(begun ? [] : [`  is ${domain} a mutual TLS domain name of this deployment, and is --region the right one?`]),
    '  the log of the function Truststore/Publisher of the stack App: its last lines with "publication";',
    '  its alarms PublicationFailed, Errors and Throttles; is its rule or its event source mapping disabled?',
    '  locally: what npm start has printed with «truststore:»',
  ];
}

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
    return { lines: statusLines(found), json: found };
  },
};

function statusLines({ domain, published, failed, asked }: PublicationStatus): readonly string[] {
  const left = (failed ?? published)?.refused ?? [];
  return [
    ...pairs([
      ['domain name', domain],
      ...publishedPairs(published),
      ...(published?.warnings ?? []).map((warning) => ['warning', warning] as const),
      ...failedPairs(failed),
      ...askedPairs(asked),
    ]),
    ...(left.length === 0 ? [] : ['', ...table(refusedTitles, left.map(refusedRow), '')]),
  ];
}

const refusedTitles = ['LEFT OUT', 'SUBJECT', 'OF', 'WHY'];

const refusedRow = ({ thumbprint, subject, from, reason, detail }: RefusedCertificate): readonly string[] => [
  thumbprint,
  subject,
  from.join(', '),
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

function askedPairs(asked: PublicationStatus['asked']): Pairs {
  if (asked === undefined) return [];
  const { request, answer } = asked;
  const became = answer === undefined ? 'no run has begun since' : `${answer.outcome}, ${time(answer.at)}`;
  return [['asked for', `request ${request}: ${became}`]];
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString();

export const publicationCommands: readonly Command[] = [publish, status];
