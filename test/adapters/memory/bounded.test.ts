import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryEvidenceCache } from '../../../lib/adapters/memory/evidence-cache.ts';
import { boundedMemory } from '../../../lib/adapters/memory/memory.ts';
import type { Evidence } from '../../../lib/status/ports.ts';

const answer = (size: number): Evidence => ({ der: new Uint8Array(size), fetchedAt: new Date(0) });
const silence: Evidence = { unavailableUntil: new Date(0), detail: 'silent' };

test('performance §5: a memory holds no more than its limit, and what was set longest ago goes first', () => {
  const memory = boundedMemory<number>(2);
  memory.set('a', 1);
  memory.set('b', 2);
  memory.get('a');
  memory.set('c', 3);
  assert.deepEqual([memory.get('a'), memory.get('b'), memory.get('c')], [undefined, 2, 3]);
});

test('performance §5: setting a key again makes it the youngest and takes no second place', () => {
  const memory = boundedMemory<number>(2);
  memory.set('a', 1);
  memory.set('b', 2);
  memory.set('a', 3);
  memory.set('c', 4);
  assert.deepEqual([memory.get('a'), memory.get('b'), memory.get('c')], [3, undefined, 4]);
});

test('performance §5: what is deleted is not there and makes room', () => {
  const memory = boundedMemory<number>(2);
  memory.set('a', 1);
  memory.set('b', 2);
  memory.delete('b');
  memory.delete('never');
  memory.set('c', 3);
  assert.deepEqual([memory.get('a'), memory.get('b'), memory.get('c')], [1, undefined, 3]);
});

test('performance §5: names of Object.prototype are keys like any other', () => {
  const memory = boundedMemory<number>(3);
  for (const key of ['__proto__', 'constructor', 'toString']) {
    assert.equal(memory.get(key), undefined);
    memory.set(key, 1);
    assert.equal(memory.get(key), 1);
  }
});

test('performance §5: a memory of no size holds nothing', () => {
  const memory = boundedMemory<number>(0);
  memory.set('a', 1);
  assert.equal(memory.get('a'), undefined);
});

test('pki §4: evidence is found as it was saved, an answer or a silence', async () => {
  const cache = memoryEvidenceCache();
  assert.equal(await cache.find('a'), undefined);
  await cache.save('a', silence);
  assert.equal(await cache.find('a'), silence);
  const evidence = answer(10);
  await cache.save('a', evidence);
  assert.equal(await cache.find('a'), evidence);
});

test('pki §4: evidence beyond the bytes of the cache drives out the oldest', async () => {
  const cache = memoryEvidenceCache({ entries: 10, bytes: 100 });
  await cache.save('a', answer(40));
  await cache.save('b', answer(40));
  await cache.save('c', silence);
  await cache.save('d', answer(40));
  assert.equal(await cache.find('a'), undefined);
  assert.ok((await cache.find('b')) && (await cache.find('c')) && (await cache.find('d')));
});

test('pki §4: silences are bounded in number', async () => {
  const cache = memoryEvidenceCache({ entries: 2, bytes: 100 });
  for (const key of ['a', 'b', 'c']) await cache.save(key, silence);
  assert.deepEqual(
    [await cache.find('a'), await cache.find('b'), await cache.find('c')],
    [undefined, silence, silence],
  );
});

test('pki §4: evidence larger than the cache is not kept, drives nothing out, and leaves no older answer behind', async () => {
  const cache = memoryEvidenceCache({ entries: 10, bytes: 100 });
  await cache.save('a', answer(50));
  await cache.save('b', answer(10));
  await cache.save('b', answer(101));
  assert.ok(await cache.find('a'));
  assert.equal(await cache.find('b'), undefined);
});

test('pki §4: whatever is saved, the cache stays within its bytes and entries and has what was saved last', async () => {
  const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const saves = fc.array(fc.tuple(keys, fc.nat(60)), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(saves, async (list) => {
      const cache = memoryEvidenceCache({ entries: 4, bytes: 100 });
      for (const [key, size] of list) {
        await cache.save(key, answer(size));
        const kept = (await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((each) => cache.find(each)))).filter(
          (evidence) => evidence !== undefined,
        );
        const bytes = kept.reduce((sum, evidence) => sum + ('der' in evidence ? evidence.der.byteLength : 0), 0);
        assert.ok(kept.length <= 4 && bytes <= 100);
        const last = await cache.find(key);
        assert.equal(last !== undefined && 'der' in last && last.der.byteLength, size);
      }
    }),
  );
});
