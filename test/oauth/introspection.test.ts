import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';

const inactive = '{"active":false}';
const issuer = 'https://auth.example';
const jwt = { accept: 'application/token-introspection+jwt' };

let server: AuthorizationServer;
let leaf: KeyedCertificate;
let other: KeyedCertificate;
let api: KeyedCertificate;
let token: string;

async function scene(settings: Parameters<typeof authorizationServer>[0] = {}): Promise<void> {
  server = await authorizationServer(settings);
  await server.register({
    client_id: 'client',
    tls_client_auth_subject_dn: 'CN=client',
    scope: 'read write',
    resources: ['https://api.example/a', 'https://api.example/b'],
  });
  await server.register({ client_id: 'api', tls_client_auth_subject_dn: 'CN=api', resource_server_for: [issuer] });
  await server.register({ client_id: 'stranger', tls_client_auth_subject_dn: 'CN=api' });
  leaf = await server.issue({ subject: 'CN=client' });
  other = await server.issue({ subject: 'CN=client' });
  api = await server.issue({ subject: 'CN=api' });
  token = await issued();
}

beforeEach(() => scene());

async function issued(form: Record<string, string> = {}): Promise<string> {
  const answer = await server.token(leaf, form);
  assert.equal(answer.status, 200, answer.body);
  return String(answer.json()['access_token']);
}

const introspect = (form: Record<string, string> | string = {}, headers: Record<string, string> = {}) =>
  server.post(
    '/introspect',
    typeof form === 'string' ? form : { token, client_id: 'api', ...form },
    api.certificate,
    headers,
  );

const bindingOf = async (form: Record<string, string>) => {
  const answer = (await introspect(form)).json();
  return { active: answer['active'], binding: answer['binding'] as Record<string, unknown> | undefined };
};

test('RFC 7662 §2.1 (N1): a caller that does not authenticate gets 401 and nothing of the token', async () => {
  const unknown = await introspect({ client_id: 'nobody' });
  assert.deepEqual([unknown.status, unknown.json()['error']], [401, 'invalid_client']);
  const nobody = await server.post('/introspect', { token, client_id: 'api' });
  assert.deepEqual([nobody.status, nobody.body], [401, unknown.body]);
});

test('RFC 7662 §2.3 (N1): whoever tries Basic or Bearer is told so by WWW-Authenticate', async () => {
  for (const authorization of ['Basic YTpi', 'Bearer abc']) {
    const answer = await introspect({}, { authorization });
    assert.equal(answer.status, 401);
    assert.match(String((answer.headers as Record<string, string>)['www-authenticate']), /^Basic realm=/);
  }
});

test('RFC 7662 §2.2 (N2): unknown, expired, revoked, malformed and foreign tokens get one and the same answer', async () => {
  const revoked = await issued();
  await server.post('/revoke', { token: revoked, client_id: 'client' }, leaf.certificate);
  const foreign = await issued({ resource: 'https://api.example/a' });
  for (const each of ['unknown', revoked, foreign, '\u0000', 'ü', 'x'.repeat(60_000), '..', `${token} `]) {
    const answer = await introspect({ token: each });
    assert.deepEqual([answer.status, answer.body], [200, inactive], each.slice(0, 20));
  }
  server.pass(3600);
  assert.equal((await introspect()).body, inactive);
});

test('RFC 8705 §3.2, RFC 7662 §2.2 (N3, I-03, I-04): every member of an active token, cnf at the top level', async () => {
  const iat = server.clock.now.getTime() / 1000;
  assert.deepEqual(
    { ...(await introspect()).json(), jti: '' },
    {
      active: true,
      token_type: 'Bearer',
      client_id: 'client',
      sub: 'client',
      scope: 'read write',
      aud: issuer,
      iss: issuer,
      iat,
      nbf: iat,
      exp: iat + 3600,
      jti: '',
      cnf: { 'x5t#S256': thumbprint(leaf.der) },
    },
  );
});

test('RFC 7662 §4 (N4): seen by its own client and by whom it is for, by no other client', async () => {
  assert.equal((await introspect()).json()['active'], true);
  assert.equal((await server.introspect(token, leaf, 'client')).json()['active'], true);
  const answer = await introspect({ client_id: 'stranger' });
  assert.deepEqual([answer.body, answer.line?.reason], [inactive, 'audience_not_allowed']);
});

test('RFC 7662 §2.1 (N6): POST and a form only, no token in the query', async () => {
  const get = await server.get('/introspect');
  assert.deepEqual([get.status, (get.headers as Record<string, string>)['allow']], [405, 'POST']);
  const answer = await introspect({}, { 'content-type': 'application/json' });
  assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request']);
});

