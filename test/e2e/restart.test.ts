import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { issueLeaf } from '../../lib/local/authority.ts';
import { exchange, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { controlOf } from '../../lib/local/responder-control.ts';
import { authorityOf, endServers, type Folder, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
before(() => {
  folder = temporaryFolder();
});
after(() => {
  endServers();
  folder.remove();
});

const clients = JSON.stringify([
  { client_id: 'mine', tls_client_auth_subject_dn: 'CN=mine,O=Example', scope: 'a' },
  { client_id: 'broken', tls_client_auth_subject_dn: 'CN=x', tls_client_auth_san_dns: 'x.example' },
]);

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`npm start: tokens and clients survive ${signal}, --fresh forgets them`, async () => {
    const state = `${folder.path}/${signal}`;
    const first = await runServer(state, '--clients', folder.write('clients.json', clients));
    assert.match(first.output(), /client "broken" of tenant default is refused: .*exactly one/);
    const mine = await controlOf(first.endpoint).issue('CN=mine,O=Example');
    const request = { client_id: 'mine', scope: 'a' };
    const issued = await first.token(mine, request);
    const token = String(jsonIn(issued)?.['access_token']);
    assert.equal(issued.status, 200);
    const code = await first.stop(signal);
    assert.equal(code, signal === 'SIGINT' ? 0 : null);

    const second = await runServer(state);
    const form = { client_id: 'mine', token };
    assert.equal(jsonIn(await second.post('/introspect', mine, form))?.['active'], true);
    assert.equal((await second.token(mine, request)).status, 200);
    await second.stop();

    const third = await runServer(state, '--fresh');
    const successor = await controlOf(third.endpoint).issue('CN=mine,O=Example');
    assert.equal((await third.token(successor, request)).status, 401);
    const demo = third.identity('demo-client-1');
    assert.equal(
      jsonIn(await third.post('/introspect', demo, { client_id: 'demo-client-1', token }))?.['active'],
      false,
    );
    assert.equal((await third.token(mine, request)).status, 403, 'the CA is a new one');
    await third.stop();
  });
}

const start = (...flags: string[]) =>
  spawnSync(process.execPath, [resolve(import.meta.dirname, '../../bin/start.ts'), ...flags], {
    encoding: 'utf8',
    timeout: 30_000,
  });

function refusedInOneLine(result: ReturnType<typeof start>, told: RegExp): void {
  assert.equal(result.status, 2, result.stdout + result.stderr);
  assert.match(result.stderr, told);
  assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
}

test('npm start: a port in use is one clear line and exit 2', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as { port: number };
  refusedInOneLine(
    start('--port', String(port), '--mtls-port', '0', '--state-dir', `${folder.path}/port`),
    new RegExp(`${port}`),
  );
  other.close();
});

test('npm start: an unreadable file is one clear line and exit 2', () => {
  refusedInOneLine(
    start('--clients', `${folder.path}/none.json`, '--state-dir', `${folder.path}/x`),
    /--clients .*none\.json: cannot be read/,
  );
});

test('npm start: a bad PEM is one clear line and exit 2', () => {
  const bad = folder.write('bad.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  refusedInOneLine(
    start('--truststore', bad, '--port', '0', '--mtls-port', '0', '--state-dir', `${folder.path}/pem`),
    /truststore of tenant default/,
  );
});

test('npm start: a server certificate that is none is one clear line and exit 2', () => {
  const bad = folder.write('server.pem', 'nothing');
  refusedInOneLine(
    start(
      '--server-cert',
      bad,
      '--server-key',
      bad,
      '--port',
      '0',
      '--mtls-port',
      '0',
      '--state-dir',
      `${folder.path}/tls`,
    ),
    /--server-cert|certificate/,
  );
});

test('npm start: a directory that is not its own is never touched', () => {
  const other = temporaryFolder();
  const file = other.write('mine.txt', 'mine');
  refusedInOneLine(start('--fresh', '--state-dir', other.path), /files that are not Certbound's/);
  assert.ok(file);
  other.remove();
});

test('npm start: --truststore stands in place of the development CA', async () => {
  const helper = await runServer(`${folder.path}/own`);
  const authority = await authorityOf(helper.state);
  const mine = await controlOf(helper.endpoint).issue('CN=mine,O=Example');
  const responder = new URL(helper.endpoint.responder).host;
  const truststore = folder.write('own.pem', authority.truststore);
  const list = folder.write(
    'own.json',
    JSON.stringify([{ client_id: 'mine', tls_client_auth_subject_dn: 'CN=mine,O=Example' }]),
  );
  const server = await runServer(
    `${folder.path}/with-own`,
    '--truststore',
    truststore,
    '--clients',
    list,
    '--allow-fetch',
    responder,
  );
  assert.equal((await server.token(mine, { client_id: 'mine' })).status, 200);
  const token = String(jsonIn(await server.token(mine, { client_id: 'mine' }))?.['access_token']);
  const call = (identity: typeof mine) =>
    exchange({
      url: `${server.endpoint.mtls}/demo/whoami`,
      ca: server.ca,
      identity,
      headers: { authorization: `Bearer ${token}` },
    });
  assert.equal((await call(mine)).status, 200, 'the demo API is heard under an anchor of its own');
  assert.equal((await call(await controlOf(helper.endpoint).issue('CN=mine,O=Example'))).status, 401);
  const foreign = await issueLeaf(await authorityOf(server.state), { subject: 'CN=mine,O=Example' });
  assert.equal((await server.token(foreign, { client_id: 'mine' })).status, 403);
  await server.stop();
  const guarded = await runServer(`${folder.path}/guarded`, '--truststore', truststore, '--clients', list);
  const refused = await guarded.token(mine, { client_id: 'mine' });
  assert.deepEqual([refused.status, jsonIn(refused)?.['error']], [503, 'temporarily_unavailable']);
  assert.match(String(refused.headers['retry-after']), /^[1-9][0-9]*$/);
  await guarded.stop();
  await helper.stop();
});
