import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TokenCheck } from '../../lib/resource-server/access.ts';
import { httpApiAuthorizer, restApiAuthorizer } from '../../lib/resource-server/lambda-authorizer.ts';
import type { Challenge } from '../../lib/resource-server/protected-resource.ts';

const pemOf = (der: Buffer) => `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
const own = Buffer.concat([Buffer.of(0x30, 0x82), randomBytes(300)]);
const other = Buffer.concat([Buffer.of(0x30, 0x82), randomBytes(300)]);
const claims = {
  active: true,
  client_id: 'reports',
  sub: 'reports',
  scope: 'read write',
  jti: 'j',
  aud: ['a', 'b'],
  cnf: { 'x5t#S256': createHash('sha256').update(own).digest('base64url') },
};

/** Stands for introspection: one token is active. */
const check: TokenCheck = async (token) => ({ ok: true, value: token === 'good' ? claims : { active: false } });

type Given = { readonly authorization?: string; readonly pem?: string; readonly query?: Record<string, string> };

const httpEvent = ({ authorization = 'Bearer good', pem = pemOf(own), query = {} }: Given = {}) => ({
  version: '2.0',
  type: 'REQUEST',
  routeArn: 'arn:aws:execute-api:eu-west-1:123456789012:api/$default/GET/orders',
  rawQueryString: new URLSearchParams(query).toString(),
  headers: { authorization, 'x-amzn-mtls-clientcert': pemOf(own), 'client-cert': `:${own.toString('base64')}:` },
  requestContext: { authentication: pem === '' ? null : { clientCert: { clientCertPem: pem } } },
});

const methodArn = 'arn:aws:execute-api:eu-west-1:123456789012:api/prod/GET/orders';

const restEvent = ({ authorization = 'Bearer good', pem = pemOf(own), query = {} }: Given = {}) => ({
  type: 'REQUEST',
  methodArn,
  queryStringParameters: Object.keys(query).length === 0 ? null : query,
  headers: { Authorization: authorization },
  multiValueHeaders: { Authorization: [authorization] },
  requestContext: { identity: pem === '' ? {} : { clientCert: { clientCertPem: pem } } },
});

const context = { client_id: 'reports', sub: 'reports', scope: 'read write', jti: 'j' };

test('RFC 8705 §3 (A-20): the authorizer lets in who has the token and its certificate, and hands on the claims', async () => {
  assert.deepEqual(await httpApiAuthorizer({ check })(httpEvent()), { isAuthorized: true, context });
  assert.deepEqual(await restApiAuthorizer({ check, scope: ['read'] })(restEvent()), {
    principalId: 'reports',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: methodArn }],
    },
    context,
  });
});

const refused: readonly (readonly [string, Given, string | undefined])[] = [
  ['RFC 8705 §3: another certificate', { pem: pemOf(other) }, 'invalid_token'],
  ['RFC 8705 §3: no certificate, whatever headers say', { pem: '' }, 'invalid_token'],
  ['RFC 8705 §3: a certificate that is none', { pem: 'x' }, 'invalid_token'],
  ['RFC 7662 §2.2: an inactive token', { authorization: 'Bearer bad' }, 'invalid_token'],
  ['RFC 6750 §2.1: another scheme', { authorization: 'Basic good' }, 'invalid_token'],
  ['RFC 6750 §2.1: no token', { authorization: '' }, 'invalid_token'],
  ['FAPI 2.0 §5.3.4: a token in the query', { query: { access_token: 'good' } }, 'invalid_request'],
];

for (const [name, given, error] of refused) {
  test(`${name} is refused by both authorizers, and the reason told`, async () => {
    const told: Challenge[] = [];
    const options = { check, onRefusal: (challenge: Challenge) => void told.push(challenge) };
    assert.deepEqual(await httpApiAuthorizer(options)(httpEvent(given)), { isAuthorized: false, context: {} });
    await assert.rejects(restApiAuthorizer(options)(restEvent(given)), { message: 'Unauthorized' });
    assert.deepEqual(
      told.map((challenge) => challenge.error),
      [error, error],
    );
  });
}

test('RFC 6750 §3.1: a missing scope is refused', async () => {
  const options = { check, scope: ['admin'] };
  assert.equal((await httpApiAuthorizer(options)(httpEvent())).isAuthorized, false);
  await assert.rejects(restApiAuthorizer(options)(restEvent()), { message: 'Unauthorized' });
});

test('RFC 9110 §5.3: an Authorization header that came twice is none', async () => {
  const event = { ...restEvent(), multiValueHeaders: { Authorization: ['Bearer good', 'Bearer bad'] } };
  await assert.rejects(restApiAuthorizer({ check })(event), { message: 'Unauthorized' });
});

test('design §7: where nobody can tell the authorizer rejects with the fault: nobody is let in, no token called bad', async () => {
  const failing: TokenCheck = async () => Promise.reject(new Error('no answer'));
  await assert.rejects(httpApiAuthorizer({ check: failing })(httpEvent()), /no answer/);
  await assert.rejects(restApiAuthorizer({ check: failing })(restEvent()), /no answer/);
});

test('RFC 6750 §3: what is no event of API Gateway lets nobody in', async () => {
  for (const event of [undefined, null, 1, 'x', [], {}, { headers: 1 }, { version: '2.0', requestContext: 7 }]) {
    assert.equal((await httpApiAuthorizer({ check })(event)).isAuthorized, false);
    await assert.rejects(restApiAuthorizer({ check })(event), { message: 'Unauthorized' });
  }
});
