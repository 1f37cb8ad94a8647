import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer, globalAgent, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import {
  type CustomResourceOptions,
  customResource,
  putAnswer,
} from '../../lib/adapters/cloudformation/custom-resource.ts';
import { s3Objects } from '../../lib/adapters/s3/objects.ts';
import { parsePublication, publishTruststore } from '../../lib/adapters/s3/truststore-publication.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { parseTruststoreBundle } from '../../lib/truststore-bundle.ts';

const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const other = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const pem = `# comment\n${root.certificate}`;
const parsed = parseTruststoreBundle(pem);
assert.ok(parsed.ok);
const { sha256, pem: published } = parsed.value;

async function body(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** S3 as far as two requests know it, versions included. */
async function s3(context: TestContext, objects: Record<string, string>, versioned = true) {
  const written: { path: string; text: string }[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '', 'http://s3').pathname;
    const text = await body(request);
    if (request.method === 'PUT') {
      written.push({ path, text });
      if (versioned) response.setHeader('x-amz-version-id', `v${written.length}`);
      response.end();
    } else if (objects[path] === undefined) {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
    } else {
      response.end(objects[path]);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  context.after(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { written, objects: s3Objects(client) };
}

const properties = {
  ServiceToken: 'arn:aws:lambda:eu-central-1:123456789012:function:publisher',
  SourceBucket: 'assets',
  SourceKey: 'bundle.pem',
  TruststoreBucket: 'truststores',
  TruststoreKey: 'truststore.pem',
  Sha256: sha256,
};
const event = {
  RequestType: 'Create',
  ResponseURL: 'https://localhost/answer?Signature=secret',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Publication',
  ResourceProperties: properties,
};
const invocation = { getRemainingTimeInMillis: () => 60_000 };

/** The handler of lambdas/truststore-publisher.ts over that S3; what it answered, parsed. */
function publisher(objects: Awaited<ReturnType<typeof s3>>['objects']) {
  const log: string[] = [];
  const answers: { url: string; answer: Record<string, unknown> }[] = [];
  const options: CustomResourceOptions = {
    apply: async (given, signal) => {
      const publication = parsePublication(given);
      const VersionId = await publishTruststore(publication, signal, objects);
      return { physicalId: `s3://${publication.target.bucket}/${publication.target.key}`, data: { VersionId } };
    },
    answer: async (url, text) => {
      answers.push({ url, answer: JSON.parse(text) });
    },
    log: (line) => log.push(line),
  };
  const handler = customResource(options);
  return {
    log,
    async answerTo(given: unknown, context = invocation) {
      await handler(given, context);
      assert.equal(answers.length, 1, 'exactly one answer');
      return answers.pop() ?? assert.fail();
    },
  };
}

const source = { '/assets/bundle.pem': pem };

test('CloudFormation custom resource: Create puts the bundle and answers its object version', async (context) => {
  const { written, objects } = await s3(context, source);
  const { url, answer } = await publisher(objects).answerTo(event);
  assert.equal(url, event.ResponseURL);
  assert.deepEqual(answer, {
    Status: 'SUCCESS',
    PhysicalResourceId: 's3://truststores/truststore.pem',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Publication',
    Data: { VersionId: 'v1' },
  });
  assert.equal(written.length, 1);
  assert.equal(written[0]?.path, '/truststores/truststore.pem');
  assert.ok(written[0]?.text.includes(published), 'the certificates');
  assert.ok(!written[0]?.text.includes('comment'), 'and nothing else');
});

test('CloudFormation custom resource: Update answers the new version under the same physical id', async (context) => {
  const { objects } = await s3(context, source);
  const handler = publisher(objects);
  const first = await handler.answerTo(event);
  const id = first.answer['PhysicalResourceId'];
  const { answer } = await handler.answerTo({ ...event, RequestType: 'Update', PhysicalResourceId: id });
  assert.equal(answer['PhysicalResourceId'], id);
  assert.deepEqual(answer['Data'], { VersionId: 'v2' });
});

test('CloudFormation custom resource: Delete succeeds and touches nothing', async (context) => {
  const { written, objects } = await s3(context, {});
  const { answer } = await publisher(objects).answerTo({
    ...event,
    RequestType: 'Delete',
    PhysicalResourceId: 's3://truststores/truststore.pem',
  });
  assert.equal(answer['Status'], 'SUCCESS');
  assert.equal(answer['PhysicalResourceId'], 's3://truststores/truststore.pem');
  assert.deepEqual(written, []);
});

const failures: readonly (readonly [string, unknown, Record<string, string>, RegExp])[] = [
  ['no properties', { ...event, ResourceProperties: undefined }, source, /no ResourceProperties/],
  [
    'missing properties',
    { ...event, ResourceProperties: { SourceKey: 'x' } },
    source,
    /lacks SourceBucket, Trust.*Sha256/,
  ],
  ['a bundle that cannot be read', event, {}, /AccessDenied/],
  ['a bundle that API Gateway would refuse', event, { '/assets/bundle.pem': pem + other.certificate }, /same subject/],
  ['a bundle that is a private key', event, { '/assets/bundle.pem': root.key }, /CERTIFICATE blocks only/],
  [
    'another bundle than was checked',
    event,
    { '/assets/bundle.pem': other.certificate },
    /not the bundle that was checked/,
  ],
  [
    'a bundle that is too long',
    event,
    { '/assets/bundle.pem': pem.padEnd(1_000_001) },
    /has 1000001 bytes; at most 1000000/,
  ],
  ['no object as event', 'nonsense', source, /no ResourceProperties/],
];

for (const [what, given, objectsThere, reason] of failures) {
  test(`CloudFormation custom resource: ${what} is answered FAILED with the reason, and nothing is put`, async (context) => {
    const { written, objects } = await s3(context, objectsThere);
    const { answer } = await publisher(objects).answerTo(given);
    assert.equal(answer['Status'], 'FAILED');
    assert.match(String(answer['Reason']), reason);
    assert.ok(String(answer['Reason']).length <= 1024);
    assert.doesNotMatch(String(answer['Reason']), /BEGIN|MII/);
    assert.deepEqual(written, []);
  });
}

test('CloudFormation custom resource: a bucket without versions is answered FAILED', async (context) => {
  const { objects } = await s3(context, source, false);
  const { answer } = await publisher(objects).answerTo(event);
  assert.equal(answer['Status'], 'FAILED');
  assert.match(String(answer['Reason']), /versioning of the bucket is off/);
});

test('CloudFormation custom resource: when the time runs out there is still an answer', async (context) => {
  const { written, objects } = await s3(context, source);
  const { answer } = await publisher(objects).answerTo(event, { getRemainingTimeInMillis: () => 10_000 });
  assert.equal(answer['Status'], 'FAILED');
  assert.deepEqual(written, []);
});

test('house style: the log of the publisher has the outcome and not the response URL', async (context) => {
  const { objects } = await s3(context, source);
  const handler = publisher(objects);
  await handler.answerTo(event);
  assert.equal(handler.log.length, 1);
  assert.match(handler.log[0] ?? '', /"Status":"SUCCESS".*"VersionId":"v1"/);
  assert.doesNotMatch(handler.log.join(), /Signature|localhost/);
});

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
