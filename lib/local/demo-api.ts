/** A small API that stands for yours: it accepts bound tokens only (RFC 8705 §3) and answers who called. */
import { type ApiGatewayResult, parseEvent, toResult } from '../adapters/api-gateway/event.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import { parseCertificatePem } from '../pki/certificate/certificate.ts';
import { bearerToken, type Claims, challengeResponse, checkBinding } from '../resource-server/protected-resource.ts';
import { type Exchange, exchange, type Identity, jsonIn } from './mutual-tls-client.ts';

/** RFC 7662 §2: asks the authorization server about a token; rejects where no answer can be had. */
export type Introspect = (token: string) => Promise<Claims>;

const realm = 'certbound demo';

/** A Lambda-shaped handler for `GET /demo/whoami`. */
export function demoApi(introspect: Introspect): (event: unknown) => Promise<ApiGatewayResult> {
  return async (event) => toResult(await whoami(parseEvent(event), introspect));
}

async function whoami(request: HttpRequest, introspect: Introspect): Promise<HttpResponse> {
  if (request.method !== 'GET') return answer(405, { error: 'method_not_allowed' }, { allow: 'GET' });
  const token = bearerToken(request);
  if (!token.ok) return challengeResponse(token.failure, realm);
  const claims = await introspect(token.value).catch(() => undefined);
  if (claims === undefined) return answer(503, { error: 'temporarily_unavailable' }, { 'retry-after': '1' });
  const bound = checkBinding(claims, presentedThumbprint(request));
  return bound.ok ? answer(200, { you_are: bound.value }) : challengeResponse(bound.failure, realm);
}

function presentedThumbprint({ clientCertificate }: HttpRequest): string | undefined {
  const parsed = clientCertificate === undefined ? undefined : parseCertificatePem(clientCertificate);
  return parsed?.ok === true ? parsed.value.thumbprint : undefined;
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json;charset=UTF-8', 'cache-control': 'no-store', ...headers },
    body: `${JSON.stringify(body, null, 2)}\n`,
  };
}

export type ResourceServer = Pick<Exchange, 'ca'> & {
  /** The introspection endpoint on the mTLS host. */
  readonly endpoint: string;
  readonly client_id: string;
  readonly identity: Identity;
};

/** RFC 7662 §2.1 over mutual TLS, as any resource server would ask. */
export function introspectOverMutualTls({ endpoint, client_id, ca, identity }: ResourceServer): Introspect {
  return async (token) => {
    const response = await exchange({ url: endpoint, ca, identity, form: { token, client_id } });
    const claims = jsonIn(response);
    if (response.status !== 200 || claims === undefined) throw new Error(`introspection answered ${response.status}`);
    return claims;
  };
}
