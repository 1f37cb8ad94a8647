import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEvent } from '../../../lib/adapters/api-gateway/event.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const clientCert = { clientCertPem: pem, subjectDN: 'CN=forged', issuerDN: 'CN=x', serialNumber: '1', validity: {} };

const payload2 = (overrides: Record<string, unknown> = {}, context: Record<string, unknown> = {}) => ({
  version: '2.0',
  rawPath: '/token',
  rawQueryString: 'a=1&a=2',
  headers: { 'content-type': 'application/x-www-form-urlencoded', host: 'mtls.auth.example' },
  body: Buffer.from('grant_type=client_credentials').toString('base64'),
  isBase64Encoded: true,
  requestContext: {
    domainName: 'MTLS.auth.example',
    http: { method: 'POST', path: '/token' },
    authentication: { clientCert },
    ...context,
  },
  ...overrides,
});

const payload1 = (overrides: Record<string, unknown> = {}) => ({
  version: '1.0',
  httpMethod: 'POST',
  path: '/token',
  multiValueQueryStringParameters: { a: ['1', '2'] },
  headers: { 'Content-Type': 'text/plain' },
  multiValueHeaders: { 'Content-Type': ['application/x-www-form-urlencoded'], 'X-Two': ['1', '2'] },
  body: 'grant_type=client_credentials',
  isBase64Encoded: false,
  requestContext: { domainName: 'mtls.auth.example', identity: { clientCert } },
  ...overrides,
});

for (const [name, event] of [
  ['2.0', payload2()],
  ['1.0', payload1()],
] as const) {
  test(`API Gateway payload ${name}: one plain request`, () => {
    const request = parseEvent(event);
    assert.equal(request.method, 'POST');
    assert.equal(request.host, 'mtls.auth.example');
    assert.equal(request.path, '/token');
    assert.equal(request.query, 'a=1&a=2');
    assert.equal(request.headers.get('content-type'), 'application/x-www-form-urlencoded');
    assert.equal(request.body, 'grant_type=client_credentials');
    assert.equal(request.clientCertificate, pem);
  });
}

test('API Gateway payload 1.0: a header sent twice is seen with both values', () => {
  assert.equal(parseEvent(payload1()).headers.get('x-two'), '1,2');
});

for (const header of [
  'client-cert',
  'client-cert-chain',
  'x-client-cert',
  'x-amzn-mtls-clientcert',
  'x-amzn-mtls-clientcert-leaf',
  'x-ssl-cert',
  'x-ssl-client-cert',
  'x-forwarded-client-cert',
  'cloudfront-viewer-cert-pem',
]) {
  test(`RFC 8705 §6.5: a forged ${header} header is no certificate`, () => {
    const forged = { [header]: encodeURIComponent(pem) };
    assert.equal(parseEvent(payload2({ headers: forged }, { authentication: null })).clientCertificate, undefined);
    assert.equal(
      parseEvent(
        payload1({
          headers: forged,
          multiValueHeaders: { [header]: [pem] },
          requestContext: { domainName: 'a', identity: {} },
        }),
      ).clientCertificate,
      undefined,
    );
  });
}

for (const authentication of [
  undefined,
  null,
  {},
  { clientCert: null },
  { clientCert: {} },
  { clientCert: { clientCertPem: '' } },
  { clientCert: { clientCertPem: 1 } },
]) {
  test(`API Gateway payload 2.0: authentication ${JSON.stringify(authentication)} is no certificate`, () => {
    assert.equal('clientCertificate' in parseEvent(payload2({}, { authentication })), false);
  });
}

test('API Gateway payload: a request without body, query and headers', () => {
  const request = parseEvent(payload2({ body: undefined, rawQueryString: undefined, headers: undefined }));
  assert.equal(request.body, '');
  assert.equal(request.query, '');
  assert.equal(request.headers.size, 0);
});

test('API Gateway payload: what is no event of API Gateway is an Error, never a request', () => {
  fc.assert(fc.property(fc.anything(), (event) => assert.throws(() => parseEvent(event), Error)));
  assert.throws(() => parseEvent({ version: '2.0', requestContext: {} }), Error);
});
