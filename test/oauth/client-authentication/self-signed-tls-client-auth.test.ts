import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { guardedFetch } from '../../../lib/adapters/http/fetch.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { issue } from '../../pki/issue.ts';
import { type AuthorizationServer, authorizationServer, start } from '../authorization-server.ts';
import { asserted, assertion, jwkOf, selfSigned, selfSignedClient, signingPair } from './registered-keys.ts';

const one = await selfSigned('CN=one');
const two = await selfSigned('CN=two');
const now = Math.floor(start.getTime() / 1000);
const bearer = (answer: { json: () => Record<string, unknown> }) => answer.json()['access_token'];

let as: AuthorizationServer;
let api: Awaited<ReturnType<AuthorizationServer['issue']>>;

beforeEach(async () => {
  as = await authorizationServer();
  api = await as.issue({ subject: 'CN=api' });
  await as.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  await as.register(selfSignedClient('client', [jwkOf(one), jwkOf(two)]));
});

async function refused(answer: Awaited<ReturnType<AuthorizationServer['token']>>, reason: string): Promise<void> {
  assert.equal(answer.status, 401, answer.body);
  assert.deepEqual(answer.json(), { error: 'invalid_client', error_description: 'Client authentication failed' });
  assert.equal(answer.line?.reason, reason);
}

async function isActive(token: unknown): Promise<boolean> {
  return (await as.introspect(token, api)).json()['active'] === true;
}

test('RFC 8705 §2.2, C22: any of the registered certificates authenticates, and the token is bound to that one', async () => {
  for (const certificate of [one, two]) {
    const answer = await as.token(certificate);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.line?.detail, undefined, 'that it has no path is no fault here');
    const claims = (await as.introspect(bearer(answer), api)).json();
    assert.deepEqual(claims['cnf'], { 'x5t#S256': thumbprint(certificate.der) });
  }
  assert.equal(as.responder.asked, 2, 'only about the certificates of the resource server');
});

test('RFC 8705 §2.2, C22: the same key in another certificate is another certificate', async () =>
  refused(await as.token(await selfSigned('CN=one', { key: one.key })), 'not_registered'));

test('RFC 8705 §2.2, C3: a certificate that another client registered is not this client’s', async () => {
  const other = await selfSigned('CN=other');
  await as.register(selfSignedClient('other', [jwkOf(other)]));
  as.pass(1);
  await refused(await as.token(other), 'not_registered');
  assert.equal((await as.token(other, { client_id: 'other' })).status, 200);
});

test('RFC 8705 §2.2, C23, P17: a certificate of a trusted CA may be registered, and is judged with its path and status', async () => {
  const leaf = await as.issue({ subject: 'CN=issued' });
  await as.register(selfSignedClient('client', [jwkOf(leaf)]));
  as.pass(1);
  const answer = await as.token(leaf);
  assert.equal(answer.status, 200, answer.body);
  await as.revoke(leaf);
  as.pass(301);
  await refused(await as.token(leaf), 'certificate_revoked');
  assert.equal(await isActive(bearer(answer)), false);
});

test('RFC 8705 §2.2: a registered certificate that is expired, not yet valid or blocked is refused', async () => {
  const young = await selfSigned('CN=young', { notBefore: new Date(start.getTime() + 3_600_000) });
  const old = await selfSigned('CN=old', { notAfter: new Date(start.getTime() - 1000) });
  await as.register(selfSignedClient('client', [jwkOf(young), jwkOf(old), jwkOf(one)]));
  as.pass(1);
  await refused(await as.token(young), 'certificate_not_yet_valid');
  await refused(await as.token(old), 'certificate_expired');
  const answer = await as.token(one);
  assert.equal(await isActive(bearer(answer)), true);
  await as.stores.blocks.add('default', { kind: 'certificate', thumbprint: thumbprint(one.der), added_at: now });
  as.pass(1);
  await refused(await as.token(one), 'certificate_blocked');
  assert.equal(await isActive(bearer(answer)), false);
});

test('tenant self_signed_path=require: without a path there is no authentication, and tokens die', async () => {
  const answer = await as.token(one);
  const tenant = await as.stores.tenants.find('default');
  assert.ok(tenant);
  await as.stores.tenants.save({ ...tenant, self_signed_path: 'require' });
  as.pass(1);
  await refused(await as.token(one), 'chain_untrusted');
  assert.equal(await isActive(bearer(answer)), false);
});

