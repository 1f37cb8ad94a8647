/** Status evidence of the tenants in memory, for tests: it behaves as the grants table does. */
import type { EvidenceStore } from '../../oauth/ports.ts';
import type { Evidence } from '../../status/ports.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memoryEvidenceStore(): EvidenceStore {
  const rows = rowsByTenant<Evidence>();
  return {
    async find(tenant, key) {
      return structuredClone(rows(tenant).get(key));
    },
    async save(tenant, key, evidence) {
      rows(tenant).set(key, structuredClone(evidence));
    },
  };
}
