import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { tables } from '../../lib/adapters/dynamodb/tables.ts';
import { type EmbeddedStore, startEmbeddedStore } from '../../lib/local/embedded-store.ts';
import { takeLock } from '../../lib/local/lock.ts';
import { type Endpoint, findEndpoint, openStateDirectory } from '../../lib/local/state-directory.ts';

let directory: string;
let count = 0;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certbound-'));
});
after(() => rm(directory, { recursive: true }));

const newPath = () => join(directory, String(count++));

/** A pid that was alive a moment ago. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid ?? 0;
}

test('design §9: a lock is held once, its holder is named, and it can be taken again when it is given back', async () => {
  const file = newPath();
  const lock = await takeLock(file);
  await assert.rejects(takeLock(file), { message: `${file} is held by the running process ${process.pid}` });
  await lock.release();
  await lock.release();
  const again = await takeLock(file);
  await lock.release();
  await assert.rejects(takeLock(file), /is held/, 'the first holder gave nothing back that is not its own');
  await again.release();
  assert.deepEqual(await readdir(directory), [], 'no draft is left');
});

test('design §9: the lock of a dead process is taken over, by one of many', async () => {
  for (const content of [JSON.stringify({ pid: await deadPid() }), 'damaged', '']) {
    const file = newPath();
    await writeFile(file, content);
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file)));
    const locks = taken.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    assert.equal(locks.length, 1);
    await locks[0]?.release();
  }
  assert.deepEqual(await readdir(directory), [], 'nothing is left beside');
});

test('design §9: a later process with the pid of a dead one is not taken for it', {
  skip: process.platform !== 'linux' && 'needs /proc',
}, async () => {
  const file = newPath();
  await writeFile(file, JSON.stringify({ pid: process.pid, startedAt: '1' }));
  await (await takeLock(file)).release();
});

const endpoint: Endpoint = {
  pid: process.pid,
  issuer: 'https://localhost:1',
  mtls: 'https://localhost:2',
  store: 'http://127.0.0.1:3',
  responder: 'http://127.0.0.1:4',
  secret: 'secret',
};

test('design §9: the state directory and the endpoint in it are for their user alone', async () => {
  const path = newPath();
  const state = await openStateDirectory({ path });
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  assert.equal(await findEndpoint(path), undefined);
  await state.publish(endpoint);
  assert.equal((await stat(join(path, 'endpoint.json'))).mode & 0o777, 0o600);
  assert.deepEqual(await findEndpoint(path), endpoint);
  await assert.rejects(openStateDirectory({ path }), new RegExp(`held by the running process ${process.pid}$`));
  await assert.rejects(openStateDirectory({ path, fresh: true }), /is held/);
  assert.deepEqual(await findEndpoint(path), endpoint, 'a second opener changes nothing');
  await state.close();
  assert.equal(await findEndpoint(path), undefined);
  await chmod(path, 0o755);
  await (await openStateDirectory({ path })).close();
  assert.equal((await stat(path)).mode & 0o777, 0o700);
});

test('design §9: the endpoint of a dead process, or a damaged one, is none', async () => {
  const path = newPath();
  const state = await openStateDirectory({ path });
  await state.publish({ ...endpoint, pid: await deadPid() });
  assert.equal(await findEndpoint(path), undefined);
  for (const content of ['', '{}', 'null', JSON.stringify({ ...endpoint, secret: 1 })]) {
    await writeFile(join(path, 'endpoint.json'), content);
    assert.equal(await findEndpoint(path), undefined);
  }
  await state.close();
  assert.equal(await findEndpoint(newPath()), undefined);
});

test('design §9: --fresh forgets the state and follows no link out of it', async () => {
  const path = newPath();
  const outside = newPath();
  await writeFile(outside, 'kept');
  const state = await openStateDirectory({ path });
  await mkdir(state.file('store'));
  await writeFile(state.file('store', 'data'), 'old');
  await symlink(directory, state.file('link'));
  await state.close();
  const kept = await openStateDirectory({ path });
  assert.equal(await readFile(kept.file('store', 'data'), 'utf8'), 'old');
  await kept.close();
  const fresh = await openStateDirectory({ path, fresh: true });
  assert.deepEqual((await readdir(path)).sort(), ['certbound-state.json', 'lock']);
  assert.equal(await readFile(outside, 'utf8'), 'kept');
  await fresh.close();
});

test('design §9: a directory that is not ours is neither emptied nor used', async () => {
  const path = newPath();
  await mkdir(path, { mode: 0o755 });
  await writeFile(join(path, 'thesis.txt'), 'precious');
  for (const fresh of [true, false]) {
    await assert.rejects(openStateDirectory({ path, fresh }), /holds files that are not Certbound's/);
  }
  assert.deepEqual(await readdir(path), ['thesis.txt']);
  assert.equal((await stat(path)).mode & 0o777, 0o755);
  await assert.rejects(openStateDirectory({ path: join(path, 'thesis.txt') }), /EEXIST|ENOTDIR|not a directory/);
});

const clientOf = ({ endpoint, region, credentials }: EmbeddedStore) =>
  new DynamoDBClient({ endpoint, region, credentials });
const created = tables({ registryTable: 'registry', grantsTable: 'grants' });
const key = { pk: { S: 'a' }, sk: { S: 'b' } };

async function put(store: EmbeddedStore): Promise<void> {
  const client = clientOf(store);
  await client.send(new PutItemCommand({ TableName: 'grants', Item: { ...key, value: { S: 'kept' } } }));
  client.destroy();
}

async function get(store: EmbeddedStore): Promise<string | undefined> {
  const client = clientOf(store);
  const { Item } = await client.send(new GetItemCommand({ TableName: 'grants', Key: key, ConsistentRead: true }));
  client.destroy();
  return Item?.['value']?.S;
}

test('design §6: what is stored outlives the store; in memory it does not', async () => {
  const path = newPath();
  const first = await startEmbeddedStore({ path, tables: created });
  await put(first);
  await first.close();
  await first.close();
  const second = await startEmbeddedStore({ path, tables: created });
  assert.equal(await get(second), 'kept');
  await second.close();
  const inMemory = await startEmbeddedStore({ tables: created });
  assert.equal(await get(inMemory), undefined);
  await inMemory.close();
});

test('design §9: a store is open once; the second opener is told who has it', async () => {
  const path = newPath();
  const store = await startEmbeddedStore({ path, tables: created });
  await assert.rejects(startEmbeddedStore({ path, tables: created }), {
    message: `${path}.lock is held by the running process ${process.pid}`,
  });
  await put(store);
  assert.equal(await get(store), 'kept');
  await store.close();
});

test('design §9: the store answers no page of a browser and survives clients that hang up', async () => {
  const store = await startEmbeddedStore({ tables: created });
  const port = Number(new URL(store.endpoint).port);
  const ask = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(store.endpoint, { headers }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
      });
      request.on('error', reject);
      request.end();
    });
  assert.equal(await ask({}), 200);
  assert.equal(await ask({ origin: 'https://evil.example' }), 403);
  assert.equal(await ask({ host: 'evil.example' }), 403);
  for (let i = 0; i < 5; i++) {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => {
      socket.write(`POST / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 100\r\n\r\n{`, () => resolve());
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resetAndDestroy();
    await closed;
  }
  await put(store);
  assert.equal(await get(store), 'kept');
  await store.close();
});

test('design §9: a port in use is told in one line, and the lock is given back', async () => {
  const path = newPath();
  const store = await startEmbeddedStore({ tables: created });
  const port = Number(new URL(store.endpoint).port);
  await assert.rejects(startEmbeddedStore({ path, port, tables: created }), {
    message: `port ${port} of 127.0.0.1 is in use`,
  });
  await (await takeLock(`${path}.lock`)).release();
  await store.close();
});