test('B19: a token does not outlive a registered certificate', async () => {
  const short = await selfSigned('CN=short', { notAfter: new Date(start.getTime() + 120_000) });
  await as.register(selfSignedClient('client', [jwkOf(short)]));
  as.pass(1);
  assert.equal((await as.token(short)).json()['expires_in'], 119);
});

test('rotation: a certificate works inside its window only, its token is not longer, and nothing breaks between', async () => {
  const keys = [jwkOf(one, { exp: now + 1000 }), jwkOf(two, { nbf: now + 500 })];
  await as.register(selfSignedClient('client', keys));
  as.pass(1);
  await refused(await as.token(two), 'certificate_not_active_yet');
  const first = await as.token(one);
  assert.equal(first.json()['expires_in'], 999);
  as.pass(499);
  const second = await as.token(two);
  assert.equal(second.json()['expires_in'], 3600);
  assert.equal((await as.token(one)).status, 200);
  assert.equal(await isActive(bearer(first)), true);
  as.pass(500);
  await refused(await as.token(one), 'certificate_retired');
  assert.equal(await isActive(bearer(first)), false);
  assert.equal(await isActive(bearer(second)), true);
});

test('design §7: a token dies when its certificate is taken away or its window is closed early', async () => {
  const [first, second] = [await as.token(one), await as.token(two)];
  assert.deepEqual([await isActive(bearer(first)), await isActive(bearer(second))], [true, true]);
  await as.register(selfSignedClient('client', [jwkOf(two, { exp: now + 2 })]));
  as.pass(1);
  assert.deepEqual([await isActive(bearer(first)), await isActive(bearer(second))], [false, true]);
  assert.equal((await as.introspect(bearer(first), api)).line?.reason, 'not_registered');
  as.pass(1);
  assert.equal(await isActive(bearer(second)), false);
  assert.equal((await as.introspect(bearer(second), api)).line?.reason, 'certificate_retired');
});

test('performance: a warm token is one write and no read, a warm introspection one read', async () => {
  const answer = await as.token(one);
  await isActive(bearer(answer));
  as.calls.length = 0;
  await as.token(one);
  assert.deepEqual(as.calls, ['tokens.save']);
  as.calls.length = 0;
  await isActive(bearer(answer));
  assert.deepEqual(as.calls, ['tokens.find']);
});

const jwks_uri = 'https://keys.example/jwks';
const published = (...keys: object[]) => as.pages.set(jwks_uri, () => ({ keys }));
const byUri = { client_id: 'client', token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks_uri };

