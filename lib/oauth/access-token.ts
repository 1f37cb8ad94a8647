/** Access tokens: 32 random bytes to the client (RFC 6749 §1.4), their SHA-256 and what they mean to the store. */
import { hash } from 'node:crypto';
import type { Client } from './client.ts';
import type { AuthenticatedClient } from './client-authentication/client-authentication.ts';
import type { AcceptedCertificate } from './client-certificate.ts';
import { type Confirmation, confirmation } from './confirmation.ts';
import { invalidClient } from './error.ts';
import type { Grant } from './grants/grant.ts';
import type { Tenant } from './tenant.ts';

declare const hashed: unique symbol;

/** base64url of the SHA-256 of a token. A token itself is never stored, compared or logged. */
export type TokenHash = string & { readonly [hashed]: true };

/** What a token stands for, in the words of RFC 7662 §2.2. Times are epoch seconds. */
export type AccessTokenRecord = {
  readonly client_id: string;
  readonly sub: string;
  readonly scope?: string;
  readonly aud: readonly string[];
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  /** RFC 9470 §6.2: the level of assurance of how the client was authenticated. */
  readonly acr?: string;
  /** RFC 8705 §3.1; absent in a token that is bound to no certificate. */
  readonly cnf?: Confirmation;
  /** RFC 7009: when the token was revoked. */
  readonly revoked_at?: number;
};

export function hashToken(token: string): TokenHash {
  return hash('sha256', token, 'base64url') as TokenHash;
}

/** Bytes of randomness that one token takes: 256 bits for the token, 128 for its `jti`. */
export const accessTokenRandomness = 48;

export type IssuedAccessToken = { readonly token: string; readonly record: AccessTokenRecord };

/** RFC 8705 §3: a token bound to this certificate, or to none; `random` is `accessTokenRandomness` long. */
export function issueAccessToken(
  grant: Grant,
  { client, certificate }: AuthenticatedClient,
  bound: AcceptedCertificate | undefined,
  tenant: Tenant,
  at: Date,
  random: Uint8Array,
): IssuedAccessToken {
  const iat = Math.floor(at.getTime() / 1000);
  const lifetime = client.access_token_lifetime ?? tenant.access_token_lifetime;
  const exp = Math.min(iat + lifetime, ...limitsOf(bound ?? certificate));
  if (exp - iat < 1) throw invalidClient('certificate_expired', 'less than one second of the certificate is left');
  const acr = assuranceOf(client, tenant);
  const record: AccessTokenRecord = {
    client_id: client.client_id,
    sub: grant.sub,
    ...(grant.scope.length > 0 && { scope: grant.scope.join(' ') }),
    aud: grant.aud,
    iss: tenant.issuer,
    iat,
    nbf: iat,
    exp,
    jti: Buffer.from(random.subarray(32, accessTokenRandomness)).toString('base64url'),
    ...(acr !== undefined && { acr }),
    ...(bound !== undefined && { cnf: confirmation(bound.certificate) }),
  };
  return { token: Buffer.from(random.subarray(0, 32)).toString('base64url'), record };
}

/** What the tenant says about the method; `Object.hasOwn`, since a method is what a client registered. */
function assuranceOf({ token_endpoint_auth_method: method }: Client, { assurance }: Tenant): string | undefined {
  return Object.hasOwn(assurance, method) ? assurance[method] : undefined;
}

/** A token does not outlive what its certificate was accepted on, nor that which authenticated its client. */
const limitsOf = (certificate: AcceptedCertificate | undefined): readonly number[] =>
  (certificate?.limits ?? []).map((limit) => Math.floor(limit.getTime() / 1000));