test('RFC 7662 §2.1 (N7): without token, or with an empty one, the request is invalid', async () => {
  for (const form of ['client_id=api', 'client_id=api&token=', `client_id=api&token=${token}&token=${token}`]) {
    const answer = await introspect(form);
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request']);
  }
});

test('RFC 7662 §2.1 (N8): a wrong or unknown token_type_hint finds the token still', async () => {
  for (const token_type_hint of ['refresh_token', 'access_token', 'pumpkin', '']) {
    assert.equal((await introspect({ token_type_hint })).json()['active'], true);
  }
});

test('extension (N9): binding is there only when it is asked for', async () => {
  assert.equal('binding' in (await introspect()).json(), false);
  for (const form of [{ binding: '0' }, { binding: '' }, { scope: 'read' }, { resource: issuer }]) {
    assert.equal('binding' in (await introspect(form as Record<string, string>)).json(), false);
  }
  const as_of = server.clock.now.getTime() / 1000;
  assert.deepEqual(await bindingOf({ binding: '1' }), {
    active: true,
    binding: { verdict: 'bound', status: 'good', as_of, stale: false },
  });
});

/** The certificate in every form in which a proxy or a library hands it on. */
const forms = ({ certificate, der }: KeyedCertificate): Record<string, Record<string, string>> => ({
  PEM: { client_certificate: certificate },
  'PEM with CRLF': { client_certificate: certificate.replaceAll('\n', '\r\n') },
  'URL-encoded PEM (nginx)': { client_certificate: encodeURIComponent(certificate) },
  'PEM folded to one line (Apache)': { client_certificate: certificate.trim().replaceAll('\n', ' ') },
  'DER in base64': { client_certificate: Buffer.from(der).toString('base64') },
  'x5t#S256': { 'x5t#S256': thumbprint(der) },
});

test('extension (N9, A-08): the certificate that was presented matches, in every form', async () => {
  for (const [name, form] of Object.entries(forms(leaf))) {
    const { active, binding } = await bindingOf(form);
    assert.deepEqual([active, binding?.['verdict'], binding?.['status']], [true, 'match', 'good'], name);
  }
});

test('extension (N9, A-11): another certificate is a mismatch and makes the token inactive for this caller', async () => {
  for (const [name, form] of Object.entries(forms(other))) {
    const answer = await introspect(form);
    const { active, binding, ...rest } = answer.json() as { active: boolean; binding: Record<string, unknown> };
    assert.deepEqual(
      [active, rest, binding['verdict'], binding['reason']],
      [false, {}, 'mismatch', 'certificate_mismatch'],
      name,
    );
    assert.equal(answer.line?.reason, 'certificate_mismatch');
  }
  assert.equal((await introspect()).json()['active'], true, 'for a caller that does not ask it stays active');
});

test('extension (N9): a caller that may not see the token learns nothing, whatever it asks', async () => {
  const foreign = await issued({ resource: 'https://api.example/a' });
  for (const hidden of [foreign, 'unknown']) {
    for (const form of [{ binding: '1' }, ...Object.values(forms(leaf)), ...Object.values(forms(other))]) {
      assert.equal((await introspect({ ...(form as Record<string, string>), token: hidden })).body, inactive);
    }
  }
});

test('RFC 6960 §2.2 (N10): a revoked certificate is told as reason and status, with its age', async () => {
  await introspect();
  await server.revoke(leaf);
  server.pass(301);
  const as_of = server.clock.now.getTime() / 1000;
  assert.equal((await introspect()).body, inactive);
  assert.deepEqual(await bindingOf({ binding: '1' }), {
    active: false,
    binding: { verdict: 'refused', reason: 'certificate_revoked', status: 'revoked', as_of, stale: false },
  });
  assert.equal((await bindingOf({ client_certificate: leaf.certificate })).binding?.['verdict'], 'refused');
});

test('RFC 7009 §2.1 (N9): a revoked token is told as such', async () => {
  await server.post('/revoke', { token, client_id: 'client' }, leaf.certificate);
  const { active, binding } = await bindingOf({ binding: '1' });
  assert.deepEqual([active, binding?.['verdict'], binding?.['reason']], [false, 'refused', 'token_revoked']);
});

test('RFC 7662 §2.2 (N14): a disabled client is told as such', async () => {
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', disabled: true });
  server.pass(2);
  const { active, binding } = await bindingOf({ binding: '1' });
  assert.deepEqual([active, binding?.['verdict'], binding?.['reason']], [false, 'refused', 'client_disabled']);
});

