/**
 * A Lambda authorizer for API Gateway (RFC 6750, RFC 8705 §3): REST APIs (`REQUEST` events) and HTTP APIs (payload 2.0),
 * behind a custom domain with mutual TLS. An authorizer says yes or no; the challenge that says why is the gateway's.
 */
import type { Result } from '../result.ts';
import { type AccessRules, checkAccess, type TokenCheck } from './access.ts';
import { eventRequest } from './lambda-event.ts';
import { presentedThumbprint } from './presented-certificate.ts';
import type { Challenge, Claims } from './protected-resource.ts';

export type AuthorizerOptions = AccessRules & {
  readonly check: TokenCheck;
  /** Told in words why a request was refused: never the token. */
  readonly onRefusal?: (challenge: Challenge) => void;
};

type Members = Readonly<Record<string, unknown>>;

/** What API Gateway hands on to the integration: texts, numbers and booleans alone. */
type AuthorizerContext = Readonly<Record<string, string>>;

export type HttpApiAnswer = { readonly isAuthorized: boolean; readonly context: AuthorizerContext };

/**
 * For HTTP APIs: payload format 2.0, simple responses. Set `authorizerResultTtlInSeconds` to 0: what is kept is kept by the
 * header that carries the token, and a thief with another certificate would be let in. Rejects where nobody can tell,
 * which the gateway answers with 500.
 */
export function httpApiAuthorizer(options: AuthorizerOptions): (event: unknown) => Promise<HttpApiAnswer> {
  return async (event) => {
    const claims = await decide(event, options);
    return claims.ok ? { isAuthorized: true, context: contextOf(claims.value) } : { isAuthorized: false, context: {} };
  };
}

export type RestApiAnswer = {
  readonly principalId: string;
  readonly policyDocument: {
    readonly Version: '2012-10-17';
    readonly Statement: readonly [
      { readonly Action: 'execute-api:Invoke'; readonly Effect: 'Allow'; readonly Resource: string },
    ];
  };
  readonly context: AuthorizerContext;
};

/**
 * For REST APIs: a policy for the very method and path of this request. As above, keep nothing. Rejects with `Unauthorized`,
 * which the gateway answers with 401.
 */
export function restApiAuthorizer(options: AuthorizerOptions): (event: unknown) => Promise<RestApiAnswer> {
  return async (event) => {
    const claims = await decide(event, options);
    const Resource = object(event)['methodArn'];
    if (!claims.ok || typeof Resource !== 'string') throw new Error('Unauthorized');
    const { client_id } = claims.value;
    return {
      principalId: typeof client_id === 'string' ? client_id : 'unknown',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource }],
      },
      context: contextOf(claims.value),
    };
  };
}

async function decide(
  event: unknown,
  { check, onRefusal, ...rules }: AuthorizerOptions,
): Promise<Result<Claims, Challenge>> {
  const request = eventRequest(event);
  const claims = await checkAccess(request, presentedThumbprint(request, { from: 'connection' }), rules, check);
  if (!claims.ok) onRefusal?.(claims.failure);
  return claims;
}

/** The claims an integration may want; texts, since a context takes nothing deeper. */
function contextOf(claims: Claims): AuthorizerContext {
  const named = ['client_id', 'sub', 'scope', 'jti', 'acr'].map((name) => [name, claims[name]] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

const object = (value: unknown): Members => (typeof value === 'object' && value !== null ? (value as Members) : {});
