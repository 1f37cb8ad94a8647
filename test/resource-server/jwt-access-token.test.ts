import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import { exportJWK, type JSONWebKeySet, type JWTHeaderParameters, SignJWT } from 'jose';
import type { HttpRequest } from '../../lib/http.ts';
import { type AccessRules, checkAccess, type TokenCheck } from '../../lib/resource-server/access.ts';
import { checkJwt } from '../../lib/resource-server/jwt-access-token.ts';
import { type KeySetOptions, keySet } from '../../lib/resource-server/key-set.ts';
import { challengeResponse } from '../../lib/resource-server/protected-resource.ts';

const at = new Date('2026-06-01T12:00:00Z');
const iat = at.getTime() / 1000;
const issuer = 'https://auth.example';
const audience = 'https://api.example';
const thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const alien = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const claims = {
  iss: issuer,
  aud: audience,
  sub: 'client',
  client_id: 'client',
  iat,
  nbf: iat,
  exp: iat + 60,
  jti: 'j',
  scope: 'read write',
  cnf: { 'x5t#S256': thumbprint },
};
const header = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' };

let jwks: JSONWebKeySet;

before(async () => {
  jwks = { keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] };
});

type Given = { readonly claims?: object; readonly header?: object; readonly key?: typeof own.privateKey };

const signed = (given: Given = {}) =>
  new SignJWT({ ...claims, ...given.claims })
    .setProtectedHeader({ ...header, ...given.header } as JWTHeaderParameters)
    .sign(given.key ?? own.privateKey);

const clock = (start = at) => {
  const state = { now: start };
  return {
    now: () => state.now,
    pass: (seconds: number) => (state.now = new Date(state.now.getTime() + seconds * 1000)),
  };
};

const keys = (changes: Partial<KeySetOptions> = {}) => keySet({ read: async () => jwks, now: () => at, ...changes });

const check = (token: string, time = at, source = keys()) => checkJwt(token, { issuer, audience }, time, source);

async function refused(token: string, time = at): Promise<void> {
  const result = await check(token, time);
  assert.deepEqual(result, {
    ok: false,
    failure: { status: 401, error: 'invalid_token', description: 'The token is not accepted here' },
  });
}

test('RFC 9068 §4: a token of the issuer for this API gives its claims', async () => {
  assert.deepEqual(await check(await signed()), { ok: true, value: claims });
  const several = await check(await signed({ claims: { aud: ['https://other.example', audience] } }));
  assert.equal(several.ok, true);
});

test('RFC 9068 §4 (B21): another issuer, audience, typ or time is refused', async () => {
  await refused(await signed({ claims: { iss: 'https://auth.example/' } }));
  await refused(await signed({ claims: { aud: 'https://other.example' } }));
  await refused(await signed({ claims: { aud: [] } }));
  for (const typ of ['JWT', 'jwt', 'token-introspection+jwt', undefined])
    await refused(await signed({ header: { typ } }));
  await refused(await signed(), new Date((iat + 65) * 1000));
  await refused(await signed(), new Date((iat - 6) * 1000));
});

for (const claim of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']) {
  test(`RFC 9068 §2.2: a token without ${claim} is refused`, async () => {
    await refused(await signed({ claims: { [claim]: undefined } }));
  });
}

test('RFC 8725 §3.1, §3.10: none, HS256 with the public key, and keys that the token brings are refused', async () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [, , signature] = (await signed()).split('.');
  for (const alg of ['none', 'None']) {
    for (const end of ['', signature]) await refused(`${encode({ ...header, alg })}.${encode(claims)}.${end}`);
  }
  const input = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
  const secret = own.publicKey.export({ type: 'spki', format: 'pem' });
  await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  const jwk = await exportJWK(alien.publicKey);
  for (const member of [
    { jwk },
    { jku: 'https://evil.example' },
    { kid: 'k2' },
    { kid: undefined },
    { crit: ['x'], x: 1 },
  ]) {
    const token = await signed({ header: member, key: alien.privateKey }).catch(() => undefined);
    if (token !== undefined) await refused(token);
  }
});

test('RFC 8725 §2.8: what is no JWS, or too long for a header, is refused', async () => {
  for (const text of ['', '.', '..', 'a.b.c', 'x'.repeat(9000), `${await signed()}.a`, 'é.é.é']) await refused(text);
});

test('RFC 7517 §5: keys are read once, again when they are old, and for an unknown kid once in the cooldown', async () => {
  const { now, pass } = clock();
  let reads = 0;
  const source = keys({
    now,
    read: async () => {
      reads++;
      return jwks;
    },
  });
  const token = await signed({ claims: { exp: iat + 10_000 } });
  await Promise.all(Array.from({ length: 20 }, () => check(token, at, source)));
  assert.equal(reads, 1);
  const unknown = await signed({ header: { kid: 'k9' }, key: alien.privateKey, claims: { exp: iat + 10_000 } });
  for (let i = 0; i < 20; i++) assert.equal((await check(unknown, at, source)).ok, false);
  assert.equal(reads, 1, 'the cooldown runs from the last reading');
  pass(31);
  for (let i = 0; i < 20; i++) assert.equal((await check(unknown, at, source)).ok, false);
  assert.equal(reads, 2);
  pass(300);
  assert.equal((await check(token, at, source)).ok, true);
  assert.equal(reads, 3);
});

