/**
 * What tokens and introspection cost (`npm run bench`): this server, node-oidc-provider and a bare server, in one run. Every
 * server is a process of its own; they take turns in slices, so that a noisy moment meets all. CPU is the server's own, per
 * request. `--warm` (requests of each kind before anything is measured), `--rounds`, `--requests` (a slice), `--json FILE`.
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BundleSize, bundleSize } from './oauth/bundles.ts';
import type { Usage } from './oauth/child.ts';
import { closeTarget, type Operation, send, slice, type Target, target } from './oauth/load.ts';
import { createWorld, type World } from './oauth/world.ts';

const { values } = parseArgs({
  options: {
    warm: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '300' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);

const operations = ['opaque token', 'JWT', 'introspection'] as const;
type OperationName = (typeof operations)[number];

type Subject = {
  readonly name: string;
  readonly child: ChildProcess;
  readonly target: Target;
  readonly operations: Readonly<Record<OperationName, Operation>>;
};

type Sample = {
  readonly cpu: number;
  readonly perSecond: number;
  readonly durations: readonly number[];
  readonly store: Usage['store'];
};

/** Servers on one core, the load on another, where the system can say so. */
const canPin = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;
const pin = (pid: number | undefined, core: number) => {
  if (canPin && pid !== undefined) spawnSync('taskset', ['-a', '-cp', String(core), String(pid)]);
};

function start(file: string, core: number, ...args: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, 'oauth', file), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  pin(child.pid, core);
  return child;
}

const answerOf = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T;

async function usage(child: ChildProcess): Promise<Usage> {
  const answer = answerOf<Usage>(child);
  child.send('usage');
  return answer;
}

const own = { token: '/token', introspection: '/introspect' };
const peer = { token: '/token', introspection: '/token/introspection' };

async function subject(name: string, world: World, file: string, ...args: string[]): Promise<Subject> {
  const child = start(file, 0, ...args);
  const origin = answerOf<string>(child);
  child.send(world);
  const to = target(await origin, world);
  const paths = file === 'serve-peer.ts' ? peer : own;
  const request = { grant_type: 'client_credentials', scope: 'accounts' };
  const opaque: Operation = { path: paths.token, as: 'client', form: { ...request, client_id: 'client' } };
  const jwt: Operation =
    file === 'serve-peer.ts'
      ? { ...opaque, form: { ...opaque.form, resource: 'https://api.example/jwt' } }
      : { ...opaque, form: { ...request, client_id: 'client-jwt' } };
  const { access_token } = JSON.parse(await send(to, opaque)) as { readonly access_token: string };
  const introspection: Operation = {
    path: paths.introspection,
    as: 'api',
    form: { token: access_token, client_id: 'api' },
  };
  const answer = JSON.parse(await send(to, introspection)) as { readonly active?: boolean };
  if (!file.includes('floor') && answer.active !== true) throw new Error(`${name}: the token is not active`);
  return { name, child, target: to, operations: { 'opaque token': opaque, JWT: jwt, introspection } };
}

async function sample({ child, target: to, operations: all }: Subject, name: OperationName): Promise<Sample> {
  const before = await usage(child);
  const { elapsed, durations } = await slice(to, all[name], requests);
  const after = await usage(child);
  const store = Object.fromEntries(
    Object.entries(after.store).map(([call, count]) => [call, (count - (before.store[call] ?? 0)) / requests]),
  );
  return { cpu: (after.cpu - before.cpu) / requests, perSecond: (requests * 1000) / elapsed, durations, store };
}

const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
const quantile = (list: readonly number[], q: number) => sorted(list)[Math.floor((list.length - 1) * q)] ?? Number.NaN;
const median = (list: readonly number[]) => quantile(list, 0.5);

pin(process.pid, 1);
const storeProcess = start('serve-store.ts', 1);
const world = await createWorld(await answerOf<string>(storeProcess));
const subjects = [
  await subject('floor', world, 'serve-floor.ts'),
  await subject('floor + ES256', world, 'serve-floor.ts', 'ES256'),
  await subject('certbound', world, 'serve-certbound.ts'),
  await subject('oidc-provider', world, 'serve-peer.ts'),
  await subject('certbound, DynamoDB', world, 'serve-certbound.ts', 'dynamodb'),
  await subject('oidc-provider, DynamoDB', world, 'serve-peer.ts', 'dynamodb'),
];

