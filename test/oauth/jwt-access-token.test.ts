import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { before, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { signJws } from '../../lib/oauth/jws.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';

const inactive = '{"active":false}';
const issuer = 'https://auth.example';

let server: AuthorizationServer;
let leaf: KeyedCertificate;
let api: KeyedCertificate;

async function scene(settings: Parameters<typeof authorizationServer>[0] = {}) {
  server = await authorizationServer(settings);
  await server.register({
    client_id: 'client',
    tls_client_auth_subject_dn: 'CN=client',
    access_token_format: 'jwt',
    scope: 'read write',
    resources: ['https://api.example/a', 'https://api.example/b'],
  });
  await server.register({ client_id: 'opaque', tls_client_auth_subject_dn: 'CN=client' });
  await server.register({ client_id: 'api', tls_client_auth_subject_dn: 'CN=api', resource_server_for: [issuer] });
  leaf = await server.issue({ subject: 'CN=client' });
  api = await server.issue({ subject: 'CN=api' });
}

before(() => scene());

type Jws = { header: Record<string, unknown>; claims: Record<string, unknown>; signature: string };

const decode = (part = ''): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString());
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function parts(token: string): Jws {
  const [header, claims, signature = ''] = token.split('.');
  return { header: decode(header), claims: decode(claims), signature };
}

async function issued(form: Record<string, string> = {}): Promise<string> {
  const answer = await server.token(leaf, form);
  assert.equal(answer.status, 200, answer.body);
  return String(answer.json()['access_token']);
}

const keysOf = async () => {
  const answer = await server.get('/jwks');
  return (answer.json() as { keys: Record<string, string>[] }).keys;
};

async function refused(token: string, reason = 'token_unknown'): Promise<void> {
  const answer = await server.introspect(token, api);
  assert.deepEqual([answer.status, answer.body, answer.line?.reason], [200, inactive, reason]);
}

for (const [alg, length] of [
  ['ES256', 64],
  ['PS256', 256],
  ['EdDSA', 64],
] as const) {
  test(`RFC 9068 §2 (B21): ${alg}: every claim is there, and jose verifies the token by our JWKS`, async () => {
    await scene({ tenant: { access_token_signing_alg: alg } });
    const token = await issued({ scope: 'read' });
    const { payload, protectedHeader } = await jwtVerify(
      token,
      createLocalJWKSet({ keys: (await keysOf()) as never }),
      {
        issuer,
        audience: issuer,
        typ: 'at+jwt',
        algorithms: [alg],
        currentDate: server.clock.now,
      },
    );
    const iat = server.clock.now.getTime() / 1000;
    assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ']);
    assert.deepEqual(
      { ...payload, jti: '' },
      {
        iss: issuer,
        aud: issuer,
        sub: 'client',
        client_id: 'client',
        scope: 'read',
        iat,
        nbf: iat,
        exp: iat + 3600,
        jti: '',
        cnf: { 'x5t#S256': thumbprint(leaf.der) },
      },
    );
    assert.equal(Buffer.from(parts(token).signature, 'base64url').length, length);
    assert.equal((await server.introspect(token, api)).json()['active'], true);
  });
}

test('RFC 8707 §2 (B22): several resources are an array in aud', async () => {
  await scene();
  const answer = await server.post(
    '/token',
    'grant_type=client_credentials&client_id=client&resource=https://api.example/a&resource=https://api.example/b',
    leaf.certificate,
  );
  const { claims } = parts(String(answer.json()['access_token']));
  assert.deepEqual(claims['aud'], ['https://api.example/a', 'https://api.example/b']);
  const alien = await server.token(leaf, { resource: 'https://other.example' });
  assert.deepEqual([alien.status, alien.json()['error']], [400, 'invalid_target']);
});

test('RFC 6750 §4 (B4): the token is a Bearer token, its answer names no other type', async () => {
  assert.equal((await server.token(leaf)).json()['token_type'], 'Bearer');
});

test('RFC 7662 §2.2 (N3): a JWT is introspected as an opaque token is', async () => {
  const { claims } = parts(await issued());
  const answer = (await server.introspect(await issued(), api)).json();
  assert.deepEqual({ ...answer, jti: '' }, { active: true, token_type: 'Bearer', ...claims, jti: '' });
});

