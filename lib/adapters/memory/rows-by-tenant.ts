/** Rows in memory that one tenant cannot reach under another's name. */
import { checkedTenant } from '../checked-tenant.ts';

/** The rows of a tenant by key, made when first asked for. */
export function rowsByTenant<V>(): (tenant: string) => Map<string, V> {
  const tenants = new Map<string, Map<string, V>>();
  return (tenant) => {
    const rows = tenants.get(checkedTenant(tenant)) ?? new Map<string, V>();
    tenants.set(tenant, rows);
    return rows;
  };
}
