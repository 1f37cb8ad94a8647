/** The token endpoint (RFC 6749 §3.2, RFC 8705 §3). */
import type { HttpResponse } from '../../http.ts';
import { accessTokenRandomness, issueAccessToken } from '../access-token.ts';
import { deliverAccessToken } from '../access-token-format.ts';
import type { Call } from '../call.ts';
import { keepVerdict } from '../certificate-row.ts';
import { authenticateClient } from '../client-authentication/client-authentication.ts';
import { parseForm, required } from '../form.ts';
import { demandGrantType, findGrantType } from '../grants/grant-types.ts';
import type { Server } from '../ports.ts';
import { json } from '../response.ts';
import { certificateToBind } from '../token-binding.ts';

/** RFC 6749 §5.1: an access token, bound as tenant and client say; `expires_in` tells the lifetime after every cap. */
export async function token(call: Call, server: Server): Promise<HttpResponse> {
  const { snapshot, record, at } = call;
  const form = parseForm(call.request);
  const grant_type = required(form, 'grant_type');
  const grantType = findGrantType(grant_type, snapshot.tenant);
  record.grant_type = grant_type;
  const client = await authenticateClient(form, 'token', call, server);
  demandGrantType(grant_type, client, snapshot.tenant);
  const grant = grantType(client, form, snapshot.tenant);
  const bound = await certificateToBind(client, call, server);
  const draft = issueAccessToken(grant, client, bound, snapshot.tenant, at, server.randomBytes(accessTokenRandomness));
  // Before the token, so that no token is ever found without the row that judges it.
  if (bound !== undefined) await keepVerdict(bound.verdict, undefined, snapshot, server);
  const issued = await deliverAccessToken(draft, client.client, call, server);
  record.jti = issued.record.jti;
  return json({
    access_token: issued.token,
    token_type: 'Bearer',
    expires_in: issued.record.exp - issued.record.iat,
    ...(issued.record.scope !== undefined && { scope: issued.record.scope }),
    ...(issued.record.acr !== undefined && { context: { LEVEL_OF_ASSURANCE: issued.record.acr } }),
  });
}
