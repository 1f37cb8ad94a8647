import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stores } from '../../lib/adapters/stores.ts';
import type { StoredBlock } from '../../lib/oauth/ports.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { hostileTenants, newDer, newTenantName, now } from './fixtures.ts';

const blocks = (): readonly StoredBlock[] => [
  { kind: 'certificate', thumbprint: thumbprint(newDer()), added_at: now },
  { kind: 'authority', spkiSha256: thumbprint(newDer()), added_at: now, note: 'a key that leaked' },
  {
    kind: 'serial_number',
    issuer: 'CN=CA,O=Example',
    serialNumber: '1a2b',
    added_at: now,
    note: '#\u0000\ud83d\ude00',
  },
];

const byText = (list: readonly StoredBlock[]) => list.map((block) => JSON.stringify(block)).sort();

export function blockStoreContract(name: string, makeStores: () => Pick<Stores, 'blocks' | 'versions'>): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('pki §4: what was blocked is blocked, each once, with the note that was given last'), async () => {
    const [{ blocks: store }, t, list] = [makeStores(), newTenantName(), blocks()];
    assert.deepEqual(await store.list(t), []);
    for (const block of list) await store.add(t, { ...block, note: 'first' });
    for (const block of list) await store.add(t, block);
    assert.deepEqual(byText(await store.list(t)), byText(list));
  });

  test(clause('RFC 4514 §2: two texts of one issuer are one block'), async () => {
    const [{ blocks: store }, t] = [makeStores(), newTenantName()];
    const one = { kind: 'serial_number', issuer: 'CN=CA,O=Example', serialNumber: 'ff', added_at: now } as const;
    await store.add(t, one);
    await store.add(t, { ...one, issuer: 'cn = ca , o = EXAMPLE' });
    assert.equal((await store.list(t)).length, 1);
    assert.equal(await store.remove(t, one), true);
    assert.deepEqual(await store.list(t), []);
  });

  test(clause('pki §4: a block is taken away once, and no other with it'), async () => {
    const [{ blocks: store }, t, list] = [makeStores(), newTenantName(), blocks()];
    for (const block of list) await store.add(t, block);
    const [first, ...others] = list;
    assert.ok(first);
    assert.equal(await store.remove(t, { kind: 'certificate', thumbprint: thumbprint(newDer()) }), false);
    assert.equal(await store.remove(t, first), true);
    assert.equal(await store.remove(t, first), false);
    assert.deepEqual(byText(await store.list(t)), byText(others));
  });

  test(clause('design §5: a block of one tenant is none of another'), async () => {
    const [{ blocks: store }, a, b, [block]] = [makeStores(), newTenantName(), newTenantName(), blocks()];
    assert.ok(block);
    await store.add(a, block);
    assert.deepEqual(await store.list(b), []);
    assert.equal(await store.remove(b, block), false);
    assert.deepEqual(await store.list(a), [block]);
    for (const tenant of hostileTenants) await assert.rejects(store.list(tenant));
  });

  test(clause("design §6: each write changes the tenant's version"), async () => {
    const [{ blocks: store, versions }, t, [block]] = [makeStores(), newTenantName(), blocks()];
    assert.ok(block);
    const seen = [await versions.current(t)];
    await store.add(t, block);
    seen.push(await versions.current(t));
    await store.remove(t, block);
    seen.push(await versions.current(t));
    assert.equal(new Set(seen).size, 3);
  });
}
