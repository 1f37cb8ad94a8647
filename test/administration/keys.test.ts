import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { listKeys, retireKey, rotateEarly } from '../../lib/administration/keys.ts';
import { rotateKeys } from '../../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../../lib/oauth/key-schedule.ts';
import { type KeyPurpose, keyPurposes } from '../../lib/oauth/signing-key.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { type AuthorizationServer, authorizationServer } from '../oauth/authorization-server.ts';
import { accepted, at, refusals, registry, type TestRegistry } from './registry.ts';

const local = localKeyCustody(new Uint8Array(32));
const custody = { access_token: local, introspection: local };
const hour = 3600;
const day = 24 * hour;

let stores: TestRegistry;
beforeEach(async () => {
  stores = await registry();
});

const later = (seconds: number) => new Date(at.getTime() + seconds * 1000);
const operatorAt = (seconds: number) => ({ actor: 'alice', at: later(seconds) });
const tenant = newTenant({
  name: 'default',
  issuer: 'https://auth.example',
  mtls_base_uri: 'https://mtls.auth.example',
  signed_introspection: true,
});
const run = (seconds: number) => rotateKeys(tenant, later(seconds), defaultKeySettings, { ...stores, custody });
const list = async (seconds = 0, name = 'default') => accepted(await listKeys(name, later(seconds), stores));
const rotate = (seconds: number, purposes: readonly KeyPurpose[] = keyPurposes, name = 'default') =>
  rotateEarly(name, purposes, operatorAt(seconds), stores);
const retire = (kid: string, seconds: number, name = 'default') => retireKey(name, kid, operatorAt(seconds), stores);

test('certbound: keys are listed by purpose, the newest first, with their states and without a private part', async () => {
  assert.deepEqual(await list(), []);
  await run(0);
  await run(28.5 * day);
  const keys = await list(29 * day);
  assert.deepEqual(
    keys.map(({ purpose, number, state }) => [purpose, number, state]),
    [
      ['access_token', 2, 'published'],
      ['access_token', 1, 'active'],
      ['introspection', 2, 'published'],
      ['introspection', 1, 'active'],
    ],
  );
  assert.deepEqual(
    (await list(30.5 * day)).map(({ state }) => state),
    ['active', 'retiring', 'active', 'retiring'],
  );
  assert.ok(keys.every((key) => !('private_key' in key)));
  assert.deepEqual(await list(0, 'other'), []);
});

test('certbound: an early rotation of one purpose leaves the other, is written down, and brings a key in a day', async () => {
  await run(0);
  const version = await stores.versions.current('default');
  const [changed, ...none] = accepted(await rotate(day, ['access_token']));
  assert.deepEqual([changed?.purpose, changed?.state, none], ['access_token', 'active', []]);
  assert.equal(changed?.retire_at, at.getTime() / 1000 + 2 * day);
  assert.notEqual(await stores.versions.current('default'), version, 'functions read it again');
  assert.deepEqual(
    stores.trail.map(({ actor, action, subject }) => [actor, action, subject]),
    [['alice', 'keys.rotate', changed?.kid]],
  );
  const { created } = await run(day + hour);
  assert.equal(created.length, 1);
  const state = async (seconds: number) => (await list(seconds)).find(({ kid }) => kid === created[0])?.state;
  assert.deepEqual([await state(2 * day), await state(2 * day + hour)], ['published', 'active']);
});

test('certbound: an early rotation that is under way is not begun again, and nothing is written down', async () => {
  await run(0);
  accepted(await rotate(day));
  assert.equal(stores.trail.length, 2);
  assert.deepEqual(accepted(await rotate(day + 60)), []);
  await run(day + hour);
  assert.deepEqual(accepted(await rotate(day + 2 * hour)), []);
  assert.equal(stores.trail.length, 2);
});

test('certbound: where nothing was signed yet there is nothing to rotate', async () => {
  const [told = ''] = refusals(await rotate(0));
  assert.match(told, /tenant "default": has no key for access_token or introspection yet; the first key is made by/);
  assert.deepEqual(stores.trail, []);
});

