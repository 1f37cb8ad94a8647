/** The PKI method of mutual-TLS client authentication (RFC 8705 §2.1). */
import type { Certificate } from '../../pki/certificate/certificate.ts';
import {
  type GeneralName,
  matchDnsName,
  matchEmail,
  matchIpAddress,
  matchUri,
} from '../../pki/certificate/general-name.ts';
import { matchName, matchNameReversed, printName } from '../../pki/certificate/name.ts';
import type { VerifiedPath } from '../../pki/path/validation.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { RegisteredSubject, TlsClientAuthClient } from '../client.ts';
import type { BindingReason } from '../reason.ts';

export type Mismatch = { readonly reason: BindingReason; readonly detail: string };

/**
 * RFC 8705 §2.1: the subject, then the CA (§7.4: another CA may issue the same subject) and the one certificate where
 * they are registered.
 */
export function matchTlsClientAuth(
  client: TlsClientAuthClient,
  certificate: Certificate,
  path: VerifiedPath,
): Result<true, Mismatch> {
  const subject = matchSubject(client.subject, certificate);
  if (!subject.ok) return subject;
  const { tls_client_auth_ca_spki_s256: ca, tls_client_auth_x5t_s256: exact } = client;
  if (ca !== undefined && !path.certificates.slice(1).some(({ spkiSha256 }) => spkiSha256 === ca)) {
    return fail({ reason: 'ca_not_allowed', detail: 'no CA of the path has the registered key' });
  }
  if (exact !== undefined && exact !== certificate.thumbprint) {
    return fail({ reason: 'certificate_mismatch', detail: 'another certificate is registered' });
  }
  return ok(true);
}

/**
 * RFC 8705 §2.1.2: whether the end-entity certificate carries the one registered name. Only the leaf is looked at
 * (CVE-2023-2422), each kind only against its own kind of name.
 */
export function matchSubject(subject: RegisteredSubject, certificate: Certificate): Result<true, Mismatch> {
  if (subject.kind === 'tls_client_auth_subject_dn') {
    if (matchName(subject.name, certificate.subject)) return ok(true);
    const order = matchNameReversed(subject.name, certificate.subject)
      ? '; it would match in reverse order: register it most specific first (RFC 4514 §2.1)'
      : '';
    return fail({
      reason: 'subject_mismatch',
      detail: `registered ${printName(subject.name)}, certificate ${printName(certificate.subject)}${order}`,
    });
  }
  const matches = matchSan[subject.kind];
  if (certificate.subjectAltName.some((name) => matches(subject.value, name))) return ok(true);
  return fail({
    reason: 'san_mismatch',
    detail: `no subjectAltName of the certificate is the registered ${subject.kind}`,
  });
}

/** RFC 8705 §7.5: a value of one kind of name is never held against another. */
const matchSan = {
  tls_client_auth_san_dns: (value, name) => name.type === 'dNSName' && matchDnsName(value, name.value),
  tls_client_auth_san_uri: (value, name) => name.type === 'uniformResourceIdentifier' && matchUri(value, name.value),
  tls_client_auth_san_ip: (value, name) => name.type === 'iPAddress' && matchIpAddress(value, name.value),
  tls_client_auth_san_email: (value, name) => name.type === 'rfc822Name' && matchEmail(value, name.value),
} satisfies Record<string, (value: string, name: GeneralName) => boolean>;
