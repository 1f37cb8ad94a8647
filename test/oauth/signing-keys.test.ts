import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { readJws, signJws, verifyJws } from '../../lib/oauth/jws.ts';
import { rotateAllKeys, rotateKeys } from '../../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../../lib/oauth/key-schedule.ts';
import type { KeyCustody, SigningKeyStore, TenantSnapshot } from '../../lib/oauth/ports.ts';
import { jwkThumbprint, publicKey } from '../../lib/oauth/public-jwk.ts';
import { keyState } from '../../lib/oauth/signing-key.ts';
import { signingKeys } from '../../lib/oauth/signing-keys.ts';
import { newTenant, type Tenant } from '../../lib/oauth/tenant.ts';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';

const at = new Date('2026-06-01T12:00:00Z');
const later = (seconds: number) => new Date(at.getTime() + seconds * 1000);
const day = 86_400;
const custody = localKeyCustody(randomBytes(32));
const bothBy = (by: KeyCustody) => ({ access_token: by, introspection: by });

const tenantOf = (changes: Partial<Tenant> = {}) =>
  newTenant({
    name: 'default',
    issuer: 'https://auth.example',
    mtls_base_uri: 'https://mtls.auth.example',
    ...changes,
  });

/** A snapshot by which a process knows a tenant; another one after each change of the version. */
const snapshotOf = (changes: Partial<Tenant> = {}) => ({ tenant: tenantOf(changes) }) as TenantSnapshot;

type Counted = SigningKeyStore & { calls: string[] };

function countedStore(store: SigningKeyStore = memoryStores().keys): Counted {
  const calls: string[] = [];
  return {
    calls,
    list(...args) {
      calls.push('list');
      return store.list(...args);
    },
    create(...args) {
      calls.push('create');
      return store.create(...args);
    },
    replace: (...args) => store.replace(...args),
    remove: (...args) => store.remove(...args),
  };
}

const processOf = (store: SigningKeyStore, by: KeyCustody = custody) =>
  signingKeys({ store, custody: bothBy(by), opened: boundedMemory(100) });

test('design §6: the first key is made on demand, once for many requests at once', async () => {
  const store = countedStore();
  const keys = processOf(store);
  const snapshot = snapshotOf();
  const signers = await Promise.all(Array.from({ length: 50 }, () => keys.signer('access_token', snapshot, at)));
  assert.equal(new Set(signers.map(({ key }) => key.kid)).size, 1);
  assert.equal(store.calls.filter((call) => call === 'create').length, 1);
  assert.equal(keyState(signers[0]?.key ?? assert.fail(), at.getTime() / 1000), 'active');
});

test('design §6: processes that make the first key at once end with the same one', async () => {
  const store = memoryStores().keys;
  const signers = await Promise.all(
    Array.from({ length: 8 }, () => processOf(store).signer('access_token', snapshotOf(), at)),
  );
  assert.equal(new Set(signers.map(({ key }) => key.kid)).size, 1);
  assert.equal((await store.list('default', 'access_token')).length, 1);
});

test('performance §6: warm, nothing is read and nothing opened', async () => {
  let openings = 0;
  const counting: KeyCustody = {
    ...custody,
    open: (...args) => {
      openings++;
      return custody.open(...args);
    },
  };
  const store = countedStore();
  const keys = processOf(store, counting);
  const snapshot = snapshotOf();
  await keys.signer('access_token', snapshot, at);
  store.calls.length = 0;
  for (let i = 0; i < 10; i++) await keys.signer('access_token', snapshot, later(i * 600));
  assert.deepEqual([store.calls, openings], [[], 1]);
  await keys.signer('access_token', snapshotOf(), at);
  assert.deepEqual([store.calls, openings], [['list'], 1], 'a new version is read, a known key not opened again');
});

test('RFC 7517 §4.5: a key that another process made is found as soon as its kid is asked for', async () => {
  const store = countedStore();
  const [one, other] = [processOf(store), processOf(store)];
  const snapshot = snapshotOf();
  assert.equal(await other.find('unknown', 'access_token', snapshot, at), undefined);
  const { key } = await one.signer('access_token', snapshotOf(), later(2));
  const found = await other.find(key.kid, 'access_token', snapshot, later(2));
  assert.equal(found?.key.kid, key.kid);
  assert.equal(await other.find(key.kid, 'introspection', snapshot, later(4)), undefined);
});

test('design §6: made-up kids cost one read a second, however many come', async () => {
  const store = countedStore();
  const keys = processOf(store);
  const snapshot = snapshotOf();
  await keys.signer('access_token', snapshot, at);
  store.calls.length = 0;
  for (let i = 0; i < 100; i++) await keys.find(`kid-${i}`, 'access_token', snapshot, at);
  assert.equal(store.calls.length, 0);
  await Promise.all(Array.from({ length: 100 }, (_, i) => keys.find(`x-${i}`, 'access_token', snapshot, later(1))));
  assert.equal(store.calls.length, 1);
  for (let i = 0; i < 100; i++) await keys.find(`kid-${i}`, 'access_token', snapshot, later(1.5));
  assert.equal(store.calls.length, 1);
});

