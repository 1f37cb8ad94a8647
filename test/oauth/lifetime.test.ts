import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizationServer, start } from './authorization-server.ts';

const client = { client_id: 'client', tls_client_auth_subject_dn: 'CN=client' };
const seconds = (count: number) => new Date(start.getTime() + count * 1000);

test('design §4.3: a token lives as long as the tenant says', async () => {
  const server = await authorizationServer({ tenant: { access_token_lifetime: 600 } });
  await server.register(client);
  assert.equal((await server.token(await server.issue({ subject: 'CN=client' }))).json()['expires_in'], 600);
});

test('design §4.3: or as long as the client says', async () => {
  const server = await authorizationServer();
  await server.register({ ...client, access_token_lifetime: 60 });
  assert.equal((await server.token(await server.issue({ subject: 'CN=client' }))).json()['expires_in'], 60);
});

test('RFC 8705 §7.1: never longer than the certificate; expires_in tells (B19)', async () => {
  const server = await authorizationServer();
  await server.register(client);
  const leaf = await server.issue({ subject: 'CN=client', notAfter: seconds(120) });
  assert.equal((await server.token(leaf)).json()['expires_in'], 120);
});

test('RFC 6960 §4.2.2.1: never longer than the answer about its status holds', async () => {
  const server = await authorizationServer({ validity: 240 });
  await server.register(client);
  assert.equal((await server.token(await server.issue({ subject: 'CN=client' }))).json()['expires_in'], 240 + 300);
});

test('design §4.3: a certificate in its last second gets no token', async () => {
  const server = await authorizationServer();
  await server.register(client);
  const leaf = await server.issue({ subject: 'CN=client', notAfter: seconds(0) });
  const answer = await server.token(leaf);
  assert.deepEqual([answer.status, answer.line?.reason], [401, 'certificate_expired']);
});

test('protocol §4.2: soft-fail without an answer gives five minutes', async () => {
  const { defaultStatusPolicy } = await import('../../lib/status/policy.ts');
  const server = await authorizationServer({
    tenant: { status_policy: { ...defaultStatusPolicy, mode: 'soft-fail' } },
  });
  await server.register(client);
  server.responder.reply = 'silent';
  const answer = await server.token(await server.issue({ subject: 'CN=client' }));
  assert.deepEqual([answer.status, answer.json()['expires_in']], [200, 300]);
  assert.equal(answer.line?.certificate_status?.[0]?.softFailed, true);
});

test('RFC 7662 §2.2: a token is inactive from the second it expires', async () => {
  const server = await authorizationServer({ tenant: { access_token_lifetime: 60 } });
  await server.register(client);
  const leaf = await server.issue({ subject: 'CN=client' });
  const { access_token } = (await server.token(leaf)).json();
  server.pass(59);
  assert.equal((await server.introspect(access_token, leaf, 'client')).json()['active'], true);
  server.pass(1);
  assert.equal((await server.introspect(access_token, leaf, 'client')).body, '{"active":false}');
});
