import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, globalAgent, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { putAnswer } from '../../../lib/adapters/cloudformation/custom-resource.ts';
import { issueCertificate } from '../../../lib/local/certificate-authority.ts';

const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** A response URL of CloudFormation: it takes one PUT, signed for an empty content type. */
async function responseUrl(context: TestContext, status: (attempt: number) => number) {
  const served = await issueCertificate(root, {
    subject: 'CN=localhost',
    subjectAltName: [{ type: 'dNSName', value: 'localhost' }],
    eku: ['serverAuth'],
    ...years,
  });
  const requests: { method: string | undefined; type: string | undefined; length: string | undefined; text: string }[] =
    [];
  const server: Server = createTlsServer({ key: served.key, cert: served.certificate }, async (request, response) => {
    const { method, headers } = request;
    const text = await body(request);
    requests.push({ method, type: headers['content-type'], length: headers['content-length'], text });
    response.writeHead(status(requests.length)).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  globalAgent.options.ca = root.certificate;
  context.after(() => {
    delete globalAgent.options.ca;
    server.close();
    server.closeAllConnections();
  });
  return { requests, url: `https://localhost:${(server.address() as AddressInfo).port}/stack?X-Amz-Signature=secret` };
}

test('CloudFormation custom resource: the answer is one PUT without a content type', async (context) => {
  const { requests, url } = await responseUrl(context, () => 200);
  await putAnswer(url, '{"Status":"SUCCESS","Reason":"ü"}');
  assert.deepEqual(requests, [{ method: 'PUT', type: '', length: '34', text: '{"Status":"SUCCESS","Reason":"ü"}' }]);
});

test('CloudFormation custom resource: an answer that is not taken is sent again', async (context) => {
  const { requests, url } = await responseUrl(context, (attempt) => (attempt < 3 ? 503 : 200));
  await putAnswer(url, '{}');
  assert.equal(requests.length, 3);
});

test('CloudFormation custom resource: an answer that is never taken is an error that does not tell the URL', async (context) => {
  const { requests, url } = await responseUrl(context, () => 403);
  await assert.rejects(putAnswer(url, '{}'), (error: Error) => {
    assert.match(error.message, /answered 403/);
    assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), /secret/);
    return true;
  });
  assert.equal(requests.length, 3);
});

for (const url of ['', 'no url', 'http://localhost/answer?secret', 'file:///etc/passwd?secret']) {
  test(`CloudFormation custom resource: an answer goes to an https URL only, not to "${url}"`, async () => {
    await assert.rejects(putAnswer(url, '{}'), (error: Error) => {
      assert.match(error.message, /no https ResponseURL/);
      assert.doesNotMatch(JSON.stringify({ ...error, stack: error.stack }), /secret/);
      return true;
    });
  });
}

test('CloudFormation custom resource: an emulator of AWS is answered by http, which nothing else is', async (context) => {
  const texts: string[] = [];
  const emulator = createPlainServer(async (request, response) => {
    texts.push(await body(request));
    response.end();
  });
  emulator.listen(0, '127.0.0.1');
  await once(emulator, 'listening');
  context.after(() => emulator.close());
  const url = `http://127.0.0.1:${(emulator.address() as AddressInfo).port}/stack?secret`;
  await assert.rejects(putAnswer(url, '{}'), /no https ResponseURL/);
  await putAnswer(url, '{"Status":"SUCCESS"}', { emulator: true });
  await assert.rejects(putAnswer('file:///etc/passwd?secret', '{}', { emulator: true }), /no https ResponseURL/);
  assert.deepEqual(texts, ['{"Status":"SUCCESS"}']);
});
