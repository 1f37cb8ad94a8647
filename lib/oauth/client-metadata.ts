/** Client metadata as registered (RFC 7591 §2, RFC 8705 §2.1.2 and §3.4) → `Client`. Every problem names its member. */
import { fail, ok, type Result } from '../result.ts';
import { introspectionAlgorithms } from './assertion-algorithms.ts';
import type { AuthenticationMethod, Client, PrivateKeyJwtClient } from './client.ts';
import { parseAssertionJwk, parseCertificateJwk } from './client-jwk.ts';
import { refuseBoth, registeredKeys } from './client-metadata-keys.ts';
import {
  boolean,
  count,
  InvalidMetadata,
  type Members,
  type MetadataProblem,
  objectOf,
  quote,
  string,
  strings,
} from './client-metadata-members.ts';
import { subjectKinds, tlsClientAuthMembers } from './client-metadata-subject.ts';
import { isResource } from './resource.ts';
import { parseScope } from './scope.ts';

export type { MetadataProblem } from './client-metadata-members.ts';

/** A longer one is no client of ours. */
export const maxClientIdLength = 256;

/** RFC 7591 §2: unknown members are ignored, known ones must be right. */
export function parseClientMetadata(metadata: unknown): Result<Client, MetadataProblem> {
  try {
    return ok(client(objectOf(metadata)));
  } catch (error) {
    if (error instanceof InvalidMetadata) return fail(error.problem);
    throw error;
  }
}

function client(members: Members): Client {
  const client_name = string(members, 'client_name');
  const client_id_issued_at = count(members, 'client_id_issued_at', Number.MAX_SAFE_INTEGER);
  const access_token_lifetime = count(members, 'access_token_lifetime', 86_400);
  const method = authenticationMethod(members);
  refuseBoth(members);
  return {
    client_id: clientId(members),
    ...methods[method](members),
    grant_types: grantTypes(members, method),
    scope: registeredScope(members),
    resources: uris(members, 'resources'),
    resource_server_for: uris(members, 'resource_server_for'),
    access_token_format: accessTokenFormat(members),
    tls_client_certificate_bound_access_tokens: boolean(members, 'tls_client_certificate_bound_access_tokens') ?? false,
    disabled: boolean(members, 'disabled') ?? false,
    ...(client_name !== undefined && { client_name }),
    ...(client_id_issued_at !== undefined && { client_id_issued_at }),
    ...(access_token_lifetime !== undefined && { access_token_lifetime }),
  };
}

/** What each method takes of the metadata. */
const methods = {
  tls_client_auth: tlsClientAuthMembers,
  self_signed_tls_client_auth: (members) => ({
    token_endpoint_auth_method: 'self_signed_tls_client_auth' as const,
    certificates: registeredKeys(members, parseCertificateJwk),
  }),
  private_key_jwt: privateKeyJwtMembers,
  none: () => ({ token_endpoint_auth_method: 'none' as const }),
} satisfies Record<AuthenticationMethod, (members: Members) => object>;

const isMethod = (method: string): method is AuthenticationMethod => Object.hasOwn(methods, method);

/** RFC 8705 §2.1.2: what belongs to `tls_client_auth` is a mistake anywhere else, not something to pass over. */
function authenticationMethod(members: Members): AuthenticationMethod {
  const method = string(members, 'token_endpoint_auth_method') ?? 'tls_client_auth';
  if (!isMethod(method)) {
    const offered = Object.keys(methods).join(', ');
    throw new InvalidMetadata('token_endpoint_auth_method', `${quote(method)} is not offered; use one of ${offered}`);
  }
  const tlsOnly = [...subjectKinds, 'tls_client_auth_ca_spki_s256', 'tls_client_auth_x5t_s256'];
  const foreign = method === 'tls_client_auth' ? undefined : tlsOnly.find((member) => members[member] !== undefined);
  if (foreign !== undefined) throw new InvalidMetadata(foreign, `has no meaning for ${method}`);
  return method;
}

function privateKeyJwtMembers(
  members: Members,
): Pick<PrivateKeyJwtClient, 'token_endpoint_auth_method' | 'keys' | 'token_endpoint_auth_signing_alg'> {
  const alg = string(members, 'token_endpoint_auth_signing_alg');
  if (alg !== undefined && !introspectionAlgorithms.some((each) => each === alg)) {
    const offered = introspectionAlgorithms.join(', ');
    throw new InvalidMetadata('token_endpoint_auth_signing_alg', `${quote(alg)} is not offered; use one of ${offered}`);
  }
  return {
    token_endpoint_auth_method: 'private_key_jwt',
    keys: registeredKeys(members, parseAssertionJwk),
    ...(alg !== undefined && { token_endpoint_auth_signing_alg: alg }),
  };
}

/** RFC 7591 §2 defaults to authorization_code, which is for public clients alone here; RFC 6749 §4.4 is not for those. */
function grantTypes(members: Members, method: AuthenticationMethod): readonly string[] {
  const fallback = method === 'none' ? ['authorization_code'] : ['client_credentials'];
  const registered = strings(members, 'grant_types') ?? fallback;
  if (method === 'none' && registered.includes('client_credentials')) {
    throw new InvalidMetadata('grant_types', 'client_credentials is not for public clients (RFC 6749 §4.4)');
  }
  return registered;
}

function clientId(members: Members): string {
  const id = string(members, 'client_id');
  if (id === undefined) throw new InvalidMetadata('client_id', 'is missing');
  // RFC 6749 Appendix A.1: *VSCHAR.
  if (!/^[\x20-\x7e]+$/.test(id) || id.length > maxClientIdLength) {
    throw new InvalidMetadata('client_id', `must be 1 to ${maxClientIdLength} printable ASCII characters`);
  }
  return id;
}

function registeredScope(members: Members): readonly string[] {
  const text = string(members, 'scope');
  if (text === undefined || text === '') return [];
  const values = parseScope(text);
  if (values === undefined)
    throw new InvalidMetadata('scope', `${quote(text)} is not a list of scope values (RFC 6749 §3.3)`);
  return values;
}

function accessTokenFormat(members: Members): Client['access_token_format'] {
  const format = string(members, 'access_token_format') ?? 'opaque';
  if (format !== 'opaque' && format !== 'jwt') {
    throw new InvalidMetadata('access_token_format', `${quote(format)} is not offered; use "opaque" or "jwt"`);
  }
  return format;
}

function uris(members: Members, member: string): readonly string[] {
  const values = strings(members, member) ?? [];
  const wrong = values.find((value) => !isResource(value));
  if (wrong !== undefined) throw new InvalidMetadata(member, `${quote(wrong)} is no absolute URI without a fragment`);
  return values;
}
