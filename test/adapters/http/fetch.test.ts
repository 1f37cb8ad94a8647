import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type GuardedFetchOptions, guardedFetch } from '../../../lib/adapters/http/fetch.ts';
import type { FetchRequest } from '../../../lib/status/ports.ts';
import { hostile, mebibyte, respond } from './hostile-answers.ts';
import { closedPort, type HostileServer, hostileServer, pour } from './hostile-server.ts';

const get = (url: string): FetchRequest => ({
  url,
  method: 'GET',
  accept: 'application/pkix-crl',
  maxBytes: 65_536,
  timeout: 2_500,
});

async function fetchFrom(
  server: HostileServer,
  request: Partial<FetchRequest> = {},
  options?: Partial<GuardedFetchOptions>,
) {
  const fetch = guardedFetch({ allowHosts: [server.address], ...options });
  return fetch({ ...get(`http://${server.address}/`), ...request });
}

for (const { what, behave, reason, detail, timeout = 2_500 } of hostile) {
  test(`pki §4: ${what} is a failure, and the connection is closed`, { timeout: 10_000 }, async (t) => {
    const server = await hostileServer(t, behave);
    const answer = await fetchFrom(server, { timeout });
    assert.ok(!answer.ok);
    assert.equal(answer.failure.reason, reason);
    assert.match(answer.failure.detail, detail);
    assert.ok(answer.failure.detail.startsWith(`${server.address}: `));
    assert.doesNotMatch(answer.failure.detail, /[\r\n]/);
    await server.closed();
    assert.equal(server.received.length, 1, 'one connection, no second try');
  });
}

for (const [how, head, frame] of [
  [
    'in chunks',
    '200 OK\r\nTransfer-Encoding: chunked',
    (piece: Buffer) => Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]),
  ],
  ['without a length', '200 OK', (piece: Buffer) => piece],
] as const) {
  test(`pki §4: a body of 200 MiB ${how} is cut off at the limit`, { timeout: 10_000 }, async (t) => {
    let count = { written: 0 };
    const server = await hostileServer(t, (socket) => {
      socket.write(respond(head));
      count = pour(socket, 200 * mebibyte, frame);
    });
    const answer = await fetchFrom(server);
    assert.equal(!answer.ok && answer.failure.reason, 'too_large');
    await server.closed();
    // What the kernel's buffers took besides.
    assert.ok(count.written < 32 * mebibyte, `${count.written} bytes were taken`);
  });
}

test('pki §4: a body of exactly the limit is an answer', async (t) => {
  const server = await hostileServer(t, (socket) => socket.end(respond('200 OK', 'x'.repeat(65_536))));
  const answer = await fetchFrom(server);
  assert.equal(answer.ok && answer.value.byteLength, 65_536);
});

test('RFC 6960 Appendix A.1: a request says what it wants, asks for no encoding and keeps no connection', async (t) => {
  const server = await hostileServer(t, (socket) =>
    socket.write(respond('200 OK\r\nContent-Length: 3', '\x01\x02\x03')),
  );
  const body = Uint8Array.of(0x30, 0x00);
  const answer = await fetchFrom(server, {
    url: `http://${server.address}/a%2Fb?c=d#fragment`,
    method: 'POST',
    body,
    contentType: 'application/ocsp-request',
    accept: 'application/ocsp-response',
  });
  assert.ok(answer.ok);
  assert.deepEqual(answer.value, Uint8Array.of(1, 2, 3));
  await server.closed();
  const [head = '', sent] = (server.received[0] ?? '').split('\r\n\r\n');
  const [line, ...headers] = head.split('\r\n');
  assert.equal(line, 'POST /a%2Fb?c=d HTTP/1.1');
  assert.equal(sent, '0\x00');
  assert.deepEqual(headers.map((header) => header.toLowerCase()).sort(), [
    'accept-encoding: identity',
    'accept: application/ocsp-response',
    'connection: close',
    'content-length: 2',
    'content-type: application/ocsp-request',
    `host: ${server.address}`,
    'user-agent: certbound',
  ]);
});

test('pki §4: a closed port is a network failure', async () => {
  const address = await closedPort();
  const answer = await guardedFetch({ allowHosts: [address] })(get(`http://${address}/`));
  assert.deepEqual(answer, { ok: false, failure: { reason: 'network', detail: `${address}: ECONNREFUSED` } });
});

