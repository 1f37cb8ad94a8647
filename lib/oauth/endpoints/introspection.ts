/** The introspection endpoint (RFC 7662, RFC 8705 §3.2): a token is active while its certificate is. */
import type { HttpResponse } from '../../http.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { AccessTokenRecord } from '../access-token.ts';
import { findAccessToken } from '../access-token-format.ts';
import { bindingVerdict, checkSufficiency } from '../binding-verdict.ts';
import type { Call } from '../call.ts';
import type { Client } from '../client.ts';
import { authenticateClient } from '../client-authentication/client-authentication.ts';
import { parseForm } from '../form.ts';
import { judgeHolder } from '../holder-verdict.ts';
import { type IntrospectionRequest, parseIntrospectionRequest } from '../introspection-request.ts';
import type { Server } from '../ports.ts';
import type { Reason } from '../reason.ts';
import { json } from '../response.ts';
import { signedAnswer, unauthenticated, wantsSignedAnswer } from '../signed-introspection.ts';

/** RFC 7662 §2.2: what the token stands for, or exactly `{"active":false}` whatever the reason; signed if so wanted. */
export async function introspection(call: Call, server: Server): Promise<HttpResponse> {
  const form = parseForm(call.request);
  const signed = wantsSignedAnswer(call, server);
  const authentication = authenticateClient(form, 'introspection', call, server);
  const { client } = await (signed ? authentication.catch(unauthenticated) : authentication);
  const answer = await introspect(parseIntrospectionRequest(form, call), client, call, server);
  return signed ? signedAnswer(answer, client.client_id, call, server) : json(answer);
}

type Answer = Readonly<Record<string, unknown>>;

const inactive: Answer = { active: false };

/** A caller that may not see the token gets what it gets for a token that never was (N2, N9). */
async function introspect(asked: IntrospectionRequest, caller: Client, call: Call, server: Server): Promise<Answer> {
  const { record } = call;
  if (asked.presented !== undefined) record.presented_thumbprint = asked.presented;
  const token = await visibleToken(asked.token, caller, call, server);
  const verdict = token.ok ? await judgeToken(token.value, asked, call, server) : token;
  record.active = verdict.ok;
  if (!verdict.ok) record.reason = verdict.failure;
  if (!token.ok) return inactive;
  const answer = verdict.ok ? introspectionResponse(token.value) : inactive;
  if (!asked.binding) return answer;
  const reason = verdict.ok ? undefined : verdict.failure;
  return { ...answer, binding: bindingVerdict(token.value, reason, asked, call.snapshot) };
}

/** The audience model: a token is seen by its own client and by the resource servers it is for. */
async function visibleToken(
  presented: string,
  caller: Client,
  call: Call,
  server: Server,
): Promise<Result<AccessTokenRecord, Reason>> {
  const token = await findAccessToken(presented, call, server);
  if (!token.ok) return token;
  const { client_id, aud, jti } = token.value;
  call.record.jti = jti;
  call.record.token_client_id = client_id;
  const visible = caller.client_id === client_id || aud.some((uri) => caller.resource_server_for.includes(uri));
  return visible ? token : fail('audience_not_allowed');
}

/** The token, its client, its certificate, then what the caller needs: the first that fails is the reason. */
async function judgeToken(
  token: AccessTokenRecord,
  asked: IntrospectionRequest,
  call: Call,
  server: Server,
): Promise<Result<true, Reason>> {
  if (token.revoked_at !== undefined) return fail('token_revoked');
  const holder = await judgeHolder(token, call, server);
  if (!holder.ok) return holder;
  const sufficient = checkSufficiency(token, asked);
  return sufficient.ok ? ok(true) : sufficient;
}

/** RFC 7662 §2.2, with `cnf` (RFC 8705 §3.2). */
function introspectionResponse({ aud, ...token }: AccessTokenRecord): Answer {
  return { active: true, token_type: 'Bearer', ...token, aud: aud.length === 1 ? aud[0] : aud };
}
