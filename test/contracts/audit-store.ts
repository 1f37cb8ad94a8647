import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditStore } from '../../lib/oauth/ports.ts';
import { hostileIds, hostileTenants, newTenantName, now } from './fixtures.ts';

export function auditStoreContract(name: string, makeStore: () => AuditStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const change = { at: now, actor: 'operator', action: 'client.disable', subject: 'billing' };
  const refusal = { at: now, client_id: 'billing', reason: 'certificate_revoked' } as const;

  test(clause('design §6: every change is kept, also two in one second'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    await store.change(t, change);
    await store.change(t, { ...change, detail: 'twice' });
    for (const tenant of hostileTenants) await assert.rejects(store.change(tenant, change));
  });

  test(clause('design §6: one refusal a tenant, client, reason and minute'), async () => {
    const [store, a, b] = [makeStore(), newTenantName(), newTenantName()];
    const start = now - (now % 60);
    assert.equal(await store.refusal(a, { ...refusal, at: start }), true);
    assert.equal(await store.refusal(a, { ...refusal, at: start + 59, detail: 'again' }), false);
    assert.equal(await store.refusal(a, { ...refusal, at: start + 60 }), true);
    assert.equal(await store.refusal(a, { ...refusal, at: start, reason: 'client_unknown' }), true);
    assert.equal(await store.refusal(a, { ...refusal, at: start, client_id: 'other' }), true);
    assert.equal(await store.refusal(b, { ...refusal, at: start }), true);
  });

  test(clause('design §6: of many at once one is kept'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const kept = await Promise.all(Array.from({ length: 20 }, () => store.refusal(t, refusal)));
    assert.equal(kept.filter(Boolean).length, 1);
  });

  test(clause('design §6: no client_id breaks a key'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    for (const client_id of hostileIds.filter((id) => id.length <= 257 && id.isWellFormed())) {
      assert.equal(await store.refusal(t, { ...refusal, client_id }), true);
    }
    for (const tenant of hostileTenants) await assert.rejects(store.refusal(tenant, refusal));
  });
}
