/** Client metadata as registered (RFC 7591 §2, RFC 8705 §2.1.2 and §3.4) → `Client`. Every problem names its member. */
import { parseDnsName, parseEmail, parseIpAddress, parseUri } from '../pki/certificate/general-name.ts';
import { parseName } from '../pki/certificate/name.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Client, RegisteredSubject, SubjectKind } from './client.ts';
import { isResource } from './resource.ts';
import { parseScope } from './scope.ts';

/** RFC 7591 §3.2.2: what `invalid_client_metadata` says. */
export type MetadataProblem = { readonly member: string; readonly problem: string };

type Members = Readonly<Record<string, unknown>>;

const subjectKinds = [
  'tls_client_auth_subject_dn',
  'tls_client_auth_san_dns',
  'tls_client_auth_san_uri',
  'tls_client_auth_san_ip',
  'tls_client_auth_san_email',
] as const satisfies readonly SubjectKind[];

/** A longer one is no client of ours. */
export const maxClientIdLength = 256;

class Invalid extends Error {
  readonly problem: MetadataProblem;
  constructor(member: string, problem: string) {
    super(`${member} ${problem}`);
    this.problem = { member, problem };
  }
}

/** RFC 7591 §2: unknown members are ignored, known ones must be right. */
export function parseClientMetadata(metadata: unknown): Result<Client, MetadataProblem> {
  try {
    return ok(client(objectOf(metadata)));
  } catch (error) {
    if (error instanceof Invalid) return fail(error.problem);
    throw error;
  }
}

function client(members: Members): Client {
  const method = string(members, 'token_endpoint_auth_method') ?? 'tls_client_auth';
  if (method !== 'tls_client_auth') {
    throw new Invalid('token_endpoint_auth_method', `${quote(method)} is not offered; use "tls_client_auth"`);
  }
  const client_name = string(members, 'client_name');
  const client_id_issued_at = count(members, 'client_id_issued_at', Number.MAX_SAFE_INTEGER);
  const access_token_lifetime = count(members, 'access_token_lifetime', 86_400);
  return {
    client_id: clientId(members),
    token_endpoint_auth_method: method,
    subject: registeredSubject(members),
    // RFC 7591 §2 defaults to authorization_code, which no certificate-only client can use.
    grant_types: strings(members, 'grant_types') ?? ['client_credentials'],
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

function clientId(members: Members): string {
  const id = string(members, 'client_id');
  if (id === undefined) throw new Invalid('client_id', 'is missing');
  // RFC 6749 Appendix A.1: *VSCHAR.
  if (!/^[\x20-\x7e]+$/.test(id) || id.length > maxClientIdLength) {
    throw new Invalid('client_id', `must be 1 to ${maxClientIdLength} printable ASCII characters`);
  }
  return id;
}

/** RFC 8705 §2.1.2: «A client using the tls_client_auth authentication method MUST use exactly one». */
function registeredSubject(members: Members): RegisteredSubject {
  const given = subjectKinds.filter((kind) => members[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    const found = given.length === 0 ? 'none is given' : `${given.join(' and ')} are given`;
    throw new Invalid('tls_client_auth_*', `exactly one of ${subjectKinds.join(', ')} is needed; ${found}`);
  }
  const value = string(members, kind);
  if (value === undefined || value === '') throw new Invalid(kind, 'must be a non-empty string');
  if (kind === 'tls_client_auth_subject_dn') {
    const name = parseName(value);
    if (!name.ok) throw new Invalid(kind, `${quote(value)} is no RFC 4514 distinguished name: ${name.failure.problem}`);
    return { kind, value, name: name.value };
  }
  const parsed = parseSan[kind](value);
  if (!parsed.ok) throw new Invalid(kind, `${quote(value)}: ${parsed.failure.problem}`);
  return { kind, value };
}

const parseSan = {
  tls_client_auth_san_dns: parseDnsName,
  tls_client_auth_san_uri: parseUri,
  tls_client_auth_san_ip: parseIpAddress,
  tls_client_auth_san_email: parseEmail,
};

function registeredScope(members: Members): readonly string[] {
  const text = string(members, 'scope');
  if (text === undefined || text === '') return [];
  const values = parseScope(text);
  if (values === undefined) throw new Invalid('scope', `${quote(text)} is not a list of scope values (RFC 6749 §3.3)`);
  return values;
}

function accessTokenFormat(members: Members): Client['access_token_format'] {
  const format = string(members, 'access_token_format') ?? 'opaque';
  if (format !== 'opaque' && format !== 'jwt') {
    throw new Invalid('access_token_format', `${quote(format)} is not offered; use "opaque" or "jwt"`);
  }
  return format;
}

function uris(members: Members, member: string): readonly string[] {
  const values = strings(members, member) ?? [];
  const wrong = values.find((value) => !isResource(value));
  if (wrong !== undefined) throw new Invalid(member, `${quote(wrong)} is no absolute URI without a fragment`);
  return values;
}

function objectOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Invalid('(metadata)', 'must be a JSON object');
  }
  return value as Members;
}

function string(members: Members, member: string): string | undefined {
  const value = members[member];
  if (value !== undefined && typeof value !== 'string') throw new Invalid(member, 'must be a string');
  return value;
}

function strings(members: Members, member: string): readonly string[] | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new Invalid(member, 'must be an array of strings');
  }
  return value;
}

function boolean(members: Members, member: string): boolean | undefined {
  const value = members[member];
  if (value !== undefined && typeof value !== 'boolean') throw new Invalid(member, 'must be true or false');
  return value;
}

function count(members: Members, member: string, most: number): number | undefined {
  const value = members[member];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw new Invalid(member, `must be a whole number from 1 to ${most}`);
  }
  return value;
}

const quote = (text: string) => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
