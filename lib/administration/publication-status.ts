/** What of a tenant's truststore API Gateway has: the last publication for the domain name of its mutual TLS host. */
import type { TenantStore } from '../oauth/ports.ts';
import type { Tenant } from '../oauth/tenant.ts';
import type { PublicationStore } from '../publication/ports.ts';
import type { Publication, PublicationAttempt } from '../publication/publication.ts';
import { ok } from '../result.ts';
import { type Refusable, registeredTenant } from './change.ts';

export type PublicationStatus = {
  /** The custom domain name: the host of the tenant's `mtls_base_uri`. */
  readonly domain: string;
  /** What was published; undefined where nothing was yet. */
  readonly published?: Publication;
  /** What could not be published since. */
  readonly failed?: PublicationAttempt;
};

export type PublicationStatusPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly publications: Pick<PublicationStore, 'current' | 'failure'>;
};

/** Whose truststore decides which certificates of a tenant connect. */
export const mutualTlsDomain = ({ mtls_base_uri }: Pick<Tenant, 'mtls_base_uri'>): string =>
  new URL(mtls_base_uri).hostname;

export async function publicationStatus(
  name: string,
  { tenants, publications }: PublicationStatusPorts,
): Promise<Refusable<PublicationStatus>> {
  const tenant = await registeredTenant(name, { tenants });
  if (!tenant.ok) return tenant;
  const domain = mutualTlsDomain(tenant.value);
  const [published, failed] = await Promise.all([publications.current(domain), publications.failure(domain)]);
  return ok({ domain, ...(published && { published }), ...(failed && { failed }) });
}
