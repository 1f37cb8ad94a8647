/** A list too large for a request: kept by the schedule, judged shard by shard, and what a hostile server can do about it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { guardedConditionalFetch } from '../../lib/adapters/http/conditional-fetch.ts';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { memoryRefreshTurn } from '../../lib/adapters/memory/refresh-turn.ts';
import { registry } from '../../lib/adapters/memory/registry.ts';
import { crlRefresh } from '../../lib/oauth/crl-refresh.ts';
import { refreshCrl } from '../../lib/status/crl-refresh.ts';
import { httpStatus, type Reply } from '../e2e/hostile-responder.ts';
import { crlAbout } from '../e2e/hostile-responder-crls.ts';
import type { Issued } from '../pki/issue.ts';
import { type CrlOptions, writeEntry } from '../pki/status/issue-status.ts';
import { accessToken, inactive, type StatusServer, start, statusServer } from './status-server.ts';

/** More than the 4 MiB that a request reads. */
const crowd = largeList(5 * 1024 * 1024);

function largeList(bytes: number): Buffer {
  const entry = writeEntry({ serial: Buffer.alloc(16, 0x40), revokedAt: start });
  const count = Math.ceil(bytes / entry.length);
  const list = Buffer.alloc(count * entry.length);
  // SEQUENCE and INTEGER have headers of two bytes each; the last four of the serial number count.
  for (let index = 0; index < count; index++) {
    list.set(entry, index * entry.length);
    list.writeUInt32BE(index, index * entry.length + 4 + 12);
  }
  return list;
}

const withEntry = (list: Buffer, leaf: Issued, reason: number): Buffer =>
  Buffer.concat([list, writeEntry({ serial: leaf.certificate.serial, revokedAt: start, reason })]);

async function scene(t: TestContext) {
  const server = await statusServer(t);
  const leaf = server.pki.client('CN=client', { crl: server.responder.url('/large.crl') });
  let fetched = 0;
  const conditional = guardedConditionalFetch({ allowHosts: [server.responder.host] });
  const { tenants, crls, crlSources } = server.stores;
  const now = () => server.clock.now;
  const refresh = crlRefresh({
    turn: memoryRefreshTurn(),
    tenants,
    crls,
    sources: crlSources,
    registry: registry(server.stores, {
      maxAge: 1,
      now,
      fetch: async () => assert.fail('the schedule asks by itself'),
    }),
    fetch: (request) => {
      fetched++;
      return conditional(request);
    },
    refresh: refreshCrl,
    attempts: boundedMemory(100),
    now,
    elapsed: () => 0,
  });
  const put = (list: Partial<CrlOptions>) => {
    const der = crlAbout({ pki: server.pki, now: now() }, list);
    server.responder.set('/large.crl', () => der);
  };
  return { server, leaf, refresh, put, fetched: () => fetched };
}

/** A token on the kept list. */
async function keptScene(t: TestContext, revoked: Uint8Array = Buffer.alloc(0)) {
  const made = await scene(t);
  made.put({ revoked });
  await made.server.token(made.leaf);
  assert.equal((await made.refresh()).refreshed, 1);
  made.server.pass(31);
  const token = accessToken(await made.server.token(made.leaf));
  made.server.asked.length = 0;
  return { ...made, token };
}

const binding = async (server: StatusServer, token: string) =>
  (await server.introspect(token, server.api, { binding: '1' })).json['binding'] as Readonly<Record<string, unknown>>;

test('P15: a list too large for a request is refused at first, kept by the schedule, and then good without a fetch', async (t) => {
  const { server, leaf, refresh, put } = await scene(t);
  put({ revoked: crowd });
  const first = await server.token(leaf);
  assert.deepEqual([first.status, first.line.reason], [503, 'revocation_unavailable']);
  assert.match(String(first.line.detail), /too_large/);
  assert.equal((await refresh()).refreshed, 1);
  server.pass(31);
  server.asked.length = 0;
  const issued = await server.token(leaf);
  assert.deepEqual([issued.status, issued.line.certificate_status?.[0]?.source], [200, 'crl']);
  assert.equal((await server.introspect(accessToken(issued), server.api)).json['active'], true);
  assert.deepEqual(server.asked, [], 'shards, never megabytes');
});

