import assert from 'node:assert/strict';
import { createHmac, createPublicKey, sign } from 'node:crypto';
import { before, beforeEach, test } from 'node:test';
import { type AuthorizationServer, authorizationServer } from '../authorization-server.ts';
import { asserted, assertion, jwkOf, jwtClient, type SigningPair, selfSigned, signingPair } from './registered-keys.ts';

const mine = signingPair();
const other = signingPair();
const jwks_uri = 'https://keys.example/jwks';

let as: AuthorizationServer;
let tls: Awaited<ReturnType<AuthorizationServer['issue']>>;

before(async () => {
  as = await authorizationServer();
  tls = await as.issue({ subject: 'CN=tls' });
});

beforeEach(async () => {
  const clients = await as.stores.clients.list('default');
  for (const { client_id } of clients) await as.stores.clients.remove('default', client_id);
  await as.register(jwtClient('client', [mine.jwk], { resource_server_for: ['https://auth.example'] }));
  await as.register({ client_id: 'tls', tls_client_auth_subject_dn: 'CN=tls' });
  as.pass(2);
});

type Claims = Readonly<Record<string, unknown>>;

const send = async (
  claims: Claims = {},
  header: Claims = {},
  pair: SigningPair = mine,
  form: Record<string, string> = {},
) =>
  as.post('/token', {
    grant_type: 'client_credentials',
    ...asserted(await assertion(pair, as.clock.now, claims, header)),
    ...form,
  });

type Answer = Awaited<ReturnType<typeof send>>;

function refused(answer: Answer, reason = 'assertion_invalid'): void {
  assert.equal(answer.status, 401, answer.body);
  assert.deepEqual(answer.json(), { error: 'invalid_client', error_description: 'Client authentication failed' });
  assert.equal(answer.line?.reason, reason);
}

const seconds = () => Math.floor(as.clock.now.getTime() / 1000);

test('RFC 7523 §2.2: an assertion alone, and with its client_id, authenticates; the token is unbound (C30, B3)', async () => {
  for (const form of [{}, { client_id: 'client' }]) {
    const answer = await send({}, {}, mine, form);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.json()['token_type'], 'Bearer');
    const token = String(answer.json()['access_token']);
    const claims = await as.post('/introspect', { token, ...asserted(await assertion(mine, as.clock.now)) });
    assert.equal(claims.json()['active'], true);
    assert.equal(claims.json()['cnf'], undefined);
    assert.equal(claims.line?.authentication_method, 'private_key_jwt');
  }
});

for (const alg of ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519']) {
  test(`FAPI 2.0 §5.4.1, S10: ${alg} is good at every endpoint`, async () => {
    const pair = signingPair(alg);
    await as.register(jwtClient('client', [pair.jwk]));
    as.pass(2);
    const answer = await send({}, { alg }, pair);
    assert.equal(answer.status, 200, answer.body);
  });
}

test('FAPI 2.0 §5.4.1, S10: RS256 is for introspection alone', async () => {
  const pair = signingPair('RS256');
  await as.register(jwtClient('client', [pair.jwk]));
  as.pass(2);
  refused(await send({}, { alg: 'RS256' }, pair));
  for (const [path, status] of [
    ['/introspect', 200],
    ['/revoke', 401],
  ] as const) {
    const form = asserted(await assertion(pair, as.clock.now, {}, { alg: 'RS256' }));
    assert.equal((await as.post(path, { token: 'unknown', ...form })).status, status, path);
  }
});

test('RFC 7591: token_endpoint_auth_signing_alg holds the client to one algorithm, a JWK’s alg the key', async () => {
  const pair = signingPair('PS256');
  await as.register(jwtClient('client', [pair.jwk], { token_endpoint_auth_signing_alg: 'PS512' }));
  as.pass(2);
  refused(await send({}, { alg: 'PS256' }, pair));
  assert.equal((await send({}, { alg: 'PS512' }, pair)).status, 200);
  await as.register(jwtClient('client', [{ ...pair.jwk, alg: 'PS256' }]));
  as.pass(2);
  refused(await send({}, { alg: 'PS512' }, pair));
  assert.equal((await send({}, { alg: 'PS256' }, pair)).status, 200);
});

