/** The metadata of `tls_client_auth` (RFC 8705 §2.1.2): one subject, and which CA and which certificate if so wanted. */
import { parseDnsName, parseEmail, parseIpAddress, parseUri } from '../pki/certificate/general-name.ts';
import { parseName } from '../pki/certificate/name.ts';
import type { RegisteredSubject, SubjectKind, TlsClientAuthClient } from './client.ts';
import { InvalidMetadata, type Members, quote, string } from './client-metadata-members.ts';
import { isThumbprint } from './confirmation.ts';

export const subjectKinds = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const satisfies readonly SubjectKind[];

type TlsClientAuthMembers = Pick<
  TlsClientAuthClient,
  'token_endpoint_auth_method' | 'subject' | 'tls_client_auth_ca_spki_s256' | 'tls_client_auth_x5t_s256'
>;

/** Throws `InvalidMetadata`. */
export function tlsClientAuthMembers(members: Members): TlsClientAuthMembers {
  const ca = digest(members, 'tls_client_auth_ca_spki_s256');
  const certificate = digest(members, 'tls_client_auth_x5t_s256');
  return {
    token_endpoint_auth_method: 'tls_client_auth',
    subject: registeredSubject(members),
    ...(ca !== undefined && { tls_client_auth_ca_spki_s256: ca }),
    ...(certificate !== undefined && { tls_client_auth_x5t_s256: certificate }),
  };
}

/** A SHA-256 has the form of a thumbprint, whatever it was taken of. */
function digest(members: Members, member: string) {
  const value = string(members, member);
  if (value === undefined || isThumbprint(value)) return value;
  throw new InvalidMetadata(member, 'must be a SHA-256 in base64url: 43 characters, no padding');
}

/** RFC 8705 §2.1.2: «A client using the tls_client_auth authentication method MUST use exactly one». */
function registeredSubject(members: Members): RegisteredSubject {
  const given = subjectKinds.filter((kind) => members[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const found = given.length === 0 ? 'none is given' : `${given.join(' and ')} are given`;
    throw new InvalidMetadata('tls_client_auth_*', `exactly one of ${subjectKinds.join(', ')} is needed; ${found}`);
  }
  const value = string(members, kind);
  if (value === undefined || value === '') throw new InvalidMetadata(kind, 'must be a non-empty string');
  if (kind === 'tls_client_auth_subject_dn') {
    const name = parseName(value);
    if (name.ok) return { kind, value, name: name.value };
    throw new InvalidMetadata(kind, `${quote(value)} is no RFC 4514 distinguished name: ${name.failure.problem}`);
  }
  const parsed = parseSan[kind](value);
  if (!parsed.ok) throw new InvalidMetadata(kind, `${quote(value)}: ${parsed.failure.problem}`);
  // A host name in A-labels, as certificates hold it.
  return { kind, value: parsed.value };
}

const parseSan = {
  tls_client_auth_san_dns: parseDnsName,
  tls_client_auth_san_uri: parseUri,
  tls_client_auth_san_ip: parseIpAddress,
  tls_client_auth_san_email: parseEmail,
};
