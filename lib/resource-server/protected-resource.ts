/** What an API checks before it serves: a bearer token (RFC 6750) that is bound to the caller's certificate (RFC 8705 §3). */
import type { HttpRequest, HttpResponse } from '../http.ts';
import { fail, ok, type Result } from '../result.ts';

/** RFC 6750 §3.1. `error` is absent where the request carried no token at all. */
export type Challenge = {
  readonly status: 400 | 401 | 403;
  readonly error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope';
  readonly description: string;
  /** RFC 6750 §3: the scope values that the resource needs. */
  readonly scope?: readonly string[];
};

/** What the authorization server says of an active token (RFC 7662 §2.2). */
export type Claims = Readonly<Record<string, unknown>>;

/** RFC 6750 §2.1: the token of the Authorization header; the scheme in any case (RFC 9110 §11.1). Nowhere else is looked. */
export function bearerToken(request: HttpRequest): Result<string, Challenge> {
  if (new URLSearchParams(request.query).has('access_token')) {
    return fail({
      status: 400,
      error: 'invalid_request',
      description: 'The token belongs in the Authorization header',
    });
  }
  const authorization = request.headers.get('authorization');
  if (authorization === undefined) return fail({ status: 401, description: 'A bound access token is needed' });
  const token = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined) return fail(invalidToken('The Authorization header carries no bearer token'));
  return ok(token);
}

/**
 * RFC 8705 §3: the claims, if they are bound to the certificate of this very connection. A token whose `cnf` is
 * absent or says anything else is refused as well: it is never taken for a plain bearer token (RFC 7800 §3.1).
 */
export function checkBinding(claims: Claims | undefined, thumbprint: string | undefined): Result<Claims, Challenge> {
  if (claims?.['active'] === false || claims === undefined) return fail(invalidToken('The token is not active'));
  const bound = boundThumbprint(claims['cnf']);
  if (bound === undefined) return fail(invalidToken('The token is not bound to a certificate'));
  if (thumbprint === undefined) return fail(invalidToken('The certificate the token is bound to was not presented'));
  if (bound !== thumbprint) return fail(invalidToken('The token is bound to another certificate'));
  return ok(claims);
}

/** RFC 7800 §3.1: undefined where there is another member besides, which says something that is not checked here. */
function boundThumbprint(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).length !== 1) return undefined;
  const bound = 'x5t#S256' in cnf ? cnf['x5t#S256'] : undefined;
  return typeof bound === 'string' && bound !== '' ? bound : undefined;
}

/** RFC 6750 §3.1: `insufficient_scope` where the token lacks one of the scope values (RFC 6749 §3.3). */
export function checkScope(claims: Claims, scope: readonly string[]): Result<Claims, Challenge> {
  const granted = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : [];
  if (scope.every((value) => granted.includes(value))) return ok(claims);
  const description = 'The token lacks a scope value that is needed here';
  return fail({ status: 403, error: 'insufficient_scope', description, scope });
}

export type ChallengeRealm = {
  readonly realm: string;
  /** RFC 9728 §5.1: where the API says which authorization server its tokens come from (`metadataUrl`). */
  readonly resourceMetadata?: string;
};

/** RFC 6750 §3: the answer that tells the caller what is missing; a realm alone may be given by its name. */
export function challengeResponse(
  { status, error, description, scope = [] }: Challenge,
  named: string | ChallengeRealm,
): HttpResponse {
  const { realm, resourceMetadata }: ChallengeRealm = typeof named === 'string' ? { realm: named } : named;
  const parameters = [
    `realm="${realm}"`,
    ...(resourceMetadata === undefined ? [] : [`resource_metadata="${resourceMetadata}"`]),
    ...(error === undefined ? [] : [`error="${error}"`, `error_description="${description}"`]),
    ...(scope.length === 0 ? [] : [`scope="${scope.join(' ')}"`]),
  ];
  return {
    status,
    headers: {
      'www-authenticate': `Bearer ${parameters.join(', ')}`,
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-store',
    },
    body: JSON.stringify({ error: error ?? 'token_required', error_description: description }),
  };
}

const invalidToken = (description: string): Challenge => ({ status: 401, error: 'invalid_token', description });
