/** The whole check of a request to an API (RFC 6750 §2.1, RFC 8705 §3): the token, its binding, its scope, in this order. */
import type { HttpRequest } from '../http.ts';
import type { Result } from '../result.ts';
import { bearerToken, type Challenge, type Claims, checkBinding, checkScope } from './protected-resource.ts';

export type AccessRules = {
  /** Scope values that the resource needs; none where it is absent. */
  readonly scope?: readonly string[];
};

/**
 * How a token becomes claims: `checkJwt`, or a question to the introspection endpoint whose answer comes as it is. A
 * rejection says that nobody can tell, and is the caller's to answer (503).
 */
export type TokenCheck = (token: string, thumbprint: string | undefined) => Promise<Result<Claims, Challenge>>;

/** The claims of whoever may come in, or the challenge to answer with (`challengeResponse`). */
export async function checkAccess(
  request: HttpRequest,
  thumbprint: string | undefined,
  { scope = [] }: AccessRules,
  check: TokenCheck,
): Promise<Result<Claims, Challenge>> {
  const token = bearerToken(request);
  if (!token.ok) return token;
  const claims = await check(token.value, thumbprint);
  if (!claims.ok) return claims;
  const bound = checkBinding(claims.value, thumbprint);
  return bound.ok ? checkScope(bound.value, scope) : bound;
}