test('pki §4: an https server that does not shake hands is given up within the connect timeout', async (t) => {
  const server = await hostileServer(t, () => {});
  const answer = await fetchFrom(server, { url: `https://${server.address}/` }, { connectTimeout: 60 });
  assert.deepEqual(answer, {
    ok: false,
    failure: { reason: 'timeout', detail: `${server.address}: no connection within 60 ms` },
  });
  await server.closed();
});

test('pki §4: a connection that stands is not ended by the connect timeout', async (t) => {
  const server = await hostileServer(t, (socket) => {
    let left = 60;
    socket.write(respond('200 OK\r\nContent-Length: 60'));
    const timer = setInterval(() => {
      if (left > 0) socket.write('x');
      else clearInterval(timer);
      left -= 1;
    }, 5);
  });
  const answer = await fetchFrom(server, {}, { connectTimeout: 250 });
  assert.equal(answer.ok && answer.value.byteLength, 60);
});

test('pki §4: an https URL is never asked in clear', async (t) => {
  const server = await hostileServer(t, () => {});
  const answer = await fetchFrom(server, { url: `https://${server.address}/` }, { connectTimeout: 60 });
  assert.equal(answer.ok, false);
  assert.ok((server.received[0] ?? '').startsWith('\x16\x03'), 'a TLS handshake, nothing in clear');
});

test('pki §4: no fetch takes longer than the adapter allows, whatever its request says', async (t) => {
  const server = await hostileServer(t, () => {});
  const answer = await fetchFrom(server, { timeout: 3_600_000 }, { maxTimeout: 60 });
  assert.equal(!answer.ok && answer.failure.detail, `${server.address}: no complete answer within 60 ms`);
});

test('pki §4: a timeout that is no time is no time', async (t) => {
  for (const timeout of [0, -1, Number.NaN]) {
    const server = await hostileServer(t, () => {});
    const answer = await fetchFrom(server, { timeout });
    assert.equal(!answer.ok && answer.failure.reason, 'timeout');
  }
});

test('pki §4: a header that would break the request is a failure, not an exception', async (t) => {
  const server = await hostileServer(t, (socket) => socket.end(respond('200 OK', 'x')));
  const answer = await fetchFrom(server, { accept: 'a\r\nx-injected: 1' });
  assert.deepEqual(answer, {
    ok: false,
    failure: { reason: 'network', detail: `${server.address}: ERR_INVALID_CHAR` },
  });
  assert.deepEqual(server.received, []);
});

/** A server that nobody may reach; its port is in every URL that has room for one. */
const canary = (t: TestContext) => hostileServer(t, (socket) => socket.end(respond('200 OK', 'reached')));

test('pki §4: nothing is sent to a refused URL', async (t) => {
  const server = await canary(t);
  const port = server.address.split(':')[1];
  const urls = [
    `http://${server.address}/`,
    `http://localhost:${port}/`,
    `http://user@${server.address}/`,
    `http://2130706433:${port}/`,
    `http://0177.0.0.1:${port}/`,
    `http://0x7f.1:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:127.0.0.1]:${port}/`,
    `http://[::ffff:7f00:1]:${port}/`,
    `http://0.0.0.0:${port}/`,
    `ftp://${server.address}/`,
    `ldap://${server.address}/`,
    'file:///etc/passwd',
    'http://127.0.0.1/',
    'http://127.0.0.1:443/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://[64:ff9b::a9fe:a9fe]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://10.0.0.1/',
    'https://192.168.1.1/',
    'http://100.64.0.1/',
    'http://0/',
  ];
  const fetch = guardedFetch({ allowHosts: ['127.0.0.1:9'] });
  for (const url of urls) {
    const answer = await fetch(get(url));
    assert.equal(!answer.ok && answer.failure.reason, 'url_refused', url);
    assert.doesNotMatch(answer.ok ? '' : answer.failure.detail, /[\r\n]/);
  }
  assert.deepEqual(server.received, []);
});