test('design §8: where somebody else keeps keys now, what was signed stays good and a new key signs', async () => {
  const store = memoryStores().keys;
  const before = await processOf(store).signer('access_token', snapshotOf(), at);
  const migrated = processOf(store, localKeyCustody(randomBytes(32)));
  const snapshot = snapshotOf();
  const after = await migrated.signer('access_token', snapshot, later(5));
  assert.notEqual(after.key.kid, before.key.kid);
  assert.ok(await migrated.find(before.key.kid, 'access_token', snapshot, later(5)));
});

test('design §8: a private key that was changed in the store signs nothing', async () => {
  const store = memoryStores().keys;
  const { key } = await processOf(store).signer('access_token', snapshotOf(), at);
  const changed = Uint8Array.from(key.private_key);
  changed[40] = (changed[40] ?? 0) ^ 1;
  await store.replace('default', { ...key, private_key: changed }, key);
  await assert.rejects(processOf(store).signer('access_token', snapshotOf(), at), /cannot be opened/);
});

test('RFC 7638 §3: a public key under another kid verifies nothing', async () => {
  const store = memoryStores().keys;
  const { key } = await processOf(store).signer('access_token', snapshotOf(), at);
  const alien = await processOf(memoryStores().keys).signer('access_token', snapshotOf(), at);
  await store.replace('default', { ...key, public_jwk: alien.key.public_jwk }, key);
  const keys = processOf(store);
  assert.equal(await keys.find(key.kid, 'access_token', snapshotOf(), at), undefined);
  assert.deepEqual(await keys.published(snapshotOf(), at), []);
});

test('design §8: where nobody keeps keys nothing is signed, and what was signed is still verified', async () => {
  const store = memoryStores().keys;
  const { key } = await processOf(store).signer('access_token', snapshotOf(), at);
  const keys = signingKeys({ store, custody: undefined, opened: boundedMemory(1) });
  assert.equal(keys.available, false);
  await assert.rejects(keys.signer('access_token', snapshotOf(), at), /nobody keeps/);
  assert.ok(await keys.find(key.kid, 'access_token', snapshotOf(), at));
});

test('design §6: a store that fails once is asked again', async () => {
  const store = memoryStores().keys;
  let broken = true;
  const failing: SigningKeyStore = {
    ...store,
    list: async (...args) => {
      if (broken) throw new Error('no answer');
      return store.list(...args);
    },
  };
  const keys = processOf(failing);
  const snapshot = snapshotOf();
  await assert.rejects(keys.signer('access_token', snapshot, at), /no answer/);
  broken = false;
  assert.ok(await keys.signer('access_token', snapshot, at));
});

