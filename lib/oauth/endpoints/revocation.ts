/** The revocation endpoint (RFC 7009). */
import type { HttpResponse } from '../../http.ts';
import { revokeAccessToken } from '../access-token-format.ts';
import type { Call } from '../call.ts';
import { authenticateClient } from '../client-authentication/client-authentication.ts';
import { OAuthError } from '../error.ts';
import { parseForm, required } from '../form.ts';
import type { Server } from '../ports.ts';

/** RFC 7009 §2.2: 200 for a token that is revoked now, was before, or never was; a foreign one stays alive (§2.1). */
export async function revocation(call: Call, server: Server): Promise<HttpResponse> {
  const form = parseForm(call.request);
  const { client } = await authenticateClient(form, 'revocation', call, server);
  const outcome = await revokeAccessToken(required(form, 'token'), client.client_id, call, server);
  if (outcome === 'foreign') {
    throw new OAuthError('unauthorized_client', 'The token was issued to another client', {
      reason: 'audience_not_allowed',
    });
  }
  return { status: 200, headers: { 'cache-control': 'no-store', pragma: 'no-cache' }, body: '' };
}
