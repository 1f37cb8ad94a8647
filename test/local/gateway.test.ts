import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { after, before, test } from 'node:test';
import { parseEvent } from '../../lib/adapters/api-gateway/event.ts';
import { type Authority, createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../lib/local/gateway.ts';
import { type Answer, type Call, call, raw } from './https-client.ts';

let authority: Authority;
let identity: KeyedCertificate;
let other: KeyedCertificate;
let gateway: Gateway;
let rest: Gateway;

const reports: string[] = [];
const echo: GatewayOptions['handlers'][string] = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });

/** What the functions of a test answer; the default says what they were given. */
const results = new Map<string, () => unknown>();

function options(): GatewayOptions {
  return {
    host: '127.0.0.1',
    publicPort: 0,
    mtlsPort: 0,
    certificate: authority.server.certificate,
    key: authority.server.key,
    truststore: authority.truststore,
    handlers: {
      token: echo,
      metadata: async (event, context) => {
        const { path } = parseEvent(event);
        return {
          statusCode: 200,
          body: JSON.stringify({ path, name: context.functionName, id: context.awsRequestId }),
        };
      },
      introspection: async () => results.get('introspection')?.(),
      revocation: () => new Promise(() => undefined),
    },
    tenantHosts: { 'b.localhost': 'tenant-b' },
    extra: [{ path: '/demo/whoami', hosts: ['public', 'mtls'], handler: echo }],
    handlerTimeout: 20,
    report: (line) => reports.push(line),
  };
}

before(async () => {
  authority = await createAuthority({ statusUrl: 'http://127.0.0.1:9', serverNames: ['b.localhost'] });
  identity = await issueLeaf(authority, { subject: 'CN=client,O=Example,C=DE' });
  other = await issueLeaf(authority, { subject: 'CN=other' });
  gateway = await startGateway({ ...options(), handlerTimeout: 30_000, handlers: { ...options().handlers } });
  rest = await startGateway({ ...options(), payload: '1.0' });
});
after(() => Promise.all([gateway.close(), rest.close()]));

type Options = Partial<Call> & { readonly at?: Gateway; readonly host?: 'public' | 'mtls' };

function ask({ at = gateway, host = 'mtls', ...rest }: Options = {}): Promise<Answer> {
  return call({ port: at.address()[host], ca: authority.serverCa, ...(host === 'mtls' && { identity }), ...rest });
}

const eventOf = (answer: Answer) => {
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body);
};

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

