import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvidenceStore } from '../../lib/oauth/ports.ts';
import { hostileTenants, newDer, newTenantName, now, seconds } from './fixtures.ts';

export function evidenceStoreContract(name: string, makeStore: () => EvidenceStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const answer = () => ({ der: newDer(2_000), fetchedAt: seconds(now) });
  const silence = { unavailableUntil: seconds(now + 30), detail: 'untrusted: a forged answer' };

  test(clause('RFC 6960 §2: an answer and a silence are found as they were saved'), async () => {
    const [store, t, saved] = [makeStore(), newTenantName(), answer()];
    assert.equal(await store.find(t, 'ocsp.a'), undefined);
    await store.save(t, 'ocsp.a', saved);
    await store.save(t, 'ocsp.a.silent', silence);
    assert.deepEqual(await store.find(t, 'ocsp.a'), saved);
    assert.deepEqual(await store.find(t, 'ocsp.a.silent'), silence);
    assert.equal(await store.find(t, 'ocsp.b'), undefined);
  });

  test(clause('RFC 6960 §2: what was saved last is what is found'), async () => {
    const [store, t, second] = [makeStore(), newTenantName(), answer()];
    await store.save(t, 'ocsp.a', answer());
    await store.save(t, 'ocsp.a', second);
    assert.deepEqual(await store.find(t, 'ocsp.a'), second);
    await store.save(t, 'ocsp.a', silence);
    assert.deepEqual(await store.find(t, 'ocsp.a'), silence);
  });

  test(clause('pki §4: evidence of one tenant freshens none of another'), async () => {
    const [store, a, b] = [makeStore(), newTenantName(), newTenantName()];
    await store.save(a, 'ocsp.a', answer());
    assert.equal(await store.find(b, 'ocsp.a'), undefined);
    for (const tenant of hostileTenants) await assert.rejects(store.find(tenant, 'ocsp.a'));
  });

  test(clause('pki §4: an answer of 64 KB, the largest that a responder may give, is kept'), async () => {
    const [store, t] = [makeStore(), newTenantName()];
    const large = { der: newDer(65_536), fetchedAt: seconds(now) };
    await store.save(t, 'ocsp.a', large);
    assert.deepEqual(await store.find(t, 'ocsp.a'), large);
  });
}
