/** Access tokens: 32 random bytes to the client (RFC 6749 §1.4), their SHA-256 and what they mean to the store. */
import { createHash } from 'node:crypto';
import type { Confirmation } from './confirmation.ts';

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
  /** RFC 8705 §3.1. */
  readonly cnf: Confirmation;
  /** RFC 7009: when the token was revoked. */
  readonly revoked_at?: number;
};

export function hashToken(token: string): TokenHash {
  return createHash('sha256').update(token).digest('base64url') as TokenHash;
}
