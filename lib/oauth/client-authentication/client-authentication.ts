/** Client authentication (RFC 6749 §2.3, RFC 8705 §2): path → status → binding, and the first that fails is the reason. */
import type { Certificate } from '../../pki/certificate/certificate.ts';
import { printName } from '../../pki/certificate/name.ts';
import type { VerifiedClientCertificate } from '../../pki/client-certificate.ts';
import { describe } from '../../pki/reason.ts';
import type { Call } from '../call.ts';
import { keepVerdict } from '../certificate-row.ts';
import {
  type CertificateVerdict,
  certificateVerdict,
  presentedCertificate,
  recordVerdict,
} from '../certificate-verdict.ts';
import type { Client } from '../client.ts';
import { maxClientIdLength } from '../client-metadata.ts';
import { invalidClient, invalidRequest, OAuthError } from '../error.ts';
import type { Form } from '../form.ts';
import { findHolder } from '../holder.ts';
import type { Server } from '../ports.ts';
import { matchSubject } from './tls-client-auth.ts';

declare const authenticated: unique symbol;

/** A client that proved who it is. Only `authenticateClient` makes one. */
export type AuthenticatedClient = {
  readonly client: Client;
  readonly certificate: Certificate;
  readonly verified: VerifiedClientCertificate;
  readonly verdict: CertificateVerdict;
  readonly [authenticated]: true;
};

/**
 * RFC 8705 §2: the client named by `client_id`, by the one method it registered. Throws `invalid_client`, the same
 * for an unknown client and for every failure, or `temporarily_unavailable` where the status cannot be had.
 */
export async function authenticateClient(
  form: Form,
  call: Call,
  server: Pick<Server, 'holders' | 'certificates'>,
): Promise<AuthenticatedClient> {
  const { snapshot, record, at } = call;
  refuseOtherMechanisms(form, call);
  const client_id = presentedClientId(form, call);
  const certificate = connectionCertificate(call);
  const holder = await findHolder(client_id, certificate.thumbprint, at, snapshot, server);
  // An unknown client goes through path and status as well, so that it answers like a known one.
  const verdict = await certificateVerdict(certificate, holder.certificate, at, snapshot);
  recordVerdict(verdict, record);
  if (!verdict.outcome.ok) {
    await keepVerdict(verdict, holder.certificate, snapshot, server);
    throw refusal(verdict.outcome.failure);
  }
  const client = knownClient(holder.client);
  const match = matchSubject(client.subject, certificate);
  record.binding = match.ok ? 'ok' : match.failure.reason;
  if (!match.ok) throw invalidClient(match.failure.reason, match.failure.detail);
  return { client, certificate, verified: verdict.outcome.value, verdict } as AuthenticatedClient;
}

/** RFC 6749 §2.3: «The client MUST NOT use more than one authentication method in each request». */
function refuseOtherMechanisms(form: Form, { request }: Call): void {
  const basic = request.headers.has('authorization');
  const secret = form.get('client_secret') !== undefined;
  const assertion = form.get('client_assertion') !== undefined || form.get('client_assertion_type') !== undefined;
  if (Number(basic) + Number(secret) + Number(assertion) > 1 || (secret && request.clientCertificate !== undefined)) {
    throw invalidRequest('More than one client authentication method is used');
  }
  // RFC 6749 §5.2: whoever tried the Authorization header is told which scheme it may use there: none but this realm's.
  if (basic)
    throw invalidClient('method_mismatch', 'Authorization header', { 'www-authenticate': 'Basic realm="certbound"' });
  if (secret || assertion) throw invalidClient('method_mismatch', secret ? 'client_secret' : 'client_assertion');
}

/** RFC 8705 §2: the client MUST send its `client_id`. */
function presentedClientId(form: Form, { record }: Call): string {
  const client_id = form.get('client_id');
  if (client_id === undefined) throw invalidClient('client_unknown', 'the parameter client_id is missing');
  record.client_id = client_id.slice(0, maxClientIdLength);
  return client_id;
}

function connectionCertificate({ request, snapshot, record }: Call): Certificate {
  if (request.clientCertificate === undefined) throw invalidClient('no_certificate');
  const parsed = presentedCertificate(request.clientCertificate, snapshot);
  if (!parsed.ok) {
    record.path = parsed.failure.reason;
    throw invalidClient(parsed.failure.reason, describe(parsed.failure));
  }
  const certificate = parsed.value;
  record.thumbprint = certificate.thumbprint;
  record.subject = printName(certificate.subject);
  record.issuer = printName(certificate.issuer);
  record.serial = certificate.serialNumber;
  return certificate;
}

function knownClient(client: Client | undefined): Client {
  if (client === undefined) throw invalidClient('client_unknown');
  if (client.disabled) throw invalidClient('client_disabled');
  return client;
}

function refusal(failure: Extract<CertificateVerdict['outcome'], { ok: false }>['failure']): OAuthError {
  const { reason } = failure;
  if (reason !== 'revocation_unavailable' && reason !== 'status_untrusted') {
    return invalidClient(reason, describe(failure));
  }
  // The client did nothing wrong: it may try again when the responder is asked again.
  return new OAuthError('temporarily_unavailable', 'The certificate status cannot be determined at the moment', {
    reason,
    detail: describe(failure),
    headers: { 'retry-after': String(failure.retryAfter ?? 30) },
  });
}
