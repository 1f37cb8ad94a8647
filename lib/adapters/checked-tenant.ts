/** The tenant's name as a part of keys: two tenants must never share one. */
import { tenantName } from '../routes.ts';

/** Throws an Error where the name could not be a tenant's: `addressed` and the registry let none through. */
export function checkedTenant(tenant: string): string {
  if (!tenantName.test(tenant)) throw new Error(`${JSON.stringify(tenant.slice(0, 80))} is no name of a tenant`);
  return tenant;
}
