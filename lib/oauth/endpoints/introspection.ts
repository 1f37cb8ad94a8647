/** The introspection endpoint (RFC 7662, RFC 8705 §3.2): a token is active while its certificate is. */
import type { HttpResponse } from '../../http.ts';
import { parseCertificate } from '../../pki/certificate/certificate.ts';
import { fail, ok, type Result } from '../../result.ts';
import { type AccessTokenRecord, hashToken } from '../access-token.ts';
import type { Call } from '../call.ts';
import { type CertificateRow, keepVerdict } from '../certificate-row.ts';
import { certificateVerdict, recordVerdict } from '../certificate-verdict.ts';
import type { Client } from '../client.ts';
import { authenticateClient } from '../client-authentication/client-authentication.ts';
import { matchSubject } from '../client-authentication/tls-client-auth.ts';
import { parseForm, required } from '../form.ts';
import { findHolder } from '../holder.ts';
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
async function judgeToken(token: string, caller: Client, call: Call, server: Server): Promise<TokenVerdict> {
  const { snapshot, record, at } = call;
  const found = await server.tokens.find(snapshot.tenant.name, hashToken(token), at);
  if (found === undefined) return fail('token_unknown');
  record.jti = found.jti;
  record.token_client_id = found.client_id;
  if (!maySee(caller, found)) return fail('audience_not_allowed');
  if (found.revoked_at !== undefined) return fail('token_revoked');
  return judgeHolder(found, call, server);
}

/** The audience model: a token is seen by its own client and by the resource servers it is for. */
function maySee(caller: Client, token: AccessTokenRecord): boolean {
  return caller.client_id === token.client_id || token.aud.some((uri) => caller.resource_server_for.includes(uri));
}

async function judgeHolder(token: AccessTokenRecord, call: Call, server: Server): Promise<TokenVerdict> {
  const { snapshot, record, at } = call;
  const thumbprint = token.cnf['x5t#S256'];
  record.token_thumbprint = thumbprint;
  const holder = await findHolder(token.client_id, thumbprint, at, snapshot, server);
  if (holder.client === undefined) return fail('client_unknown');
  if (holder.client.disabled) return fail('client_disabled');
  const certificate = snapshot.verdicts.get(thumbprint)?.certificate ?? storedCertificate(holder.certificate);
  if (certificate === undefined) return fail('token_not_bound');
  const verdict = await certificateVerdict(certificate, holder.certificate, at, snapshot);
  recordVerdict(verdict, record);
  await keepVerdict(verdict, holder.certificate, snapshot, server);
  if (!verdict.outcome.ok) return fail(verdict.outcome.failure.reason);
  const match = matchSubject(holder.client.subject, certificate);
  return match.ok ? ok(token) : fail(match.failure.reason);
}

function storedCertificate(row: CertificateRow | undefined) {
  const parsed = row && parseCertificate(row.certificate);
  return parsed?.ok === true ? parsed.value : undefined;
}

/** RFC 7662 §2.2, with `cnf` (RFC 8705 §3.2). */
function introspectionResponse({ aud, ...token }: AccessTokenRecord) {
  return { active: true, token_type: 'Bearer', ...token, aud: aud.length === 1 ? aud[0] : aud };
}
