/** The two forms of an access token: opaque and kept by its hash (RFC 6749 §1.4), or a JWT that nobody keeps (RFC 9068). */
import { fail, ok, type Result } from '../result.ts';
import { type AccessTokenRecord, hashToken, type IssuedAccessToken } from './access-token.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { invalidRequest, OAuthError } from './error.ts';
import { isCompactJws, maxJwsLength } from './jws.ts';
import { signAccessToken, verifyAccessToken } from './jwt-access-token.ts';
import type { Server } from './ports.ts';
import type { TokenReason } from './reason.ts';
import { clockSkew } from './signing-keys.ts';

type Tokens = Pick<Server, 'tokens' | 'keys'>;

/**
 * Brings a token into being in the form that its client registered: one write for an opaque one, none for a JWT, whose
 * `exp` never passes the publication of its key. Throws `unauthorized_client` where this deployment signs nothing.
 */
export async function deliverAccessToken(
  issued: IssuedAccessToken,
  { access_token_format }: Pick<Client, 'access_token_format'>,
  { snapshot, at }: Call,
  { tokens, keys }: Tokens,
): Promise<IssuedAccessToken> {
  if (access_token_format === 'opaque') {
    await tokens.save(snapshot.tenant.name, hashToken(issued.token), issued.record);
    return issued;
  }
  if (!keys.available) {
    throw new OAuthError('unauthorized_client', 'JWT access tokens are not offered here', { reason: 'no_signing_key' });
  }
  const signer = await keys.signer('access_token', snapshot, at);
  const record = { ...issued.record, exp: Math.min(issued.record.exp, signer.key.remove_at - clockSkew) };
  const token = await signAccessToken(record, signer);
  if (token.length > maxJwsLength) throw invalidRequest('The token would be too long; ask for fewer resources');
  return { token, record };
}

/** What a token says, revoked or not; whether its holder still stands is another question (`judgeHolder`). */
export async function findAccessToken(
  token: string,
  { snapshot, at }: Call,
  { tokens, keys }: Tokens,
): Promise<Result<AccessTokenRecord, TokenReason>> {
  const tenant = snapshot.tenant.name;
  if (!isCompactJws(token)) {
    const found = await tokens.find(tenant, hashToken(token), at);
    return found === undefined ? fail('token_unknown') : ok(found);
  }
  const verified = await verifyAccessToken(token, snapshot, at, keys);
  if (!verified.ok) return verified;
  const revoked_at = await tokens.deniedAt(tenant, verified.value.jti, at);
  return ok({ ...verified.value, ...(revoked_at !== undefined && { revoked_at }) });
}

/** RFC 7009 §2.1: revokes a token of this client, in one write. */
export async function revokeAccessToken(
  token: string,
  client_id: string,
  { snapshot, at }: Call,
  { tokens, keys }: Tokens,
): Promise<'revoked' | 'unknown' | 'foreign'> {
  const tenant = snapshot.tenant.name;
  if (!isCompactJws(token)) return tokens.revoke(tenant, hashToken(token), client_id, at);
  const verified = await verifyAccessToken(token, snapshot, at, keys);
  if (!verified.ok) return 'unknown';
  if (verified.value.client_id !== client_id) return 'foreign';
  await tokens.deny(tenant, verified.value, at);
  return 'revoked';
}
