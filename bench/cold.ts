/**
 * Cold starts (`npm run bench:cold`): from the start of a process to its first answer, for each bundle that is deployed and
 * for a bare handler, in turns, under the Lambda Runtime API of test/runtime and with the embedded store behind. What of it
 * is INIT is told apart, since Lambda has more CPU then. `--rounds`, `--json FILE`.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { functionBundles } from '../lib/constructs/function-bundles.ts';
import { type Files, functionProcess } from '../test/runtime/function-process.ts';
import { runtimeWorld } from '../test/runtime/world.ts';
import { bundleSize } from './oauth/bundles.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '25' }, json: { type: 'string' } },
});
const rounds = Number(values.rounds);

const world = await runtimeWorld();

type Subject = {
  readonly name: string;
  readonly files: Files;
  readonly event: unknown;
  /** Whether the answer is what it should be. */
  readonly answers: (value: unknown) => boolean;
};

const answersOk = (value: unknown) => (value as { readonly statusCode?: number } | null)?.statusCode === 200;
const form = { grant_type: 'client_credentials', client_id: 'client' };
const someToken = { token: 'x'.repeat(43), client_id: 'client' };

const events: Readonly<Record<string, unknown>> = {
  token: world.post('/token', form),
  introspection: world.post('/introspect', someToken),
  revocation: world.post('/revoke', someToken),
  metadata: world.get('/.well-known/oauth-authorization-server'),
};

const bare = "export const handler = async () => ({ statusCode: 200, headers: {}, body: '{}' });\n";

const subjects: readonly Subject[] = [
  { name: 'bare handler', files: { 'index.mjs': bare }, event: events['token'], answers: answersOk },
  ...[...functionBundles()].map(([name, { files }]): Subject => {
    const event = events[name];
    // By the clock: there is nothing to be done, and nothing to be answered.
    return event === undefined
      ? { name, files, event: {}, answers: (value) => value === null }
      : { name, files, event, answers: answersOk };
  }),
];

type Sample = { readonly init: number; readonly first: number; readonly second: number };

/** Milliseconds: until INIT is over, until the first answer, and what the second answer takes. */
async function sample({ name, files, event, answers }: Subject): Promise<Sample> {
  const began = performance.now();
  const process = await functionProcess(files, world.environment);
  try {
    // Asked for before INIT is over, as it is when a request causes the start.
    const answered = process.invoke(event);
    const failed = await process.ready;
    const init = performance.now() - began;
    const invoked = await answered;
    const first = performance.now() - began;
    if (failed !== undefined || invoked.outcome === 'error' || !answers(invoked.value)) {
      throw new Error(`${name}: ${JSON.stringify(failed ?? invoked)}`);
    }
    await process.invoke(event);
    return { init, first, second: performance.now() - began - first };
  } finally {
    await process.end();
  }
}

const samples = new Map<string, Sample[]>();
const of = (name: string) => samples.get(name) ?? [];

for (let round = -2; round < rounds; round++) {
  for (const subject of subjects) {
    const taken = await sample(subject);
    // The first rounds are for the disk.
    if (round >= 0) samples.set(subject.name, [...of(subject.name), taken]);
  }
}
await world.close();

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1] ?? Number.NaN;
const round1 = (value: number) => Math.round(value * 10) / 10;

/** The median over the rounds of the ratio within a round. */
const ratio = (name: string) =>
  median(of(name).map(({ first }, round) => first / (of('bare handler')[round]?.first ?? Number.NaN)));

const table = subjects.map(({ name }) => {
  const taken = of(name);
  const size = name === 'bare handler' ? undefined : bundleSize(name);
  return {
    function: name,
    'first answer ms': round1(median(taken.map(({ first }) => first))),
    min: round1(Math.min(...taken.map(({ first }) => first))),
    '× bare': round1(ratio(name)),
    'INIT ms': round1(median(taken.map(({ init }) => init))),
    'after INIT ms': round1(median(taken.map(({ first, init }) => first - init))),
    'second answer ms': round1(median(taken.map(({ second }) => second))),
    KB: size === undefined ? '' : Math.round(size.bytes / 1024),
    'KB gzip': size === undefined ? '' : Math.round(size.gzip / 1024),
  };
});

const gates = ['token', 'introspection'].map((name) => ({
  gate: `${name}: first answer / bare handler`,
  value: round1(ratio(name)),
  limit: '≤ 2.3',
  met: ratio(name) <= 2.3,
}));

console.table(table);
console.table(gates);
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${rounds} rounds`,
);
if (values.json !== undefined)
  writeFileSync(values.json, JSON.stringify({ table, gates, rounds, samples: [...samples] }, null, 2));
