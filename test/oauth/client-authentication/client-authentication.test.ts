import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { digestsOfCertificate } from '../../../lib/oauth/certificate-index.ts';
import { parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { printName } from '../../../lib/pki/certificate/name.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { generalName, issue, subjectAltName } from '../../pki/issue.ts';
import { type AuthorizationServer, authorizationServer } from '../authorization-server.ts';
import { asserted, assertion, jwkOf, jwtClient, selfSigned, selfSignedClient, signingPair } from './registered-keys.ts';

const pair = signingPair();
const own = await selfSigned('CN=own');

let as: AuthorizationServer;
type Leaf = Awaited<ReturnType<AuthorizationServer['issue']>>;
let leaf: Leaf;
let api: Leaf;
let revoked: Leaf;

before(async () => {
  as = await authorizationServer();
  leaf = await as.issue({ subject: 'CN=leaf' });
  api = await as.issue({ subject: 'CN=api' });
  revoked = await as.issue({ subject: 'CN=leaf' });
  await as.revoke(revoked);
  await as.register({ client_id: 'tls', tls_client_auth_subject_dn: 'CN=leaf' });
  await as.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  await as.register(selfSignedClient('own', [jwkOf(own)]));
  await as.register(jwtClient('jwt', [pair.jwk]));
  await as.register({ client_id: 'public', token_endpoint_auth_method: 'none' });
});

const grant = { grant_type: 'client_credentials' };

test('S24, C3, C5: unknown client, wrong, revoked, foreign and no certificate are one answer, to the byte', async () => {
  const jwtOf = async (id: string, by = pair) =>
    as.post('/token', { ...grant, ...asserted(await assertion(by, as.clock.now, { iss: id, sub: id })) });
  const answers = {
    unknown: await as.token(leaf, { client_id: 'nobody' }),
    wrong: await as.token(leaf, { client_id: 'api' }),
    revoked: await as.token(revoked, { client_id: 'tls' }),
    untrusted: await as.token(own, { client_id: 'tls' }),
    notRegistered: await as.token(await selfSigned('CN=own'), { client_id: 'own' }),
    none: await as.post('/token', { ...grant, client_id: 'tls' }),
    noneOfUnknown: await as.post('/token', { ...grant, client_id: 'nobody' }),
    noClientId: await as.post('/token', grant, leaf.certificate),
    otherMethod: await as.token(leaf, { client_id: 'jwt' }),
    unknownAssertion: await jwtOf('nobody'),
    badAssertion: await jwtOf('jwt', signingPair()),
    methodOfAssertion: await jwtOf('tls'),
    overlong: await as.token(leaf, { client_id: 'x'.repeat(1000) }),
  };
  const { status, headers, body } = answers.unknown;
  assert.equal(status, 401);
  for (const [what, answer] of Object.entries(answers)) {
    assert.deepEqual([answer.status, answer.headers, answer.body], [status, headers, body], what);
  }
  assert.deepEqual(
    Object.values(answers).map(({ line }) => line?.reason),
    [
      'client_unknown',
      'subject_mismatch',
      'certificate_revoked',
      'chain_untrusted',
      'not_registered',
      'no_certificate',
      'no_certificate',
      'client_unknown',
      'method_mismatch',
      'client_unknown',
      'assertion_invalid',
      'method_mismatch',
      'client_unknown',
    ],
  );
});

test('tenant show_reasons: the reason stands in error_description, of authentication and of binding', async () => {
  const open = await authorizationServer({ tenant: { show_reasons: true } });
  const one = await open.issue({ subject: 'CN=one' });
  await open.register(jwtClient('jwt', [pair.jwk], { tls_client_certificate_bound_access_tokens: true }));
  const unknown = (await open.token(one, { client_id: 'nobody' })).json();
  assert.deepEqual(unknown, {
    error: 'invalid_client',
    error_description: 'Client authentication failed: client_unknown',
  });
  const plain = (await open.post('/token', { client_id: 'nobody' })).json();
  assert.equal(plain['error_description'], 'The parameter grant_type is missing');
  const jwt = asserted(await assertion(pair, open.clock.now, { iss: 'jwt', sub: 'jwt' }));
  assert.match(
    String((await open.post('/token', { ...grant, ...jwt })).json()['error_description']),
    /: no_certificate$/,
  );
});

test('RFC 6749 §4.4, C31: a public client gets no token, with or without a certificate that is trusted', async () => {
  for (const certificate of [undefined, leaf.certificate, own.certificate]) {
    const answer = await as.post('/token', { ...grant, client_id: 'public' }, certificate);
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'unauthorized_client']);
  }
});

