/** By what a resource server is found that sends a certificate and no `client_id`: digests, the same on both sides. */
import { hash } from 'node:crypto';
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { GeneralName } from '../pki/certificate/general-name.ts';
import { parseAddress } from '../pki/certificate/ip-address.ts';
import type { Client, RegisteredSubject } from './client.ts';

/** Names of one certificate that are looked up; no resource server has more. */
const maxNames = 30;

/** Coarser than the comparison itself (RFC 8705 §2.1.2), so that the index never misses what would match. */
const digest = (kind: string, value: string): string => hash('sha256', `${kind}\n${value}`, 'base64url');

/** What the client registered; nothing for who is no resource server, and for certificates behind a `jwks_uri`. */
export function digestsOfClient(client: Client): readonly string[] {
  if (client.resource_server_for.length === 0) return [];
  switch (client.token_endpoint_auth_method) {
    case 'tls_client_auth':
      return [subjectDigest(client.subject)];
    case 'self_signed_tls_client_auth':
      return client.certificates.kind === 'jwks'
        ? client.certificates.keys.map(({ certificate }) => digest('certificate', certificate.thumbprint))
        : [];
    case 'private_key_jwt':
    case 'none':
      return [];
  }
}

/** What a registered client may be known by. */
export function digestsOfCertificate({ thumbprint, subject, subjectAltName }: Certificate): readonly string[] {
  const names = subjectAltName.flatMap((name) => nameDigest(name) ?? []);
  const all = [digest('certificate', thumbprint), digest('tls_client_auth_subject_dn', subject.key), ...names];
  return [...new Set(all)].slice(0, maxNames + 2);
}

function subjectDigest(subject: RegisteredSubject): string {
  if (subject.kind === 'tls_client_auth_subject_dn') return digest(subject.kind, subject.name.key);
  if (subject.kind !== 'tls_client_auth_san_ip') return digest(subject.kind, subject.value.toLowerCase());
  return digest(subject.kind, hex(parseAddress(subject.value) ?? new Uint8Array()));
}

function nameDigest(name: GeneralName): string | undefined {
  switch (name.type) {
    case 'dNSName':
      return digest('tls_client_auth_san_dns', name.value.toLowerCase());
    case 'uniformResourceIdentifier':
      return digest('tls_client_auth_san_uri', name.value.toLowerCase());
    case 'rfc822Name':
      return digest('tls_client_auth_san_email', name.value.toLowerCase());
    case 'iPAddress':
      return digest('tls_client_auth_san_ip', hex(name.value));
    default:
      return undefined;
  }
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