test('RFC 7517 §4.5: a new key is found by its kid, a key that left is not used any more', async () => {
  const { now, pass } = clock();
  let document = jwks;
  const source = keys({ now, read: async () => document });
  assert.equal((await check(await signed(), at, source)).ok, true);
  document = { keys: [{ ...(await exportJWK(alien.publicKey)), kid: 'k2', alg: 'ES256' }] };
  pass(31);
  assert.equal((await check(await signed({ header: { kid: 'k2' }, key: alien.privateKey }), at, source)).ok, true);
  assert.equal((await check(await signed(), at, source)).ok, false);
});

test('RFC 9111 §4.2.4: keys that cannot be read again are used for an hour, then nobody can tell', async () => {
  const { now, pass } = clock();
  let broken = false;
  const source = keys({
    now,
    read: async () => {
      if (broken) throw new Error('no answer');
      return jwks;
    },
  });
  const token = await signed({ claims: { exp: iat + 100_000 } });
  assert.equal((await check(token, at, source)).ok, true);
  broken = true;
  pass(3800);
  assert.equal((await check(token, at, source)).ok, true);
  pass(200);
  await assert.rejects(check(token, at, source), /too old/);
  broken = false;
  pass(31);
  assert.equal((await check(token, at, source)).ok, true);
});

test('RFC 9068 §4: where keys cannot be had, or are none, the check rejects: no token is called bad for it', async () => {
  const failing = keys({ read: async () => Promise.reject(new Error('no answer')) });
  await assert.rejects(check(await signed(), at, failing), /no answer/);
  const malformed = keys({ read: async () => ({}) as JSONWebKeySet });
  await assert.rejects(check(await signed(), at, malformed));
});

const request = (authorization?: string, query = ''): HttpRequest => ({
  method: 'GET',
  host: 'api.example',
  path: '/',
  query,
  headers: new Map(authorization === undefined ? [] : [['authorization', authorization]]),
  body: '',
});

const jwt: TokenCheck = (token) => check(token);

async function challenge(given: HttpRequest, presented: string | undefined, rules: AccessRules = {}) {
  const result = await checkAccess(given, presented, rules, jwt);
  return result.ok ? undefined : challengeResponse(result.failure, 'api');
}

test('RFC 8705 §3 (I-05, I-06, B6): on its certificate the token is good, on another or none it is not', async () => {
  const bearer = request(`Bearer ${await signed()}`);
  assert.equal(await challenge(bearer, thumbprint, { scope: ['read'] }), undefined);
  for (const presented of ['OID_Sc2yReTDx9QS7f1SMUzNxsh7khJYmaIwqXw8Yuw', '', undefined]) {
    const answer = await challenge(bearer, presented);
    assert.equal(answer?.status, 401);
    assert.match(answer?.headers['www-authenticate'] ?? '', /^Bearer realm="api", error="invalid_token"/);
  }
});

test('RFC 9110 §11.1 (B7), FAPI 2.0 §5.3.4 (B8): the scheme in any case, no token in the query', async () => {
  for (const scheme of ['bearer', 'BEARER'])
    assert.equal(await challenge(request(`${scheme} ${await signed()}`), thumbprint), undefined);
  const answer = await challenge(request(`Bearer ${await signed()}`, 'access_token=x'), thumbprint);
  assert.equal(answer?.status, 400);
});

test('RFC 7800 §3.1 (B9): a cnf that is absent, unknown or has another member besides is never a bearer token', async () => {
  for (const cnf of [
    undefined,
    {},
    { jkt: 'x' },
    { 'x5t#S256': thumbprint, jkt: 'x' },
    { 'x5t#S256': '' },
    thumbprint,
  ]) {
    const answer = await challenge(request(`Bearer ${await signed({ claims: { cnf } })}`), thumbprint);
    assert.equal(answer?.status, 401, JSON.stringify(cnf));
  }
});

test('RFC 6750 §3.1: a scope that is missing is 403 and named', async () => {
  const bearer = request(`Bearer ${await signed()}`);
  const answer = await challenge(bearer, thumbprint, { scope: ['read', 'admin'] });
  assert.equal(answer?.status, 403);
  assert.match(answer?.headers['www-authenticate'] ?? '', /error="insufficient_scope".*scope="read admin"$/);
  const none = request(`Bearer ${await signed({ claims: { scope: undefined } })}`);
  assert.equal((await challenge(none, thumbprint, { scope: ['read'] }))?.status, 403);
});

test('RFC 6750 §3.1: binding comes before scope: a thief is not told what the token is good for', async () => {
  const answer = await challenge(request(`Bearer ${await signed()}`), undefined, { scope: ['admin'] });
  assert.equal(answer?.status, 401);
});
