import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import middy, { type MiddlewareObj } from '@middy/core';
import type { TokenCheck } from '../../lib/resource-server/access.ts';
import { metadataResponse, metadataUrl } from '../../lib/resource-server/metadata.ts';
import { accessMiddleware, claimsMember, type MiddlewareOptions } from '../../lib/resource-server/middleware.ts';

const der = Buffer.concat([Buffer.of(0x30, 0x82), randomBytes(300)]);
const pem = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
const resource = 'https://api.example.com/orders';
const claims = {
  client_id: 'reports',
  scope: 'read',
  cnf: { 'x5t#S256': createHash('sha256').update(der).digest('base64url') },
};

const check: TokenCheck = async (token) => ({ ok: true, value: token === 'good' ? claims : { active: false } });

const event = (authorization: string | undefined, clientCertPem: string | undefined) => ({
  version: '2.0',
  rawQueryString: '',
  headers: authorization === undefined ? {} : { authorization },
  requestContext: { authentication: clientCertPem === undefined ? null : { clientCert: { clientCertPem } } },
});

type Result = { statusCode: number; headers: Record<string, string>; body: string };

/** A real middy handler that answers with the claims it was given. */
async function call(given: unknown, options: Partial<MiddlewareOptions> = {}): Promise<Result> {
  const access = accessMiddleware({ realm: 'orders', check, ...options });
  const claimsToResponse: MiddlewareObj = {
    after: (request) => {
      const found = request.internal[claimsMember as keyof typeof request.internal];
      request.response = { statusCode: 200, headers: {}, body: JSON.stringify(found) };
    },
  };
  const handler = middy(() => ({ statusCode: 500 }))
    .use(claimsToResponse)
    .use(access as MiddlewareObj);
  return (await handler(given as never, {} as never)) as unknown as Result;
}

test('RFC 8705 §3: with the token and its certificate the handler is called and finds the claims', async () => {
  const answer = await call(event('Bearer good', pem), { scope: ['read'] });
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body)], [200, claims]);
});

test('RFC 6750 §3, RFC 9728 §5.1: who may not come in gets the challenge, and the handler is not called', async () => {
  const resourceMetadata = metadataUrl(resource);
  for (const [given, status, error] of [
    [event(undefined, pem), 401, undefined],
    [event('Bearer bad', pem), 401, 'invalid_token'],
    [event('Bearer good', undefined), 401, 'invalid_token'],
    [event('Bearer good', pem.replace('M', 'N')), 401, 'invalid_token'],
    [undefined, 401, undefined],
  ] as const) {
    const answer = await call(given, { resourceMetadata });
    assert.equal(answer.statusCode, status);
    const challenge = answer.headers['www-authenticate'] ?? '';
    assert.ok(challenge.startsWith(`Bearer realm="orders", resource_metadata="${resourceMetadata}"`), challenge);
    assert.equal(/error="([a-z_]+)"/.exec(challenge)?.[1], error);
  }
  assert.equal((await call(event('Bearer good', pem), { scope: ['write'] })).statusCode, 403);
});

test('RFC 9110 §15.6.4: where nobody can tell the answer is 503, the fault is told inside, and the handler is not called', async () => {
  const faults: unknown[] = [];
  const failing: TokenCheck = async () => Promise.reject(new Error('no answer'));
  const answer = await call(event('Bearer good', pem), { check: failing, onFault: (fault) => faults.push(fault) });
  assert.deepEqual([answer.statusCode, faults.length], [503, 1]);
  assert.ok(!answer.body.includes('no answer'));
});

test('RFC 9728 §3: the document stands between host and path, and says that tokens are bound', () => {
  assert.equal(metadataUrl(resource), 'https://api.example.com/.well-known/oauth-protected-resource/orders');
  assert.equal(metadataUrl('https://api.example.com'), 'https://api.example.com/.well-known/oauth-protected-resource');
  const { body, headers } = metadataResponse({ resource, authorization_servers: ['https://auth.example.com'] });
  assert.deepEqual(JSON.parse(body), {
    resource,
    authorization_servers: ['https://auth.example.com'],
    bearer_methods_supported: ['header'],
    tls_client_certificate_bound_access_tokens: true,
  });
  assert.equal(headers['content-type'], 'application/json');
});

test('RFC 9728 §2: a resource that is not https, or has a fragment, is none', () => {
  for (const wrong of ['http://api.example.com', 'https://api.example.com/#a', 'api', 'urn:a']) {
    assert.throws(() => metadataResponse({ resource: wrong, authorization_servers: [] }));
  }
});
