import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';

const wellKnown = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

let server: AuthorizationServer;
let document: Record<string, unknown>;

before(async () => {
  server = await authorizationServer({ tenant: { signed_introspection: true } });
  document = (await server.get(wellKnown[0] ?? '')).json();
});

test('RFC 8414 §3 (S13): both well-known documents are the same, for everybody, with the exact issuer', async () => {
  const answers = await Promise.all(wellKnown.map((path) => server.get(path)));
  assert.deepEqual(new Set(answers.map(({ body }) => body)).size, 1);
  assert.equal(document['issuer'], 'https://auth.example');
  for (const { headers } of answers) {
    assert.equal((headers as Record<string, string>)['access-control-allow-origin'], '*');
  }
});

test('RFC 8705 §3.3 (S13): booleans are booleans, lists are lists of text', () => {
  for (const [member, value] of Object.entries(document)) {
    if (/_bound_|_parameter_supported$/.test(member)) assert.equal(typeof value, 'boolean', member);
    else if (/_supported$/.test(member)) {
      assert.ok(Array.isArray(value) && value.every((each) => typeof each === 'string'), member);
    }
  }
  assert.equal(document['tls_client_certificate_bound_access_tokens'], true);
});

test('RFC 8705 §5 (S14): aliases are endpoints alone, each of them at the top level too, no authorization endpoint', () => {
  const aliases = document['mtls_endpoint_aliases'] as Record<string, string>;
  assert.ok(Object.keys(aliases).length >= 3);
  for (const [member, uri] of Object.entries(aliases)) {
    assert.match(member, /_endpoint$/);
    assert.notEqual(member, 'authorization_endpoint');
    assert.equal(new URL(uri).origin, 'https://mtls.auth.example');
    assert.equal(new URL(String(document[member])).pathname, new URL(uri).pathname);
  }
});

test('RFC 8414 §2 (S16): no algorithm list has none, every endpoint says how clients authenticate there', () => {
  for (const [member, value] of Object.entries(document)) {
    if (/_alg_values_supported$/.test(member)) assert.ok(!(value as string[]).some((alg) => /^(none|HS)/.test(alg)));
  }
  for (const endpoint of ['token', 'introspection', 'revocation']) {
    assert.ok((document[`${endpoint}_endpoint_auth_methods_supported`] as string[]).includes('tls_client_auth'));
  }
});

test('RFC 8414 §2 (S17): the issuer and the jwks_uri are the same on both hosts', async () => {
  const leaf = await server.issue({ subject: 'CN=anybody' });
  const mtls = (await server.get(wellKnown[0] ?? '', leaf.certificate)).json();
  assert.deepEqual(mtls, document);
  assert.equal(document['jwks_uri'], 'https://auth.example/jwks');
});

test('Fetch standard §3.2 (S18): a page may read the documents of the public host; nothing of the mTLS host and no token', async () => {
  const leaf = await server.issue({ subject: 'CN=client' });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  const allowed = (headers: object) => Object.keys(headers).filter((name) => name.startsWith('access-control'));
  for (const path of [...wellKnown, '/jwks']) {
    assert.deepEqual(allowed((await server.get(path)).headers), ['access-control-allow-origin']);
    assert.deepEqual(allowed((await server.get(path, leaf.certificate)).headers), []);
  }
  const token = await server.token(leaf);
  assert.equal(token.status, 200);
  for (const { headers } of [token, await server.introspect(token.json()['access_token'], leaf, 'client')]) {
    assert.deepEqual(allowed(headers), []);
  }
});
