import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TokenStore } from '../../lib/oauth/ports.ts';
import { accessTokenRecord, hostileIds, hostileTenants, newHash, newTenantName, now, seconds } from './fixtures.ts';

export function tokenStoreContract(name: string, makeStore: () => TokenStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('RFC 7662 §2.2: a token is found as it was saved'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const { scope: _none, ...unscoped } = accessTokenRecord({ aud: [] });
    for (const record of [accessTokenRecord(), unscoped, accessTokenRecord({ sub: 'sübject-🔐', jti: '' })]) {
      const hash = newHash();
      await store.save(t, hash, record);
      assert.deepEqual(await store.find(t, hash, seconds(now)), record);
    }
  });

  test(clause('RFC 7662 §2.2: a hash that no token has finds nothing'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    await store.save(t, newHash(), accessTokenRecord());
    assert.equal(await store.find(t, newHash(), seconds(now)), undefined);
  });

  test(clause('RFC 7662 §2.2: a token is not found once its exp has come, deleted or not'), async () => {
    const [store, t, hash] = [makeStore(), newTenantName(), newHash()];
    await store.save(t, hash, accessTokenRecord({ exp: now + 10 }));
    assert.ok(await store.find(t, hash, new Date((now + 10) * 1000 - 1)));
    assert.equal(await store.find(t, hash, seconds(now + 10)), undefined);
    assert.equal(await store.find(t, hash, new Date((now + 10) * 1000 + 1)), undefined);
    assert.equal(await store.find(t, hash, seconds(now + 86_400)), undefined);
  });

  test(clause('design §5: a token is found and revoked under its own tenant only'), async () => {
    const [store, hash] = [makeStore(), newHash()];
    const [a, b, c] = [newTenantName(), newTenantName(), newTenantName()];
    const [ofA, ofB] = [
      accessTokenRecord({ iss: 'https://a.example' }),
      accessTokenRecord({ iss: 'https://b.example' }),
    ];
    await store.save(a, hash, ofA);
    await store.save(b, hash, ofB);
    assert.equal(await store.find(c, hash, seconds(now)), undefined);
    assert.equal(await store.revoke(c, hash, 'client-1', seconds(now)), 'unknown');
    assert.equal(await store.revoke(b, hash, 'client-1', seconds(now)), 'revoked');
    assert.deepEqual(await store.find(a, hash, seconds(now)), ofA);
    assert.deepEqual(await store.find(b, hash, seconds(now)), { ...ofB, revoked_at: now });
  });

  test(clause('RFC 7009 §2.2: a revoked token is found as revoked, and the first revocation stands'), async () => {
    const [store, t, hash, record] = [makeStore(), newTenantName(), newHash(), accessTokenRecord()];
    await store.save(t, hash, record);
    assert.equal(await store.revoke(t, hash, record.client_id, new Date(now * 1000 + 999)), 'revoked');
    assert.equal(await store.revoke(t, hash, record.client_id, seconds(now + 60)), 'revoked');
    assert.deepEqual(await store.find(t, hash, seconds(now + 60)), { ...record, revoked_at: now });
  });

  test(clause('RFC 7009 §2.1: a token of another client stays alive'), async () => {
    const [store, t, hash, record] = [makeStore(), newTenantName(), newHash(), accessTokenRecord()];
    await store.save(t, hash, record);
    assert.equal(await store.revoke(t, hash, 'client-2', seconds(now)), 'foreign');
    assert.deepEqual(await store.find(t, hash, seconds(now)), record);
    await store.revoke(t, hash, record.client_id, seconds(now));
    assert.equal(await store.revoke(t, hash, 'client-2', seconds(now)), 'foreign');
  });

  test(clause('RFC 7009 §2.2: a token that never was, or is expired, is unknown and leaves no row'), async () => {
    const [store, t, never, expired] = [makeStore(), newTenantName(), newHash(), newHash()];
    await store.save(t, expired, accessTokenRecord({ exp: now }));
    for (const hash of [never, expired]) {
      assert.equal(await store.revoke(t, hash, 'client-1', seconds(now)), 'unknown');
      assert.equal(await store.revoke(t, hash, 'client-2', seconds(now)), 'unknown');
      assert.equal(await store.find(t, hash, seconds(now)), undefined);
    }
  });

  test(clause('RFC 7009 §2.1: many revocations at once each get the answer they would get alone'), async () => {
    const [store, t, hash, record] = [makeStore(), newTenantName(), newHash(), accessTokenRecord()];
    await store.save(t, hash, record);
    const callers = Array.from({ length: 20 }, (_, index) => ({ own: index % 2 === 0, at: seconds(now + index) }));
    const outcomes = await Promise.all(
      callers.map(({ own, at }) => store.revoke(t, hash, own ? record.client_id : 'client-2', at)),
    );
    assert.deepEqual(
      outcomes,
      callers.map(({ own }) => (own ? 'revoked' : 'foreign')),
    );
    const found = await store.find(t, hash, seconds(now + 20));
    const later = await store.revoke(t, hash, record.client_id, seconds(now + 30));
    assert.equal(later, 'revoked');
    assert.deepEqual(await store.find(t, hash, seconds(now + 30)), found);
    assert.ok(callers.some(({ own, at }) => own && at.getTime() === (found?.revoked_at ?? 0) * 1000));
  });

  test(clause('RFC 7009 §2.1: no client_id whatever revokes a token of another'), async () => {
    const [store, t, hash, record] = [makeStore(), newTenantName(), newHash(), accessTokenRecord()];
    await store.save(t, hash, record);
    for (const client_id of hostileIds) {
      assert.equal(await store.revoke(t, hash, client_id, seconds(now)), 'foreign', client_id.slice(0, 20));
      assert.equal(await store.revoke(t, newHash(), client_id, seconds(now)), 'unknown');
    }
    assert.deepEqual(await store.find(t, hash, seconds(now)), record);
  });

  test(
    clause('RFC 7009 §2.1: a token that is not stored is denied by its jti until its exp, in its own tenant'),
    async () => {
      const [store, t, other] = [makeStore(), newTenantName(), newTenantName()];
      for (const jti of ['jti', '', '#', 'x'.repeat(4096), '__proto__']) {
        assert.equal(await store.deniedAt(t, jti, seconds(now)), undefined);
        await store.deny(t, { jti, exp: now + 60 }, new Date(now * 1000 + 999));
        await store.deny(t, { jti, exp: now + 60 }, seconds(now + 30));
        assert.equal(await store.deniedAt(t, jti, seconds(now + 59)), now, 'the first denial stands');
        assert.equal(await store.deniedAt(t, jti, seconds(now + 60)), undefined);
        assert.equal(await store.deniedAt(other, jti, seconds(now)), undefined);
      }
    },
  );

  test(clause('RFC 7009 §2.1: a denied jti is no token, and a token no denial'), async () => {
    const [store, t, hash] = [makeStore(), newTenantName(), newHash()];
    await store.deny(t, { jti: hash, exp: now + 60 }, seconds(now));
    assert.equal(await store.find(t, hash, seconds(now)), undefined);
    await store.save(t, hash, accessTokenRecord({ jti: 'j' }));
    assert.equal(await store.deniedAt(t, 'j', seconds(now)), undefined);
  });

  test(
    clause('RFC 8705 §3.1: an unbound token and its level of assurance are found as saved; older rows have neither'),
    async () => {
      const [store, t] = [makeStore(), newTenantName()];
      const { cnf: _none, ...unbound } = accessTokenRecord({ acr: '2' });
      for (const record of [unbound, accessTokenRecord()]) {
        const hash = newHash();
        await store.save(t, hash, record);
        assert.deepEqual(await store.find(t, hash, seconds(now)), record);
      }
    },
  );

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const [store, hash] = [makeStore(), newHash()];
    for (const t of hostileTenants) {
      await assert.rejects(() => store.find(t, hash, seconds(now)), /is no name of a tenant/);
      await assert.rejects(() => store.save(t, hash, accessTokenRecord()), /is no name of a tenant/);
      await assert.rejects(() => store.revoke(t, hash, 'client-1', seconds(now)), /is no name of a tenant/);
    }
  });
}