test('certbound: a tenant or a key that is none is refused by its name', async () => {
  await run(0);
  const [key] = await list();
  assert.ok(key);
  assert.match(refusals(await listKeys('nobody', at, stores)).join(), /"nobody": is not registered/);
  assert.match(refusals(await rotate(0, keyPurposes, 'nobody')).join(), /is not registered/);
  assert.match(refusals(await retire(key.kid, 0, 'nobody')).join(), /is not registered/);
  assert.match(refusals(await retire(key.kid, 0, 'other')).join(), /is none of tenant other; see «keys list»/);
  assert.match(refusals(await retire('__proto__', 0)).join(), /is none of tenant default/);
  assert.deepEqual(stores.trail, []);
});

test('certbound: a retired key is out at once, and the one that waits signs; retiring it again changes nothing', async () => {
  await run(0);
  await run(28.5 * day);
  const [next, active] = await list(29 * day);
  const [ended, successor, ...none] = accepted(await retire(active?.kid ?? '', 29 * day));
  assert.deepEqual(
    [ended?.kid, ended?.state, successor?.kid, successor?.state, none],
    [active?.kid, 'removed', next?.kid, 'active', []],
  );
  assert.deepEqual(
    stores.trail.map(({ action, subject }) => [action, subject]),
    [
      ['keys.retire', active?.kid],
      ['keys.retire', next?.kid],
    ],
  );
  assert.deepEqual(accepted(await retire(active?.kid ?? '', 29 * day + 1)), []);
});

test('design §8: a rotation that read a key before it was retired does not bring it back', async () => {
  await run(0);
  const [key] = await list(29.5 * day);
  assert.ok(key);
  const { keys } = stores;
  const slow = {
    ...keys,
    create: async (...args: Parameters<typeof keys.create>) => {
      accepted(await retire(key.kid, 29.5 * day));
      return keys.create(...args);
    },
  };
  await rotateKeys(tenant, later(29.5 * day), defaultKeySettings, { ...stores, keys: slow, custody });
  assert.equal((await list(29.5 * day)).find(({ kid }) => kid === key.kid)?.state, 'removed');
});

test('certbound: what somebody else changed at the same moment is told', async () => {
  await run(0);
  const keys = { ...stores.keys, replace: async () => false };
  const result = await rotateEarly('default', ['access_token'], operatorAt(day), { ...stores, keys });
  assert.match(refusals(result).join(), /was changed by somebody else at the same moment; see «keys list», and repeat/);
});

async function jwtScene() {
  const server = await authorizationServer({ tenant: { signed_introspection: true } });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', access_token_format: 'jwt' });
  const leaf = await server.issue({ subject: 'CN=client' });
  const issue = async () => String((await server.token(leaf)).json()['access_token']);
  const active = async (token: string) => (await server.introspect(token, leaf, 'client')).json()['active'];
  return { server, issue, active };
}

const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid;

const kids = async ({ get }: AuthorizationServer) =>
  ((await get('/jwks')).json() as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

test('design §8: with a retired key its tokens die at once and the next one signs, with and without a successor that waits', async () => {
  for (const waits of [false, true]) {
    const { server, issue, active } = await jwtScene();
    const token = await issue();
    const audit = { change: async () => {} };
    const rotated = waits ? 28.5 * day : 0;
    server.pass(rotated);
    if (waits) await rotateKeys(tenant, server.clock.now, defaultKeySettings, { ...server.stores, custody });
    const live = await issue();
    assert.equal(await active(live), true);
    const operator = { actor: 'alice', at: server.clock.now };
    accepted(await retireKey('default', kidOf(token), operator, { ...server.stores, audit }));
    server.pass(2);
    assert.equal(await active(live), false);
    const next = await issue();
    assert.notEqual(kidOf(next), kidOf(token));
    assert.equal(await active(next), true);
    const published = await kids(server);
    assert.ok(published.includes(kidOf(next)) && !published.includes(kidOf(token)));
  }
});