test('API Gateway: payload 2.0 of a form over mutual TLS', async () => {
  const event = eventOf(
    await ask({
      method: 'POST',
      path: '/token?a=1&b=%20&a=2',
      headers: { ...form, 'User-Agent': 'ua', Cookie: 'c=1; d=2', 'X-Twice': ['1', '2'] },
      body: 'grant_type=client_credentials',
    }),
  );
  const leaf = new X509Certificate(identity.certificate);
  assert.equal(event.version, '2.0');
  assert.equal(event.routeKey, 'ANY /token');
  assert.equal(event.rawPath, '/token');
  assert.equal(event.rawQueryString, 'a=1&b=%20&a=2');
  assert.deepEqual(event.queryStringParameters, { a: '1,2', b: ' ' });
  assert.deepEqual(event.cookies, ['c=1', 'd=2']);
  assert.equal(event.isBase64Encoded, true);
  assert.equal(Buffer.from(event.body, 'base64').toString(), 'grant_type=client_credentials');
  assert.equal(event.headers['content-type'], 'application/x-www-form-urlencoded');
  assert.equal(event.headers['x-twice'], '1,2');
  assert.equal(event.headers['cookie'], undefined);
  assert.equal(event.headers['connection'], undefined);
  const { authentication, http, ...context } = event.requestContext;
  assert.deepEqual(authentication.clientCert, {
    clientCertPem: identity.certificate.trim(),
    subjectDN: 'C=DE,O=Example,CN=client',
    issuerDN: 'CN=Certbound Development Intermediate CA',
    serialNumber: identity.serial.match(/../g)?.join(':'),
    validity: { notBefore: leaf.validFrom, notAfter: leaf.validTo },
  });
  assert.deepEqual(http, {
    method: 'POST',
    path: '/token',
    protocol: 'HTTP/1.1',
    sourceIp: '127.0.0.1',
    userAgent: 'ua',
  });
  assert.equal(context.domainName, 'localhost');
  assert.equal(context.domainPrefix, 'localhost');
  assert.equal(context.stage, '$default');
  assert.match(context.time, /^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.ok(Math.abs(context.timeEpoch - Date.now()) < 60_000);
});

test('API Gateway: payload 1.0 of a form over mutual TLS', async () => {
  const event = eventOf(
    await ask({
      at: rest,
      method: 'POST',
      path: '/token?a=1&a=2',
      headers: { ...form, 'X-Twice': ['1', '2'] },
      body: 'grant_type=client_credentials',
    }),
  );
  assert.equal(event.httpMethod, 'POST');
  assert.equal(event.path, '/token');
  assert.equal(event.body, 'grant_type=client_credentials');
  assert.equal(event.isBase64Encoded, false);
  assert.deepEqual(event.multiValueHeaders['X-Twice'], ['1', '2']);
  assert.equal(event.headers['X-Twice'], '2');
  assert.deepEqual(event.multiValueQueryStringParameters, { a: ['1', '2'] });
  assert.deepEqual(event.queryStringParameters, { a: '2' });
  assert.equal(event.requestContext.authentication, undefined);
  assert.equal(event.requestContext.identity.clientCert.clientCertPem, identity.certificate.trim());
  assert.equal(event.requestContext.identity.sourceIp, '127.0.0.1');
});

test('API Gateway: the adapter reads both payloads alike', async () => {
  const request = { method: 'POST', path: '/token?a=1', headers: form, body: 'scope=ü&a=%00' };
  const [second, first] = await Promise.all([ask(request), ask({ ...request, at: rest })]);
  const [two, one] = [parseEvent(eventOf(second)), parseEvent(eventOf(first))];
  const comparable = ({ headers, id: _, ...rest }: typeof one) => ({ ...rest, type: headers.get('content-type') });
  assert.deepEqual(comparable(two), comparable(one));
  assert.equal(two.body, 'scope=ü&a=%00');
  for (const [{ id }, answer] of [
    [two, second],
    [one, first],
  ] as const) {
    assert.equal(id, answer.headers['apigw-requestid'] ?? answer.headers['x-amzn-requestid']);
  }
  assert.equal(two.clientCertificate, identity.certificate.trim());
});

test('API Gateway: the public host hands no certificate over, even when the client would show one', async () => {
  for (const at of [gateway, rest]) {
    const event = eventOf(await ask({ at, host: 'public', identity }));
    assert.equal(event.requestContext.authentication, undefined);
    assert.equal(event.requestContext.identity?.clientCert, undefined);
    assert.equal(parseEvent(event).clientCertificate, undefined);
  }
});

test('RFC 9440 §4: forged certificate headers are plain headers, the event names the certificate of the connection', async () => {
  const pem = encodeURIComponent(other.certificate);
  const headers = {
    'Client-Cert': `:${Buffer.from(other.der).toString('base64')}:`,
    'X-Amzn-Mtls-Clientcert': pem,
    'X-SSL-Client-Cert': pem,
    'X-Forwarded-Client-Cert': `Cert="${pem}"`,
  };
  const event = eventOf(await ask({ headers }));
  assert.equal(event.headers['client-cert'], headers['Client-Cert']);
  assert.equal(event.headers['x-amzn-mtls-clientcert'], pem);
  assert.equal(parseEvent(event).clientCertificate, identity.certificate.trim());
  const open = eventOf(await ask({ host: 'public', headers }));
  assert.equal(open.headers['client-cert'], headers['Client-Cert']);
  assert.equal(parseEvent(open).clientCertificate, undefined);
});

test('API Gateway: it says itself where a request came from', async () => {
  const headers = { 'X-Forwarded-For': '1.2.3.4', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Port': '1' };
  const event = eventOf(await ask({ headers }));
  assert.equal(event.headers['x-forwarded-for'], '1.2.3.4, 127.0.0.1');
  assert.equal(event.headers['x-forwarded-proto'], 'https');
  assert.equal(event.headers['x-forwarded-port'], String(gateway.address().mtls));
  assert.equal(event.requestContext.http.sourceIp, '127.0.0.1');
});

test('RFC 9110 §7.6.1: what concerns the connection alone is not handed on', async () => {
  const headers = { Connection: 'close, X-Hop', 'X-Hop': '1', TE: 'trailers', 'Keep-Alive': 'timeout=5' };
  const event = eventOf(await ask({ headers }));
  for (const name of ['connection', 'x-hop', 'te', 'keep-alive']) assert.equal(event.headers[name], undefined, name);
});

test('API Gateway: text and JSON bodies are handed over as they are, others in base64', async () => {
  const body = (type: string, content: string | Buffer) =>
    ask({ method: 'POST', headers: { 'Content-Type': type }, body: content }).then(eventOf);
  const json = await body('application/json; charset=utf-8', '{"ü":1}');
  assert.deepEqual([json.body, json.isBase64Encoded], ['{"ü":1}', false]);
  const binary = await body('application/octet-stream', Buffer.from([0xff, 0]));
  assert.deepEqual([binary.body, binary.isBase64Encoded], ['/wA=', true]);
  const broken = await body('text/plain', Buffer.from([0xff, 0]));
  assert.deepEqual([broken.body, broken.isBase64Encoded], ['/wA=', true]);
  const none = eventOf(await ask());
  assert.deepEqual(['body' in none, none.isBase64Encoded], [false, false]);
});

test('API Gateway: a tenant is a path parameter of the route', async () => {
  const event = eventOf(await ask({ path: '/t/tenant-c/token' }));
  assert.equal(event.routeKey, 'ANY /t/{tenant}/token');
  assert.deepEqual(event.pathParameters, { tenant: 'tenant-c' });
  const owned = eventOf(await ask({ headers: { Host: `B.localhost:${gateway.address().mtls}` } }));
  assert.equal(owned.routeKey, 'ANY /token');
  assert.equal(owned.requestContext.domainName, 'b.localhost');
  assert.equal((await ask({ path: '/t/tenant-b/token' })).status, 404);
});

test('API Gateway: every method reaches the function', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    assert.equal(eventOf(await ask({ method })).requestContext.http.method, method);
  }
});

