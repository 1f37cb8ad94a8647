/** A small API that stands for yours: it accepts bound tokens only (RFC 8705 §3) and answers who called. */
import { request as httpsRequest } from 'node:https';
import { type ApiGatewayResult, parseEvent, toResult } from '../adapters/api-gateway/event.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import { parseCertificatePem } from '../pki/certificate/certificate.ts';
import { bearerToken, type Claims, challengeResponse, checkBinding } from '../resource-server/protected-resource.ts';

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

export type ResourceServerIdentity = {
  /** The introspection endpoint on the mTLS host. */
  readonly endpoint: string;
  readonly client_id: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
  /** The certificates that the endpoint's own certificate is trusted under, PEM. */
  readonly ca: string;
};

/** RFC 7662 §2.1 over mutual TLS, as any resource server would ask. */
export function introspectOverMutualTls({
  endpoint,
  client_id,
  certificate,
  key,
  ca,
}: ResourceServerIdentity): Introspect {
  return (token) =>
    new Promise((resolve, reject) => {
      const request = httpsRequest(
        endpoint,
        {
          method: 'POST',
          cert: certificate,
          key,
          ca,
          timeout: 10_000,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const claims = claimsIn(response.statusCode, Buffer.concat(chunks).toString('utf8'));
            if (claims === undefined) reject(new Error(`introspection answered ${response.statusCode}`));
            else resolve(claims);
          });
        },
      );
      request.on('timeout', () => request.destroy(new Error('introspection timed out')));
      request.on('error', reject);
      request.end(new URLSearchParams({ token, client_id }).toString());
    });
}

function claimsIn(status: number | undefined, body: string): Claims | undefined {
  if (status !== 200) return undefined;
  try {
    const claims: unknown = JSON.parse(body);
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined;
  } catch {
    return undefined;
  }
}