test('protocol §4.2 (N11): a stale status is told as stale, with the time it is of', async () => {
  const as_of = server.clock.now.getTime() / 1000;
  await introspect();
  server.responder.reply = 'silent';
  server.pass(400);
  assert.deepEqual(await bindingOf({ binding: '1' }), {
    active: true,
    binding: { verdict: 'bound', status: 'good', as_of, stale: true },
  });
});

test('RFC 5280 §6.3 (N9): where the tenant checks no status, none is claimed', async () => {
  await scene({ tenant: { status_policy: { ...defaultStatusPolicy, mode: 'off' } } });
  assert.deepEqual(await bindingOf({ binding: '1' }), {
    active: true,
    binding: { verdict: 'bound', status: 'not_checked', stale: false },
  });
});

test('features §1.2 (A-09): scope and resource sufficiency in one call', async () => {
  const yes = [{ scope: 'read' }, { scope: 'write read' }, { resource: issuer }, { scope: 'read', resource: issuer }];
  const no = [
    ['scope_insufficient', { scope: 'admin' }],
    ['scope_insufficient', { scope: 'read admin' }],
    ['scope_insufficient', { scope: 'READ' }],
    ['audience_not_allowed', { resource: 'https://api.example/a' }],
    ['audience_not_allowed', { resource: `${issuer}/` }],
  ] as const;
  for (const form of yes) assert.equal((await introspect(form as Record<string, string>)).json()['active'], true);
  for (const [reason, form] of no) {
    const plain = await introspect(form);
    assert.deepEqual([plain.body, plain.line?.reason], [inactive, reason]);
    const told = await bindingOf({ ...form, binding: '1' });
    assert.deepEqual([told.active, told.binding?.['verdict'], told.binding?.['reason']], [false, 'refused', reason]);
  }
});

test('features §1.2 (A-09): a token without scope is sufficient for none', async () => {
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  server.pass(2);
  token = await issued();
  assert.equal((await introspect({ scope: 'read' })).line?.reason, 'scope_insufficient');
});

