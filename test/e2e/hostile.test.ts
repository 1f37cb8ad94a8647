import assert from 'node:assert/strict';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { after, before, test } from 'node:test';
import { jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { httpRoutes } from '../../lib/routes.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
let server: RunningServer;
let agent: HttpsAgent;

before(async () => {
  folder = temporaryFolder();
  server = await runServer(`${folder.path}/state`);
  const { certificate: cert, key } = server.identity('demo-client-1');
  agent = new HttpsAgent({ ca: server.ca, cert, key, keepAlive: true, maxSockets: 8 });
});

after(async () => {
  agent?.destroy();
  await server?.stop();
  folder?.remove();
});

type Sent = { method: string; path: string; headers?: Record<string, string>; body?: string | Buffer };
type Received = { status: number; allow: string | undefined; body: string };

const origins = () => [server.endpoint.mtls, server.endpoint.issuer];

function send({ method, path, headers = {}, body }: Sent, origin = server.endpoint.mtls): Promise<Received> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ hostname, port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, allow: response.headers.allow, body: text }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const posts = httpRoutes.map(([, row]) => row).filter((row) => (row.methods as readonly string[]).includes('POST'));
const gets = httpRoutes.map(([, row]) => row).filter((row) => (row.methods as readonly string[]).includes('GET'));

const is4xx = ({ status }: Received) => assert.ok(status >= 400 && status < 500, `status ${status}`);

for (const { path } of posts) {
  test(`RFC 6749 §3.2: ${path} refuses a second copy of any parameter (S3)`, async () => {
    for (const name of [
      'grant_type',
      'client_id',
      'scope',
      'token',
      'token_type_hint',
      'client_secret',
      'x',
      'resource',
    ]) {
      const body = `grant_type=client_credentials&client_id=demo-client-1&token=x&${name}=a&${name}=a`;
      const answer = await send({ method: 'POST', path, headers: form, body });
      assert.equal(answer.status, 400, name);
      assert.equal(JSON.parse(answer.body).error, 'invalid_request');
    }
  });

  test(`RFC 6749 §3.2: ${path} refuses a JSON body (S2)`, async () => {
    const body = '{"grant_type":"client_credentials","client_id":"demo-client-1","token":"x"}';
    const answer = await send({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body });
    assert.deepEqual([answer.status, JSON.parse(answer.body).error], [400, 'invalid_request']);
  });

  test(`RFC 9110 §15.5.14: ${path} refuses a body of 1 MiB`, async () => {
    const body = `grant_type=client_credentials&client_id=demo-client-1&token=${'x'.repeat(1024 * 1024)}`;
    assert.equal((await send({ method: 'POST', path, headers: form, body })).status, 413);
  });

  test(`RFC 7662 §2.1: ${path} refuses parameters in the query (N6)`, async () => {
    const body = 'grant_type=client_credentials&client_id=demo-client-1&token=x';
    assert.equal((await send({ method: 'POST', path: `${path}?token=x`, headers: form, body })).status, 400);
  });
}

for (const { path } of gets) {
  test(`ADR 5: ${path} refuses a body and a repeated parameter`, async () => {
    for (const origin of origins()) {
      is4xx(await send({ method: 'GET', path: `${path}?a=1&a=1` }, origin));
      const json = { 'content-type': 'application/json', 'content-length': '2' };
      is4xx(await send({ method: 'GET', path, headers: json, body: '{}' }, origin));
      const body = 'x'.repeat(1024 * 1024);
      is4xx(await send({ method: 'GET', path, headers: { 'content-length': String(body.length) }, body }, origin));
      assert.equal((await send({ method: 'GET', path }, origin)).status, 200);
    }
  });
}

for (const { path, methods } of [...posts, ...gets]) {
  test(`RFC 9110 §15.5.6: ${path} answers any other method 405 with Allow (S19)`, async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if ((methods as readonly string[]).includes(method)) continue;
      for (const origin of origins()) {
        const answer = await send({ method, path }, origin);
        assert.deepEqual([answer.status, answer.allow], [405, methods.join(', ')], method);
      }
    }
  });
}

