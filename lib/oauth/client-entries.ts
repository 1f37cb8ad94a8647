/** What registered self-signed certificates mean to the gateway's truststore (RFC 8705 §2.2, API Gateway mutual TLS). */
import { matchName, printName } from '../pki/certificate/name.ts';
import type { Client } from './client.ts';
import type { RegisteredCertificate } from './client-jwk.ts';
import type { StoredEntry } from './ports.ts';

/**
 * The truststore entries of a client: without them the gateway would not let it in. Retired and expired certificates
 * have none any more. One that a CA issued (RFC 8705 §2.2 allows it) needs its CA in the truststore instead, and those
 * behind a `jwks_uri` are added by hand.
 */
export function clientEntries(client: Client, at: Date): readonly StoredEntry[] {
  const own = live(client, at).filter(({ certificate }) => certificate.selfIssued);
  return own.map(({ certificate }) => ({ type: 'client', certificate: certificate.der }));
}

/**
 * API Gateway refuses a truststore in which two certificates have one subject, and its truststore is that of all
 * tenants: what stands in the way of registering `client` beside `others`, in one line; undefined where nothing does.
 */
export function sharedSubject(client: Client, others: readonly Client[], at: Date): string | undefined {
  const own = live(client, at);
  const known = [
    ...own.map((each) => ({ ...each, client_id: client.client_id })),
    ...others
      .filter(({ client_id }) => client_id !== client.client_id)
      .flatMap((other) => live(other, at).map((each) => ({ ...each, client_id: other.client_id }))),
  ];
  for (const { certificate } of own) {
    const same = known.find(
      (other) =>
        other.certificate.thumbprint !== certificate.thumbprint &&
        matchName(other.certificate.subject, certificate.subject),
    );
    if (same !== undefined) {
      const subject = printName(certificate.subject);
      return `two registered certificates have the subject ${subject} (the other is of client ${same.client_id}): API Gateway refuses a truststore with two certificates of one subject`;
    }
  }
  return undefined;
}

/** One that is retired or expired leaves the truststore, so it stands in nobody's way. */
function live(client: Client, at: Date): readonly RegisteredCertificate[] {
  return registered(client).filter(
    ({ certificate, exp = Number.POSITIVE_INFINITY }) => at <= certificate.notAfter && at.getTime() / 1000 < exp,
  );
}

function registered(client: Client): readonly RegisteredCertificate[] {
  const selfSigned = client.token_endpoint_auth_method === 'self_signed_tls_client_auth';
  return selfSigned && client.certificates.kind === 'jwks' ? client.certificates.keys : [];
}
