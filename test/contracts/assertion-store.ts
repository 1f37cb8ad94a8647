import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssertionStore } from '../../lib/oauth/ports.ts';
import { hostileIds, hostileTenants, newTenantName, now, seconds } from './fixtures.ts';

export function assertionStoreContract(name: string, makeStore: () => AssertionStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const at = seconds(now);

  test(clause('RFC 7523 §3 (7), S11: a jti is used once, also by many at the same moment'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const use = () => store.use(t, 'client-1', 'jti-1', now + 60, at);
    const outcomes = await Promise.all(Array.from({ length: 10 }, use));
    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.equal(await use(), false);
    assert.equal(await store.use(t, 'client-1', 'jti-1', now + 3600, seconds(now + 59)), false);
  });

  test(clause('RFC 7523 §3 (7), S11: after the end of the assertion its jti may come again'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    assert.equal(await store.use(t, 'client-1', 'jti-1', now + 60, at), true);
    assert.equal(await store.use(t, 'client-1', 'jti-1', now + 120, seconds(now + 60)), true);
    assert.equal(await store.use(t, 'client-1', 'jti-1', now + 180, seconds(now + 119)), false);
  });

  test(clause('design §5: a jti is one of its client and its tenant only'), async () => {
    const [store, a, b] = [makeStore(), newTenantName(), newTenantName()];
    for (const [tenant, client_id, jti] of [
      [a, 'client-1', 'jti-1'],
      [a, 'client-2', 'jti-1'],
      [a, 'client-1', 'jti-2'],
      [a, 'client-1","jti', '-1'],
      [b, 'client-1', 'jti-1'],
    ] as const) {
      assert.equal(await store.use(tenant, client_id, jti, now + 60, at), true, `${client_id} ${jti}`);
    }
  });

  test(clause('design §6: any client_id and any jti is a question with an answer, never an error'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    for (const each of hostileIds) {
      assert.equal(await store.use(t, each, 'jti', now + 60, at), true);
      assert.equal(await store.use(t, 'client-1', each, now + 60, at), true);
      assert.equal(await store.use(t, 'client-1', each, now + 60, at), false);
    }
  });

  test(clause('design §5: what is no name of a tenant is an error, never an assertion'), async () => {
    for (const t of hostileTenants) {
      await assert.rejects(async () => makeStore().use(t, 'c', 'j', now + 60, at), /is no name of a tenant/);
    }
  });
}
