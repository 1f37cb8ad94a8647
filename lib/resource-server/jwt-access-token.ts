/** JWT access tokens at an API (RFC 9068 §4): checked by the issuer's published keys, without asking anybody. */
import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { fail, ok, type Result } from '../result.ts';
import type { Challenge, Claims } from './protected-resource.ts';

export type Expectations = {
  /** RFC 8414 §2, exactly. */
  readonly issuer: string;
  /** What this API is called in `aud`. */
  readonly audience: string;
  /** What is taken besides; the issuer signs with one of these. */
  readonly algorithms?: readonly ('ES256' | 'PS256' | 'EdDSA')[];
  /** Seconds by which the clocks of issuer and API may differ. */
  readonly clockTolerance?: number;
};

/** Characters: what API Gateway takes in an Authorization header. */
const maxTokenLength = 8192;

/** RFC 9068 §2.2. */
const requiredClaims = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];

/**
 * RFC 9068 §4: the claims of a token that is for this API and in its time. Says nothing about revocation, of the token
 * or of its certificate, within its life: ask the introspection endpoint where that matters. A key comes from `keys`
 * alone. Rejects where the keys cannot be had; the API then answers 503, never as if the token were bad.
 */
export async function checkJwt(
  token: string,
  { issuer, audience, algorithms = ['ES256', 'PS256', 'EdDSA'], clockTolerance = 5 }: Expectations,
  at: Date,
  keys: JWTVerifyGetKey,
): Promise<Result<Claims, Challenge>> {
  if (token.length > maxTokenLength) return fail(notAccepted);
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance,
      currentDate: at,
      requiredClaims,
      typ: 'at+jwt',
    });
    return ok(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError && !isUnavailable(error)) return fail(notAccepted);
    throw error;
  }
}

/** One description for every cause, so that nobody is taught how to mend a forgery. */
const notAccepted: Challenge = { status: 401, error: 'invalid_token', description: 'The token is not accepted here' };

const isUnavailable = (error: errors.JOSEError) =>
  error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC';