for (const [what, claims] of [
  ['the issuer as a string', {}],
  ['the issuer alone in an array', { aud: ['https://auth.example'] }],
] as const) {
  test(`FAPI 2.0 §5.3.2.1 (8), S8: aud may be ${what}`, async () => assert.equal((await send(claims)).status, 200));
}

for (const aud of [
  'https://auth.example/',
  'https://auth.example/token',
  'https://mtls.auth.example/token',
  ['https://auth.example', 'https://auth.example/token'],
  ['https://auth.example', 'https://other.example'],
  ['https://auth.example/token'],
  [],
  [['https://auth.example']],
  'https://other.example',
  '',
  null,
  undefined,
  {},
]) {
  test(`FAPI 2.0 §5.3.2.1 (8), S8: aud ${JSON.stringify(aud)} is refused (CVE-2025-27370)`, async () =>
    refused(await send({ aud })));
}

for (const [what, claims] of [
  ['without iss', { iss: undefined }],
  ['without sub', { sub: undefined }],
  ['iss of another', { iss: 'tls' }],
  ['sub of another', { sub: 'tls' }],
  ['sub that is no string', { iss: 1, sub: 1 }],
  ['without exp', { exp: undefined }],
  ['exp that is no number', { exp: '9999999999' }],
  ['exp that is no finite number', { exp: null }],
  ['without jti', { jti: undefined }],
  ['an empty jti', { jti: '' }],
  ['a jti that is no string', { jti: 1 }],
  ['a jti of 257 characters', { jti: 'x'.repeat(257) }],
] as const) {
  test(`RFC 7523 §3, S10: an assertion ${what} is refused`, async () => refused(await send(claims)));
}

for (const [member, offset, status] of [
  ['exp', 1, 200],
  ['exp', 0, 401],
  ['exp', -300, 401],
  ['exp', 3600, 200],
  ['exp', 3601, 401],
  ['nbf', 10, 200],
  ['nbf', 11, 401],
  ['nbf', 61, 401],
  ['iat', 10, 200],
  ['iat', 11, 401],
  ['iat', 61, 401],
  ['iat', -300, 200],
] as const) {
  test(`FAPI 2.0 §5.3.2.1 (13), S10: ${member} ${offset} s from now is ${status}`, async () =>
    assert.equal((await send({ [member]: seconds() + offset })).status, status));
}

for (const [typ, status] of [
  ['client-authentication+jwt', 200],
  ['JWT', 200],
  ['jwt', 200],
  [undefined, 200],
  ['at+jwt', 401],
  ['secevent+jwt', 401],
  ['dpop+jwt', 401],
  ['', 401],
] as const) {
  test(`rfc7523bis §4, S9: typ ${typ} is ${status}`, async () =>
    assert.equal((await send({}, { typ })).status, status));
}

test('RFC 7523 §3 (7), S11: an assertion is used once, and a bad one uses up no jti', async () => {
  const claims = { jti: 'the-one' };
  refused(await send({ ...claims, aud: 'https://other.example' }));
  refused(await send(claims, {}, other));
  const compact = await assertion(mine, as.clock.now, claims);
  const use = () => as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) });
  const answers = await Promise.all([use(), use(), use()]);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401]);
  refused(await use(), 'assertion_replayed');
  refused(await send(claims), 'assertion_replayed');
  assert.equal((await as.post('/introspect', { token: 'x', ...asserted(compact) })).status, 401);
});

test('RFC 7523 §3, S12: client_id of another client is 401, whoever it is', async () => {
  refused(await send({}, {}, mine, { client_id: 'tls' }));
  refused(await send({}, {}, mine, { client_id: 'nobody' }));
});