test('extension (N9): a check that cannot be understood is an invalid request, never left out', async () => {
  const der = Buffer.from(leaf.der);
  const forms: Record<string, string>[] = [
    { client_certificate: 'x' },
    { client_certificate: '(null)' },
    { client_certificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----' },
    { client_certificate: leaf.certificate + leaf.certificate },
    { client_certificate: leaf.certificate.replace('BEGIN CERTIFICATE', 'BEGIN TRUSTED CERTIFICATE') },
    { client_certificate: leaf.certificate.slice(0, -40) },
    { client_certificate: '%' },
    { client_certificate: '%ff%fe' },
    { client_certificate: `${encodeURIComponent(leaf.certificate)}%` },
    { client_certificate: der.toString('base64url') },
    { client_certificate: der.subarray(0, 100).toString('base64') },
    { client_certificate: Buffer.concat([der, Buffer.of(0)]).toString('base64') },
    { client_certificate: Buffer.alloc(17 * 1024, 0x30).toString('base64') },
    { client_certificate: leaf.key },
    { 'x5t#S256': 'A'.repeat(42) },
    { 'x5t#S256': `${thumbprint(leaf.der)}=` },
    { 'x5t#S256': `${'A'.repeat(42)}B` },
    { 'x5t#S256': der.subarray(0, 32).toString('hex') },
    { 'x5t#S256': thumbprint(leaf.der), client_certificate: leaf.certificate },
    { scope: '"' },
    { scope: 'a\tb' },
    { resource: 'not a uri' },
    { resource: 'https://api.example/#fragment' },
  ];
  for (const form of forms) {
    const answer = await introspect(form);
    const told = JSON.stringify(form).slice(0, 80);
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request'], told);
  }
});

test('RFC 7662 §2.2 (N12): no answer is kept, whether active, inactive or signed', async () => {
  await scene({ tenant: { signed_introspection: true } });
  for (const answer of [await introspect(), await introspect({ token: 'x' }), await introspect({}, jwt)]) {
    const headers = answer.headers as Record<string, string>;
    assert.deepEqual([headers['cache-control'], headers['pragma']], ['no-store', 'no-cache']);
  }
});

async function verified(body: string, audience = 'api') {
  const { keys } = (await server.get('/jwks')).json() as { keys: never[] };
  return jwtVerify(body, createLocalJWKSet({ keys }), {
    issuer,
    audience,
    typ: 'token-introspection+jwt',
    currentDate: server.clock.now,
  });
}

for (const access_token_signing_alg of ['ES256', 'PS256', 'EdDSA'] as const) {
  test(`RFC 9701 §5 (N13): ${access_token_signing_alg}: the signed answer holds the plain one and nothing beside it`, async () => {
    await scene({ tenant: { signed_introspection: true, access_token_signing_alg } });
    const answer = await introspect({}, jwt);
    assert.deepEqual(
      [answer.status, (answer.headers as Record<string, string>)['content-type']],
      [200, 'application/token-introspection+jwt'],
    );
    const { payload } = await verified(answer.body);
    assert.deepEqual(payload, {
      iss: issuer,
      aud: 'api',
      iat: server.clock.now.getTime() / 1000,
      token_introspection: (await introspect()).json(),
    });
  });
}

test('RFC 9701 §5 (N13): an inactive token is told inside, with nothing else; binding where it is asked for', async () => {
  await scene({ tenant: { signed_introspection: true } });
  const { payload } = await verified((await introspect({ token: 'x' }, jwt)).body);
  assert.deepEqual(payload['token_introspection'], { active: false });
  const mismatch = await introspect({ client_certificate: other.certificate }, jwt);
  const told = (await verified(mismatch.body)).payload['token_introspection'] as Record<string, unknown>;
  assert.equal((told['binding'] as Record<string, unknown>)['verdict'], 'mismatch');
});

test('RFC 9701 §4: signed only for who asks; other types and a q of 0 get JSON', async () => {
  await scene({ tenant: { signed_introspection: true } });
  const typeOf = async (accept: string) =>
    ((await introspect({}, { accept })).headers as Record<string, string>)['content-type'];
  for (const accept of [
    '',
    '*/*',
    'application/json',
    'application/*',
    'application/jwt',
    `${jwt.accept};q=0`,
    `${jwt.accept}; q=0.0`,
    `${jwt.accept}x`,
  ]) {
    assert.match(String(await typeOf(accept)), /^application\/json/, accept);
  }
  for (const accept of [`application/json, ${jwt.accept}`, jwt.accept.toUpperCase(), `${jwt.accept};q=0.5`]) {
    assert.equal(await typeOf(accept), jwt.accept, accept);
  }
});

test('RFC 9701 §4: a tenant that does not sign, or a deployment that cannot, answers in JSON', async () => {
  for (const settings of [{}, { tenant: { signed_introspection: true }, keyWrap: false }]) {
    await scene(settings);
    const answer = await introspect({}, jwt);
    assert.equal(answer.json()['active'], true);
    assert.equal((await introspect({ client_id: 'nobody' }, jwt)).status, 401);
  }
});

test('RFC 9701 §5 (N1): a caller of the signed form that does not authenticate gets 400', async () => {
  await scene({ tenant: { signed_introspection: true } });
  const answer = await introspect({ client_id: 'nobody' }, jwt);
  assert.deepEqual(
    [answer.status, answer.json()['error'], answer.line?.reason],
    [400, 'invalid_client', 'client_unknown'],
  );
  assert.equal((await introspect({ client_id: 'nobody' })).status, 401);
});

test('RFC 9701 §8.1: a signed answer is no access token, and no access token an answer', async () => {
  await scene({ tenant: { signed_introspection: true } });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', access_token_format: 'jwt' });
  server.pass(2);
  token = await issued();
  const { body } = await introspect({}, jwt);
  assert.equal((await introspect({ token: body })).body, inactive);
  const kid = (text: string) => JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()).kid;
  assert.notEqual(kid(body), kid(token));
  await assert.rejects(verified(token));
});

test('RFC 9701 §7, RFC 8414 §2 (S16): metadata names the algorithm of signed answers only where there are any', async () => {
  const member = async () =>
    (await server.get('/.well-known/oauth-authorization-server')).json()['introspection_signing_alg_values_supported'];
  assert.equal(await member(), undefined);
  await scene({ tenant: { signed_introspection: true, access_token_signing_alg: 'PS256' } });
  assert.deepEqual(await member(), ['PS256']);
  await scene({ tenant: { signed_introspection: true }, keyWrap: false });
  assert.equal(await member(), undefined);
});

test('performance §5: binding and a certificate cost no read more', async () => {
  await introspect();
  server.calls.length = 0;
  await introspect({ client_certificate: leaf.certificate, scope: 'read', resource: issuer });
  assert.deepEqual(server.calls, ['tokens.find']);
});

test('RFC 7662 §4: nothing of the token or of the certificate that was shown is in the log, but its thumbprint', async () => {
  const { line } = await introspect({ client_certificate: other.certificate });
  const text = JSON.stringify(line);
  assert.equal(line?.presented_thumbprint, thumbprint(other.der));
  assert.ok(!text.includes(token) && !text.includes('BEGIN CERT'));
});
