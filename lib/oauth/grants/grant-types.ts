/** The table of grants: `grant_type` → function (RFC 6749 §4). */
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts';
import { OAuthError } from '../error.ts';
import { clientCredentials } from './client-credentials.ts';
import type { GrantType } from './grant.ts';

/** A Map, so that `grant_type=constructor` finds nothing. */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([['client_credentials', clientCredentials]]);

/** RFC 6749 §5.2: `unsupported_grant_type` where this server has no such grant. */
export function findGrantType(grant_type: string): GrantType {
  const grantType = grantTypes.get(grant_type);
  if (grantType === undefined) throw new OAuthError('unsupported_grant_type', 'The grant type is not supported');
  return grantType;
}

/** RFC 6749 §5.2: `unauthorized_client` where the client is not registered for the grant. */
export function demandGrantType(grant_type: string, { client }: AuthenticatedClient): void {
  if (!client.grant_types.includes(grant_type)) {
    throw new OAuthError('unauthorized_client', 'The client is not registered for this grant type');
  }
}