test('performance §5: a JWT is 0 writes and 0 reads warm', async () => {
  await issued();
  server.calls.length = 0;
  await issued();
  assert.deepEqual(server.calls, []);
});

test('performance §5: introspection of a JWT is 1 read warm', async () => {
  const token = await issued();
  await server.introspect(token, api);
  server.calls.length = 0;
  await server.introspect(token, api);
  assert.deepEqual(server.calls, ['tokens.deniedAt']);
});

test('RFC 7009 §2.1 (B23): a JWT is revoked by its own client, and stays alive when another tries', async () => {
  const token = await issued();
  const foreign = await server.post('/revoke', { client_id: 'opaque', token }, leaf.certificate);
  assert.deepEqual([foreign.status, foreign.json()['error']], [400, 'unauthorized_client']);
  assert.equal((await server.introspect(token, api)).json()['active'], true);
  const own = await server.post('/revoke', { client_id: 'client', token }, leaf.certificate);
  assert.equal(own.status, 200);
  await refused(token, 'token_revoked');
  const again = await server.post('/revoke', { client_id: 'client', token }, leaf.certificate);
  assert.deepEqual([again.status, again.body], [200, '']);
});

test('RFC 7009 §2.2 (B23): a JWT that is none of ours is revoked with 200 and writes nothing', async () => {
  server.calls.length = 0;
  for (const token of ['a.b.c', `${await issued()}x`, '..', 'e30.e30.e30']) {
    const answer = await server.post('/revoke', { client_id: 'client', token }, leaf.certificate);
    assert.equal(answer.status, 200);
  }
  assert.deepEqual(
    server.calls.filter((call) => /deny|save|revoke/.test(call)),
    [],
  );
});

test('RFC 7662 §2.2 (N4): a JWT is seen by its client and by whom it is for, by nobody else', async () => {
  const token = await issued({ resource: 'https://api.example/a' });
  await refused(token, 'audience_not_allowed');
  assert.equal((await server.introspect(token, leaf, 'client')).json()['active'], true);
});

test('RFC 6960 §2.2 (N10): a JWT dies with its certificate', async () => {
  await scene();
  const token = await issued();
  await server.revoke(leaf);
  server.pass(301);
  await refused(token, 'certificate_revoked');
});

test('RFC 7662 §2.2 (N14): a JWT dies with its client', async () => {
  await scene();
  const token = await issued();
  await server.stores.clients.remove('default', 'client');
  server.pass(2);
  await refused(token, 'client_unknown');
});

test('RFC 7519 §4.1.4: a JWT is dead from the second of its exp', async () => {
  await scene();
  const token = await issued();
  server.pass(3599);
  assert.equal((await server.introspect(token, api)).json()['active'], true);
  server.pass(1);
  await refused(token, 'token_expired');
});

test('RFC 8725 §3.1: alg none is refused, signed or not', async () => {
  await scene();
  const { header, claims, signature } = parts(await issued());
  for (const alg of ['none', 'None', 'NONE', '']) {
    for (const end of ['', signature]) await refused(`${encode({ ...header, alg })}.${encode(claims)}.${end}`);
  }
});

test('RFC 8725 §2.1: HS256 with the public key as its secret is refused, whatever the form of the key', async () => {
  const { header, claims } = parts(await issued());
  const [key] = await keysOf();
  const { createPublicKey } = await import('node:crypto');
  const publicKey = createPublicKey({ key: key as never, format: 'jwk' });
  const secrets = [
    publicKey.export({ type: 'spki', format: 'pem' }),
    publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(key),
    Buffer.from(String(key?.['x']), 'base64url'),
    '',
  ];
  for (const alg of ['HS256', 'ES256']) {
    for (const secret of secrets) {
      const input = `${encode({ ...header, alg })}.${encode(claims)}`;
      await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
    }
  }
});

test('RFC 8725 §3.1: another algorithm than the key is for is refused', async () => {
  const { header, claims, signature } = parts(await issued());
  for (const alg of ['ES384', 'ES512', 'RS256', 'PS256', 'EdDSA', 'ES256K', 'es256']) {
    await refused(`${encode({ ...header, alg })}.${encode(claims)}.${signature}`);
  }
});

