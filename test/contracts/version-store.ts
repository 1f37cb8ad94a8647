import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VersionStore } from '../../lib/oauth/ports.ts';
import { hostileTenants, newTenantName } from './fixtures.ts';

export function versionStoreContract(name: string, makeStore: () => VersionStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('design §6: the version of a tenant of which nothing was written is empty'), async () => {
    assert.equal(await makeStore().current(newTenantName()), '');
  });

  test(clause('design §6: a version never comes back'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const seen = new Set<string>();
    for (let i = 0; i < 10; i += 1) {
      await store.bump(t);
      const version = await store.current(t);
      assert.equal(await store.current(t), version);
      seen.add(version);
    }
    assert.equal(seen.size, 10);
    assert.ok(!seen.has(''));
  });

  test(clause('design §6: many bumps at once leave one new version'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    await store.bump(t);
    const before = await store.current(t);
    await Promise.all(Array.from({ length: 20 }, () => store.bump(t)));
    assert.notEqual(await store.current(t), before);
  });

  test(clause("design §5: a bump changes no other tenant's version"), async () => {
    const [store, a, b] = [makeStore(), newTenantName(), newTenantName()];
    await store.bump(a);
    const before = await store.current(a);
    await store.bump(b);
    assert.equal(await store.current(a), before);
    assert.notEqual(await store.current(b), before);
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const store = makeStore();
    for (const t of hostileTenants) {
      await assert.rejects(() => store.current(t), /is no name of a tenant/);
      await assert.rejects(() => store.bump(t), /is no name of a tenant/);
    }
  });
}