test('API Gateway: a path that no route has is 404 on both hosts', async () => {
  const paths = [
    '/',
    '/tokens',
    '/token/',
    '//token',
    '/t/default/token',
    '/t/A/token',
    '/t/tenant-b',
    '/%74oken',
    '/__proto__',
  ];
  for (const host of ['public', 'mtls'] as const) {
    for (const path of paths) {
      const answer = await ask({ host, path });
      assert.deepEqual([answer.status, answer.body], [404, '{"message":"Not Found"}'], path);
    }
  }
});

test('API Gateway: routes that a caller adds are served on the hosts they name', async () => {
  const added = await startGateway({
    ...options(),
    extra: [{ path: '/demo/whoami', hosts: ['mtls'], handler: echo }],
  });
  assert.equal((await ask({ at: added, path: '/demo/whoami' })).status, 200);
  assert.equal((await ask({ at: added, path: '/demo/whoami', host: 'public' })).status, 404);
  assert.equal((await ask({ path: '/demo/whoami', host: 'public' })).status, 200);
  await added.close();
});

test('RFC 9112 §3.2.2: the absolute form is read, without its authority', async () => {
  const port = gateway.address().public;
  const text = await raw(
    { port, ca: authority.serverCa },
    'GET https://evil.example/jwks?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  );
  assert.match(text, /^HTTP\/1.1 200 OK/);
  assert.match(text, /"path":"\/jwks"/);
});

const badRequests: Readonly<Record<string, string>> = {
  'no HTTP': 'garbage\r\n\r\n',
  'no Host': 'GET /token HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET /token HTTP/1.1\r\nHost: localhost\r\nHost: b.localhost\r\nConnection: close\r\n\r\n',
  'a Host that is none': 'GET /token HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  'a target that is none': 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'two lengths': 'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'a length and chunks':
    'POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
};

for (const [what, bytes] of Object.entries(badRequests)) {
  test(`RFC 9112 §2.2, §3.2, §6.3: ${what} is answered 400`, async () => {
    const tls = { port: gateway.address().mtls, ca: authority.serverCa, cert: identity.certificate, key: identity.key };
    assert.match(await raw(tls, bytes), /^HTTP\/1.1 400 Bad Request\r\n/);
    assert.equal((await ask()).status, 200, 'the next request is served');
  });
}

test('RFC 9112 §9.3.2: garbage after a request gives no second answer in the first one, and no crash', async () => {
  const tls = { port: gateway.address().mtls, ca: authority.serverCa, cert: identity.certificate, key: identity.key };
  const text = await raw(
    tls,
    'GET /token HTTP/1.1\r\nHost: localhost\r\n\r\nGET /token HTTP/1.1\r\nHost: localhost\r\n\r\n\0garbage',
  );
  assert.ok((text.match(/HTTP\/1.1 200/g) ?? []).length <= 2);
  assert.doesNotMatch(text.split('\r\n\r\n').slice(1).join(), /HTTP\/1.1 400[\s\S]*HTTP\/1.1 200/);
  assert.equal((await ask()).status, 200);
});

test('API Gateway: request line and headers of more than 10,240 bytes are answered 431', async () => {
  const answer = await ask({ headers: { 'X-Long': 'a'.repeat(10_240) } });
  assert.deepEqual([answer.status, answer.body], [431, '{"message":"Request Header Fields Too Large"}']);
  assert.equal((await ask({ headers: { 'X-Long': 'a'.repeat(9_000) } })).status, 200);
});

test('API Gateway: a payload of more than 10 MB is answered 413, announced or not', async () => {
  const long = Buffer.alloc(10 * 1024 * 1024 + 1, 'a');
  const announced = await ask({ method: 'POST', headers: form, body: long });
  assert.deepEqual([announced.status, announced.body], [413, '{"message":"Request Entity Too Large"}']);
  const chunked = await ask({ method: 'POST', headers: { ...form, 'Transfer-Encoding': 'chunked' }, body: long });
  assert.equal(chunked.status, 413);
  const event = eventOf(await ask({ method: 'POST', headers: form, body: long.subarray(1) }));
  assert.equal(Buffer.from(event.body, 'base64').length, 10 * 1024 * 1024);
});

test('API Gateway: a connection serves one request after the other', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  agent.on('free', (socket) => ports.add(socket.localPort));
  for (const path of ['/token', '/nowhere', '/jwks']) {
    assert.equal((await ask({ path, agent })).status, path === '/nowhere' ? 404 : 200);
  }
  agent.destroy();
  assert.equal(ports.size, 1);
});

