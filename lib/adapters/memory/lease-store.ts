/** Leases in memory, for tests and for a server that is one process: they behave as the registry table does. */
import type { LeaseStore } from '../../publication/ports.ts';

type Row = { holder: string; until: number; updated_at: number };

export function memoryLeaseStore(): LeaseStore {
  const rows = new Map<string, Row>();
  const heldBy = (name: string, holder: string) => {
    const row = rows.get(name);
    return row?.holder === holder ? row : undefined;
  };
  return {
    async take(name, holder, until, at) {
      const row = rows.get(name);
      if (row !== undefined && row.until > at && row.holder !== holder) return undefined;
      const updated_at = row?.updated_at ?? 0;
      rows.set(name, { holder, until, updated_at });
      return { updated_at };
    },
    async touch(name, holder, updated_at) {
      const row = heldBy(name, holder);
      if (row !== undefined) row.updated_at = updated_at;
      return row !== undefined;
    },
    async release(name, holder) {
      const row = heldBy(name, holder);
      if (row !== undefined) row.until = 0;
    },
  };
}
