/** What of a tenant's truststore API Gateway has: the last publication for the domain name of its mutual TLS host. */
import type { TenantStore } from '../oauth/ports.ts';
import type { Tenant } from '../oauth/tenant.ts';
import type { PublicationStore } from '../publication/ports.ts';
import type { Publication, PublicationAnswer, PublicationAttempt } from '../publication/publication.ts';
import { ok } from '../result.ts';
import { type Refusable, registeredTenant } from './change.ts';

export type PublicationStatus = {
  /** The custom domain name: the host of the tenant's `mtls_base_uri`. */
  readonly domain: string;
  /** What was published; undefined where nothing was yet. */
  readonly published?: Publication;
  /** What could not be published since. */
  readonly failed?: PublicationAttempt;
  /** The last request of an operator, and what became of it: undefined where no run has begun since. */
  readonly asked?: { readonly request: number; readonly answer?: PublicationAnswer };
};

export type PublicationStatusPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly publications: Pick<PublicationStore, 'current' | 'failure' | 'requested' | 'answer'>;
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
  const [published, failed, request, answer] = await Promise.all([
    publications.current(domain),
    publications.failure(domain),
    publications.requested(domain),
    publications.answer(domain),
  ]);
  const isAnswered = answer !== undefined && answer.request >= request;
  const asked = { request, ...(isAnswered && { answer }) };
  return ok({ domain, ...(published && { published }), ...(failed && { failed }), ...(request > 0 && { asked }) });
}