test('RFC 8725 §3.1: a key signs with its own algorithm alone, also where the signature of another would verify', async () => {
  const { header, claims } = parts(await issued());
  const signer = await server.signer();
  const input = `${encode({ ...header, alg: 'EdDSA' })}.${encode(claims)}`;
  const signature = Buffer.from(await signer.sign(Buffer.from(input)));
  await refused(`${input}.${signature.toString('base64url')}`);
});

test('RFC 8725 §2.8: a token that no header takes is refused under a signature of ours, and never issued', async () => {
  const { header, claims } = parts(await issued());
  await refused(await ownSignature(header, { ...claims, scope: 'x'.repeat(8192) }));
});

test('RFC 8725 §3.10: a key that the token brings with it is not looked at', async () => {
  const { header, claims } = parts(await issued());
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const asked = server.responder.asked;
  for (const member of [
    { jwk },
    { jku: 'https://evil.example/jwks' },
    { x5u: 'https://evil.example/x5u' },
    { x5c: [Buffer.from(leaf.der).toString('base64')] },
    { crit: ['exp'] },
    { b64: false, crit: ['b64'] },
    { zip: 'DEF' },
    { cty: 'JWT' },
  ]) {
    await refused(forged({ ...header, ...member }, claims, privateKey));
  }
  assert.equal(server.responder.asked, asked, 'nobody was asked for a key');
});

test('RFC 8725 §3.10: a member too many is refused also under a signature of ours', async () => {
  const { header, claims } = parts(await issued());
  for (const member of [{ jku: `${issuer}/jwks` }, { x: 1 }]) {
    await refused(await ownSignature({ ...header, ...member }, claims));
  }
});

test('RFC 7515 §4.1.4: a kid that is a path, a query or another tenant’s finds nothing', async () => {
  const { header, claims } = parts(await issued());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const kid of ['', '../../etc/passwd', "' OR 1=1", '__proto__', 'constructor', 'x'.repeat(300), header['kid']]) {
    await refused(forged({ ...header, kid }, claims, privateKey));
  }
  for (const kid of [undefined, 1, null, [header['kid']], { kid: 1 }]) {
    await refused(forged({ ...header, kid }, claims, privateKey));
  }
});

test('RFC 9068 §4 (B21): typ JWT, an id token or an introspection answer is no access token', async () => {
  const { header, claims } = parts(await issued());
  for (const typ of ['JWT', 'jwt', 'AT+JWT', 'application/at+jwt', 'token-introspection+jwt', 'id_token', undefined]) {
    await refused(await ownSignature({ ...header, typ }, claims));
  }
  const idToken = { iss: issuer, aud: 'client', sub: 'client', exp: claims['exp'], iat: claims['iat'], nonce: 'n' };
  await refused(await ownSignature(header, idToken));
});

test('RFC 9068 §4: a claim that is changed, missing or of another type is refused under a signature of ours', async () => {
  const { header, claims } = parts(await issued());
  const changes: Record<string, unknown>[] = [
    { iss: 'https://other.example' },
    { iss: `${issuer}/` },
    { iss: undefined },
    { aud: undefined },
    { aud: [1] },
    { exp: String(claims['exp']) },
    { exp: undefined },
    { exp: 1.5 },
    { exp: -1 },
    { iat: null },
    { nbf: Number(claims['nbf']) + 61 },
    { jti: undefined },
    { jti: '' },
    { client_id: 7 },
    { sub: undefined },
    { scope: ['read'] },
    { acr: 2 },
    { cnf: {} },
    { cnf: null },
    { cnf: { jkt: thumbprint(leaf.der) } },
    { cnf: { 'x5t#S256': thumbprint(leaf.der), jkt: 'x' } },
    { cnf: { 'x5t#S256': `${thumbprint(leaf.der)}=` } },
  ];
  for (const change of changes) await refused(await ownSignature(header, { ...claims, ...change }));
});

test('RFC 7515 §5.2: a token with any character changed, cut or added is refused', async () => {
  const token = await issued();
  for (let i = 0; i < token.length; i += 7) {
    const other = token[i] === 'A' ? 'B' : 'A';
    const answer = await server.introspect(`${token.slice(0, i)}${other}${token.slice(i + 1)}`, api);
    assert.equal(answer.body, inactive, String(i));
  }
  for (const text of [
    token.slice(0, -1),
    `${token}A`,
    `${token}=`,
    `${token}.`,
    `.${token}`,
    ` ${token}`,
    `${token}\n`,
  ]) {
    await refused(text);
  }
});

