/** Which checks a certificate must pass for which client (docs/clients.md), at issue and at introspection alike. */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { PathFailure } from '../pki/reason.ts';
import { fail, ok, type Result } from '../result.ts';
import { describe, type StatusFailure } from '../status/reason.ts';
import type { Call } from './call.ts';
import type { CertificateRow } from './certificate-row.ts';
import {
  type CertificateVerdict,
  certificateVerdict,
  leadsNowhere,
  recordVerdict,
  rememberPathless,
} from './certificate-verdict.ts';
import type { Client } from './client.ts';
import { judgeAlone, matchRegistered } from './client-authentication/self-signed-tls-client-auth.ts';
import { type Mismatch, matchTlsClientAuth } from './client-authentication/tls-client-auth.ts';
import type { Reason } from './reason.ts';

/** A certificate that was accepted for a client. */
export type AcceptedCertificate = {
  readonly certificate: Certificate;
  readonly verdict: CertificateVerdict;
  /** A token does not outlive the earliest of these. */
  readonly limits: readonly Date[];
};

export type CertificateRefusal = {
  readonly reason: Reason;
  readonly detail: string;
  /** Seconds, where trying again can help. */
  readonly retryAfter?: number;
  /** The verdict that was reached on the way, for the certificate row. */
  readonly verdict: CertificateVerdict;
};

/** Nobody could say anything about the status that may be believed: no fault of the client. */
export const isUnavailable = (reason: Reason): boolean =>
  reason === 'revocation_unavailable' || reason === 'status_untrusted';

/**
 * Path → status → binding, as the client's method demands; the first that fails is the reason. No client: path and
 * status alone. Fills the record of the request.
 */
export async function judgeCertificate(
  client: Client | undefined,
  certificate: Certificate,
  row: CertificateRow | undefined,
  call: Call,
): Promise<Result<AcceptedCertificate, CertificateRefusal>> {
  const { snapshot, record, at } = call;
  const verdict = await certificateVerdict(certificate, row, call);
  recordVerdict(verdict, record);
  const { outcome } = verdict;
  const pathless = !outcome.ok && mayBePathless(client, verdict, snapshot.tenant.self_signed_path);
  const standing = pathless ? judgeAlone(certificate, at, snapshot) : outcome;
  if (!standing.ok) return fail({ ...told(standing.failure), verdict });
  if (pathless) delete record.detail;
  const match = await matchClient(client, certificate, outcome, snapshot, at);
  if (client !== undefined) record.binding = match.ok ? 'ok' : match.failure.reason;
  if (!match.ok) return fail({ ...match.failure, verdict });
  if (pathless) rememberPathless(verdict, snapshot);
  return ok({ certificate, verdict, limits: [...limitsOf(certificate, outcome), ...match.value] });
}

/** RFC 8705 §2.2: a registered certificate needs no issuer, unless the tenant wants one; one that has an issuer is judged by it. */
function mayBePathless(client: Client | undefined, verdict: CertificateVerdict, path: 'use' | 'require'): boolean {
  const registers = client?.token_endpoint_auth_method === 'self_signed_tls_client_auth';
  return registers && path === 'use' && leadsNowhere(verdict);
}

function told(failure: PathFailure | StatusFailure) {
  const retryAfter = 'retryAfter' in failure ? failure.retryAfter : undefined;
  return { reason: failure.reason, detail: describe(failure), ...(retryAfter !== undefined && { retryAfter }) };
}

/** The tie between client and certificate; its value limits the token. */
async function matchClient(
  client: Client | undefined,
  certificate: Certificate,
  outcome: CertificateVerdict['outcome'],
  snapshot: Call['snapshot'],
  at: Date,
): Promise<Result<readonly Date[], Mismatch>> {
  switch (client?.token_endpoint_auth_method) {
    case 'tls_client_auth': {
      if (!outcome.ok) return fail({ reason: 'subject_mismatch', detail: 'the certificate has no path' });
      const match = matchTlsClientAuth(client, certificate, outcome.value.path);
      return match.ok ? ok([]) : match;
    }
    case 'self_signed_tls_client_auth': {
      const match = await matchRegistered(client, certificate, snapshot, at);
      if (!match.ok) return match;
      return ok(match.value.exp === undefined ? [] : [new Date(match.value.exp * 1000)]);
    }
    // The certificate binds the token and says nothing of the client.
    case 'private_key_jwt':
    case 'none':
    case undefined:
      return ok([]);
  }
}

/** The path, and the answer about its status. */
function limitsOf({ notAfter }: Certificate, outcome: CertificateVerdict['outcome']): readonly Date[] {
  if (!outcome.ok) return [notAfter];
  const { path, status } = outcome.value;
  return status.expiresAt === undefined ? [path.notAfter] : [path.notAfter, status.expiresAt];
}