test('RFC 7662 §2.1, N1: a public client is never heard at introspection', async () => {
  for (const certificate of [undefined, leaf.certificate]) {
    const answer = await as.post('/introspect', { token: 'x', client_id: 'public' }, certificate);
    assert.deepEqual([answer.status, answer.json()['error']], [401, 'invalid_client']);
  }
});

test('RFC 7009 §2.1, B25: a public client revokes by its client_id, and its own tokens only', async () => {
  const token = String((await as.token(leaf, { client_id: 'tls' })).json()['access_token']);
  const foreign = await as.post('/revoke', { token, client_id: 'public' });
  assert.deepEqual([foreign.status, foreign.json()['error']], [400, 'unauthorized_client']);
  assert.equal((await as.introspect(token, api)).json()['active'], true);
  assert.equal((await as.post('/revoke', { token: 'unknown', client_id: 'public' })).status, 200);
  for (const client_id of ['tls', 'jwt', 'own', 'nobody']) {
    assert.equal((await as.post('/revoke', { token, client_id })).status, 401, client_id);
  }
});

test('C32: every endpoint takes the self-signed method, and refuses its wrong certificate', async () => {
  const stranger = await selfSigned('CN=own');
  for (const path of ['/token', '/introspect', '/revoke']) {
    const form = { ...grant, token: 'x', client_id: 'own' };
    assert.equal((await as.post(path, form, own.certificate)).status, 200, path);
    assert.equal((await as.post(path, form, stranger.certificate)).status, 401, path);
  }
});

test('RFC 6749 §2.3, C29: two mechanisms are invalid_request, a wrong one is invalid_client', async () => {
  const form = { ...grant, client_id: 'tls' };
  const basic = { authorization: 'Basic dGxzOng=' };
  for (const answer of [
    await as.post('/token', { ...form, client_secret: 'x' }, leaf.certificate),
    await as.post('/token', { ...form, client_secret: 'x' }, undefined, basic),
    await as.post('/token', { ...form, ...asserted('x') }, leaf.certificate, basic),
  ]) {
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request']);
  }
  for (const answer of [
    await as.post('/token', { ...form, client_secret: 'x' }),
    await as.post('/token', form, undefined, basic),
    await as.post('/token', { ...form, ...asserted('x') }, leaf.certificate),
  ]) {
    assert.deepEqual([answer.status, answer.json()['error']], [401, 'invalid_client']);
  }
  assert.match(
    (await as.post('/token', form, undefined, basic)).headers['www-authenticate'] ?? '',
    /^Basic realm=/,
    'S4',
  );
});

test('RFC 6749 §3.2, S3: a repeated parameter is refused, an empty one is absent', async () => {
  for (const name of ['client_id', 'client_assertion', 'grant_type']) {
    const twice = new URLSearchParams({ ...grant, client_id: 'tls' }).toString();
    const answer = await as.post('/token', `${twice}&${name}=a&${name}=a`, leaf.certificate);
    assert.deepEqual([answer.status, answer.json()['error']], [400, 'invalid_request'], name);
  }
  const empty = { client_secret: '', client_assertion: '', client_assertion_type: '' };
  assert.equal((await as.token(leaf, { client_id: 'tls', ...empty })).status, 200);
  assert.equal((await as.token(leaf, { client_id: '' })).status, 401);
});

