import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { awsJsonCalls, type JsonCallOptions } from '../../../lib/adapters/aws/json-call.ts';

const service = { service: 'kms', target: 'TrentService', version: '1.1' } as const;
const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'not-for-the-log', sessionToken: 'session' };

type Seen = { readonly request: IncomingMessage; readonly body: string };
type Responder = (response: ServerResponse, attempt: number, seen: Seen) => void;

/** A service that answers as `respond` says, and the calls of it. */
async function serviceOf(context: TestContext, respond: Responder, options: JsonCallOptions = {}) {
  const seen: Seen[] = [];
  let connections = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const one = { request, body };
    respond(response, seen.push(one), one);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const calls = awsJsonCalls(service, { region: 'eu-central-1', credentials, endpoints: { kms: origin } }, options);
  context.after(() => {
    calls.close();
    server.closeAllConnections();
    server.close();
  });
  return { ...calls, seen, connections: () => connections };
}

const refusal = (response: ServerResponse, status: number, type: string, headers = {}) =>
  response.writeHead(status, headers).end(JSON.stringify({ __type: type, message: 'told' }));

test('AWS JSON: a call is a signed POST that names its operation, and connections are kept', async (t) => {
  const { call, seen, connections } = await serviceOf(t, (response) => response.end('{"KeyId":"k"}'));
  for (let i = 0; i < 3; i++) assert.deepEqual(await call('Sign', '{"a":"ü"}'), { KeyId: 'k' });
  assert.equal(connections(), 1);
  const { request, body } = seen[0] ?? {};
  assert.equal(body, '{"a":"ü"}');
  assert.equal(request?.method, 'POST');
  assert.equal(request?.url, '/');
  assert.equal(request?.headers['x-amz-target'], 'TrentService.Sign');
  assert.equal(request?.headers['content-type'], 'application/x-amz-json-1.1');
  assert.equal(request?.headers['x-amz-security-token'], 'session');
  assert.match(
    request?.headers.authorization ?? '',
    /^AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/eu-central-1\/kms\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
  );
});

test('AWS JSON: a refusal is an Error by AWS’s name, with or without its namespace, and is not repeated', async (t) => {
  for (const type of ['com.amazonaws.kms.v1#AccessDeniedException', 'AccessDeniedException']) {
    const { call, seen } = await serviceOf(t, (response) => refusal(response, 400, type));
    await assert.rejects(call('Decrypt', '{}'), { name: 'AccessDeniedException', message: 'told' });
    assert.equal(seen.length, 1);
  }
});

test('AWS JSON: throttling and faults of the service are tried three times', async (t) => {
  const causes = [
    [400, 'ProvisionedThroughputExceededException'],
    [400, 'ThrottlingException'],
    [429, 'Whatever'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailable'],
  ] as const;
  for (const [status, type] of causes) {
    const failing = await serviceOf(t, (response) => refusal(response, status, type));
    await assert.rejects(failing.call('Sign', '{}'), { name: type });
    assert.equal(failing.seen.length, 3, type);
    const passing = await serviceOf(t, (response, attempt) =>
      attempt < 3 ? refusal(response, status, type) : response.end('{}'),
    );
    assert.deepEqual(await passing.call('Sign', '{}'), {});
  }
});

test('AWS JSON: a connection that the other side has closed meanwhile is one more attempt, not a failure', async (t) => {
  const { call, seen } = await serviceOf(t, (response, attempt) => {
    if (attempt === 2) response.socket?.destroy();
    else response.end(`{"attempt":${attempt}}`);
  });
  assert.deepEqual(await call('Sign', '{}'), { attempt: 1 });
  assert.deepEqual(await call('Sign', '{}'), { attempt: 3 });
  assert.equal(seen.length, 3);
});

test('AWS JSON: a clock that is wrong is set right by the answer, once for all calls', async (t) => {
  const hour = 3_600_000;
  const { call, seen } = await serviceOf(
    t,
    (response, _, { request }) => {
      const signed = String(request.headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:');
      const date = new Date().toUTCString();
      if (Math.abs(Date.now() - Date.parse(signed)) < 300_000) response.end('{}');
      else refusal(response, 400, 'InvalidSignatureException', { date });
    },
    { now: () => Date.now() - hour },
  );
  await call('Sign', '{}');
  assert.equal(seen.length, 2);
  await call('Sign', '{}');
  assert.equal(seen.length, 3);
});

test('AWS JSON: a signature that is refused by a clock like ours is refused for good', async (t) => {
  const date = new Date().toUTCString();
  const { call, seen } = await serviceOf(t, (response) =>
    refusal(response, 400, 'InvalidSignatureException', { date }),
  );
  await assert.rejects(call('Sign', '{}'), { name: 'InvalidSignatureException' });
  assert.equal(seen.length, 1);
});

test('AWS JSON: an answer that does not come, or never ends, is an Error within the time', async (t) => {
  const silent: readonly Responder[] = [
    () => {},
    (response) => response.writeHead(200),
    (response) => response.writeHead(200, { 'content-length': '100' }).write('{'),
  ];
  for (const respond of silent) {
    const { call, seen } = await serviceOf(t, respond, { requestTimeout: 50, maxAttempts: 2 });
    await assert.rejects(call('Sign', '{}'));
    assert.equal(seen.length, 2);
  }
});

test('AWS JSON: no Error tells what a call or an answer says, nor a credential', async (t) => {
  const secret = 'cGxhaW50ZXh0';
  const answers: readonly Responder[] = [
    (response) => response.end(`{"Plaintext":"${secret}`),
    (response) => response.writeHead(400).end(`{"Plaintext":"${secret}"}`),
    (response) => response.writeHead(400).end(secret),
    (response) => response.writeHead(400).end(`{"__type":"a ${secret}"}`),
    (response) => response.writeHead(302, { location: `http://${secret}.example/` }).end(),
    (response) => response.writeHead(400).end('null'),
  ];
  for (const respond of answers) {
    const { call } = await serviceOf(t, respond, { maxAttempts: 1 });
    await assert.rejects(call('Decrypt', `{"CiphertextBlob":"${secret}"}`), (error: Error) => {
      assert.doesNotMatch(`${error.stack} ${String(error.cause)}`, /cGxhaW50ZXh0|not-for-the-log|session/);
      return true;
    });
  }
});

test('AWS JSON: a message is told in 300 characters at most', async (t) => {
  const message = 'x'.repeat(10_000);
  const { call } = await serviceOf(t, (response) => response.writeHead(400).end(JSON.stringify({ Message: message })));
  await assert.rejects(call('Sign', '{}'), { message: message.slice(0, 300), name: 'UnknownError' });
});