test('RFC 7591 §2, C27: jwks_uri is fetched once, and a new certificate works at once', async () => {
  await as.register(byUri);
  published(jwkOf(one));
  as.pass(1);
  for (let i = 0; i < 5; i++) assert.equal((await as.token(one)).status, 200);
  assert.equal(as.fetched.length, 1);
  published(jwkOf(one), jwkOf(two));
  as.pass(2);
  // Those who are known already read what is kept; whoever joins them has not asked for anything new yet.
  const crowd = await Promise.all([one, one, two, one, two].map((certificate) => as.token(certificate)));
  assert.deepEqual(
    crowd.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
  assert.equal(as.fetched.length, 2);
});

test('RFC 7591 §2: one jwks_uri of a client of certificates and of one of assertions, asked at once, serves both', async () => {
  const pair = signingPair();
  await as.register(byUri);
  await as.register({ client_id: 'jwt', token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
  published(jwkOf(one), pair.jwk);
  as.pass(2);
  const jwt = asserted(await assertion(pair, as.clock.now, { iss: 'jwt', sub: 'jwt' }));
  const answers = await Promise.all([
    as.token(one),
    as.post('/token', { grant_type: 'client_credentials', ...jwt }),
    as.token(one),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
});

test('RFC 7591 §2, C27: a flood of unknown certificates makes one fetch, at once and one after the other', async () => {
  await as.register(byUri);
  published(jwkOf(one));
  as.pass(1);
  const strangers = await Promise.all(['CN=x', 'CN=y', 'CN=z'].map((subject) => selfSigned(subject)));
  await Promise.all(strangers.flatMap((stranger) => [as.token(stranger), as.token(stranger)]));
  for (const stranger of strangers) await refused(await as.token(stranger), 'not_registered');
  assert.equal(as.fetched.length, 1);
  assert.equal((await as.token(one)).status, 200, 'nor does it hinder who is known');
  as.pass(20);
  for (const stranger of strangers) await refused(await as.token(stranger), 'not_registered');
  assert.equal(as.fetched.length, 1);
  as.pass(11);
  await Promise.all(strangers.map((stranger) => as.token(stranger)));
  assert.equal(as.fetched.length, 2);
});

test('RFC 7591 §2: a certificate taken away at jwks_uri is refused, and its tokens die, after five minutes', async () => {
  await as.register(byUri);
  published(jwkOf(one), jwkOf(two));
  as.pass(1);
  const answer = await as.token(one);
  published(jwkOf(two));
  as.pass(299);
  assert.equal(await isActive(bearer(answer)), true);
  as.pass(2);
  assert.equal(await isActive(bearer(answer)), false);
  await refused(await as.token(one), 'not_registered');
});

test('RFC 7591 §2, C28: what does not answer, is too much or is no JWK Set is 401, and is left alone for a while', async () => {
  await as.register(byUri);
  as.pass(1);
  for (const page of [
    undefined,
    'not json',
    '[]',
    { keys: 'none' },
    { keys: [] },
    { keys: [{ kty: 'EC' }, null, 1] },
  ]) {
    as.pass(31);
    as.fetched.length = 0;
    as.pages.set(jwks_uri, () => page);
    for (let i = 0; i < 3; i++) await refused(await as.token(one), 'not_registered');
    assert.equal(as.fetched.length, 1, JSON.stringify(page));
  }
});

test('RFC 7591 §2: one JWK that cannot be read harms no other', async () => {
  await as.register(byUri);
  published({ kty: 'EC' }, jwkOf(two, { x5c: ['AAAA'] }), jwkOf(one));
  as.pass(1);
  assert.equal((await as.token(one)).status, 200);
  await refused(await as.token(two), 'not_registered');
});

test('RFC 7591 §2: while jwks_uri is silent what was fetched holds for fifteen minutes, and no longer', async () => {
  await as.register(byUri);
  published(jwkOf(one));
  as.pass(1);
  const answer = await as.token(one);
  as.pages.set(jwks_uri, () => undefined);
  as.pass(890);
  assert.equal(await isActive(bearer(answer)), true);
  as.pass(20);
  assert.equal(await isActive(bearer(answer)), false);
});

test('RFC 8705 Appendix A, P9: a certificate of X.509 version 1 may be registered', async () => {
  const ancient = issue({
    subject: 'CN=v1',
    version: 1,
    notBefore: new Date(0),
    notAfter: new Date('2030-01-01T00:00:00Z'),
  });
  assert.equal(ancient.certificate.version, 1);
  await as.register(selfSignedClient('client', [jwkOf(ancient)]));
  as.pass(1);
  const answer = await as.post('/token', { grant_type: 'client_credentials', client_id: 'client' }, ancient.pem);
  assert.equal(answer.status, 200, answer.body);
  assert.equal(await isActive(bearer(answer)), true);
});

test('RFC 7591 §2, C28: where the network leads to a private address nothing is fetched, and the answer is 401', async () => {
  const resolved: string[] = [];
  const guarded = guardedFetch({
    allowHosts: [],
    resolve: async (host) => {
      resolved.push(host);
      return ['169.254.169.254'];
    },
  });
  const real = await authorizationServer({ fetch: guarded });
  await real.register(byUri);
  await refused(await real.token(one), 'not_registered');
  assert.deepEqual(resolved, ['keys.example']);
});

test('design §5: a jwks_uri is fetched for each tenant by itself, after its own clients alone', async () => {
  await as.register(byUri);
  published(jwkOf(one));
  as.pass(1);
  const answer = await as.post(
    '/t/other/token',
    { grant_type: 'client_credentials', client_id: 'client' },
    one.certificate,
  );
  assert.equal(answer.status, 404);
  assert.deepEqual(as.fetched, []);
});