test('C21: a client may be held to the CA and to the one certificate it registered', async () => {
  const spki = (der: Uint8Array) => {
    const parsed = parseCertificate(der);
    assert.ok(parsed.ok);
    return parsed.value.spkiSha256;
  };
  const { root, intermediate } = as.authority;
  for (const [members, reason] of [
    [{ tls_client_auth_ca_spki_s256: spki(intermediate.der) }, undefined],
    [{ tls_client_auth_ca_spki_s256: spki(root.der) }, undefined],
    [{ tls_client_auth_ca_spki_s256: spki(leaf.der) }, 'ca_not_allowed'],
    [{ tls_client_auth_ca_spki_s256: spki(own.der) }, 'ca_not_allowed'],
    [{ tls_client_auth_x5t_s256: thumbprint(leaf.der) }, undefined],
    [{ tls_client_auth_x5t_s256: thumbprint(own.der) }, 'certificate_mismatch'],
    [{ tls_client_auth_ca_spki_s256: spki(own.der), tls_client_auth_x5t_s256: thumbprint(own.der) }, 'ca_not_allowed'],
  ] as const) {
    await as.register({ client_id: 'pinned', tls_client_auth_subject_dn: 'CN=leaf', ...members });
    as.pass(2);
    const answer = await as.token(leaf, { client_id: 'pinned' });
    assert.deepEqual([answer.status, answer.line?.reason], [reason === undefined ? 200 : 401, reason]);
  }
});

test('HID H-04, N10: a token dies when its client registers another certificate or CA', async () => {
  const client = { client_id: 'pinned', tls_client_auth_subject_dn: 'CN=leaf' };
  for (const member of ['tls_client_auth_x5t_s256', 'tls_client_auth_ca_spki_s256']) {
    await as.register(client);
    as.pass(2);
    const token = (await as.token(leaf, { client_id: 'pinned' })).json()['access_token'];
    assert.equal((await as.introspect(token, api)).json()['active'], true);
    await as.register({ ...client, [member]: thumbprint(own.der) });
    as.pass(2);
    assert.deepEqual((await as.introspect(token, api)).json(), { active: false });
  }
});

test('C4: without client_id a certificate authenticates at introspection alone, and only the one resource server it is of', async () => {
  const token = String((await as.token(leaf, { client_id: 'tls' })).json()['access_token']);
  const ask = (certificate: string) => as.post('/introspect', { token }, certificate);
  const known = await ask(api.certificate);
  assert.deepEqual([known.status, known.json()['active'], known.line?.client_id], [200, true, 'api']);
  for (const path of ['/token', '/revoke']) {
    assert.equal((await as.post(path, { ...grant, token }, api.certificate)).status, 401, path);
  }
  const plain = await ask(leaf.certificate);
  assert.deepEqual([plain.status, plain.line?.reason], [401, 'client_unknown'], 'no resource server');
  assert.deepEqual([(await ask(own.certificate)).status, (await ask(revoked.certificate)).status], [401, 401]);
  assert.equal((await as.post('/introspect', { token })).status, 401);
  const second = {
    client_id: 'api-2',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://two.example'],
  };
  await as.register(second);
  as.pass(2);
  const both = await ask(api.certificate);
  assert.deepEqual([both.status, both.line?.reason], [401, 'client_unknown'], 'two match');
  await as.register({ ...second, disabled: true });
  as.pass(2);
  assert.equal((await ask(api.certificate)).status, 200, 'one of them is disabled');
});

test('C4: where more clients have one name than are looked at, the certificate alone tells none of them', async () => {
  const shared = await as.issue({ subject: 'CN=shared' });
  const rs = { tls_client_auth_subject_dn: 'CN=shared', resource_server_for: ['https://auth.example'] };
  for (const [index, client_id] of ['s1', 's2', 's3', 's4'].entries()) {
    await as.register({ client_id, ...rs, disabled: index > 0 });
  }
  assert.equal((await as.post('/introspect', { token: 'x' }, shared.certificate)).status, 200);
  await as.register({ client_id: 's5', ...rs, disabled: true });
  assert.equal((await as.post('/introspect', { token: 'x' }, shared.certificate)).status, 401);
});

test('C4: however many names a certificate has, one BatchGetItem asks for them (100 keys at most)', () => {
  const names = Array.from({ length: 200 }, (_, index) => generalName.dns(`host-${index}.example`));
  assert.equal(digestsOfCertificate(issue({ extensions: [subjectAltName(names)] }).certificate).length, 32);
});

