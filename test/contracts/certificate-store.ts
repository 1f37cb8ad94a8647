import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateStore } from '../../lib/oauth/ports.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import {
  certificateRow,
  certificateStatus,
  fetchedAt,
  hostileTenants,
  newDer,
  newTenantName,
  now,
  seconds,
  wholeStatus,
} from './fixtures.ts';

export function certificateStoreContract(name: string, makeStore: () => CertificateStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('design §6: a certificate row is found as it was saved, every member of every status'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const kinds = [
      'good',
      'revoked',
      'on_hold',
      'unknown',
      'unavailable',
      'untrusted',
      'no_source',
      'not_checked',
    ] as const;
    const rows = [
      certificateRow(),
      certificateRow({ statuses: [wholeStatus] }),
      certificateRow({ statuses: kinds.map((status) => certificateStatus({ status, source: 'none' })) }),
      certificateRow({ statuses: [] }),
      certificateRow({ certificate: newDer(16_384) }),
    ];
    for (const row of rows) {
      await store.save(t, row);
      assert.deepEqual(await store.find(t, row.thumbprint, seconds(now)), row);
    }
  });

  test(clause('design §6: a row is found by its own thumbprint, until its exp'), async () => {
    const [store, t, row] = [makeStore(), newTenantName(), certificateRow({ exp: now + 10 })];
    await store.save(t, row);
    assert.equal(await store.find(t, thumbprint(newDer()), seconds(now)), undefined);
    assert.ok(await store.find(t, row.thumbprint, new Date((now + 10) * 1000 - 1)));
    assert.equal(await store.find(t, row.thumbprint, seconds(now + 10)), undefined);
  });

  test(clause('design §5: one certificate under two tenants is two rows'), async () => {
    const [store, a, b, c] = [makeStore(), newTenantName(), newTenantName(), newTenantName()];
    const ofA = certificateRow();
    const ofB = { ...ofA, truststore_version: 'other', statuses: [certificateStatus({ status: 'revoked' })] };
    await store.save(a, ofA);
    await store.save(b, ofB);
    assert.deepEqual(await store.find(a, ofA.thumbprint, seconds(now)), ofA);
    assert.deepEqual(await store.find(b, ofA.thumbprint, seconds(now)), ofB);
    assert.equal(await store.find(c, ofA.thumbprint, seconds(now)), undefined);
  });

  test(clause('pki §4: a newer finding replaces an older one, and one of the same time too'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const first = fetchedAt(certificateRow(), now * 1000);
    const newer = fetchedAt({ ...first, truststore_version: 'second' }, now * 1000 + 1);
    const same = { ...newer, truststore_version: 'third' };
    for (const row of [first, newer, same]) {
      await store.save(t, row);
      assert.deepEqual(await store.find(t, first.thumbprint, seconds(now)), row);
    }
  });

  test(clause('pki §4: an older finding never replaces a newer one, and that is no error'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const stored = fetchedAt(certificateRow(), now * 1000, now * 1000);
    const none = { ...stored, statuses: [] };
    await store.save(t, stored);
    for (const older of [
      fetchedAt(stored, now * 1000 - 1, now * 1000 - 1),
      fetchedAt(stored, now * 1000 - 1, now * 1000 + 1),
      fetchedAt(stored, now * 1000 + 1, now * 1000 - 1),
      { ...fetchedAt(stored, now * 1000 - 1), statuses: fetchedAt(stored, now * 1000 - 1).statuses.slice(0, 1) },
      none,
    ]) {
      await store.save(t, { ...older, truststore_version: 'older' });
      assert.deepEqual(await store.find(t, stored.thumbprint, seconds(now)), stored);
    }
  });

  test(clause('pki §4: a path over another intermediate replaces the old one as far as nothing is older'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const stored = fetchedAt(certificateRow(), now * 1000, now * 1000);
    const [leaf] = stored.statuses;
    assert.ok(leaf);
    const rebuilt = { ...stored, statuses: [leaf, certificateStatus({ fetchedAt: seconds(now - 200) })] };
    await store.save(t, stored);
    await store.save(t, rebuilt);
    assert.deepEqual(await store.find(t, stored.thumbprint, seconds(now)), rebuilt);
  });

  test(clause('RFC 5280 §5.3.1: revoked is for good: no later finding replaces it, and it replaces any'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const good = fetchedAt(certificateRow(), now * 1000, now * 1000);
    const [leaf, issuer] = good.statuses;
    assert.ok(leaf && issuer);
    const earlier = { ...leaf, status: 'revoked' as const, fetchedAt: seconds(now - 100) };
    const revoked = { ...good, statuses: [earlier, { ...issuer, fetchedAt: seconds(now - 100) }] };
    await store.save(t, good);
    await store.save(t, revoked);
    assert.deepEqual(await store.find(t, good.thumbprint, seconds(now)), revoked);
    for (const later of [good, fetchedAt(good, (now + 3600) * 1000), { ...good, statuses: [] }]) {
      await store.save(t, later);
      assert.deepEqual(await store.find(t, good.thumbprint, seconds(now)), revoked);
    }
  });

  test(clause('RFC 5280 §5.3.1: a revoked intermediate binds no path that goes without it'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const stored = fetchedAt(certificateRow(), now * 1000, now * 1000);
    const [leaf, issuer] = stored.statuses;
    assert.ok(leaf && issuer);
    const rebuilt = { ...stored, statuses: [leaf, certificateStatus()] };
    await store.save(t, { ...stored, statuses: [leaf, { ...issuer, status: 'revoked' }] });
    await store.save(t, rebuilt);
    assert.deepEqual(await store.find(t, stored.thumbprint, seconds(now)), rebuilt);
  });

  test(clause('RFC 5280 §5.3.1: of findings saved at once a revocation wins, whenever it was fetched'), async () => {
    const [store, t, row] = [makeStore(), newTenantName(), certificateRow()];
    const rows = [5, 1, 9, 3, 7].map((time) => fetchedAt(row, now * 1000 + time));
    const revoked = { ...row, statuses: row.statuses.map((status) => ({ ...status, status: 'revoked' as const })) };
    await Promise.all([...rows.slice(0, 3), revoked, ...rows.slice(3)].map((each) => store.save(t, each)));
    assert.deepEqual(await store.find(t, row.thumbprint, seconds(now)), revoked);
  });

  test(clause('pki §4: of many findings saved at once the newest stands'), async () => {
    const [store, t, row] = [makeStore(), newTenantName(), certificateRow()];
    const times = [7, 3, 19, 0, 12, 16, 5, 9, 14, 1, 18, 11, 2, 17, 6, 10, 4, 15, 8, 13];
    await Promise.all(times.map((time) => store.save(t, fetchedAt(row, now * 1000 + time))));
    assert.deepEqual(await store.find(t, row.thumbprint, seconds(now)), fetchedAt(row, now * 1000 + 19));
  });

  test(clause('design §5: what is no name of a tenant is an error, never a key'), async () => {
    const [store, row] = [makeStore(), certificateRow()];
    for (const t of hostileTenants) {
      await assert.rejects(() => store.find(t, row.thumbprint, seconds(now)), /is no name of a tenant/);
      await assert.rejects(() => store.save(t, row), /is no name of a tenant/);
    }
  });
}
