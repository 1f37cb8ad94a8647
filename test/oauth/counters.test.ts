import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizationServer } from './authorization-server.ts';

async function scene() {
  const server = await authorizationServer();
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  const leaf = await server.issue({ subject: 'CN=client' });
  const calls = async <T>(act: () => Promise<T>): Promise<[T, readonly string[]]> => {
    server.calls.length = 0;
    const result = await act();
    return [result, [...server.calls]];
  };
  return { server, leaf, calls };
}

const reads = (calls: readonly string[]) => calls.filter((call) => !call.startsWith('versions.')).sort();

test('performance §5: the first token of a certificate writes its row before the token', async () => {
  const { server, leaf, calls } = await scene();
  const [, made] = await calls(() => server.token(leaf));
  assert.deepEqual(made.slice(-2), ['certificates.save', 'tokens.save']);
  assert.equal(made.filter((call) => call === 'holders.find').length, 1, 'client and row in one read');
});

test('performance §5: a token is 1 write and 0 reads warm', async () => {
  const { server, leaf, calls } = await scene();
  await server.token(leaf);
  const [answer, made] = await calls(() => server.token(leaf));
  assert.equal(answer.status, 200);
  assert.deepEqual(made, ['tokens.save']);
});

test('performance §5: introspection is 1 read warm', async () => {
  const { server, leaf, calls } = await scene();
  const { access_token } = (await server.token(leaf)).json();
  await server.introspect(access_token, leaf, 'client');
  const [answer, made] = await calls(() => server.introspect(access_token, leaf, 'client'));
  assert.equal(answer.json()['active'], true);
  assert.deepEqual(made, ['tokens.find']);
});

test('performance §5: a revocation of a token is 1 write warm', async () => {
  const { server, leaf, calls } = await scene();
  const { access_token } = (await server.token(leaf)).json();
  const [, made] = await calls(() =>
    server.post('/revoke', { client_id: 'client', token: String(access_token) }, leaf.certificate),
  );
  assert.deepEqual(made, ['tokens.revoke']);
});

test('design §6: when the version is looked at again and stands, nothing is read anew', async () => {
  const { server, leaf, calls } = await scene();
  await server.token(leaf);
  server.pass(2);
  const [, made] = await calls(() => server.token(leaf));
  assert.deepEqual(made, ['versions.current', 'tokens.save']);
});

test('design §6: a write to the registry makes everything of the tenant be read again', async () => {
  const { server, leaf, calls } = await scene();
  await server.token(leaf);
  await server.register({ client_id: 'other', tls_client_auth_subject_dn: 'CN=other' });
  server.pass(2);
  const [, made] = await calls(() => server.token(leaf));
  assert.deepEqual(reads(made), ['blocks.list', 'holders.find', 'tenants.find', 'tokens.save', 'truststore.entries']);
});

test('design §6: of a refused client nothing is written but what its CA said', async () => {
  const { server, calls } = await scene();
  const stranger = await server.issue({ subject: 'CN=stranger' });
  const [answer, made] = await calls(() => server.token(stranger));
  assert.equal(answer.status, 401);
  assert.deepEqual(
    made.filter((call) => /save|remove|revoke|bump|change|want/.test(call) && call !== 'evidence.save'),
    [],
  );
});
