import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { ClientMetadata } from '../../lib/oauth/ports.ts';
import type { Tenant } from '../../lib/oauth/tenant.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';
import {
  asserted,
  assertion,
  jwkOf,
  jwtClient,
  selfSigned,
  selfSignedClient,
  signingPair,
} from './client-authentication/registered-keys.ts';

const pair = signingPair();
const own = await selfSigned('CN=own');

let as: AuthorizationServer;
let leaf: Awaited<ReturnType<AuthorizationServer['issue']>>;
let api: typeof leaf;

before(async () => {
  as = await authorizationServer();
  leaf = await as.issue({ subject: 'CN=leaf' });
  api = await as.issue({ subject: 'CN=api' });
  await as.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  await as.register({ client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf' });
  await as.register(selfSignedClient('own', [jwkOf(own)]));
  await as.register(jwtClient('jwt', [pair.jwk]));
});

async function set(tenant: Partial<Tenant>, client?: ClientMetadata): Promise<void> {
  const found = await as.stores.tenants.find('default');
  assert.ok(found);
  await as.stores.tenants.save({ ...found, ...tenant });
  if (client !== undefined) await as.register(client);
  as.pass(2);
}

const jwtToken = async (certificate?: { readonly certificate: string }, form: Record<string, string> = {}) =>
  as.post(
    '/token',
    {
      grant_type: 'client_credentials',
      ...asserted(await assertion(pair, as.clock.now, { iss: 'jwt', sub: 'jwt' })),
      ...form,
    },
    certificate?.certificate,
  );

type Answer = Awaited<ReturnType<typeof jwtToken>>;

const claimsOf = async (answer: Answer) => (await as.introspect(answer.json()['access_token'], api)).json();

/** What came of a request: `bound`, `unbound`, or the error. */
async function outcome(answer: Answer): Promise<string> {
  if (answer.status !== 200) return `${answer.status} ${answer.json()['error']}`;
  assert.equal(answer.json()['token_type'], 'Bearer', 'B4');
  const claims = await claimsOf(answer);
  assert.equal(claims['active'], true);
  return claims['cnf'] === undefined ? 'unbound' : 'bound';
}

/** Tenant policy × client flag × certificate on the connection, for a client whose method needs none. */
for (const [policy, flag, withCertificate, withoutCertificate] of [
  ['always', false, 'bound', 'unbound'],
  ['always', true, 'bound', '400 invalid_request'],
  ['client', false, 'unbound', 'unbound'],
  ['client', true, 'bound', '400 invalid_request'],
  ['off', false, 'unbound', 'unbound'],
  ['off', true, 'unbound', 'unbound'],
] as const) {
  test(`RFC 8705 §3.4, B2, B3: policy ${policy}, client ${flag}: ${withCertificate}, without a certificate ${withoutCertificate}`, async () => {
    const tls_client_certificate_bound_access_tokens = flag;
    await set(
      { certificate_bound_access_tokens: policy },
      jwtClient('jwt', [pair.jwk], { tls_client_certificate_bound_access_tokens }),
    );
    assert.equal(await outcome(await jwtToken(leaf)), withCertificate);
    assert.equal(await outcome(await jwtToken()), withoutCertificate);
    await set(
      {},
      { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf', tls_client_certificate_bound_access_tokens },
    );
    await set({}, selfSignedClient('own', [jwkOf(own)], { tls_client_certificate_bound_access_tokens }));
    assert.equal(await outcome(await as.token(leaf, { client_id: 'tls' })), withCertificate, 'tls_client_auth');
    assert.equal(
      await outcome(await as.token(own, { client_id: 'own' })),
      withCertificate,
      'self_signed_tls_client_auth',
    );
    const metadata = (await as.get('/.well-known/oauth-authorization-server')).json();
    assert.equal(metadata['tls_client_certificate_bound_access_tokens'], policy !== 'off');
  });
}

test('FAPI 2.0 §5.3.2.1 (4), B2: what is missing is told, in public words', async () => {
  await set(
    { certificate_bound_access_tokens: 'always' },
    jwtClient('jwt', [pair.jwk], { tls_client_certificate_bound_access_tokens: true }),
  );
  const answer = await jwtToken();
  assert.match(String(answer.json()['error_description']), /mutual TLS certificate is required/);
  assert.equal(answer.line?.reason, 'no_certificate');
});

test('design §7: a certificate that binds a token of private_key_jwt needs a path and a good status: never an unbound token', async () => {
  await set({ certificate_bound_access_tokens: 'always' }, jwtClient('jwt', [pair.jwk]));
  const expired = await as.issue({
    subject: 'CN=expired',
    notBefore: new Date(0),
    notAfter: new Date(as.clock.now.getTime() - 1),
  });
  const revoked = await as.issue({ subject: 'CN=revoked' });
  await as.revoke(revoked);
  for (const [certificate, reason] of [
    [own, 'chain_untrusted'],
    [expired, 'certificate_expired'],
    [revoked, 'certificate_revoked'],
    [{ certificate: 'no certificate' }, 'certificate_unparsable'],
  ] as const) {
    const answer = await jwtToken(certificate);
    assert.deepEqual(
      [answer.status, answer.json()['error'], answer.json()['access_token']],
      [400, 'invalid_request', undefined],
    );
    assert.equal(answer.line?.reason, reason);
  }
  as.responder.reply = 'silent';
  const unknown = await jwtToken(await as.issue({ subject: 'CN=unasked' }));
  as.responder.reply = 'answers';
  assert.deepEqual([unknown.status, unknown.json()['error']], [503, 'temporarily_unavailable']);
  assert.ok(unknown.headers['retry-after']);
});

test('design §7, N10: a bound token of private_key_jwt dies with its certificate, an unbound one with its client', async () => {
  const bound = await jwtToken(leaf);
  const unbound = await jwtToken();
  assert.deepEqual([await outcome(bound), await outcome(unbound)], ['bound', 'unbound']);
  const mortal = await as.issue({ subject: 'CN=mortal' });
  const dying = await jwtToken(mortal);
  await as.revoke(mortal);
  as.pass(301);
  assert.equal((await jwtToken(mortal)).status, 400);
  const row = await as.stores.certificates.find('default', thumbprint(mortal.der), as.clock.now);
  assert.equal(row?.statuses[0]?.status, 'revoked', 'told to all processes by the row that tokens stand on');
  assert.deepEqual(await claimsOf(dying), { active: false });
  assert.equal(await outcome(bound), 'bound');
  await set({}, jwtClient('jwt', [pair.jwk], { disabled: true }));
  assert.deepEqual([await claimsOf(bound), await claimsOf(unbound)], [{ active: false }, { active: false }]);
  await set({}, jwtClient('jwt', [pair.jwk]));
});

test('RFC 8705 §3: an unbound token is inactive once its client must bind', async () => {
  const unbound = await jwtToken();
  assert.equal(await outcome(unbound), 'unbound');
  await set({}, jwtClient('jwt', [pair.jwk], { tls_client_certificate_bound_access_tokens: true }));
  const answer = await as.introspect(unbound.json()['access_token'], api);
  assert.deepEqual(answer.json(), { active: false });
  assert.equal(answer.line?.reason, 'token_not_bound');
  await set({}, jwtClient('jwt', [pair.jwk]));
});

test('B19: the life of a bound token ends with the certificate, also where that only binds', async () => {
  const short = await as.issue({ subject: 'CN=short', notAfter: new Date(as.clock.now.getTime() + 120_000) });
  const expires = Number((await jwtToken(short)).json()['expires_in']);
  assert.ok(expires <= 120 && expires > 100, String(expires));
});

test('HID H-14: another name of client_credentials works for the tenant that has it, and for none else', async () => {
  const alias = 'urn:hid:oauth:grant-type:client-secret-pki';
  const ask = (grant_type: string) => as.token(leaf, { client_id: 'tls', grant_type });
  const unknown = await ask(alias);
  assert.deepEqual([unknown.status, unknown.json()['error']], [400, 'unsupported_grant_type']);
  await set({ grant_type_aliases: [alias] }, { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf' });
  assert.equal((await ask(alias)).status, 200);
  const metadata = (await as.get('/.well-known/oauth-authorization-server')).json();
  assert.deepEqual(metadata['grant_types_supported'], ['client_credentials', alias]);
  await set({}, { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf', grant_types: ['authorization_code'] });
  assert.equal((await ask(alias)).json()['error'], 'unauthorized_client');
  await set({}, { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf', grant_types: [alias] });
  assert.deepEqual(
    [(await ask(alias)).status, (await ask('client_credentials')).json()['error']],
    [200, 'unauthorized_client'],
  );
  await set({}, { client_id: 'public', token_endpoint_auth_method: 'none', grant_types: [alias] });
  const open = await as.post('/token', { grant_type: alias, client_id: 'public' });
  assert.deepEqual([open.status, open.json()['error']], [400, 'unauthorized_client']);
  await set({ grant_type_aliases: [] }, { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf' });
});

test('RFC 6749 §4.4.3, §5.2, B26, B27: no refresh token, and no grant but client_credentials', async () => {
  const answer = await as.token(leaf, { client_id: 'tls' });
  assert.deepEqual(Object.keys(answer.json()).sort(), ['access_token', 'expires_in', 'token_type']);
  for (const grant_type of [
    'password',
    'implicit',
    'authorization_code',
    'refresh_token',
    'constructor',
    '__proto__',
  ]) {
    const refused = await as.token(leaf, { client_id: 'tls', grant_type, username: 'u', password: 'p' });
    assert.deepEqual([refused.status, refused.json()['error']], [400, 'unsupported_grant_type'], grant_type);
  }
});

test('RFC 6749 §5.2, B28: a scope that is not the client’s is refused, a subset is echoed', async () => {
  await set({}, { client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf', scope: 'read write' });
  assert.equal((await as.token(leaf, { client_id: 'tls', scope: 'read' })).json()['scope'], 'read');
  assert.equal((await as.token(leaf, { client_id: 'tls' })).json()['scope'], 'read write');
  for (const scope of ['admin', 'read admin', 'READ', '"', 'read\twrite']) {
    const refused = await as.token(leaf, { client_id: 'tls', scope });
    assert.deepEqual([refused.status, refused.json()['error']], [400, 'invalid_scope'], scope);
  }
});
