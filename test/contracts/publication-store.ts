import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { PublicationStore } from '../../lib/publication/ports.ts';
import type { Publication, PublicationAttempt } from '../../lib/publication/publication.ts';
import { now } from './fixtures.ts';

export function publicationStoreContract(name: string, makeStore: () => PublicationStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);
  const newDomain = () => `${randomUUID()}.example.com`;

  test(clause('design §8: what was published is found again, until something else is'), async () => {
    const [store, domain] = [makeStore(), newDomain()];
    assert.equal(await store.current(domain), undefined);
    const first = publication(domain);
    await store.published(first);
    assert.deepEqual(await store.current(domain), first);
    const second = { ...first, version: 'v2', refused: [], warnings: [] };
    await store.published(second);
    assert.deepEqual(await store.current(domain), second);
    assert.equal(await store.current(newDomain()), undefined);
  });

  test(clause('design §8: a failure stands beside what is published, and ends with the next publication'), async () => {
    const [store, domain] = [makeStore(), newDomain()];
    await store.published(publication(domain));
    await store.failed(attempt(domain));
    assert.deepEqual(await store.failure(domain), attempt(domain));
    assert.deepEqual(await store.current(domain), publication(domain));
    assert.equal(await store.failure(newDomain()), undefined);
    const { sha256, version, ...nothingTried } = attempt(domain);
    await store.failed(nothingTried);
    assert.deepEqual(await store.failure(domain), nothingTried);
    await store.published(publication(domain));
    assert.equal(await store.failure(domain), undefined);
  });

  test(
    clause('design §8: each request for a publication has a number of its own, one more than the last'),
    async () => {
      const [store, domain] = [makeStore(), newDomain()];
      assert.equal(await store.requested(domain), 0);
      const numbers = await Promise.all(Array.from({ length: 5 }, () => store.request(domain)));
      assert.deepEqual(numbers.toSorted(), [1, 2, 3, 4, 5]);
      assert.equal(await store.requested(domain), 5);
      assert.equal(await store.requested(newDomain()), 0);
    },
  );

  test(clause('design §8: the last answer to a request is found again'), async () => {
    const [store, domain] = [makeStore(), newDomain()];
    assert.equal(await store.answer(domain), undefined);
    await store.answered(domain, { request: 1, outcome: 'begun', at: now, reasons: [] });
    const answer = { request: 2, outcome: 'failed', at: now + 1, reasons: ['a', 'b'] } as const;
    await store.answered(domain, answer);
    assert.deepEqual(await store.answer(domain), answer);
    assert.equal(await store.answer(newDomain()), undefined);
    assert.equal(await store.current(domain), undefined);
  });

  test(clause('design §8: as many certificates as a truststore may have fit into a row'), async () => {
    const [store, domain] = [makeStore(), newDomain()];
    const [refused] = publication(domain).refused;
    assert.ok(refused);
    const many = {
      ...publication(domain),
      thumbprints: Array.from({ length: 2_000 }, (_, index) => String(index).padStart(43, 'x')),
      refused: Array.from({ length: 2_000 }, () => ({ ...refused, detail: 'x'.repeat(500) })),
    };
    await store.published(many);
    const found = await store.current(domain);
    assert.equal(found?.thumbprints.length, 2_000);
    assert.ok((found?.refused.length ?? 0) >= 200);
  });
}

function publication(domain: string): Publication {
  return {
    domain,
    version: 'v1',
    sha256: 'a'.repeat(64),
    published_at: now,
    certificates: 2,
    bytes: 2_000,
    expires_at: now + 86_400,
    thumbprints: ['a', 'b'],
    refused: [
      {
        thumbprint: 'c',
        subject: 'CN=Old',
        from: ['tenant acme'],
        reason: 'expired',
        detail: 'it was valid until 2020',
      },
    ],
    warnings: ['CN=New is not valid before 2040'],
  };
}

const attempt = (domain: string): PublicationAttempt => ({
  domain,
  failed_at: now,
  sha256: 'b'.repeat(64),
  version: 'v2',
  reasons: ['BadRequestException: Invalid truststore'],
  restored: true,
  refused: publication(domain).refused,
});
