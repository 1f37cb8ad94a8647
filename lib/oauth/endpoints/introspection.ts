/** The introspection endpoint (RFC 7662, RFC 8705 §3.2): a token is active while its certificate is. */
import type { HttpResponse } from '../../http.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { AccessTokenRecord } from '../access-token.ts';
import { findAccessToken } from '../access-token-format.ts';
import type { Call } from '../call.ts';
import type { Client } from '../client.ts';
import { authenticateClient } from '../client-authentication/client-authentication.ts';
import { parseForm, required } from '../form.ts';
import { judgeHolder } from '../holder-verdict.ts';
import type { Server } from '../ports.ts';
import type { Reason } from '../reason.ts';
import { json } from '../response.ts';

/** RFC 7662 §2.2: what the token stands for, or exactly `{"active":false}` whatever the reason. */
export async function introspection(call: Call, server: Server): Promise<HttpResponse> {
  const form = parseForm(call.request);
  const { client } = await authenticateClient(form, call, server);
  const verdict = await judgeToken(required(form, 'token'), client, call, server);
  call.record.active = verdict.ok;
  if (!verdict.ok) {
    call.record.reason = verdict.failure;
    return json({ active: false });
  }
  return json(introspectionResponse(verdict.value));
}

type TokenVerdict = Result<AccessTokenRecord, Reason>;

/** The token, its audience, its client, its certificate: the first that fails is the reason. */
async function judgeToken(presented: string, caller: Client, call: Call, server: Server): Promise<TokenVerdict> {
  const { record } = call;
  const token = await findAccessToken(presented, call, server);
  if (!token.ok) return token;
  const found = token.value;
  record.jti = found.jti;
  record.token_client_id = found.client_id;
  if (!maySee(caller, found)) return fail('audience_not_allowed');
  if (found.revoked_at !== undefined) return fail('token_revoked');
  const holder = await judgeHolder(found, call, server);
  return holder.ok ? ok(found) : holder;
}

/** The audience model: a token is seen by its own client and by the resource servers it is for. */
function maySee(caller: Client, token: AccessTokenRecord): boolean {
  return caller.client_id === token.client_id || token.aud.some((uri) => caller.resource_server_for.includes(uri));
}

/** RFC 7662 §2.2, with `cnf` (RFC 8705 §3.2). */
function introspectionResponse({ aud, ...token }: AccessTokenRecord) {
  return { active: true, token_type: 'Bearer', ...token, aud: aud.length === 1 ? aud[0] : aud };
}
