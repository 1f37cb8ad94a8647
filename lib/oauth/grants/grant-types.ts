/** The table of grants: `grant_type` → function (RFC 6749 §4). */
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts';
import { OAuthError } from '../error.ts';
import type { Tenant } from '../tenant.ts';
import { clientCredentials } from './client-credentials.ts';
import type { GrantType } from './grant.ts';

/** A Map, so that `grant_type=constructor` finds nothing. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([['client_credentials', clientCredentials]]);

type Aliases = Pick<Tenant, 'grant_type_aliases'>;

/** RFC 6749 §4.5: a name of the tenant's for `client_credentials`, such as that of HID's server, means just that. */
const standardName = (grant_type: string, { grant_type_aliases }: Aliases): string =>
  grant_type_aliases.includes(grant_type) ? 'client_credentials' : grant_type;

/** RFC 6749 §5.2: `unsupported_grant_type` where this tenant has no such grant. */
export function findGrantType(grant_type: string, tenant: Aliases): GrantType {
  const grantType = grantTypes.get(standardName(grant_type, tenant));
  if (grantType === undefined) throw new OAuthError('unsupported_grant_type', 'The grant type is not supported');
  return grantType;
}

/** RFC 6749 §5.2: `unauthorized_client` where the client is not registered for the grant, by either name. */
export function demandGrantType(grant_type: string, { client }: AuthenticatedClient, tenant: Aliases): void {
  const names = [grant_type, standardName(grant_type, tenant)];
  // RFC 6749 §4.4: client credentials are for clients that have any.
  const credentials = client.token_endpoint_auth_method !== 'none' || !names.includes('client_credentials');
  if (!credentials || !names.some((name) => client.grant_types.includes(name))) {
    throw new OAuthError('unauthorized_client', 'The client is not registered for this grant type');
  }
}