for (const [size, list, reason, told] of [
  ['large', crowd, 1, 'certificate_revoked'],
  ['small', Buffer.alloc(0), 6, 'certificate_on_hold'],
] as const) {
  test(`N10: a live token dies by a ${size} kept list alone: ${told}, and no request asks the network`, async (t) => {
    const { server, leaf, refresh, put, token } = await keptScene(t, list);
    assert.equal((await server.introspect(token, server.api)).json['active'], true);
    put({ number: 2, revoked: withEntry(list, leaf, reason) });
    assert.equal((await refresh()).refreshed, 0, 'it is not due');
    server.pass(270);
    assert.equal((await refresh()).refreshed, 1, 'before the answer is too old for anybody');
    const { body, line } = await server.introspect(token, server.api);
    assert.deepEqual([body, line.reason], [inactive, told]);
    assert.equal((await server.token(leaf)).line.reason, told);
    assert.deepEqual(server.asked, []);
  });
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** A mirror that lags answers: what is kept is then as good as looked at. */
const hostile: readonly (readonly [what: string, list: (made: Scene) => Reply, stale?: false])[] = [
  ['the list of an impostor', ({ server }) => listOf(server, { signer: server.pki.impostor })],
  ['the list of a stranger', ({ server }) => listOf(server, { signer: server.pki.stranger })],
  ['a broken signature', ({ server }) => flipped(listOf(server, {}))],
  [
    'an older list',
    ({ server }) => listOf(server, { number: 0, thisUpdate: new Date(start.getTime() - 3_600_000) }),
    false,
  ],
  ['a delta', ({ server }) => listOf(server, { number: 3, base: 1 })],
  ['a list for CAs', ({ server }) => listOf(server, { number: 3, idp: { ca: true } })],
  ['garbage', () => Buffer.from('busy')],
  ['a truncated list', ({ server }) => listOf(server, {}).subarray(0, -100)],
  ['an error', () => httpStatus(500)],
  ['304 although nothing was conditional', () => httpStatus(304)],
  ['a redirect', () => httpStatus(302, { location: 'http://canary.example/' })],
];

function listOf({ pki, clock }: StatusServer, list: Partial<CrlOptions>): Uint8Array {
  return crlAbout({ pki, now: clock.now }, { entries: [], ...list });
}

const flipped = (der: Uint8Array): Uint8Array => der.with(-1, (der.at(-1) ?? 0) ^ 1);

for (const [what, list, stale = true] of hostile) {
  test(`P15: ${what} takes nothing from what is kept: who is on hold stays so, who is good is ${stale ? 'stale' : 'good'}`, async (t) => {
    const made = await scene(t);
    const { server, leaf, refresh, put } = made;
    const other = server.pki.client('CN=client', { crl: server.responder.url('/large.crl') });
    put({ entries: [{ serial: other.certificate.serial, revokedAt: start, reason: 6 }] });
    await server.token(leaf);
    assert.equal((await refresh()).refreshed, 1);
    server.pass(31);
    const token = accessToken(await server.token(leaf));
    server.pass(301);
    const reply = list(made);
    server.responder.set('/large.crl', () => reply);
    assert.equal((await refresh()).refreshed, 0);
    const { line, status } = await server.token(other);
    assert.deepEqual([status, line.reason], [401, 'certificate_on_hold']);
    assert.deepEqual(await binding(server, token).then((found) => [found['verdict'], found['stale']]), [
      'bound',
      stale,
    ]);
  });
}

test('P15: of a list that is gone nothing is left when its nextUpdate has passed', async (t) => {
  const { server, leaf, refresh, token } = await keptScene(t);
  server.responder.set('/large.crl', () => httpStatus(404));
  server.pass(3_600);
  await refresh();
  assert.equal((await server.introspect(token, server.api)).body, inactive);
  const { status, line } = await server.token(leaf);
  assert.deepEqual([status, line.reason], [200, undefined], 'nextUpdate and five minutes of skew');
  server.pass(360);
  await refresh();
  const late = await server.token(leaf);
  assert.deepEqual([late.status, late.line.reason], [503, 'revocation_unavailable']);
});

test('RFC 9110 §13.1.2: a list that has not changed is not sent again, and counts as looked at', async (t) => {
  const { server, leaf, refresh, fetched } = await scene(t);
  const der = crlAbout({ pki: server.pki, now: server.clock.now });
  let sent = 0;
  server.responder.set('/large.crl', () => (response) => {
    const known = response.req.headers['if-none-match'] === '"one"';
    if (!known) sent++;
    response.writeHead(known ? 304 : 200, { etag: '"one"' }).end(known ? undefined : der);
  });
  await server.token(leaf);
  assert.equal((await refresh()).refreshed, 1);
  server.pass(310);
  assert.equal((await refresh()).unchanged, 1);
  assert.equal(fetched(), 2);
  const before = sent;
  const { line } = await server.token(leaf);
  assert.deepEqual(
    line.certificate_status?.map(({ status, stale }) => [status, stale]),
    [['good', false]],
  );
  assert.equal(sent, before, 'once at the first request, once by the schedule');
});
