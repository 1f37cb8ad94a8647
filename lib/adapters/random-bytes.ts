/** Randomness for tokens, from the operating system by way of a pool: one call for many requests. */
import { randomFillSync } from 'node:crypto';

const poolSize = 4_096;

/** A source of random bytes. No byte is given twice, and none stays in the pool once it is given. */
export function randomBytesPool(fill: (pool: Uint8Array) => void = randomFillSync): (size: number) => Uint8Array {
  const pool = new Uint8Array(poolSize);
  let used = poolSize;
  return (size) => {
    if (size > poolSize) {
      const bytes = new Uint8Array(size);
      fill(bytes);
      return bytes;
    }
    if (used + size > poolSize) {
      fill(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + size);
    pool.fill(0, used, used + size);
    used += size;
    return bytes;
  };
}
