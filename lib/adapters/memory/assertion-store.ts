/** Used assertions in memory, for tests: it behaves as the grants table does. */
import type { AssertionStore } from '../../oauth/ports.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memoryAssertionStore(): AssertionStore {
  const rows = rowsByTenant<number>();
  return {
    async use(tenant, client_id, jti, exp, at) {
      const key = JSON.stringify([client_id, jti]);
      const known = rows(tenant).get(key);
      if (known !== undefined && known * 1000 > at.getTime()) return false;
      rows(tenant).set(key, exp);
      return true;
    },
  };
}