test('RFC 9110 §9.3.2: HEAD of a document has its headers and no body', async () => {
  const answer = await send({ method: 'HEAD', path: '/jwks' });
  assert.deepEqual([answer.status, answer.body], [200, '']);
});

/** A small generator with a seed: the same 2,000 requests each time. */
function generator(seed: number) {
  let state = seed;
  const next = (most: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  return { next, one: <T>(list: readonly T[]): T => list[next(list.length)] as T };
}

const { next, one } = generator(8705);
const names = [
  'grant_type',
  'client_id',
  'scope',
  'resource',
  'token',
  'token_type_hint',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  '__proto__',
  'constructor',
  '',
];
const values = [
  'client_credentials',
  'demo-client-1',
  'demo-api',
  'read',
  'urn:a',
  '%',
  '%00',
  '%ff%fe',
  'a%0d%0ab',
  '../../',
  '{}',
  '[]',
  '"',
  "'",
  '\\',
  'ä',
  '💥',
  'null',
  '__proto__',
  'a'.repeat(3000),
  '0',
  '-1',
  'true',
  '',
];
const paths = [
  ...httpRoutes.map(([, row]) => row.path),
  '/t/default/token',
  '/t/nobody/token',
  '/t/a/introspect',
  '/',
  '/nothing',
  '/token/',
  '/%74oken',
  '/t/%2e%2e/token',
  '/demo/whoami',
];
const types = [
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded; charset=utf-16',
  'application/json',
  'text/plain',
  'multipart/form-data',
  '',
];

function mutated(): Sent {
  const pairs = Array.from({ length: next(8) }, () => `${one(names)}=${one(values)}`);
  const good = ['grant_type=client_credentials', 'client_id=demo-client-1', 'token=x'].filter(() => next(3) > 0);
  const text = [...good, ...pairs].join(one(['&', '&', '&', ';', '&&']));
  const body = Buffer.from(next(5) === 0 ? text.slice(next(text.length + 1)) : text);
  for (let flips = next(10) === 0 ? next(8) : 0; flips > 0 && body.length > 0; flips--)
    body[next(body.length)] = next(256);
  const headers: Record<string, string> = { 'content-type': next(3) > 0 ? (types[0] as string) : one(types) };
  if (next(4) === 0)
    headers['authorization'] = one([
      'Basic x',
      'Basic',
      'Bearer x',
      'Bearer',
      'Digest a="b"',
      `Basic ${Buffer.from('a:b:c').toString('base64')}`,
      'x'.repeat(2000),
    ]);
  if (next(4) === 0)
    headers[one(['client-cert', 'x-amzn-mtls-clientcert', 'x-forwarded-host', 'x-http-method-override', 'accept'])] =
      one(['x', '-----BEGIN CERTIFICATE-----', 'application/token-introspection+jwt']);
  const path = one(paths) + (next(5) === 0 ? `?${one(names)}=${encodeURIComponent(one(values))}` : '');
  return {
    method: one(['POST', 'POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'PATCH']),
    path,
    headers: { ...headers, 'content-length': String(body.length) },
    body,
  };
}

test('RFC 6749 §5.2: of 2,000 random and mutated requests none gets a 5xx, and the server answers afterwards (S7)', async () => {
  const requests = Array.from({ length: 2000 }, (_, index) => ({
    request: mutated(),
    origin: index % 5 === 0 ? 1 : 0,
  }));
  const seen = new Map<number, number>();
  const worker = async () => {
    for (let each = requests.pop(); each !== undefined; each = requests.pop()) {
      const answer = await send(each.request, origins()[each.origin]);
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      assert.ok(answer.status >= 200 && answer.status < 500, `${answer.status} for ${JSON.stringify(each.request)}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  for (const status of [200, 400, 401, 404, 405])
    assert.ok((seen.get(status) ?? 0) > 0, `no ${status} among ${[...seen.keys()]}`);
  const after = await server.token(server.identity('demo-client-1'));
  assert.equal(after.status, 200);
  assert.equal(typeof jsonIn(after)?.['access_token'], 'string');
});