const samples = new Map<string, Sample[]>();
const of = (name: string, operation: OperationName) => samples.get(`${name} ${operation}`) ?? [];

// What comes before V8 has compiled the hot functions is another measurement: bench/cold.ts.
for (const one of subjects) {
  for (const operation of operations) await slice(one.target, one.operations[operation], Number(values.warm));
}
for (let round = 0; round < rounds; round++) {
  for (const operation of operations) {
    for (const one of subjects) {
      samples.set(`${one.name} ${operation}`, [...of(one.name, operation), await sample(one, operation)]);
    }
  }
}

/** The median over the rounds of the ratio within a round. */
function ratio(name: string, other: string, operation: OperationName): number {
  const others = of(other, operation);
  return median(of(name, operation).map(({ cpu }, round) => cpu / (others[round]?.cpu ?? Number.NaN)));
}

type Row = Readonly<Record<string, string | number>>;
const round1 = (value: number) => Math.round(value * 10) / 10;

const table: readonly Row[] = operations.flatMap((operation) =>
  subjects.map(({ name }): Row => {
    const taken = of(name, operation);
    const durations = taken.flatMap((each) => each.durations);
    const cpu = taken.map((each) => each.cpu);
    const store = Object.entries(taken.at(-1)?.store ?? {}).filter(([, count]) => count > 0);
    return {
      operation,
      server: name,
      'CPU μs': Math.round(median(cpu)),
      min: Math.round(Math.min(...cpu)),
      '× floor': round1(ratio(name, 'floor', operation)),
      'requests/s': Math.round(median(taken.map((each) => each.perSecond))),
      'p50 ms': round1(quantile(durations, 0.5)),
      'p99 ms': round1(quantile(durations, 0.99)),
      'store calls per operation': store.map(([call, count]) => `${call} ${round1(count)}`).join(', '),
    };
  }),
);

type Gate = { readonly gate: string; readonly value: number; readonly limit: string; readonly met: boolean };
const atLeast = (gate: string, value: number, limit: number): Gate => ({
  gate,
  value: round1(value),
  limit: `≥ ${limit}`,
  met: value >= limit,
});
const atMost = (gate: string, value: number, limit: number): Gate => ({
  gate,
  value: Math.round(value * 100) / 100,
  limit: `≤ ${limit}`,
  met: value <= limit,
});

const gates: readonly Gate[] = [
  atLeast('opaque token: oidc-provider / certbound', ratio('oidc-provider', 'certbound', 'opaque token'), 5),
  atMost('opaque token: certbound / floor', ratio('certbound', 'floor', 'opaque token'), 1.8),
  atLeast('JWT: oidc-provider / certbound', ratio('oidc-provider', 'certbound', 'JWT'), 3),
  atMost('JWT: certbound / floor + ES256', ratio('certbound', 'floor + ES256', 'JWT'), 1.25),
  atLeast('introspection: oidc-provider / certbound', ratio('oidc-provider', 'certbound', 'introspection'), 4.5),
  atMost('introspection: certbound / floor', ratio('certbound', 'floor', 'introspection'), 1.7),
  atLeast(
    'opaque token on DynamoDB: oidc-provider / certbound',
    ratio('oidc-provider, DynamoDB', 'certbound, DynamoDB', 'opaque token'),
    4,
  ),
  atLeast(
    'introspection on DynamoDB: oidc-provider / certbound',
    ratio('oidc-provider, DynamoDB', 'certbound, DynamoDB', 'introspection'),
    6,
  ),
];

const sizes: readonly BundleSize[] = await Promise.all(
  ['token', 'introspection', 'revocation', 'metadata'].map(bundleSize),
);
const kilobytes = (bytes: number) => round1(bytes / 1024);

console.table(table);
console.table(gates);
console.table(
  sizes.map(({ lambda, bytes, sdk }) => ({
    function: lambda,
    'bundle KB': kilobytes(bytes),
    'without the SDK KB': kilobytes(bytes - sdk),
  })),
);
if (values.json !== undefined) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, pinned: canPin };
  const document = { at: new Date().toISOString(), machine, rounds, requests, table, gates, sizes };
  writeFileSync(values.json, `${JSON.stringify(document, null, 2)}\n`);
}
for (const { child, target: to } of subjects) {
  await closeTarget(to);
  child.disconnect();
}
storeProcess.disconnect();
