import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytesPool } from '../../lib/adapters/random-bytes.ts';

/** Fills with bytes that count on, so that each shows where it came from. */
function counting() {
  let next = 0;
  const pools: Uint8Array[] = [];
  return {
    pools,
    fill: (pool: Uint8Array) => {
      pools.push(pool);
      const view = new DataView(pool.buffer);
      for (let at = 0; at + 4 <= pool.length; at += 4) view.setUint32(at, next++);
    },
  };
}

test('B20: no random byte is given twice, whatever the sizes asked for', () => {
  const { fill } = counting();
  const randomBytes = randomBytesPool(fill);
  const seen = new Set<number>();
  for (let round = 0; round < 2_000; round++) {
    const bytes = randomBytes([4, 48, 16, 32][round % 4] ?? 4);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      const value = view.getUint32(at);
      assert.equal(seen.has(value), false);
      seen.add(value);
    }
  }
});

test('B20: what was given is the taker’s own and is gone from the pool', () => {
  const { fill, pools } = counting();
  const randomBytes = randomBytesPool(fill);
  const first = randomBytes(48);
  const kept = first.slice();
  for (let round = 0; round < 200; round++) randomBytes(48);
  assert.deepEqual(first, kept);
  assert.deepEqual(new Set(pools[0]?.subarray(0, 48)), new Set([0]));
});

test('B20: more than the pool holds is filled at once, and nothing is left unfilled', () => {
  const bytes = randomBytesPool()(10_000);
  assert.equal(bytes.length, 10_000);
  assert.ok(bytes.subarray(9_900).some((byte) => byte !== 0));
});
