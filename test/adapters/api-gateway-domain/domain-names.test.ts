import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, beforeEach, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { apiGatewayDomainNames } from '../../../lib/adapters/api-gateway-domain/domain-names.ts';

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};
type Answer = { readonly status: number; readonly body: string };

const domain = 'mtls.auth.example.com';
const seen: Seen[] = [];
const answers: Answer[] = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
  const answer = answers.shift() ?? { status: 500, body: '{}' };
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const s3 = new S3Client({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey, sessionToken: 'session' },
});
const waits: number[] = [];
const names = apiGatewayDomainNames({
  config: s3.config,
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  wait: async (milliseconds, signal) => {
    signal.throwIfAborted();
    waits.push(milliseconds);
  },
});
const { signal } = new AbortController();

after(() => {
  s3.destroy();
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  for (const list of [seen, answers, waits]) list.length = 0;
});

const answer = (status: number, body: unknown) => answers.push({ status, body: JSON.stringify(body) });
const whole = {
  domainName: domain,
  domainNameStatus: 'AVAILABLE',
  mutualTlsAuthentication: {
    truststoreUri: 's3://truststores/truststore.pem',
    truststoreVersion: 'v7',
    truststoreWarnings: ['CN=Old: certificate is expired'],
  },
};

/** Signature Version 4 as its documentation has it, for a request without a query. */
function signature({ method, path, headers, body }: Seen): string {
  const { authorization = '' } = headers;
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
  const stamp = String(headers['x-amz-date']);
  const scope = `${stamp.slice(0, 8)}/eu-central-1/apigateway/aws4_request`;
  const canonical = [
    method,
    path,
    '',
    ...signed.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    signed,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = scope
    .split('/')
    .reduce<Buffer | string>(
      (last, part) => createHmac('sha256', last).update(part).digest(),
      `AWS4${secretAccessKey}`,
    );
  return createHmac('sha256', key).update(text).digest('hex');
}

test('API Gateway GetDomainName: status, truststore version and warnings are read', async () => {
  answer(200, whole);
  assert.deepEqual(await names.find(domain, signal), {
    status: 'AVAILABLE',
    truststoreVersion: 'v7',
    truststoreWarnings: ['CN=Old: certificate is expired'],
  });
  assert.equal(seen[0]?.method, 'GET');
  assert.equal(seen[0]?.path, `/domainnames/${domain}`);
  // The service's default is another media type.
  assert.equal(seen[0]?.headers.accept, 'application/json');
});

test('API Gateway UpdateDomainName: one patch of the truststore version', async () => {
  answer(200, { ...whole, domainNameStatus: 'UPDATING' });
  assert.equal(await names.setTruststoreVersion(domain, 'v8', signal), true);
  assert.equal(seen[0]?.method, 'PATCH');
  assert.deepEqual(JSON.parse(seen[0]?.body ?? ''), {
    patchOperations: [{ op: 'replace', path: '/mutualTlsAuthentication/truststoreVersion', value: 'v8' }],
  });
});

test('Signature Version 4: requests are signed for the region and the service, host and body included', async () => {
  answer(200, whole);
  answer(200, whole);
  await names.find(domain, signal);
  await names.setTruststoreVersion(domain, 'v8', signal);
  for (const request of seen) {
    const { authorization = '' } = request.headers;
    assert.match(
      authorization,
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/[0-9]{8}\/eu-central-1\/apigateway\/aws4_request, /,
    );
    assert.match(authorization, /SignedHeaders=[^,]*host[^,]*/);
    assert.ok(authorization.endsWith(`Signature=${signature(request)}`), request.method);
    assert.equal(request.headers['x-amz-security-token'], 'session');
    assert.doesNotMatch(JSON.stringify(request), /wJalr/);
  }
});

test('API Gateway GetDomainName: a domain name without mutual TLS, and one that there is not', async () => {
  answer(200, { domainName: domain });
  answer(404, { message: 'Invalid domain name identifier specified' });
  assert.deepEqual(await names.find(domain, signal), { status: 'AVAILABLE', truststoreWarnings: [] });
  assert.equal(await names.find(domain, signal), undefined);
});

test('API Gateway GetDomainName: a failure is told with its message', async () => {
  answer(200, { ...whole, domainNameStatus: 'PENDING_OWNERSHIP_VERIFICATION', domainNameStatusMessage: 'verify it' });
  const found = await names.find(domain, signal);
  assert.equal(found?.status, 'PENDING_OWNERSHIP_VERIFICATION');
  assert.equal(found?.statusMessage, 'verify it');
});

test('API Gateway UpdateDomainName: a refusal is an error with its message, and not tried again', async () => {
  answer(400, { message: 'Invalid truststore URI/versionId specified' });
  await assert.rejects(
    names.setTruststoreVersion(domain, 'v8', signal),
    /UpdateDomainName with 400: Invalid truststore/,
  );
  assert.equal(seen.length, 1);
});

test('API Gateway quotas: an update that was throttled is left to who knows how long to wait', async () => {
  answer(429, { message: 'Too Many Requests' });
  assert.equal(await names.setTruststoreVersion(domain, 'v8', signal), false);
  assert.equal(seen.length, 1);
});

test('API Gateway quotas: a look that was throttled is tried again, longer and longer', async () => {
  answer(429, {});
  answer(503, {});
  answer(200, whole);
  assert.equal((await names.find(domain, signal))?.truststoreVersion, 'v7');
  assert.deepEqual(waits, [1000, 2000]);
});

test('API Gateway GetDomainName: a service that stays down, or may not be asked, is an error', async () => {
  await assert.rejects(names.find(domain, signal), /GetDomainName with 500: no message/);
  assert.equal(seen.length, 4);
  answer(403, { message: 'User is not authorized to perform: apigateway:GET' });
  await assert.rejects(names.find(domain, signal), /403: User is not authorized/);
});

for (const [what, body] of [
  ['no JSON', '<html>'],
  ['null', 'null'],
  ['a list', '[1]'],
  ['members of other types', JSON.stringify({ domainNameStatus: 1, mutualTlsAuthentication: 'x' })],
  [
    'warnings that are no list',
    JSON.stringify({ mutualTlsAuthentication: { truststoreWarnings: 'x', truststoreVersion: 1 } }),
  ],
] as const) {
  test(`API Gateway GetDomainName: an answer that is ${what} names no version`, async () => {
    answers.push({ status: 200, body });
    const found = await names.find(domain, signal);
    assert.equal(found?.truststoreVersion, undefined);
    assert.deepEqual(found?.truststoreWarnings, []);
  });
}

test('API Gateway GetDomainName: an answer without an end is cut, and its warnings are short and few', async () => {
  answers.push(...Array.from({ length: 4 }, () => ({ status: 200, body: ' '.repeat(300 * 1024) })));
  await assert.rejects(names.find(domain, signal), /apigateway cannot be reached/);
  answer(200, { mutualTlsAuthentication: { truststoreWarnings: Array.from({ length: 500 }, () => 'x'.repeat(400)) } });
  const found = await names.find(domain, signal);
  assert.equal(found?.truststoreWarnings.length, 50);
  assert.equal(found?.truststoreWarnings[0]?.length, 300);
});

test('design §8: nothing is asked when the time is up', async () => {
  await assert.rejects(names.find(domain, AbortSignal.abort(new Error('the time is up'))), /the time is up/);
  assert.equal(seen.length, 0);
});

test('API Gateway GetDomainName: a name is one part of the path, whatever it is', async () => {
  answer(404, {});
  await names.find('../restapis?x=', signal);
  assert.equal(seen[0]?.path, '/domainnames/..%2Frestapis%3Fx%3D');
});
