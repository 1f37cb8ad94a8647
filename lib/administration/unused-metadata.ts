/** RFC 7591 §2 has unknown members of client metadata ignored: a misspelt restriction would be one, so the operator is told. */
import type { ClientMetadata } from '../oauth/ports.ts';

/** What `parseClientMetadata` reads. */
const used: ReadonlySet<string> = new Set([
  'access_token_format',
  'access_token_lifetime',
  'client_id',
  'client_id_issued_at',
  'client_name',
  'disabled',
  'grant_types',
  'jwks',
  'jwks_uri',
  'resource_server_for',
  'resources',
  'scope',
  'tls_client_auth_ca_spki_s256',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_email',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_uri',
  'tls_client_auth_subject_dn',
  'tls_client_auth_x5t_s256',
  'tls_client_certificate_bound_access_tokens',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
]);

/** RFC 7591 §2 and §2.3: what describes a client to people, or belongs to grants that are not offered. */
const described: ReadonlySet<string> = new Set([
  'client_uri',
  'contacts',
  'logo_uri',
  'policy_uri',
  'redirect_uris',
  'response_types',
  'software_id',
  'software_statement',
  'software_version',
  'tos_uri',
]);

/** RFC 7591 §2.2: `client_name#de`. */
const withoutLanguage = (member: string): string => member.replace(/#.*$/, '');

export function unusedMembers(metadata: ClientMetadata): readonly string[] {
  const unused = Object.keys(metadata).filter((member) => {
    const name = withoutLanguage(member);
    return !used.has(name) && !described.has(name);
  });
  if (unused.length === 0) return [];
  return [`${metadata.client_id}: nothing is done with ${unused.join(', ')}; is it misspelt?`];
}
