/** The client credentials grant (RFC 6749 §4.4): the client asks for itself. */
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts';
import type { Form } from '../form.ts';
import { grantAudience } from '../resource.ts';
import { grantScope } from '../scope.ts';
import type { Tenant } from '../tenant.ts';
import type { Grant } from './grant.ts';

/** RFC 6749 §4.4.2, RFC 9068 §2.2: the subject of the token is the client. No refresh token (§4.4.3). */
export function clientCredentials({ client }: AuthenticatedClient, form: Form, tenant: Tenant): Grant {
  return {
    sub: client.client_id,
    scope: grantScope(form.get('scope'), client, tenant),
    aud: grantAudience(form.resources, client, tenant),
  };
}
