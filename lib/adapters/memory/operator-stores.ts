/** Blocks, and the records of changes and refusals, in memory, for tests: they behave as the tables do. */
import type { ChangeRecord, RefusalRecord } from '../../oauth/audit.ts';
import type { AuditStore, BlockStore, StoredBlock, VersionStore } from '../../oauth/ports.ts';
import { blockId } from '../block-id.ts';
import { writeRegistry } from '../registry-writes.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memoryBlockStore(versions: Pick<VersionStore, 'bump'>): BlockStore {
  const rows = rowsByTenant<StoredBlock>();
  return {
    async list(tenant) {
      return structuredClone([...rows(tenant).values()]);
    },
    async add(tenant, block) {
      await writeRegistry(tenant, async () => rows(tenant).set(blockId(block), structuredClone(block)), versions);
    },
    async remove(tenant, block) {
      let removed = false;
      await writeRegistry(
        tenant,
        async () => {
          removed = rows(tenant).delete(blockId(block));
        },
        versions,
      );
      return removed;
    },
  };
}

/** With what was kept, for whoever looks. */
export type MemoryAuditStore = AuditStore & {
  changes(tenant: string): readonly ChangeRecord[];
  refusals(tenant: string): readonly RefusalRecord[];
};

export function memoryAuditStore(): MemoryAuditStore {
  const changes = rowsByTenant<ChangeRecord>();
  const refusals = rowsByTenant<RefusalRecord>();
  return {
    async change(tenant, change) {
      const rows = changes(tenant);
      rows.set(String(rows.size), structuredClone(change));
    },
    async refusal(tenant, refusal) {
      const { client_id, reason, at } = refusal;
      const id = JSON.stringify([client_id, reason, Math.floor(at / 60)]);
      if (refusals(tenant).has(id)) return false;
      refusals(tenant).set(id, structuredClone(refusal));
      return true;
    },
    changes: (tenant) => [...changes(tenant).values()],
    refusals: (tenant) => [...refusals(tenant).values()],
  };
}
