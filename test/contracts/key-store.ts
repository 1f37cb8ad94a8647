import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SigningKeyStore } from '../../lib/oauth/ports.ts';
import type { SigningKey } from '../../lib/oauth/signing-key.ts';
import { hostileTenants, newTenantName, now } from './fixtures.ts';

export function keyStoreContract(name: string, makeStore: () => SigningKeyStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const byKid = (keys: readonly SigningKey[]) => [...keys].sort((a, b) => (a.kid < b.kid ? -1 : 1));

  test(clause('RFC 7517 §4: keys of every type are listed as they were created'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const keys = [
      signingKey({ kid: 'a' }),
      signingKey({ kid: 'b', alg: 'PS256', public_jwk: { kty: 'RSA', n: 'n', e: 'AQAB' } }),
      signingKey({ kid: 'c', alg: 'EdDSA', public_jwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' } }),
      signingKey({ kid: 'd', purpose: 'introspection' }),
      signingKey({ kid: 'e', number: 2 }),
    ];
    assert.deepEqual(await store.list(t, 'access_token'), []);
    for (const key of keys) assert.equal(await store.create(t, key), true);
    assert.deepEqual(
      byKid(await store.list(t, 'access_token')),
      keys.filter(({ purpose }) => purpose === 'access_token'),
    );
    assert.deepEqual(
      await store.list(t, 'introspection'),
      keys.filter(({ purpose }) => purpose === 'introspection'),
    );
  });

  test(clause('RFC 7517 §4.5: of many processes that make the next key at once, one succeeds'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const keys = Array.from({ length: 10 }, (_, index) => signingKey({ kid: `kid-${index}` }));
    const outcomes = await Promise.all(keys.map((key) => store.create(t, key)));
    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.deepEqual(await store.list(t, 'access_token'), [keys[outcomes.indexOf(true)]]);
  });

  test(
    clause('RFC 7517 §4.5: a key is replaced and removed, and one that was removed does not come back'),
    async () => {
      const [store, t, key] = [makeStore(), newTenantName(), signingKey()];
      await store.create(t, key);
      const retired = { ...key, retire_at: now };
      assert.equal(await store.replace(t, retired, key), true);
      assert.equal((await store.list(t, 'access_token'))[0]?.retire_at, now);
      await store.remove(t, key);
      await store.remove(t, key);
      assert.equal(await store.replace(t, key, retired), false);
      assert.deepEqual(await store.list(t, 'access_token'), []);
    },
  );

  test(clause('RFC 7517 §4.5: other times than those that were read are not written over'), async () => {
    const [store, t, key] = [makeStore(), newTenantName(), signingKey()];
    await store.create(t, key);
    const withdrawn = { ...key, active_at: now, retire_at: now, remove_at: now };
    assert.equal(await store.replace(t, withdrawn, key), true);
    assert.equal(await store.replace(t, { ...key, retire_at: key.retire_at + 60 }, key), false);
    for (const time of ['active_at', 'retire_at', 'remove_at'] as const) {
      assert.equal(await store.replace(t, key, { ...withdrawn, [time]: now + 1 }), false, time);
    }
    assert.deepEqual(await store.list(t, 'access_token'), [withdrawn]);
  });

  test(clause('design §8: keys that two regions make at once are both kept'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    for (const region of ['eu-central-1', 'eu-west-1']) {
      assert.equal(await store.create(t, signingKey({ kid: region, region })), true);
    }
    assert.equal((await store.list(t, 'access_token')).length, 2);
  });

  test(clause('design §5: a key is its own tenant’s only'), async () => {
    const [store, a, b] = [makeStore(), newTenantName(), newTenantName()];
    await store.create(a, signingKey({ kid: 'a' }));
    assert.deepEqual(await store.list(b, 'access_token'), []);
    assert.equal(await store.create(b, signingKey({ kid: 'b' })), true);
    await store.remove(b, signingKey());
    assert.equal((await store.list(a, 'access_token')).length, 1);
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    for (const t of hostileTenants) {
      await assert.rejects(() => makeStore().list(t, 'access_token'), /is no name of a tenant/);
      await assert.rejects(async () => makeStore().create(t, signingKey()), /is no name of a tenant/);
    }
  });
}

export function signingKey(changes: Partial<SigningKey> = {}): SigningKey {
  return {
    kid: 'kid',
    purpose: 'access_token',
    alg: 'ES256',
    number: 1,
    region: 'local',
    published_at: now,
    active_at: now + 86_400,
    retire_at: now + 31 * 86_400,
    remove_at: now + 32 * 86_400,
    public_jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    private_key: Uint8Array.of(1, 2, 3),
    wrapped_by: 'local:test',
    ...changes,
  };
}
