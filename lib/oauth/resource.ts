/** Resource indicators (RFC 8707): whom a token is for. */
import type { Client } from './client.ts';
import { OAuthError } from './error.ts';
import type { Tenant } from './tenant.ts';

/** RFC 8707 §2: an absolute URI without a fragment. */
export function isResource(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text) && URL.canParse(text);
}

/** The audience of a token: the resources asked for, or the tenant's default. Throws `invalid_target`. */
export function grantAudience(requested: readonly string[], client: Client, tenant: Tenant): readonly string[] {
  if (requested.length === 0) return [tenant.default_resource];
  const allowed = [tenant.default_resource, ...client.resources];
  if (!requested.every((resource) => allowed.includes(resource))) {
    throw new OAuthError('invalid_target', 'The requested resource is unknown or not allowed for this client');
  }
  return requested;
}
