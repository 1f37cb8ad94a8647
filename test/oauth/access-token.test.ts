import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { accessTokenRandomness, hashToken } from '../../lib/oauth/access-token.ts';
import { authorizationServer } from './authorization-server.ts';

async function scene() {
  const server = await authorizationServer();
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', scope: 'read' });
  const leaf = await server.issue({ subject: 'CN=client' });
  return { server, leaf };
}

test('FAPI 2.0 §5.4.1 (B20): a token is 256 random bits of its own, its jti 128 others', async () => {
  const { server, leaf } = await scene();
  assert.equal(accessTokenRandomness, 48);
  const { access_token } = (await server.token(leaf)).json();
  assert.match(String(access_token), /^[A-Za-z0-9_-]{43}$/);
  const answer = (await server.introspect(access_token, leaf, 'client')).json();
  assert.match(String(answer['jti']), /^[A-Za-z0-9_-]{22}$/);
});

test('RFC 6819 §5.1.4.1 (B20, N15): the store is asked by the SHA-256 of the token and never sees the token', async () => {
  const { server, leaf } = await scene();
  const seen: string[] = [];
  const { find, save } = server.stores.tokens;
  Object.assign(server.stores.tokens, {
    find: (...args: Parameters<typeof find>) => {
      seen.push(JSON.stringify(args));
      return find(...args);
    },
    save: (...args: Parameters<typeof save>) => {
      seen.push(JSON.stringify(args));
      return save(...args);
    },
  });
  const token = String((await server.token(leaf)).json()['access_token']);
  await server.introspect(token, leaf, 'client');
  assert.equal(seen.length, 2);
  for (const call of seen) {
    assert.ok(call.includes(hashToken(token)));
    assert.ok(!call.includes(token));
  }
});

test('RFC 7662 §4 (N15): tokens that differ in one bit have hashes that tell nothing of each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (bit) => {
      const one = randomBytes(32);
      const other = Uint8Array.from(one);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const [a, b] = [one, Buffer.from(other)].map((bytes) => hashToken(bytes.toString('base64url')));
      assert.match(String(a), /^[A-Za-z0-9_-]{43}$/);
      assert.notEqual(a, b);
    }),
    { numRuns: 50 },
  );
});

test('RFC 6749 §4.4.3 (B27), RFC 6750 §4 (B4): no refresh token, and the type is Bearer', async () => {
  const { server, leaf } = await scene();
  const answer = (await server.token(leaf)).json();
  assert.deepEqual(Object.keys(answer).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
  assert.equal(answer['token_type'], 'Bearer');
});

test('docs/storage.md: a token that an earlier version stored, without what came later, is still read', async () => {
  const { server, leaf } = await scene();
  const token = String((await server.token(leaf)).json()['access_token']);
  const stored = await server.stores.tokens.find('default', hashToken(token), server.clock.now);
  assert.ok(stored);
  assert.deepEqual(Object.keys(stored).sort(), [
    'aud',
    'client_id',
    'cnf',
    'exp',
    'iat',
    'iss',
    'jti',
    'nbf',
    'scope',
    'sub',
  ]);
  assert.equal((await server.introspect(token, leaf, 'client')).json()['active'], true);
});
