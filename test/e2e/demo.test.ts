import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { controlOf } from '../../lib/local/responder-control.ts';
import { runServer, temporaryFolder } from './running-server.ts';

const demo = (state: string, ...flags: string[]) =>
  spawnSync(process.execPath, [resolve(import.meta.dirname, '../../bin/demo.ts'), '--state-dir', state, ...flags], {
    encoding: 'utf8',
    timeout: 120_000,
  });

/** A server that ends with the test, however the test ends. */
async function running(t: TestContext) {
  const folder = temporaryFolder();
  t.after(folder.remove);
  const server = await runServer(`${folder.path}/state`);
  t.after(() => server.stop());
  return { server };
}

const story = [
  /demo-client-1 asks for a token[\s\S]*✓ issued[\s\S]*cnf \{"x5t#S256":"[A-Za-z0-9_-]{43}"\}/,
  /✓ 200: the API answers/,
  /certificate of demo-client-2[\s\S]*✓ 401/,
  /✓ revoked at the CA/,
  /✓ the next token request is refused: 401/,
  /✓ the token issued in step 1 is dead at introspection: \{"active":false\}/,
  /✓ renewed[\s\S]*✓ issued[\s\S]*✓ 200: the API answers/,
];

test('npm run demo: starts a server for itself, tells every step and ends with 0; plain text in a pipe', () => {
  const folder = temporaryFolder();
  const { status, stdout, stderr } = demo(`${folder.path}/state`);
  assert.equal(status, 0, stdout + stderr);
  for (const step of story) assert.match(stdout, step);
  assert.ok(!stdout.includes('\u001b['), 'escape sequences in a pipe');
  folder.remove();
});

test('npm run demo: uses the running server, can be told again, and by a CRL alone', async (t) => {
  const { server } = await running(t);
  for (const _ of [1, 2]) {
    const { status, stdout, stderr } = demo(server.state);
    assert.equal(status, 0, stdout + stderr);
    assert.ok(stdout.includes(server.endpoint.issuer));
  }
  const byCrl = demo(server.state, '--crl');
  assert.equal(byCrl.status, 0, byCrl.stdout + byCrl.stderr);
  assert.match(byCrl.stdout, /names a CRL and no OCSP responder/);
  for (const step of story) assert.match(byCrl.stdout, step);
  await server.stop();
  const sources = server.output().match(/"certificate_status":\[\{"source":"crl","status":"revoked"/g) ?? [];
  assert.ok(sources.length > 0, 'the revocation was learned from the CRL');
});

test('npm run demo: ends with 1 when a step surprises; the next start mends what it left', async (t) => {
  const { server } = await running(t);
  await controlOf(server.endpoint).revoke(server.identity('demo-client-1').certificate, 'keyCompromise');
  const { status, stderr } = demo(server.state);
  assert.equal(status, 1);
  assert.match(stderr, /✗ Expected a token, got 401/);
  await server.stop();
  assert.equal(demo(server.state).status, 0);
});
