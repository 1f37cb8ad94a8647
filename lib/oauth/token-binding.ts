/** Whether a token is bound to the certificate of the connection (RFC 8705 §3, §3.4), as the tenant and the client say. */
import type { Call } from './call.ts';
import { keepVerdict } from './certificate-row.ts';
import type { Client } from './client.ts';
import type { AuthenticatedClient } from './client-authentication/client-authentication.ts';
import { connectionCertificate } from './client-authentication/connection-certificate.ts';
import {
  type AcceptedCertificate,
  type CertificateRefusal,
  isUnavailable,
  judgeCertificate,
} from './client-certificate.ts';
import { OAuthError, statusUnavailable } from './error.ts';
import { findHolder } from './holder.ts';
import type { Server } from './ports.ts';
import type { Reason } from './reason.ts';
import type { Tenant } from './tenant.ts';

type Policy = Pick<Tenant, 'certificate_bound_access_tokens'>;
type Flag = Pick<Client, 'tls_client_certificate_bound_access_tokens'>;

/** RFC 8705 §3.4: whether a token of this client is bound where there is a certificate to bind it to. */
export function mayBind({ tls_client_certificate_bound_access_tokens: flag }: Flag, tenant: Policy): boolean {
  const { certificate_bound_access_tokens: policy } = tenant;
  return policy === 'always' || (policy === 'client' && flag);
}

/** RFC 8705 §3.4, FAPI 2.0 §5.3.2.1: whether this client gets no token that is not bound. */
export const mustBind = (client: Flag, tenant: Policy): boolean =>
  client.tls_client_certificate_bound_access_tokens && mayBind(client, tenant);

/**
 * The certificate that the token is bound to, judged as the client's method demands; undefined for an unbound token.
 * Throws `invalid_request` where the client must bind and there is no certificate, and where there is one that is not
 * good: a certificate that was shown never leads to an unbound token.
 */
export async function certificateToBind(
  { client, certificate }: AuthenticatedClient,
  call: Call,
  server: Pick<Server, 'holders' | 'certificates'>,
): Promise<AcceptedCertificate | undefined> {
  const { snapshot, at, request } = call;
  if (!mayBind(client, snapshot.tenant)) return undefined;
  if (certificate !== undefined) return certificate;
  if (request.clientCertificate === undefined) {
    if (!mustBind(client, snapshot.tenant)) return undefined;
    throw new OAuthError('invalid_request', 'A mutual TLS certificate is required', { reason: 'no_certificate' });
  }
  const parsed = connectionCertificate(call);
  if (!parsed.ok) throw unusable(parsed.failure);
  const holder = await findHolder(client.client_id, parsed.value.thumbprint, at, snapshot, server);
  const judged = await judgeCertificate(client, parsed.value, holder.certificate, call);
  if (judged.ok) return judged.value;
  await keepVerdict(judged.failure.verdict, holder.certificate, snapshot, server);
  throw unusable(judged.failure);
}

/** The client is known: it may be told that its certificate is what is wrong. */
function unusable({ reason, detail, retryAfter }: Refused): OAuthError {
  if (isUnavailable(reason)) return statusUnavailable(reason, detail, retryAfter);
  return new OAuthError('invalid_request', 'The mutual TLS certificate cannot be used', { reason, detail });
}

type Refused = Pick<CertificateRefusal, 'detail' | 'retryAfter'> & { readonly reason: Reason };