test('RFC 7515 §4.1: a key in the header, or where the header points to, is never taken', async () => {
  const { kid: _, ...jwk } = other.jwk;
  as.pages.set('https://attacker.example/jwks', () => ({ keys: [other.jwk] }));
  const leaf = await selfSigned('CN=attacker', {
    key: String(other.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  });
  for (const header of [
    {},
    { jwk },
    { jku: 'https://attacker.example/jwks' },
    { x5c: jwkOf(leaf)['x5c'] },
    { x5u: 'https://attacker.example/x5u' },
    { kid: undefined, jwk },
    { kid: '../../../dev/null' },
    { kid: '' },
  ]) {
    refused(await send({}, header, other));
  }
  assert.deepEqual(as.fetched, []);
});

test('RFC 7518 §3.6, RFC 8725 §2.1, S10: alg none, and HMAC with the public key, are refused', async () => {
  const good = await assertion(mine, as.clock.now);
  const [, payload] = good.split('.');
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const pem = createPublicKey(mine.privateKey).export({ type: 'spki', format: 'pem' });
  const forged = ['none', 'None', 'HS256'].flatMap((alg) => {
    const input = `${part({ alg, typ: 'JWT', kid: 'k1' })}.${payload}`;
    const mac = createHmac('sha256', pem).update(input).digest('base64url');
    return [`${input}.`, `${input}.${mac}`, input];
  });
  for (const compact of forged)
    refused(await as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) }));
});

test('RFC 7515 §5.2: a changed, cut, doubled or overlong assertion is refused, and never a 500', async () => {
  const good = await assertion(mine, as.clock.now);
  const [header = '', payload = '', signature = ''] = good.split('.');
  for (const compact of [
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature}.${signature}`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    'x',
    '..',
    '{}',
    `${Buffer.from('null').toString('base64url')}.${payload}.${signature}`,
    `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
    'a'.repeat(20_000),
    `${header}.${'a'.repeat(16_000)}.${signature}`,
  ]) {
    refused(await as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) }));
  }
});

test('RFC 7523 §3: a good assertion of more than 16 KB is refused unread', async () =>
  refused(await send({ padding: 'x'.repeat(13_000) })));

test('RFC 7515 §4.1.4: an assertion that names one key and is signed by another registered one is refused', async () => {
  await as.register(jwtClient('client', [mine.jwk, { ...other.jwk, kid: 'k2' }]));
  as.pass(2);
  refused(await send({}, { kid: 'k1' }, other));
  refused(await send({}, { kid: 'k2' }, mine));
  assert.equal((await send({}, { kid: undefined }, other)).status, 200);
});

test('RFC 7515 §4.1.11: crit in the header is refused', async () =>
  refused(
    await as.post('/token', {
      grant_type: 'client_credentials',
      ...asserted(
        (await assertion(mine, as.clock.now)).replace(
          /^[^.]+/,
          Buffer.from(JSON.stringify({ alg: 'ES256', crit: ['x'], x: 1, kid: 'k1' })).toString('base64url'),
        ),
      ),
    }),
  ));

test('RFC 7797 §7: an unencoded payload (b64) is refused, though its signature verifies', async () => {
  const [, payload = ''] = (await assertion(mine, as.clock.now)).split('.');
  const header = { alg: 'ES256', kid: 'k1', b64: false, crit: ['b64'] };
  const signed = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
  const signature = sign('sha256', Buffer.from(signed), { key: mine.privateKey, dsaEncoding: 'ieee-p1363' });
  const compact = `${signed}.${signature.toString('base64url')}`;
  refused(await as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) }));
});

test('RFC 7515 §2: an assertion with line breaks, white space or padding is refused', async () => {
  const good = await assertion(mine, as.clock.now);
  for (const compact of [`${good}\n`, ` ${good}`, `${good}==`, `${good}.`, good.replace('.', '=.')]) {
    refused(await as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) }));
  }
  assert.equal((await as.post('/token', { grant_type: 'client_credentials', ...asserted(good) })).status, 200);
});

test('RFC 7521 §4.2: assertion and assertion type come together, and the type is that of RFC 7523', async () => {
  const compact = await assertion(mine, as.clock.now);
  const grant = { grant_type: 'client_credentials', client_id: 'client' };
  refused(await as.post('/token', { ...grant, client_assertion: compact }));
  refused(await as.post('/token', { ...grant, client_assertion_type: asserted('')['client_assertion_type'] ?? '' }));
  const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
  refused(await as.post('/token', { ...grant, client_assertion: compact, client_assertion_type: saml }));
});

test('RFC 6749 §2.3, C29: an assertion and a secret or Authorization header are two mechanisms', async () => {
  const form = { grant_type: 'client_credentials', ...asserted(await assertion(mine, as.clock.now)) };
  for (const answer of [
    await as.post('/token', { ...form, client_secret: 'x' }),
    await as.post('/token', form, undefined, { authorization: 'Basic Y2xpZW50Ong=' }),
  ]) {
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request']);
  }
});