test('C4: a resource server is known by each kind of name and by a registered certificate', async () => {
  const rs = { resource_server_for: ['https://auth.example'] };
  const names = [
    ['tls_client_auth_san_dns', 'RS.example.com', { type: 'dNSName', value: 'rs.example.COM' }],
    [
      'tls_client_auth_san_uri',
      'https://RS.example/A',
      { type: 'uniformResourceIdentifier', value: 'https://rs.example/A' },
    ],
    ['tls_client_auth_san_ip', '2001:DB8:0:0:0:0:0:1', { type: 'iPAddress', value: '2001:db8::1' }],
    ['tls_client_auth_san_email', 'Ops@RS.example', { type: 'rfc822Name', value: 'Ops@rs.example' }],
  ] as const;
  for (const [member, value, name] of names) {
    const certificate = await as.issue({ subject: '', subjectAltName: [name] });
    await as.register({ client_id: member, [member]: value, ...rs });
    const answer = await as.post('/introspect', { token: 'x' }, certificate.certificate);
    assert.deepEqual([answer.status, answer.line?.client_id], [200, member]);
  }
  const certificate = await selfSigned('CN=self-signed-rs');
  await as.register(selfSignedClient('self-signed-rs', [jwkOf(certificate)], rs));
  const answer = await as.post('/introspect', { token: 'x' }, certificate.certificate);
  assert.deepEqual([answer.status, answer.line?.client_id], [200, 'self-signed-rs']);
  const sameKey = await selfSigned('CN=self-signed-rs', { key: certificate.key });
  assert.equal((await as.post('/introspect', { token: 'x' }, sameKey.certificate)).status, 401);
});

for (const [days, bucket] of [
  [61, undefined],
  [60, 60],
  [31, 60],
  [30, 30],
  [8, 30],
  [7, 7],
  [1, 7],
] as const) {
  test(`rotation: a certificate that ends in ${days} days is ${bucket} in the record`, async () => {
    const notAfter = new Date(as.clock.now.getTime() + days * 86_400_000);
    const answer = await as.token(await as.issue({ subject: 'CN=leaf', notAfter }), { client_id: 'tls' });
    assert.equal(answer.status, 200);
    assert.equal(answer.line?.certificate_expires_in_days, bucket);
  });
}

test('RFC 8414 §2, S16: metadata lists for each endpoint what works there, and no algorithm without a key', async () => {
  const metadata = (await as.get('/.well-known/oauth-authorization-server')).json();
  const methods = ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt'];
  assert.deepEqual(metadata['token_endpoint_auth_methods_supported'], methods);
  assert.deepEqual(metadata['introspection_endpoint_auth_methods_supported'], methods);
  assert.deepEqual(metadata['revocation_endpoint_auth_methods_supported'], [...methods, 'none']);
  for (const endpoint of ['token', 'introspection', 'revocation']) {
    const algorithms = metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`] as string[];
    assert.equal(algorithms.includes('RS256'), endpoint === 'introspection', endpoint);
    assert.ok(algorithms.includes('ES256') && !algorithms.some((alg) => alg === 'none' || alg.startsWith('HS')));
  }
});

test('P18: a certificate refused as revoked is told to all processes by the row that its tokens stand on', async () => {
  const mortal = await as.issue({ subject: 'CN=leaf' });
  assert.equal((await as.token(mortal, { client_id: 'tls' })).status, 200);
  await as.revoke(mortal);
  as.pass(301);
  assert.equal((await as.token(mortal, { client_id: 'tls' })).line?.reason, 'certificate_revoked');
  const row = await as.stores.certificates.find('default', thumbprint(mortal.der), as.clock.now);
  assert.equal(row?.statuses[0]?.status, 'revoked');
});

test('RFC 8705 §2.1, C1: the leaf alone is the client: no name of its issuer, and no second certificate in the text', async () => {
  const { intermediate, root } = as.authority;
  const issuer = parseCertificate(intermediate.der);
  assert.ok(issuer.ok);
  await as.register({ client_id: 'authority', tls_client_auth_subject_dn: printName(issuer.value.subject) });
  const asAuthority = await as.token(leaf, { client_id: 'authority' });
  assert.deepEqual([asAuthority.status, asAuthority.line?.reason], [401, 'subject_mismatch']);
  const chains = [
    `${leaf.certificate}${intermediate.certificate}${root.certificate}`,
    `${intermediate.certificate}${leaf.certificate}`,
    `${api.certificate}${leaf.certificate}`,
    intermediate.certificate,
  ];
  for (const certificate of chains) {
    for (const client_id of ['tls', 'authority']) {
      const answer = await as.token({ ...leaf, certificate }, { client_id });
      assert.deepEqual([answer.status, answer.json()['error']], [401, 'invalid_client']);
    }
  }
  assert.equal((await as.token(leaf, { client_id: 'tls' })).status, 200);
});
