/** A memory that cannot grow without bound. */
import type { Memory } from '../../oauth/ports.ts';

/** Holds at most `limit` values; what was set longest ago goes first. */
export function boundedMemory<V>(limit: number): Memory<V> {
  const values = new Map<string, V>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > limit && oldest !== undefined) values.delete(oldest);
    },
    delete(key) {
      values.delete(key);
    },
  };
}