test('pki §4: a name that leads to an address which is not public is refused', async (t) => {
  const server = await canary(t);
  for (const addresses of [
    ['127.0.0.1'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['169.254.169.254'],
    ['10.0.0.1'],
    ['8.8.8.8', '127.0.0.1'],
    ['2606:4700::1111', '::1'],
    ['not an address'],
  ]) {
    const fetch = guardedFetch({ allowHosts: [], resolve: async () => addresses });
    const answer = await fetch(get('http://ocsp.example/'));
    assert.deepEqual(answer, {
      ok: false,
      failure: { reason: 'url_refused', detail: 'ocsp.example: the address is not public' },
    });
  }
  assert.deepEqual(server.received, []);
});

test('pki §4: the name is resolved once, and the connection goes to the address that was checked', async (t) => {
  const server = await hostileServer(t, (socket) => socket.end(respond('200 OK', 'pinned')));
  const port = server.address.split(':')[1];
  const asked: string[] = [];
  const fetch = guardedFetch({
    allowHosts: [`responder.invalid:${port}`],
    resolve: async (host) => {
      asked.push(host);
      return asked.length === 1 ? ['127.0.0.1'] : ['127.0.0.2'];
    },
  });
  const answer = await fetch(get(`http://responder.invalid:${port}/`));
  assert.equal(answer.ok && Buffer.from(answer.value).toString(), 'pinned');
  assert.deepEqual(asked, ['responder.invalid']);
  assert.match(server.received[0] ?? '', new RegExp(`\r\nhost: responder.invalid:${port}\r\n`, 'i'));
});

test('pki §4: of several addresses the next is tried when one is silent or closed', async (t) => {
  const server = await hostileServer(t, (socket) => socket.end(respond('200 OK', 'second')));
  const port = server.address.split(':')[1];
  const fetch = guardedFetch({
    allowHosts: [`responder.invalid:${port}`],
    resolve: async () => ['127.0.0.2', '127.0.0.1'],
  });
  const answer = await fetch(get(`http://responder.invalid:${port}/`));
  assert.equal(answer.ok && Buffer.from(answer.value).toString(), 'second');
});

test('pki §4: a name with many addresses costs a handful of attempts', async (t) => {
  const server = await canary(t);
  const port = server.address.split(':')[1];
  const fetch = guardedFetch({
    allowHosts: [`responder.invalid:${port}`],
    resolve: async () => ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.1'],
  });
  assert.equal((await fetch(get(`http://responder.invalid:${port}/`))).ok, false);
  assert.deepEqual(server.received, []);
});

test('RFC 1034: a name without an address, or a resolver that fails, is a network failure', async () => {
  const failing = Object.assign(new Error('queryA ENOTFOUND\r\nx'), { code: 'ENOTFOUND' });
  for (const [resolve, detail] of [
    [async () => [], 'ocsp.example: the name has no address'],
    [() => Promise.reject(failing), 'ocsp.example: ENOTFOUND'],
    [() => Promise.reject(new Error('line\r\nbreak')), 'ocsp.example: the connection was closed'],
  ] as const) {
    const answer = await guardedFetch({ allowHosts: [], resolve })(get('http://ocsp.example/'));
    assert.deepEqual(answer, { ok: false, failure: { reason: 'network', detail } });
  }
});

test('pki §4: a resolver that is silent is given up within the connect timeout', async () => {
  let signal: AbortSignal | undefined;
  const fetch = guardedFetch({
    allowHosts: [],
    connectTimeout: 30,
    resolve: (_host, given) => {
      signal = given;
      return new Promise(() => {});
    },
  });
  const answer = await fetch(get('http://ocsp.example/'));
  assert.deepEqual(answer, {
    ok: false,
    failure: { reason: 'timeout', detail: 'ocsp.example: no connection within 30 ms' },
  });
  assert.equal(signal?.aborted, true);
});

test('RFC 6761 §6.4: a name that cannot exist is a failure by the real resolver', { timeout: 10_000 }, async () => {
  const answer = await guardedFetch({ allowHosts: [] })(get('http://ocsp.invalid/'));
  assert.ok(!answer.ok);
  assert.ok(['network', 'timeout'].includes(answer.failure.reason), answer.failure.reason);
});

test('pki §4: the system resolver finds what is allow-listed by name', async (t) => {
  const server = await hostileServer(t, (socket) => socket.end(respond('200 OK', 'local')));
  const port = server.address.split(':')[1];
  const answer = await guardedFetch({ allowHosts: [`localhost:${port}`] })(get(`http://localhost:${port}/`));
  assert.equal(answer.ok && Buffer.from(answer.value).toString(), 'local');
});
