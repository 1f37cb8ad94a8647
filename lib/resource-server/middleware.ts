/** The check of an API as a middleware (middy): a Lambda behind API Gateway is reached by who may come in, with the claims. */
import { type AccessRules, checkAccess, type TokenCheck } from './access.ts';
import { eventRequest } from './lambda-event.ts';
import { presentedThumbprint } from './presented-certificate.ts';
import { type ChallengeRealm, type Claims, challengeResponse } from './protected-resource.ts';

export type MiddlewareOptions = AccessRules &
  ChallengeRealm & {
    readonly check: TokenCheck;
    /** Told of what nobody could tell, since the caller sees a 503 only. */
    readonly onFault?: (fault: unknown) => void;
  };

/** As middy calls it: what `before` returns is the answer, and the handler is not called. */
export type AccessMiddleware = {
  before(request: { readonly event: unknown; readonly internal: Record<string, unknown> }): Promise<object | undefined>;
};

/** The member of middy's `internal` under which the handler finds the claims. */
export const claimsMember = 'accessTokenClaims';

/** RFC 6750 §3, RFC 8705 §3: the challenge where somebody may not come in, 503 where nobody can tell. */
export function accessMiddleware({
  check,
  realm,
  resourceMetadata,
  onFault,
  ...rules
}: MiddlewareOptions): AccessMiddleware {
  return {
    async before({ event, internal }) {
      const request = eventRequest(event);
      const thumbprint = presentedThumbprint(request, { from: 'connection' });
      try {
        const claims = await checkAccess(request, thumbprint, rules, check);
        if (!claims.ok) {
          const named = resourceMetadata === undefined ? { realm } : { realm, resourceMetadata };
          const { status, headers, body } = challengeResponse(claims.failure, named);
          return { statusCode: status, headers, body, isBase64Encoded: false };
        }
        internal[claimsMember] = claims.value satisfies Claims;
        return undefined;
      } catch (fault) {
        onFault?.(fault);
        return unavailable;
      }
    },
  };
}

const unavailable = {
  statusCode: 503,
  headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store', 'retry-after': '1' },
  body: '{"error":"temporarily_unavailable"}',
  isBase64Encoded: false,
};
