/** S3 on a laptop: put an object, get it by version, list its versions. What is put stays on disk; nothing is deleted. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type Listening, listen } from './listening.ts';
import { isFromPage } from './loopback.ts';

export type LocalObjectStore = {
  /** An http origin on 127.0.0.1. */
  readonly endpoint: string;
  close(): Promise<void>;
};

/** Bytes of an object: more than a truststore may have. */
const maxObject = 2_000_000;

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const keyName = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}$/;
/** Ours: numbered, so that their order is that of time, and random, so that no other store has the same. */
const versionName = /^[0-9]{8}-[0-9a-f-]{36}$/;

/** Keeps the objects under `path`, one directory for each. */
export async function startObjectStore(options: {
  readonly path: string;
  readonly port?: number;
}): Promise<LocalObjectStore> {
  const server = createServer((request, response) => {
    answer(request, response, options.path).catch(() => {
      if (response.headersSent) response.destroy();
      else fail(response, 500, 'InternalError');
    });
  });
  const listening: Listening = await listen(server, { host: '127.0.0.1', port: options.port ?? 0 });
  return { endpoint: `http://127.0.0.1:${listening.port}`, close: () => listening.close() };
}

async function answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  request.on('error', () => response.destroy());
  if (isFromPage(request)) return fail(response, 403, 'AccessDenied');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [bucket = '', key = '', ...more] = pathname.slice(1).split('/');
  if (!bucketName.test(bucket) || more.length > 0) return fail(response, 400, 'InvalidBucketName');
  if (request.method === 'GET' && key === '' && searchParams.has('versions')) {
    return list(response, path, bucket);
  }
  if (!keyName.test(key)) return fail(response, 400, 'InvalidArgument');
  const directory = join(path, bucket, key);
  if (request.method === 'PUT') return put(request, response, directory);
  if (request.method === 'GET') return get(response, directory, searchParams.get('versionId'));
  fail(response, 405, 'MethodNotAllowed');
}

async function put(request: IncomingMessage, response: ServerResponse, directory: string): Promise<void> {
  // The framing of a chunked body would become a part of the object.
  if (/aws-chunked/.test(String(request.headers['content-encoding']))) return fail(response, 501, 'NotImplemented');
  const body = await bodyOf(request);
  if (body === undefined) return fail(response, 400, 'EntityTooLarge');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const version = `${String((await versionsIn(directory)).length + 1).padStart(8, '0')}-${randomUUID()}`;
  const draft = join(directory, `draft-${randomUUID()}`);
  await writeFile(draft, body, { mode: 0o600, flag: 'wx' });
  await rename(draft, join(directory, version));
  response.writeHead(200, { 'x-amz-version-id': version, etag: `"${version}"`, 'content-length': 0 }).end();
}

async function get(response: ServerResponse, directory: string, wanted: string | null): Promise<void> {
  const versions = await versionsIn(directory);
  const version = wanted === null ? versions.at(-1) : versions.find((each) => each === wanted);
  if (version === undefined) return fail(response, 404, wanted === null ? 'NoSuchKey' : 'NoSuchVersion');
  const body = await readFile(join(directory, version));
  response.writeHead(200, { 'x-amz-version-id': version, 'content-length': body.length }).end(body);
}

async function list(response: ServerResponse, path: string, bucket: string): Promise<void> {
  const keys = (await entries(join(path, bucket))).filter((key) => keyName.test(key)).sort();
  const rows: string[] = [];
  for (const key of keys) {
    const versions = await versionsIn(join(path, bucket, key));
    const latest = versions.at(-1);
    // The newest first, as S3 lists them. Neither name has a character that XML would need escaped.
    for (const version of versions.reverse()) {
      const members = `<Key>${key}</Key><VersionId>${version}</VersionId><IsLatest>${version === latest}</IsLatest>`;
      rows.push(`<Version>${members}</Version>`);
    }
  }
  const result = `<ListVersionsResult><Name>${bucket}</Name><IsTruncated>false</IsTruncated>${rows.join('')}</ListVersionsResult>`;
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${result}`);
}

const versionsIn = async (directory: string) =>
  (await entries(directory)).filter((name) => versionName.test(name)).sort();

async function entries(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > maxObject) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function fail(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'content-type': 'application/xml', connection: 'close' })
    .end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
}