test('RFC 8037 §2, RFC 7638 §3.1: the example key has the thumbprint of RFC 8037 Appendix A.3', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
  assert.equal(jwkThumbprint(jwk), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

for (const alg of ['ES256', 'PS256', 'EdDSA'] as const) {
  test(`RFC 7515 §5: ${alg}: what is signed is verified, by the key of the signature alone`, async () => {
    const keys = processOf(memoryStores().keys);
    const snapshot = snapshotOf({ access_token_signing_alg: alg });
    const { key, sign } = await keys.signer('access_token', snapshot, at);
    const read = readJws(await signJws({ typ: 'at+jwt', alg, kid: key.kid }, { a: 'ü' }, sign));
    assert.ok(read.ok);
    assert.deepEqual(read.value.payload, { a: 'ü' });
    const own = await keys.find(key.kid, 'access_token', snapshot, at);
    assert.equal(verifyJws(read.value, own?.publicKey ?? assert.fail()), true);
    const other = await processOf(memoryStores().keys).signer('access_token', snapshot, at);
    assert.equal(verifyJws(read.value, publicKey(other.key.public_jwk)), false);
  });
}

async function jwtScene(tenant: Partial<Tenant> = {}) {
  const server = await authorizationServer({ tenant });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', access_token_format: 'jwt' });
  const leaf = await server.issue({ subject: 'CN=client' });
  const issue = async () => String((await server.token(leaf)).json()['access_token']);
  const active = async (token: string) => (await server.introspect(token, leaf, 'client')).json()['active'];
  return { server, leaf, issue, active };
}

const ownCustody = bothBy(localKeyCustody(new Uint8Array(32)));

const rotateIn = ({ stores, clock }: AuthorizationServer, tenant = tenantOf()) =>
  rotateKeys(tenant, clock.now, defaultKeySettings, { ...stores, custody: ownCustody });

const kids = async ({ get }: AuthorizationServer) =>
  ((await get('/jwks')).json() as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

test('FAPI 2.0 §5.4.2 (S23): through a rotation every token stays good to its end, and no kid comes twice', async () => {
  const { server, issue, active } = await jwtScene();
  const first = await issue();
  server.pass(28 * day);
  const { created } = await rotateIn(server);
  server.pass(2);
  assert.deepEqual((await kids(server)).sort(), [kidOf(first), ...created].sort(), 'published ahead');
  const second = await issue();
  assert.equal(kidOf(second), kidOf(first), 'the old one signs');
  server.pass(2 * day - 100);
  const last = await issue();
  assert.equal(kidOf(last), kidOf(first));
  server.pass(100);
  const next = await issue();
  assert.equal(kidOf(next), created[0], 'the new one signs');
  assert.equal(await active(last), true, 'what the old one signed is good');
  assert.equal((await kids(server)).length, 2);
  server.pass(day + 60);
  assert.deepEqual(await kids(server), created);
  assert.deepEqual((await rotateIn(server)).removed, [kidOf(first)]);
});

test('FAPI 2.0 §5.4.2: rotating when nothing is due does nothing, not even to the version', async () => {
  const { server, issue } = await jwtScene();
  await issue();
  const version = await server.stores.versions.current('default');
  assert.deepEqual(await rotateIn(server), { created: [], changed: [], removed: [], late: [] });
  assert.equal(await server.stores.versions.current('default'), version);
});

test('design §8: a run over all tenants rotates those that are due, makes first keys ahead of their first token, and one that fails stops no other', async () => {
  const { server, issue } = await jwtScene();
  await issue();
  const tenants = { list: async () => [tenantOf({ name: 'broken' }), tenantOf(), tenantOf({ name: 'unused' })] };
  const keys: SigningKeyStore = {
    ...server.stores.keys,
    create: (...args) => server.stores.keys.create(...args),
    list: async (name, purpose) => {
      if (name === 'broken') throw new Error('no answer');
      return server.stores.keys.list(name, purpose);
    },
  };
  const ports = { tenants, keys, versions: server.stores.versions, custody: ownCustody };
  assert.deepEqual(
    await rotateAllKeys(server.clock.now, defaultKeySettings, {
      ...ports,
      tenants: { list: async () => [tenantOf()] },
    }),
    {
      failures: 0,
      idle: true,
      late: 0,
      tenants: {},
    },
  );
  server.pass(28 * day);
  const run = await rotateAllKeys(server.clock.now, defaultKeySettings, ports);
  assert.deepEqual([run.failures, run.idle, Object.keys(run.tenants)], [1, false, ['broken', 'default', 'unused']]);
  assert.deepEqual(run.tenants['broken'], { fault: 'Error: no answer' });
});

test('FAPI 2.0 §5.4.2: no token outlives the publication of its key, whatever its client registered', async () => {
  const { server, leaf, issue } = await jwtScene();
  await issue();
  const [key] = await server.stores.keys.list('default', 'access_token');
  assert.ok(key);
  const remove_at = server.clock.now.getTime() / 1000 + 400;
  assert.equal(await server.stores.keys.replace('default', { ...key, remove_at }, key), true);
  await server.stores.versions.bump('default');
  server.pass(2);
  assert.equal((await server.token(leaf)).json()['expires_in'], 400 - 2 - 60);
});

test('design §8: where no rotation ever runs, a new key is made when the old one retires', async () => {
  const { server, issue, active } = await jwtScene();
  const token = await issue();
  server.pass(30 * day - 1);
  const last = await issue();
  assert.equal(kidOf(last), kidOf(token));
  server.pass(1);
  assert.notEqual(kidOf(await issue()), kidOf(token));
  assert.equal(await active(last), true);
});

test('RFC 7517 §5: a first key is in the JWKS at once, however lately that was read without it', async () => {
  const { server, leaf, issue } = await jwtScene({ signed_introspection: true });
  const empty = await server.get('/jwks');
  assert.equal(empty.body, '{"keys":[]}');
  assert.equal((empty.headers as Record<string, string>)['cache-control'], 'no-store');
  const token = await issue();
  assert.deepEqual(await kids(server), [kidOf(token)]);
  const accept = { accept: 'application/token-introspection+jwt' };
  const answer = await server.post('/introspect', { token, client_id: 'client' }, leaf.certificate, accept);
  assert.deepEqual((await kids(server)).sort(), [kidOf(token), kidOf(answer.body)].sort());
});

test('RFC 7517 §9.3 (S23): the JWKS has no private member and may be kept five minutes', async () => {
  for (const access_token_signing_alg of ['ES256', 'PS256', 'EdDSA'] as const) {
    const { server, issue } = await jwtScene({ access_token_signing_alg });
    assert.deepEqual(await kids(server), [], 'no key before the first token');
    server.pass(2);
    await issue();
    server.pass(2);
    const answer = await server.get('/jwks');
    const [key] = (answer.json() as { keys: Record<string, unknown>[] }).keys;
    const expected = { ES256: ['crv', 'x', 'y'], PS256: ['e', 'n'], EdDSA: ['crv', 'x'] }[access_token_signing_alg];
    assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'kid', 'kty', 'use', ...expected].sort());
    assert.equal((answer.headers as Record<string, string>)['cache-control'], 'public, max-age=300');
  }
});
