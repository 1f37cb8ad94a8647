/** JWT access tokens (RFC 9068): signed by a key of the tenant, checked by anybody who reads its JWKS. */
import { fail, ok, type Result } from '../result.ts';
import type { AccessTokenRecord } from './access-token.ts';
import { parseConfirmation } from './confirmation.ts';
import { type Members, readJws, signJws, verifyJws } from './jws.ts';
import type { TenantSnapshot } from './ports.ts';
import type { TokenReason } from './reason.ts';
import { clockSkew, type Signer, type SigningKeys } from './signing-keys.ts';

/** RFC 9068 §2.1. */
const typ = 'at+jwt';

/** RFC 9068 §2.2, RFC 8705 §3.1. */
export function signAccessToken(record: AccessTokenRecord, { key, sign }: Signer): Promise<string> {
  const { aud, revoked_at: _never, ...claims } = record;
  const payload = { ...claims, aud: aud.length === 1 ? aud[0] : aud };
  return signJws({ typ, alg: key.alg, kid: key.kid }, payload, sign);
}

/**
 * RFC 9068 §4: what a JWT of this tenant says. The key is found by `kid` among the tenant's own and must be one for
 * access tokens of exactly this algorithm; whatever is wrong with a token that is not expired is `token_unknown`.
 */
export async function verifyAccessToken(
  token: string,
  snapshot: TenantSnapshot,
  at: Date,
  keys: Pick<SigningKeys, 'find'>,
): Promise<Result<AccessTokenRecord, TokenReason>> {
  const read = readJws(token);
  if (!read.ok || read.value.header.typ !== typ) return fail('token_unknown');
  const { header, payload } = read.value;
  const found = await keys.find(header.kid, 'access_token', snapshot, at);
  if (found === undefined || found.key.alg !== header.alg) return fail('token_unknown');
  const seconds = at.getTime() / 1000;
  if (seconds >= found.key.remove_at || !verifyJws(read.value, found.publicKey)) return fail('token_unknown');
  const record = recordIn(payload);
  if (record === undefined || record.iss !== snapshot.tenant.issuer) return fail('token_unknown');
  if (record.nbf > seconds + clockSkew) return fail('token_unknown');
  return record.exp > seconds ? ok(record) : fail('token_expired');
}

/** Parsed, never cast, although the signature is ours. */
function recordIn(payload: Members): AccessTokenRecord | undefined {
  const aud = audience(payload['aud']);
  const { client_id, sub, iss, jti, scope, acr } = payload;
  const { iat, nbf, exp } = payload;
  const cnf = payload['cnf'] === undefined ? undefined : parseConfirmation(payload['cnf']);
  if (!isText(client_id) || !isText(sub) || !isText(iss) || !isText(jti) || aud === undefined) return undefined;
  if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) return undefined;
  if (!isOptionalText(scope) || !isOptionalText(acr)) return undefined;
  // RFC 7800 §3.1: a confirmation that is not understood is never left out.
  if (cnf === undefined && payload['cnf'] !== undefined) return undefined;
  return {
    client_id,
    sub,
    ...(scope !== undefined && { scope }),
    aud,
    iss,
    iat,
    nbf,
    exp,
    jti,
    ...(acr !== undefined && { acr }),
    ...(cnf !== undefined && { cnf }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isOptionalText = (value: unknown): value is string | undefined => value === undefined || isText(value);

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function audience(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.every(isText) ? list : undefined;
}
