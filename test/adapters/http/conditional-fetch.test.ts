import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { guardedConditionalFetch } from '../../../lib/adapters/http/conditional-fetch.ts';
import type { FetchRequest, Validators } from '../../../lib/status/ports.ts';
import { hostile, respond } from './hostile-answers.ts';
import { type HostileServer, hostileServer } from './hostile-server.ts';

const get = (url: string): FetchRequest => ({
  url,
  method: 'GET',
  accept: 'application/pkix-crl',
  maxBytes: 65_536,
  timeout: 2_500,
});

const etag = '"a1"';
const lastModified = 'Mon, 23 Nov 2026 06:00:00 GMT';

type Asked = Partial<FetchRequest> & { readonly validators?: Validators };

async function ask(server: HostileServer, { validators, ...request }: Asked = {}) {
  const fetch = guardedConditionalFetch({ allowHosts: [server.address] });
  return fetch({ ...get(`http://${server.address}/`), ...request, ...(validators && { validators }) });
}

const answering = (t: TestContext, head: string, body = 'x') =>
  hostileServer(t, (socket: Socket) => socket.end(respond(head, body)));

const headersOf = (server: HostileServer) => (server.received[0] ?? '').toLowerCase().split('\r\n').slice(1);

for (const { what, behave, reason, detail, timeout = 2_500 } of hostile) {
  test(`pki §4: ${what} is a failure of a conditional fetch as well`, { timeout: 10_000 }, async (t) => {
    const server = await hostileServer(t, behave);
    const answer = await ask(server, { timeout });
    assert.ok(!answer.ok);
    assert.equal(answer.failure.reason, reason);
    assert.match(answer.failure.detail, detail);
    await server.closed();
    assert.equal(server.received.length, 1, 'one connection, no second try');
  });
}

test('RFC 9110 §13.1: without a validator no condition is sent, and the body comes with its validators', async (t) => {
  const server = await answering(t, `200 OK\r\nETag: ${etag}\r\nLast-Modified: ${lastModified}`);
  const answer = await ask(server);
  assert.deepEqual(answer, { ok: true, value: { body: Uint8Array.of(0x78), validators: { etag, lastModified } } });
  for (const header of headersOf(server)) assert.doesNotMatch(header, /^if-/);
});

test('RFC 9110 §13.1.2, §13.1.3: both validators are sent, and 304 is not modified', async (t) => {
  const server = await answering(t, '304 Not Modified', '');
  assert.deepEqual(await ask(server, { validators: { etag: `W/${etag}`, lastModified } }), {
    ok: true,
    value: 'not_modified',
  });
  assert.ok(headersOf(server).includes('if-none-match: w/"a1"'));
  assert.ok(headersOf(server).includes(`if-modified-since: ${lastModified.toLowerCase()}`));
});

test('RFC 9110 §13.1: a server that has something else says so with a 200', async (t) => {
  const server = await answering(t, '200 OK\r\nETag: "b2"', 'new');
  const answer = await ask(server, { validators: { etag } });
  assert.deepEqual(answer, {
    ok: true,
    value: { body: new Uint8Array(Buffer.from('new')), validators: { etag: '"b2"' } },
  });
});

test('RFC 9110 §15.4.5: a 304 that nobody asked for is a failure', async (t) => {
  const server = await answering(t, '304 Not Modified', '');
  const answer = await ask(server);
  assert.deepEqual(answer, {
    ok: false,
    failure: { reason: 'http_status', detail: `${server.address}: the status is 304 although no condition was sent` },
  });
});

test('RFC 9110 §15.5.13: a server that calls the condition failed has not answered', async (t) => {
  const server = await answering(t, '412 Precondition Failed', '');
  const answer = await ask(server, { validators: { etag } });
  assert.equal(!answer.ok && answer.failure.reason, 'http_status');
});

const strange: readonly Validators[] = [
  { etag: 'a1' },
  { etag: '"a"1"' },
  { etag: '"a1"\r\nx-injected: 1' },
  { etag: `"${'a'.repeat(256)}"` },
  { etag: '"\u00e9"' },
  { lastModified: 'yesterday' },
  { lastModified: '2026-11-23T06:00:00Z' },
  { lastModified: `${lastModified}\r\nx-injected: 1` },
];

for (const validators of strange) {
  test(`RFC 9110 §8.8: ${JSON.stringify(validators).slice(0, 50)} is no validator and is not sent`, async (t) => {
    const server = await answering(t, '304 Not Modified', '');
    const answer = await ask(server, { validators });
    assert.equal(!answer.ok && answer.failure.reason, 'http_status');
    for (const header of headersOf(server)) assert.doesNotMatch(header, /^(if-|x-injected)/);
  });
}

test('RFC 9110 §8.8: what a server calls its validators and is none is forgotten', async (t) => {
  const server = await answering(t, `200 OK\r\nETag: ${'e'.repeat(300)}\r\nLast-Modified: never`);
  const answer = await ask(server);
  assert.deepEqual(answer, { ok: true, value: { body: Uint8Array.of(0x78), validators: {} } });
});

test('pki §4: no list is larger than the adapter allows, whatever its request says', async (t) => {
  const server = await answering(t, '200 OK', 'x'.repeat(101));
  const fetch = guardedConditionalFetch({ allowHosts: [server.address], maxBytes: 100 });
  const answer = await fetch({ ...get(`http://${server.address}/`), maxBytes: 1_000_000_000 });
  assert.deepEqual(answer, {
    ok: false,
    failure: { reason: 'too_large', detail: `${server.address}: the answer is larger than 100 bytes` },
  });
});

test('pki §4: no conditional fetch takes longer than the adapter allows', async (t) => {
  const server = await hostileServer(t, () => {});
  const fetch = guardedConditionalFetch({ allowHosts: [server.address], maxTimeout: 60 });
  const answer = await fetch({ ...get(`http://${server.address}/`), timeout: 3_600_000 });
  assert.equal(!answer.ok && answer.failure.detail, `${server.address}: no complete answer within 60 ms`);
});

test('pki §4: a conditional fetch goes where a fetch may go, and nowhere else', async (t) => {
  const server = await answering(t, '200 OK', 'reached');
  const port = server.address.split(':')[1];
  const fetch = guardedConditionalFetch({ allowHosts: [] });
  const urls = [`http://${server.address}/`, `http://[::ffff:127.0.0.1]:${port}/`, `http://u@${server.address}/`];
  for (const url of [...urls, 'file:///etc/passwd', 'http://169.254.169.254/', 'ldap://example.com/']) {
    const answer = await fetch({ ...get(url), validators: { etag } });
    assert.equal(!answer.ok && answer.failure.reason, 'url_refused', url);
  }
  const named = guardedConditionalFetch({ allowHosts: [], resolve: async () => ['127.0.0.1'] });
  const answer = await named(get('http://crl.example/'));
  assert.equal(!answer.ok && answer.failure.reason, 'url_refused');
  assert.deepEqual(server.received, []);
});
