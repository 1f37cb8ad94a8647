/**
 * What the revocation status of certificates costs (`npm run bench:status`): a token with its answer in memory beside one
 * without any check, a token that waits for a responder, and what introspection asks of the store and of the network. All in
 * one run; the times are told and judged by eye, the counts must hold.
 */
import { performance } from 'node:perf_hooks';
import { signedClient } from '../lib/adapters/dynamodb/signed-client.ts';
import { dynamoStores } from '../lib/adapters/dynamodb/stores.ts';
import { type TableNames, tables } from '../lib/adapters/dynamodb/tables.ts';
import { startEmbeddedStore } from '../lib/local/embedded-store.ts';
import { type Answered, accessToken, type StatusServer, statusServer } from '../test/oauth/status-server.ts';
import type { Issued } from '../test/pki/issue.ts';
import { counted } from './oauth/store-calls.ts';

/** Milliseconds that the responder takes. */
const delay = 50;
const rounds = 30;
const slice = 100;
const misses = 30;

const ends: (() => unknown)[] = [];
const context = { after: (end?: unknown) => ends.push(end as () => unknown) };

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const ms = (value: number) => `${value.toFixed(3)} ms`;

const rows: Record<string, { measured: string; gate: string; met: string }> = {};
const report = (what: string, measured: string, gate = '', met?: boolean) => {
  rows[what] = { measured, gate, met: met === undefined ? '' : met ? 'yes' : 'NO' };
};

async function timed(act: () => Promise<Answered>): Promise<number> {
  const began = performance.now();
  const { status, body } = await act();
  if (status !== 200) throw new Error(body);
  return performance.now() - began;
}

/** Both take turns in slices, so that a noisy moment meets both. */
async function hitBesideOff(): Promise<void> {
  const server = await statusServer(context, { tenants: { on: {}, off: { mode: 'off' } } });
  const leaf = server.client();
  const timings: Record<'on' | 'off', number[]> = { on: [], off: [] };
  for (let round = -5; round < rounds; round++) {
    for (const tenant of ['on', 'off'] as const) {
      for (let done = 0; done < slice; done++) {
        const time = await timed(() => server.token(leaf, {}, tenant));
        if (round >= 0) timings[tenant].push(time);
      }
    }
  }
  const [on, off] = [median(timings.on), median(timings.off)];
  report('token, status checks off', ms(off));
  report('token, status in memory', ms(on));
  report('status in memory / off', (on / off).toFixed(3), '≤ 1.15', on / off <= 1.15);
  report('requests to the responder', String(server.asked.length), '1', server.asked.length === 1);
}

function answerLate(server: StatusServer, leaf: Issued): void {
  const answer = server.answer(leaf);
  server.responder.set(server.pathOf(leaf), async () => {
    await new Promise((resolve) => setTimeout(resolve, delay));
    return answer;
  });
}

/** A certificate that was never seen, each time; the answer is made beforehand, since the responder is not what is measured. */
async function missOfResponder(): Promise<void> {
  const server = await statusServer(context, { tenants: { on: {}, off: { mode: 'off' } } });
  const timings: Record<'on' | 'off', number[]> = { on: [], off: [] };
  for (let count = -3; count < misses; count++) {
    for (const tenant of ['off', 'on'] as const) {
      const leaf = server.client();
      answerLate(server, leaf);
      const time = await timed(() => server.token(leaf, {}, tenant));
      if (count >= 0) timings[tenant].push(time);
    }
  }
  const [on, off] = [median(timings.on), median(timings.off)];
  report('first token of a certificate, status checks off', ms(off));
  report(`first token of a certificate, responder of ${delay} ms`, ms(on), `≤ ${delay + 15} ms`, on <= delay + 15);
}

type Counted = { readonly calls: Readonly<Record<string, number>>; readonly network: number; readonly time: number };

/** The store is the embedded DynamoDB: what is counted is what the SDK sends. */
async function introspections(): Promise<readonly boolean[]> {
  const names: TableNames = { registryTable: 'registry', grantsTable: 'grants' };
  const store = await startEmbeddedStore({ tables: tables(names) });
  ends.push(() => store.close());
  const calls: Record<string, number> = {};
  const process = () => {
    const client = signedClient({ ...store, endpoints: { dynamodb: store.endpoint } });
    ends.push(() => client.close());
    return dynamoStores(counted(client, calls), names);
  };
  const issuing = await statusServer(context, { stores: process() });
  const introspecting = await statusServer(context, { beside: { ...issuing, stores: process() } });
  const tokens = await Promise.all(
    Array.from({ length: 21 }, async () => accessToken(await issuing.token(issuing.client()))),
  );
  const [first = '', ...others] = tokens;
  // The tenant and the caller come into memory.
  await introspecting.introspect(first, issuing.api);
  const count = async (token: string): Promise<Counted> => {
    for (const name of Object.keys(calls)) delete calls[name];
    introspecting.asked.length = 0;
    const time = await timed(() => introspecting.introspect(token, issuing.api));
    const { units, ...made } = calls;
    return { calls: { ...made }, network: introspecting.asked.length, time };
  };
  const [cold, warm]: [Counted[], Counted[]] = [[], []];
  for (const token of others) cold.push(await count(token));
  for (const token of others) warm.push(await count(token));
  return [
    told('introspection, certificate never seen by this function', cold, { GetItem: 1, BatchGetItem: 1 }),
    told('introspection, warm', warm, { GetItem: 1 }),
  ];
}

/** Whether each of them made these calls, and none asked the network. */
function told(what: string, counted: readonly Counted[], expected: Readonly<Record<string, number>>): boolean {
  const text = (calls: Readonly<Record<string, number>>, network: number) =>
    `${Object.entries(calls)
      .map(([name, times]) => `${times} ${name}`)
      .join(' + ')}, ${network} on the network`;
  const gate = text(expected, 0);
  const found = new Set(counted.map(({ calls, network }) => text(calls, network)));
  const met = found.size === 1 && found.has(gate);
  report(what, `${ms(median(counted.map(({ time }) => time)))}; ${[...found].join(' or ')}`, gate, met);
  return met;
}

try {
  await hitBesideOff();
  await missOfResponder();
  const counts = await introspections();
  console.table(rows);
  if (counts.includes(false)) process.exitCode = 1;
} finally {
  for (const end of ends.reverse()) await end();
}