test('RFC 7515 §2: one token has one form: unused bits of its encoding are refused', async () => {
  const token = await issued();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(token.at(-1) ?? '');
  await refused(`${token.slice(0, -1)}${alphabet[last ^ 1]}`);
});

test('RFC 8725 §2.8: what is no JWS is refused before anything of it is parsed', async () => {
  const deep = `${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`;
  for (const text of [
    '.',
    '..',
    '...',
    'a.b',
    'a.b.c.d.e',
    'e30.e30.e30',
    'bnVsbA.bnVsbA.AAAA',
    'W10.W10.AAAA',
    `${encode('x')}.${encode('x')}.AAAA`,
    `${Buffer.from(deep).toString('base64url')}.e30.AAAA`,
    `e30.${'A'.repeat(9000)}.AAAA`,
    '.'.repeat(60_000),
    'é.é.é',
    '\u0000.\u0000.\u0000',
  ]) {
    await refused(text);
  }
});

test('design §5: a token of another tenant or issuer is unknown here', async () => {
  const other = await authorizationServer({ tenant: { issuer: 'https://other.example' } });
  await other.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', access_token_format: 'jwt' });
  const answer = await other.token(await other.issue({ subject: 'CN=client' }));
  await refused(String(answer.json()['access_token']));
});

test('design §8: where nothing wraps keys, a JWT client gets no token and the JWKS is empty', async () => {
  await scene({ keyWrap: false });
  const answer = await server.token(leaf);
  assert.deepEqual(
    [answer.status, answer.json()['error'], answer.line?.reason],
    [400, 'unauthorized_client', 'no_signing_key'],
  );
  assert.deepEqual(await keysOf(), []);
  assert.equal((await server.token(leaf, { client_id: 'opaque' })).status, 200);
});

test('RFC 9470 §6.2 (H-15): the level of assurance of the method is acr in the token, in the answer and in context', async () => {
  await scene({ tenant: { assurance: { tls_client_auth: '2', private_key_jwt: '1' } } });
  const answer = await server.token(leaf);
  assert.deepEqual(answer.json()['context'], { LEVEL_OF_ASSURANCE: '2' });
  assert.equal(parts(String(answer.json()['access_token'])).claims['acr'], '2');
  for (const client_id of ['client', 'opaque']) {
    const { access_token } = (await server.token(leaf, { client_id })).json();
    assert.equal((await server.introspect(access_token, api)).json()['acr'], '2');
  }
});

test('RFC 9470 §6.2 (H-15): without configuration there is neither acr nor context', async () => {
  await scene();
  const answer = await server.token(leaf);
  assert.equal('context' in answer.json(), false);
  assert.equal('acr' in parts(String(answer.json()['access_token'])).claims, false);
});

test('features §1.2, §1.3: the lifetimes of HID (84600) and Authlete (86400) can be said (T-14)', async () => {
  await scene();
  for (const access_token_lifetime of [84_600, 86_400, 100]) {
    await server.register({
      client_id: 'client',
      tls_client_auth_subject_dn: 'CN=client',
      access_token_format: 'jwt',
      access_token_lifetime,
    });
    await server.register({ client_id: 'opaque', tls_client_auth_subject_dn: 'CN=client', access_token_lifetime });
    server.pass(2);
    const tenant = await server.stores.tenants.find('default');
    assert.ok(tenant);
    await server.stores.tenants.save({ ...tenant, status_policy: { ...tenant.status_policy, mode: 'off' } });
    server.pass(2);
    assert.equal((await server.token(leaf)).json()['expires_in'], access_token_lifetime);
    assert.equal((await server.token(leaf, { client_id: 'opaque' })).json()['expires_in'], access_token_lifetime);
  }
});

function forged(header: object, claims: object, key: KeyObject): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

/** Signed by the very key of the server: so that only the check under test can refuse it. */
async function ownSignature(header: object, claims: object): Promise<string> {
  const signer = await server.signer();
  return signJws(header as never, claims as never, signer.sign);
}

test('test of the test: a token that this file signs with the key of the server, unchanged, is active', async () => {
  await scene();
  const { header, claims } = parts(await issued());
  const answer = await server.introspect(await ownSignature(header, claims), api);
  assert.equal(answer.json()['active'], true);
});
