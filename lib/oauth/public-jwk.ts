/** Public keys as JWKs (RFC 7517, RFC 8037), member by member: nothing private can stand in one. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** Throws an Error for a key of another type or curve. */
export function publicJwk(key: KeyObject): PublicJwk {
  const { kty, crv, x, y, n, e } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (kty === 'EC' && crv === 'P-256' && x !== undefined && y !== undefined) return { kty, crv, x, y };
  if (kty === 'RSA' && n !== undefined && e !== undefined) return { kty, n, e };
  if (kty === 'OKP' && crv === 'Ed25519' && x !== undefined) return { kty, crv, x };
  throw new Error(`a signing key is no ${kty} ${crv ?? ''} key`);
}

/** RFC 7638 §3.1: base64url of the SHA-256 of the required members in lexicographic order. */
export function jwkThumbprint(jwk: PublicJwk): string {
  const members = Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url');
}

/** Throws where the members are no key. */
export const publicKey = (jwk: PublicJwk): KeyObject => createPublicKey({ key: { ...jwk }, format: 'jwk' });
