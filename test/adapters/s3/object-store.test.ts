import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../../lib/adapters/s3/object-store.ts';
import { startObjectStore } from '../../../lib/local/object-store.ts';

const path = mkdtempSync(join(tmpdir(), 'certbound-objects-'));
const store = await startObjectStore({ path });
const client = (endpoint: string) =>
  new S3Client({
    endpoint,
    forcePathStyle: true,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
const s3 = client(store.endpoint);
const objects = s3ObjectStore(s3);
const { signal } = new AbortController();
const address = { bucket: 'truststores', key: 'truststore.pem' };

after(async () => {
  s3.destroy();
  await store.close();
  rmSync(path, { recursive: true });
});

const textOf = async (VersionId: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'truststores', Key: 'truststore.pem', VersionId }));
  return Body?.transformToString();
};

test('Amazon S3 versioning: each put is a version of its own, and every one can be read', async () => {
  const first = await objects.put(address, 'one', signal);
  const second = await objects.put(address, 'two – ü', signal);
  assert.notEqual(first, second);
  assert.equal(await objects.read(address, 100, signal), 'two – ü');
  assert.equal(await textOf(first), 'one');
  assert.equal(await textOf(second), 'two – ü');
  const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'truststores' }));
  assert.deepEqual(
    Versions?.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]),
    [
      ['truststore.pem', second, true],
      ['truststore.pem', first, false],
    ],
  );
});

test('Amazon S3 versioning: what was put is there after a restart', async () => {
  const version = await objects.put({ ...address, key: 'kept.pem' }, 'kept', signal);
  const again = await startObjectStore({ path });
  const other = client(again.endpoint);
  const { VersionId, Body } = await other.send(new GetObjectCommand({ Bucket: 'truststores', Key: 'kept.pem' }));
  assert.equal(VersionId, version);
  assert.equal(await Body?.transformToString(), 'kept');
  other.destroy();
  await again.close();
});

test('Amazon S3: an object that is too long, or not there, is not read', async () => {
  await objects.put({ ...address, key: 'long.pem' }, 'x'.repeat(101), signal);
  await assert.rejects(objects.read({ ...address, key: 'long.pem' }, 100, signal), /has 101 bytes; at most 100/);
  await assert.rejects(objects.read({ ...address, key: 'none.pem' }, 100, signal), { name: 'NoSuchKey' });
  await assert.rejects(textOf('00000001-00000000-0000-0000-0000-000000000000'), { name: 'NoSuchVersion' });
});

test('Amazon S3: an aborted put puts nothing', async () => {
  await assert.rejects(objects.put({ ...address, key: 'aborted.pem' }, 'x', AbortSignal.abort()));
  await assert.rejects(objects.read({ ...address, key: 'aborted.pem' }, 100, signal), { name: 'NoSuchKey' });
});

test('Amazon S3: more than a truststore may have is not taken', async () => {
  const command = new PutObjectCommand({ Bucket: 'truststores', Key: 'huge.pem', Body: 'x'.repeat(2_000_001) });
  await assert.rejects(s3.send(command), { name: 'EntityTooLarge' });
});

/** A request as the SDK would never make it. */
function raw(target: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { port } = new URL(store.endpoint);
  const call = request({ host: '127.0.0.1', port, path: target, ...options }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  call.on('error', reject);
  call.end(options.method === 'PUT' ? 'body' : undefined);
  return promise;
}

for (const [what, target, options, status] of [
  ['a path that climbs', '/truststores/..%2F..%2Fetc', { method: 'PUT' }, 400],
  ['a bucket that climbs', '/..%2F/x', { method: 'PUT' }, 400],
  ['a hidden key', '/truststores/.ssh', { method: 'PUT' }, 400],
  ['a version that climbs', '/truststores/truststore.pem?versionId=../../x', {}, 404],
  ['a nested key', '/truststores/a/b', { method: 'PUT' }, 400],
  ['chunked framing', '/truststores/chunked', { method: 'PUT', headers: { 'content-encoding': 'aws-chunked' } }, 501],
  ['a deletion', '/truststores/truststore.pem', { method: 'DELETE' }, 405],
  ['a web page', '/truststores/truststore.pem', { headers: { origin: 'https://evil.example' } }, 403],
  ['a rebound name', '/truststores/truststore.pem', { headers: { host: 'evil.example' } }, 403],
] as const) {
  test(`local object store: ${what} is refused`, async () => {
    assert.equal(await raw(target, options), status);
  });
}
