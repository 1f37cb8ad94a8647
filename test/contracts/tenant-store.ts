import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import { hostileTenants, newTenantName, tenant, wholePolicy } from './fixtures.ts';

export function tenantStoreContract(name: string, makeStores: () => Pick<Stores, 'tenants' | 'versions'>): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('design §5: a tenant is found as it was saved, every member of its policy'), async () => {
    const { tenants } = makeStores();
    for (const changes of [{}, { status_policy: wholePolicy }, { scopes_supported: [], access_token_lifetime: 0 }]) {
      const saved = tenant(newTenantName(), changes);
      await tenants.save(saved);
      assert.deepEqual(await tenants.find(saved.name), saved);
    }
  });

  test(clause('design §5: a tenant that was not saved is not there'), async () => {
    const { tenants } = makeStores();
    const saved = tenant(newTenantName());
    await tenants.save(saved);
    assert.equal(await tenants.find(newTenantName()), undefined);
    assert.equal(await tenants.find(saved.name.slice(0, -1)), undefined);
  });

  test(clause('design §5: saving again replaces the tenant, and the list has it once'), async () => {
    const { tenants } = makeStores();
    const [a, b] = [tenant(newTenantName()), tenant(newTenantName())];
    const changed = { ...a, issuer: 'https://other.example' };
    await Promise.all([tenants.save(a), tenants.save(b)]);
    await tenants.save(changed);
    assert.deepEqual(await tenants.find(a.name), changed);
    const listed = (await tenants.list()).filter((each) => each.name === a.name || each.name === b.name);
    assert.equal(listed.length, 2);
    assert.deepEqual(
      listed.find((each) => each.name === a.name),
      changed,
    );
    assert.deepEqual(
      listed.find((each) => each.name === b.name),
      b,
    );
  });

  test(clause("design §6: each write changes the tenant's version"), async () => {
    const { tenants, versions } = makeStores();
    const saved = tenant(newTenantName());
    const seen = [await versions.current(saved.name)];
    await tenants.save(saved);
    seen.push(await versions.current(saved.name));
    await tenants.save(saved);
    seen.push(await versions.current(saved.name));
    assert.equal(new Set(seen).size, 3);
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const { tenants } = makeStores();
    for (const t of hostileTenants) {
      await assert.rejects(() => tenants.find(t), /is no name of a tenant/);
      await assert.rejects(() => tenants.save(tenant(t)), /is no name of a tenant/);
    }
  });
}
