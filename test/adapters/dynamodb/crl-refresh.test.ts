import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { dynamoRefreshTurn } from '../../../lib/adapters/dynamodb/refresh-turn.ts';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import { guardedConditionalFetch } from '../../../lib/adapters/http/conditional-fetch.ts';
import { guardedFetch } from '../../../lib/adapters/http/fetch.ts';
import { boundedMemory } from '../../../lib/adapters/memory/memory.ts';
import { registry } from '../../../lib/adapters/memory/registry.ts';
import { type Authority, createAuthority, issueLeaf } from '../../../lib/local/authority.ts';
import type { KeyedCertificate } from '../../../lib/local/certificate-authority.ts';
import { issueCrl } from '../../../lib/local/crl.ts';
import { type CrlRefreshPorts, type CrlRefreshSummary, crlRefresh } from '../../../lib/oauth/crl-refresh.ts';
import { newTenant } from '../../../lib/oauth/tenant.ts';
import { parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { verifyClientCertificate } from '../../../lib/status/client-certificate.ts';
import { refreshCrl } from '../../../lib/status/crl-refresh.ts';
import { defaultStatusPolicy } from '../../../lib/status/policy.ts';
import { startEngine } from '../../contracts/dynamodb-engine.ts';

const engine = await startEngine();
after(() => engine.close());
const stores = dynamoStores(engine.client, engine.tableNames);

let time = Date.parse('2030-01-01T00:00:00Z');
const now = () => new Date(time);
const pass = (seconds: number) => {
  time += seconds * 1000;
};

/** A distribution point (RFC 5280 §4.2.1.13) that knows what version somebody has. */
const point = { body: new Uint8Array() as Uint8Array, etag: '"0"', down: false, asked: [] as (string | undefined)[] };
const server = createServer((request, response) => {
  const condition = request.headers['if-none-match'];
  point.asked.push(condition);
  if (point.down) response.writeHead(503).end();
  else if (condition === point.etag) response.writeHead(304).end();
  else response.writeHead(200, { etag: point.etag }).end(point.body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
after(() => server.close());
const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

let authority: Authority;
let leaf: KeyedCertificate;

before(async () => {
  authority = await createAuthority({ statusUrl: `http://${host}`, at: now() });
  leaf = await issueLeaf(authority, { subject: 'CN=client' }, now());
  for (const name of ['a', 'b']) {
    const issuer = `https://${name}.example`;
    const status_policy = { ...defaultStatusPolicy, order: 'crl', depth: 'leaf' } as const;
    await stores.tenants.save(newTenant({ name, issuer, mtls_base_uri: issuer, status_policy }));
    await stores.truststore.add(name, { type: 'anchor', certificate: authority.root.der });
    await stores.truststore.add(name, { type: 'intermediate', certificate: authority.intermediate.der });
  }
  publish();
});

/** Puts a new list of the intermediate's, signed by `signer`. */
function publish(
  revoked: readonly KeyedCertificate[] = [],
  signer: KeyedCertificate = authority.intermediate,
): Uint8Array {
  const entries = revoked.map(({ serial }) => ({ serial, revoked: { at: now(), reason: 'keyCompromise' as const } }));
  point.body = issueCrl(signer, { revoked: entries, thisUpdate: now(), nextUpdate: new Date(time + 7 * 86_400_000) });
  point.etag = `"${time}"`;
  return point.body;
}

/** What a new process makes of the certificate: nothing is in its memory. */
async function verdict(tenant = 'a') {
  const fetch = guardedFetch({ allowHosts: [host] });
  // Without shared evidence, so that only what is kept of CRLs can spare the network.
  const { evidence: _, ...others } = stores;
  const snapshot = await registry(others, { maxAge: 0, now, fetch }).snapshot(tenant);
  const certificate = parseCertificate(leaf.der);
  assert.ok(snapshot !== undefined && certificate.ok);
  const { truststore, tenant: row, status } = snapshot;
  const options = { truststore, policy: row.status_policy, at: now() };
  const asked = point.asked.length;
  const result = await verifyClientCertificate(certificate.value, options, status);
  const [found] = result.ok
    ? result.value.status.statuses
    : 'statuses' in result.failure
      ? result.failure.statuses
      : [];
  return { status: found?.status, stale: found?.stale, asked: point.asked.length - asked };
}

const ports: CrlRefreshPorts = {
  turn: dynamoRefreshTurn(engine.client, engine.tableNames.grantsTable, 'eu-central-1'),
  tenants: stores.tenants,
  registry: registry(stores, { maxAge: 0, now, fetch: guardedFetch({ allowHosts: [] }) }),
  sources: stores.crlSources,
  crls: stores.crls,
  fetch: guardedConditionalFetch({ allowHosts: [host] }),
  refresh: refreshCrl,
  attempts: boundedMemory(100),
  now,
  elapsed: () => time,
};

/** One run of a function that has just been started. */
const run = (): Promise<CrlRefreshSummary> => crlRefresh({ ...ports, attempts: boundedMemory(100) })();

const reasons = ({ failed }: CrlRefreshSummary) => failed.map(({ tenant, reason }) => `${tenant} ${reason}`);

test('RFC 5280 §6.3: a list that a certificate named is kept from the next run on, and asked for no more', async () => {
  assert.deepEqual(await run(), { refreshed: 0, unchanged: 0, left: 0, failures: 0, failed: [], idle: true });
  assert.deepEqual(await verdict(), { status: 'good', stale: false, asked: 1 });
  assert.equal((await run()).refreshed, 1);
  assert.deepEqual(await verdict(), { status: 'good', stale: false, asked: 0 });
  const asked = point.asked.length;
  assert.equal((await run()).unchanged, 1, 'not due');
  assert.equal(point.asked.length, asked);
});

test('pki §4: what one tenant has kept is not another’s', async () => {
  assert.deepEqual(await verdict('b'), { status: 'good', stale: false, asked: 1 });
});

test('RFC 9110 §13.1.2: when it is due it is asked for with its validator; a 304 makes it young again', async () => {
  pass(290);
  const { unchanged, refreshed } = await run();
  assert.deepEqual({ unchanged, refreshed }, { unchanged: 1, refreshed: 1 }, 'tenant b has it for the first time');
  assert.ok(point.asked.slice(-2).includes(point.etag));
  pass(250);
  assert.deepEqual(await verdict(), { status: 'good', stale: false, asked: 0 });
});

test('RFC 5280 §6.3: a revocation is seen after the run that follows its publication, without the network', async () => {
  publish([leaf]);
  pass(60);
  assert.equal((await run()).refreshed, 2);
  assert.deepEqual(await verdict(), { status: 'revoked', stale: false, asked: 0 });
});

test('RFC 5280 §5.2.3: an older list, replayed with a good signature, takes nothing back', async () => {
  const [current, etag, published] = [point.body, point.etag, time];
  time -= 3600_000;
  publish();
  time = published + 300_000;
  assert.deepEqual(reasons(await run()).sort(), ['a older', 'b older']);
  assert.equal((await verdict()).status, 'revoked');
  point.body = current;
  point.etag = etag;
});

test('RFC 5280 §6.3.3 (f): a list that another CA signed changes nothing', async () => {
  const current = point.body;
  const other = await createAuthority({ statusUrl: `http://${host}`, at: now() });
  publish([], other.intermediate);
  assert.deepEqual(reasons(await run()).sort(), ['a untrusted', 'b untrusted']);
  assert.equal((await verdict()).status, 'revoked');
  point.body = current;
});

test('pki §4: garbage and a server that is down are told, and what is kept stays', async () => {
  point.etag = '"garbage"';
  point.body = Uint8Array.of(0x30, 0x03, 0x02, 0x01, 0x00);
  assert.deepEqual(reasons(await run()).sort(), ['a malformed', 'b malformed']);
  point.down = true;
  assert.deepEqual(reasons(await run()).sort(), ['a unavailable', 'b unavailable']);
  assert.equal((await verdict()).status, 'revoked');
});

test('pki §4: when its CA has left the truststore a list is not fetched any more', async () => {
  const root = parseCertificate(authority.root.der);
  assert.ok(root.ok);
  await stores.truststore.remove('b', root.value.thumbprint);
  const asked = point.asked.length;
  assert.deepEqual(reasons(await run()).sort(), ['a unavailable', 'b path_invalid']);
  assert.equal(point.asked.length, asked + 1, 'for tenant a alone');
});
