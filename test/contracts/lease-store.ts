import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { LeaseStore } from '../../lib/publication/ports.ts';
import { now } from './fixtures.ts';

export function leaseStoreContract(name: string, makeStore: () => LeaseStore): void {
  const clause = (text: string) => text.replace(': ', `: ${name}: `);

  test(clause('design §8: of many that want the lease at once, one has it'), async () => {
    const [store, lease] = [makeStore(), randomUUID()];
    const taken = await Promise.all(
      Array.from({ length: 10 }, (_, index) => store.take(lease, `holder-${index}`, now + 60, now)),
    );
    assert.equal(taken.filter((each) => each !== undefined).length, 1);
  });

  test(clause('design §8: a lease is had by another when it is given back or has ended, not before'), async () => {
    const [store, lease] = [makeStore(), randomUUID()];
    assert.deepEqual(await store.take(lease, 'a', now + 60, now), { updated_at: 0 });
    assert.equal(await store.take(lease, 'b', now + 119, now + 59), undefined);
    assert.deepEqual(await store.take(lease, 'a', now + 80, now + 59), { updated_at: 0 }, 'its holder may prolong it');
    assert.equal(await store.take(lease, 'b', now + 139, now + 79), undefined);
    assert.notEqual(await store.take(lease, 'b', now + 140, now + 80), undefined, 'it has ended');
    await store.release(lease, 'b');
    assert.notEqual(await store.take(lease, 'c', now + 140, now + 80), undefined, 'it was given back');
  });

  test(clause('design §8: who has lost the lease neither gives it back nor writes into it'), async () => {
    const [store, lease] = [makeStore(), randomUUID()];
    await store.take(lease, 'a', now + 60, now);
    await store.take(lease, 'b', now + 120, now + 60);
    assert.equal(await store.touch(lease, 'a', now + 61), false);
    await store.release(lease, 'a');
    assert.equal(await store.take(lease, 'c', now + 120, now + 62), undefined);
    assert.equal(await store.touch(lease, 'b', now + 62), true);
  });

  test(clause('API Gateway quotas: when the last update was is told to the next holder'), async () => {
    const [store, lease] = [makeStore(), randomUUID()];
    await store.take(lease, 'a', now + 60, now);
    await store.touch(lease, 'a', now + 5);
    await store.release(lease, 'a');
    assert.deepEqual(await store.take(lease, 'b', now + 70, now + 10), { updated_at: now + 5 });
    assert.deepEqual(await store.take(randomUUID(), 'b', now + 70, now + 10), { updated_at: 0 }, 'another lease');
  });

  test(clause('design §8: who never had a lease has nothing to write into or to give back'), async () => {
    const [store, lease] = [makeStore(), randomUUID()];
    assert.equal(await store.touch(lease, 'a', now), false);
    await store.release(lease, 'a');
    assert.deepEqual(await store.take(lease, 'b', now + 60, now), { updated_at: 0 });
  });
}
