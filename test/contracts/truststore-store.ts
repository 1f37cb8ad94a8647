import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import type { StoredEntry } from '../../lib/oauth/ports.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import type { EntryPolicy } from '../../lib/pki/path/truststore.ts';
import { hostileTenants, newDer, newTenantName, wholeOverride } from './fixtures.ts';

const anchor = (certificate = newDer()): StoredEntry => ({ type: 'anchor', certificate });
const intermediate = (certificate = newDer()): StoredEntry => ({ type: 'intermediate', certificate });

const byThumbprint = (entries: readonly StoredEntry[]) =>
  new Map([...entries].map((entry) => [String(thumbprint(entry.certificate)), entry]));

export function truststoreStoreContract(name: string, makeStores: () => Pick<Stores, 'truststore' | 'versions'>): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('RFC 5280 §6.1.1: the entries of a tenant are what was added, each of its own type'), async () => {
    const [{ truststore }, t] = [makeStores(), newTenantName()];
    const entries = [anchor(), intermediate(), anchor(newDer(16_384))];
    assert.deepEqual(await truststore.entries(t), []);
    await Promise.all(entries.map((entry) => truststore.add(t, entry)));
    assert.deepEqual(byThumbprint(await truststore.entries(t)), byThumbprint(entries));
  });

  test(clause('design §6: one certificate is one entry, of the type it was last given'), async () => {
    const [{ truststore }, t, der] = [makeStores(), newTenantName(), newDer()];
    await truststore.add(t, anchor(der));
    await truststore.add(t, anchor(der));
    await truststore.add(t, intermediate(der));
    assert.deepEqual(await truststore.entries(t), [intermediate(der)]);
  });

  test(
    clause('pki §4: an entry keeps its policies as they were set, and loses them when it is added without'),
    async () => {
      const [{ truststore }, t, der] = [makeStores(), newTenantName(), newDer()];
      const policy = {
        extendedKeyUsage: 'allow-server-auth-only',
        partialChain: true,
        constraints: 'ignore',
      } satisfies Required<EntryPolicy>;
      const entry: StoredEntry = { ...intermediate(der), policy, status: wholeOverride };
      await truststore.add(t, entry);
      assert.deepEqual(await truststore.entries(t), [entry]);
      await truststore.add(t, { type: 'client', certificate: der, status: {} });
      assert.deepEqual(await truststore.entries(t), [{ type: 'client', certificate: der, status: {} }]);
    },
  );

  test(clause('RFC 5280 §6.1.1: an entry that is removed is no entry, the others stay'), async () => {
    const [{ truststore }, t, gone, stays] = [makeStores(), newTenantName(), anchor(), anchor()];
    await truststore.add(t, gone);
    await truststore.add(t, stays);
    await truststore.remove(t, thumbprint(gone.certificate));
    await truststore.remove(t, thumbprint(gone.certificate));
    await truststore.remove(t, thumbprint(newDer()));
    assert.deepEqual(await truststore.entries(t), [stays]);
  });

  test(clause('design §5: what one tenant trusts no other does'), async () => {
    const [{ truststore }, a, b, entry] = [makeStores(), newTenantName(), newTenantName(), anchor()];
    await truststore.add(a, entry);
    assert.deepEqual(await truststore.entries(b), []);
    await truststore.remove(b, thumbprint(entry.certificate));
    assert.deepEqual(await truststore.entries(a), [entry]);
  });

  test(clause('design §6: a truststore longer than one answer of the store is complete'), async () => {
    const [{ truststore }, t] = [makeStores(), newTenantName()];
    const entries = Array.from({ length: 80 }, () => anchor(newDer(16_384)));
    await Promise.all(entries.map((entry) => truststore.add(t, entry)));
    assert.deepEqual(byThumbprint(await truststore.entries(t)), byThumbprint(entries));
  });

  test(clause("design §6: each write changes the tenant's version"), async () => {
    const [{ truststore, versions }, t, entry] = [makeStores(), newTenantName(), anchor()];
    const seen = [await versions.current(t)];
    await truststore.add(t, entry);
    seen.push(await versions.current(t));
    await truststore.remove(t, thumbprint(entry.certificate));
    seen.push(await versions.current(t));
    assert.equal(new Set(seen).size, 3);
    await truststore.entries(t);
    assert.equal(await versions.current(t), seen[2]);
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const [{ truststore }, entry] = [makeStores(), anchor()];
    for (const t of hostileTenants) {
      await assert.rejects(() => truststore.entries(t), /is no name of a tenant/);
      await assert.rejects(() => truststore.add(t, entry), /is no name of a tenant/);
      await assert.rejects(() => truststore.remove(t, thumbprint(entry.certificate)), /is no name of a tenant/);
    }
  });
}
