/** Whether those a token stands on still stand: its client, its certificate, and the tie between them (RFC 8705 §3.2). */
import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import { fail, ok, type Result } from '../result.ts';
import type { AccessTokenRecord } from './access-token.ts';
import type { Call } from './call.ts';
import { keepVerdict } from './certificate-row.ts';
import type { Client } from './client.ts';
import { registeredCertificate } from './client-authentication/self-signed-tls-client-auth.ts';
import { judgeCertificate } from './client-certificate.ts';
import { findClient, findHolder, type Holder } from './holder.ts';
import type { Server } from './ports.ts';
import type { Reason } from './reason.ts';
import { mustBind } from './token-binding.ts';

/** Client and certificate of the token, by the rules that issued it; the first step that fails is the reason. */
export async function judgeHolder(
  token: Pick<AccessTokenRecord, 'client_id' | 'cnf'>,
  call: Call,
  server: Pick<Server, 'clients' | 'holders' | 'certificates'>,
): Promise<Result<true, Reason>> {
  const { snapshot, record, at } = call;
  const thumbprint = token.cnf?.['x5t#S256'];
  if (thumbprint === undefined) {
    const client = standing(await findClient(token.client_id, snapshot, server));
    if (!client.ok) return client;
    // RFC 8705 §3: what was issued before the client was bound is no bearer token now.
    return mustBind(client.value, snapshot.tenant) ? fail('token_not_bound') : ok(true);
  }
  record.token_thumbprint = thumbprint;
  const holder = await findHolder(token.client_id, thumbprint, at, snapshot, server);
  const client = standing(holder.client);
  if (!client.ok) return client;
  const certificate = await certificateOf(thumbprint, client.value, holder, call);
  if (!certificate.ok) return certificate;
  const judged = await judgeCertificate(client.value, certificate.value, holder.certificate, call);
  const { verdict } = judged.ok ? judged.value : judged.failure;
  await keepVerdict(verdict, holder.certificate, snapshot, server);
  return judged.ok ? ok(true) : fail(judged.failure.reason);
}

function standing(client: Client | undefined): Result<Client, Reason> {
  if (client === undefined) return fail('client_unknown');
  return client.disabled ? fail('client_disabled') : ok(client);
}

/** From memory, from its row, or from what the client registered. */
async function certificateOf(
  thumbprint: Thumbprint,
  client: Client,
  { certificate: row }: Holder,
  { snapshot, at }: Call,
): Promise<Result<Certificate, Reason>> {
  const remembered = snapshot.verdicts.get(thumbprint)?.certificate;
  if (remembered !== undefined) return ok(remembered);
  const stored = row && parseCertificate(row.certificate);
  if (stored?.ok === true) return stored;
  if (client.token_endpoint_auth_method !== 'self_signed_tls_client_auth') return fail('token_not_bound');
  const registered = await registeredCertificate(client, thumbprint, snapshot, at);
  return registered === undefined ? fail('not_registered') : ok(registered.certificate);
}
