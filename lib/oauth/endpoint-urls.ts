/** The URLs of a tenant's endpoints (RFC 8414 §2), from the table of routes. */
import { httpRoutes, pathFor } from '../routes.ts';
import type { Tenant } from './tenant.ts';

/** Every endpoint that metadata names, at `origin`, under the tenant's path. */
export function endpointUrls(tenant: Pick<Tenant, 'name' | 'issuer'>, origin: string): Record<string, string> {
  const atRoot = new URL(tenant.issuer).pathname === '/';
  return Object.fromEntries(
    httpRoutes.flatMap(([, route]) =>
      route.metadata === undefined ? [] : [[route.metadata, `${origin}${pathFor(route, tenant.name, atRoot)}`]],
    ),
  );
}
