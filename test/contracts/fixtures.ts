import { randomBytes, randomUUID } from 'node:crypto';
import { type AccessTokenRecord, hashToken, type TokenHash } from '../../lib/oauth/access-token.ts';
import type { CertificateRow } from '../../lib/oauth/certificate-row.ts';
import type { ClientMetadata } from '../../lib/oauth/ports.ts';
import type { Tenant } from '../../lib/oauth/tenant.ts';
import { type Thumbprint, thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import type { CertificateStatus } from '../../lib/status/certificate-status.ts';
import type { StatusOverride, StatusPolicy } from '../../lib/status/policy.ts';

/** A tenant of its own for each test: one engine serves them all. */
export const newTenantName = (): string => `t-${randomUUID()}`;

export const seconds = (epoch: number): Date => new Date(epoch * 1000);

/** The time of most tests, epoch seconds. */
export const now = 1_800_000_000;

export const newHash = (): TokenHash => hashToken(randomBytes(32).toString('base64url'));

export const newDer = (size = 800): Uint8Array => new Uint8Array(randomBytes(size));

/** What no registered client is called. */
export const hostileIds: readonly string[] = [
  '',
  '#',
  '##',
  'TOKEN#default#x',
  'a/b',
  '../other',
  '\u0000',
  'clïent-客户-🔐',
  '\ud800',
  '__proto__',
  'constructor',
  ' client-1',
  'client-1\n',
  'x'.repeat(257),
  'x'.repeat(1024 * 1024),
];

/** Names that would be another tenant's key, or none. */
export const hostileTenants: readonly string[] = [
  '',
  '#',
  'a#b',
  'Default',
  'default\n',
  'x'.repeat(64),
  'x'.repeat(1024 * 1024),
  '../default',
  '__proto__',
];

export function accessTokenRecord(changes: Partial<AccessTokenRecord> = {}): AccessTokenRecord {
  return {
    client_id: 'client-1',
    sub: 'client-1',
    scope: 'accounts payments',
    aud: ['https://api.example/accounts', 'https://api.example/payments'],
    iss: 'https://as.example',
    iat: now,
    nbf: now,
    exp: now + 3600,
    jti: randomUUID(),
    cnf: { 'x5t#S256': thumbprint(newDer()) },
    ...changes,
  };
}

export function certificateStatus(changes: Partial<CertificateStatus> = {}): CertificateStatus {
  return {
    certificate: thumbprint(newDer()),
    source: 'ocsp',
    status: 'good',
    fetchedAt: seconds(now),
    cached: false,
    stale: false,
    softFailed: false,
    ...changes,
  };
}

/** Every member, so that one that is added to the type is missed here by the compiler. */
export const wholeStatus: Required<CertificateStatus> = {
  certificate: thumbprint(newDer()),
  source: 'crl',
  status: 'revoked',
  thisUpdate: seconds(now - 60),
  nextUpdate: seconds(now + 3600),
  fetchedAt: new Date(now * 1000 + 123),
  cached: true,
  stale: true,
  softFailed: true,
  revokedAt: seconds(now - 120),
  revocationReason: 'keyCompromise',
  detail: 'the responder said «revoked»',
  retryAt: seconds(now + 30),
  exemption: 'no_rev_avail',
};

export function certificateRow(changes: Partial<CertificateRow> = {}): CertificateRow {
  const certificate = changes.certificate ?? newDer();
  const leaf = thumbprint(certificate);
  const issuer = thumbprint(newDer());
  return {
    thumbprint: leaf,
    certificate,
    path: [leaf, issuer, thumbprint(newDer())],
    truststore_version: randomUUID(),
    statuses: [certificateStatus({ certificate: leaf }), certificateStatus({ certificate: issuer })],
    exp: now + 86_400,
    ...changes,
  };
}

/** The same row with its statuses fetched at these times (epoch milliseconds). */
export function fetchedAt(row: CertificateRow, ...times: readonly number[]): CertificateRow {
  const statuses = row.statuses.map((status, i) => ({ ...status, fetchedAt: new Date(times[i] ?? times[0] ?? 0) }));
  return { ...row, statuses };
}

export function clientMetadata(client_id: string, changes: Readonly<Record<string, unknown>> = {}): ClientMetadata {
  return {
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=client,O=Example',
    grant_types: ['client_credentials'],
    scope: 'accounts',
    ...changes,
    client_id,
  };
}

export const wholeOverride: Required<StatusOverride> = {
  responderUrl: 'http://ocsp.example/',
  responderCertificate: newDer(),
  crlUrl: 'http://crl.example/ca.crl',
  crl: newDer(4_000),
  revocation: 'none',
  certIdHash: 'sha256',
  uploadedCrl: true,
  mode: 'hard-fail',
  order: 'crl',
  depth: 'leaf',
  maxStatusAge: 60,
  nonce: 'prefer',
  ocspMethod: 'get',
  shortLived: 3600,
  negativeAge: 45,
};

/** Every member, as above. */
export const wholePolicy: Required<StatusPolicy> = {
  mode: 'soft-fail',
  order: 'crl-ocsp',
  depth: 'leaf',
  maxStatusAge: 2,
  nonce: 'require',
  certIdHash: 'sha1',
  ocspMethod: 'get',
  shortLived: 86_400,
  negativeAge: 60,
  hosts: ['status.example', 'crl.example:8080'],
  overrides: { [thumbprint(newDer()) as Thumbprint]: wholeOverride },
};

export function tenant(name: string, changes: Partial<Tenant> = {}): Tenant {
  return {
    name,
    issuer: `https://as.example/t/${name}`,
    mtls_base_uri: 'https://mtls.as.example',
    scopes_supported: ['accounts', 'payments'],
    default_resource: 'https://api.example',
    access_token_lifetime: 3600,
    status_policy: { mode: 'hard-fail', order: 'ocsp-crl', depth: 'chain', maxStatusAge: 300, nonce: 'off' },
    certificate_bound_access_tokens: 'always',
    self_signed_path: 'use',
    legacy_audiences: false,
    show_reasons: false,
    grant_type_aliases: [],
    access_token_signing_alg: 'ES256',
    signed_introspection: false,
    assurance: { tls_client_auth: '2' },
    ...changes,
  };
}