async function answeredWith(result: unknown): Promise<Answer> {
  results.set('introspection', () => result);
  return await ask({ path: '/introspect', method: 'POST' });
}

test("API Gateway: the function's result is the answer", async () => {
  const answer = await answeredWith({
    statusCode: 401,
    headers: { 'www-authenticate': 'Bearer', 'X-Number': 1, Connection: 'upgrade', 'Content-Length': '1' },
    multiValueHeaders: { 'X-Several': ['1', '2'] },
    cookies: ['a=1', 'b=2'],
    body: 'w7w=',
    isBase64Encoded: true,
  });
  assert.equal(answer.status, 401);
  assert.equal(answer.body, 'ü');
  assert.equal(answer.headers['www-authenticate'], 'Bearer');
  assert.equal(answer.headers['x-number'], '1');
  assert.equal(answer.headers['x-several'], '1, 2');
  assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(answer.headers['content-length'], '2');
  assert.notEqual(answer.headers['connection'], 'upgrade');
});

for (const [what, result] of Object.entries({
  nothing: undefined,
  'a text': 'ok',
  'no status': { body: '{}' },
  'a status in letters': { statusCode: '200' },
  'a status out of range': { statusCode: 99 },
  'a body that is no text': { statusCode: 200, body: {} },
  'a header that splits the response': { statusCode: 200, headers: { a: 'b\r\nc: d' } },
  'a header name that is none': { statusCode: 200, headers: { 'a b': 'c' } },
})) {
  test(`API Gateway: a result of ${what} is answered 500`, async () => {
    const answer = await answeredWith(result);
    assert.deepEqual([answer.status, answer.body], [500, '{"message":"Internal Server Error"}']);
    assert.equal(answer.headers['content-type'], 'application/json');
  });
}

test('API Gateway: a function that throws is answered 500, and nothing of it is told', async () => {
  results.set('introspection', () => {
    throw new Error('secret');
  });
  const answer = await ask({ path: '/introspect' });
  assert.deepEqual([answer.status, answer.body], [500, '{"message":"Internal Server Error"}']);
  assert.ok(reports.some((line) => line === 'introspection: Error: secret'));
});

test('API Gateway: a function that does not end is answered 503', async () => {
  const answer = await ask({ at: rest, path: '/revoke' });
  assert.deepEqual([answer.status, answer.body], [503, '{"message":"Service Unavailable"}']);
});

test('AWS Lambda: the context names the function and the request', async () => {
  const answer = await ask({ path: '/.well-known/oauth-authorization-server' });
  const { name, id } = JSON.parse(answer.body);
  assert.equal(name, 'metadata');
  assert.equal(id, answer.headers['apigw-requestid']);
});

test('RFC 9325 §3.1.1: TLS 1.1 is refused, TLS 1.2 with a CBC suite too', async () => {
  for (const host of ['public', 'mtls'] as const) {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' } as const;
    await assert.rejects(ask({ host, tls: old }));
    const cbc = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA' } as const;
    await assert.rejects(ask({ host, tls: cbc }), /handshake failure|no shared|ECONNRESET/);
  }
});

test('design §9: a port in use is told in one line with its flag, and nothing is left listening', async () => {
  const { public: publicPort, mtls } = gateway.address();
  await assert.rejects(startGateway({ ...options(), publicPort }), {
    message: `port ${publicPort} of 127.0.0.1 is in use (--port chooses another)`,
  });
  await assert.rejects(startGateway({ ...options(), mtlsPort: mtls }), {
    message: `port ${mtls} of 127.0.0.1 is in use (--mtls-port chooses another)`,
  });
});

test('design §9: closing ends connections that never finish their handshake, and those kept alive', async () => {
  const closing = await startGateway(options());
  const agent = new Agent({ keepAlive: true });
  await ask({ at: closing, agent });
  const { connect } = await import('node:net');
  const silent = connect(closing.address().mtls, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const ended = new Promise((resolve) => silent.once('close', resolve));
  await Promise.all([closing.close(), ended]);
  agent.destroy();
});