test('C29: a client of another method, an unknown and a disabled one are refused alike', async () => {
  refused(await send({ iss: 'tls', sub: 'tls' }), 'method_mismatch');
  refused(await send({ iss: 'nobody', sub: 'nobody' }), 'client_unknown');
  await as.register(jwtClient('client', [mine.jwk], { disabled: true }));
  as.pass(2);
  refused(await send(), 'client_disabled');
});

test('RFC 8705 §2, C29: a certificate does not authenticate a client of private_key_jwt', async () => {
  await as.register(jwtClient('tls-named', [mine.jwk]));
  const answer = await as.token(tls, { client_id: 'tls-named' });
  refused(answer, 'method_mismatch');
});

test('C32: the same check at token, introspection and revocation', async () => {
  for (const path of ['/token', '/introspect', '/revoke']) {
    const base = { grant_type: 'client_credentials', token: 'x' };
    const good = await as.post(path, { ...base, ...asserted(await assertion(mine, as.clock.now)) });
    assert.equal(good.status, 200, `${path} ${good.body}`);
    const bad = await as.post(path, { ...base, ...asserted(await assertion(other, as.clock.now)) });
    assert.equal(bad.status, 401, path);
  }
});

test('tenant legacy_audiences: endpoint URLs of either host are taken besides the issuer, and nothing else', async () => {
  const legacy = await authorizationServer({ tenant: { legacy_audiences: true } });
  await legacy.register(jwtClient('client', [mine.jwk]));
  const tokenFor = async (aud: unknown) =>
    (
      await legacy.post('/token', {
        grant_type: 'client_credentials',
        ...asserted(await assertion(mine, legacy.clock.now, { aud })),
      })
    ).status;
  for (const aud of [
    'https://auth.example',
    'https://auth.example/token',
    'https://mtls.auth.example/token',
    ['https://other.example', 'https://auth.example/introspect'],
  ]) {
    assert.equal(await tokenFor(aud), 200, String(aud));
  }
  for (const aud of ['https://auth.example/', 'https://auth.example/jwks', 'https://other.example/token', [], null]) {
    assert.equal(await tokenFor(aud), 401, String(aud));
  }
});

test('RFC 7591 §2, C27: keys at jwks_uri rotate: fetched once, once more for an unknown key, and a flood is one fetch', async () => {
  await as.register({ client_id: 'client', token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
  as.pages.set(jwks_uri, () => ({ keys: [mine.jwk] }));
  as.pass(2);
  as.fetched.length = 0;
  assert.equal((await send()).status, 200);
  assert.equal((await send()).status, 200);
  assert.equal(as.fetched.length, 1);
  const next = signingPair('ES256', 'k2');
  as.pass(2);
  as.pages.set(jwks_uri, () => ({ keys: [mine.jwk, next.jwk] }));
  assert.equal((await send({}, { kid: 'k2' }, next)).status, 200);
  assert.equal(as.fetched.length, 2);
  as.pass(2);
  for (let i = 0; i < 5; i++) refused(await send({}, { kid: `k${i}` }, other));
  assert.equal(as.fetched.length, 3);
});

test('RFC 7517 §4: a key verifies inside its window alone', async () => {
  await as.register(
    jwtClient('client', [
      { ...mine.jwk, exp: seconds() + 10 },
      { ...other.jwk, kid: 'k2', nbf: seconds() + 5 },
    ]),
  );
  as.pass(2);
  assert.equal((await send()).status, 200);
  refused(await send({}, { kid: 'k2' }, other));
  as.pass(9);
  refused(await send());
  assert.equal((await send({}, { kid: 'k2' }, other)).status, 200);
});

test('RFC 7523 §5: nothing of an assertion reaches the log', async () => {
  for (const pair of [mine, other]) {
    const compact = await assertion(pair, as.clock.now, { jti: 'a-very-secret-jti' });
    const answer = await as.post('/token', { grant_type: 'client_credentials', ...asserted(compact) });
    const line = JSON.stringify(answer.line);
    for (const part of [...compact.split('.'), 'a-very-secret-jti']) assert.ok(!line.includes(part));
  }
});
