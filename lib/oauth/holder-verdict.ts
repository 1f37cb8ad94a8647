/** Whether those a token stands on still stand: its client, its certificate, and the tie between them (RFC 8705 §3.2). */
import { parseCertificate } from '../pki/certificate/certificate.ts';
import { fail, ok, type Result } from '../result.ts';
import type { AccessTokenRecord } from './access-token.ts';
import type { Call } from './call.ts';
import { type CertificateRow, keepVerdict } from './certificate-row.ts';
import { type CertificateVerdict, certificateVerdict, recordVerdict } from './certificate-verdict.ts';
import { matchSubject } from './client-authentication/tls-client-auth.ts';
import { findHolder } from './holder.ts';
import type { Server } from './ports.ts';
import type { Reason } from './reason.ts';

/** Client and certificate of the token, by the rules that issued it; the first step that fails is the reason. */
export async function judgeHolder(
  token: Pick<AccessTokenRecord, 'client_id' | 'cnf'>,
  call: Call,
  server: Pick<Server, 'holders' | 'certificates'>,
): Promise<Result<CertificateVerdict, Reason>> {
  const { snapshot, record, at } = call;
  const thumbprint = token.cnf?.['x5t#S256'];
  if (thumbprint === undefined) return fail('token_not_bound');
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
  return match.ok ? ok(verdict) : fail(match.failure.reason);
}

function storedCertificate(row: CertificateRow | undefined) {
  const parsed = row && parseCertificate(row.certificate);
  return parsed?.ok === true ? parsed.value : undefined;
}
