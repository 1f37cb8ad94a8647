import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { defaultStatusPolicy, type StatusPolicy } from '../../lib/status/policy.ts';
import { type AuthorizationServer, authorizationServer, start } from './authorization-server.ts';

const inactive = '{"active":false}';

let server: AuthorizationServer;
let leaf: KeyedCertificate;
let api: KeyedCertificate;
let token: unknown;

async function scene(policy: Partial<StatusPolicy> = {}): Promise<void> {
  server = await authorizationServer({
    validity: 3600,
    tenant: { status_policy: { ...defaultStatusPolicy, ...policy } },
  });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  await server.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  leaf = await server.issue({ subject: 'CN=client' });
  api = await server.issue({ subject: 'CN=api' });
  const issued = await server.token(leaf);
  assert.equal(issued.status, 200, issued.body);
  token = issued.json()['access_token'];
}

beforeEach(() => scene());

async function assertInactive(reason: string): Promise<void> {
  const answer = await server.introspect(token, api);
  assert.deepEqual([answer.status, answer.body, answer.line?.reason], [200, inactive, reason]);
}

const assertActive = async () => assert.equal((await server.introspect(token, api)).json()['active'], true);

test('design §6: while the answer is fresh nobody is asked', async () => {
  await assertActive();
  const { asked } = server.responder;
  server.pass(299);
  await assertActive();
  assert.equal(server.responder.asked, asked);
});

test('RFC 6960 §2.2: a revocation is seen once the answer is older than maxStatusAge (N10)', async () => {
  await assertActive();
  await server.revoke(leaf);
  server.pass(299);
  await assertActive();
  server.pass(2);
  await assertInactive('certificate_revoked');
});

test('RFC 6960 §2.2: an answer of «revoked» stays, whatever is said later', async () => {
  await server.revoke(leaf);
  server.pass(301);
  await assertInactive('certificate_revoked');
  server.responder.reply = 'silent';
  server.pass(1000);
  const answer = await server.token(leaf);
  assert.deepEqual([answer.status, answer.line?.reason], [401, 'certificate_revoked']);
});

test('RFC 5280 §5.3.1: a certificate on hold is inactive', async () => {
  await server.revoke(leaf, 'certificateHold');
  server.pass(301);
  await assertInactive('certificate_on_hold');
});

test('RFC 5280 §6.1.3 (a)(3): a revoked intermediate takes all tokens below it (P17)', async () => {
  await server.revoke(server.authority.intermediate);
  server.pass(301);
  const answer = await server.token(leaf);
  assert.deepEqual([answer.status, answer.line?.reason], [401, 'issuer_revoked']);
});

for (const mode of ['hard-fail', 'soft-fail'] as const) {
  test(`protocol §4.2: responder silent, answer inside its nextUpdate: active and flagged stale (${mode}, N11)`, async () => {
    await scene({ mode });
    await assertActive();
    server.responder.reply = 'silent';
    server.pass(400);
    const answer = await server.introspect(token, api);
    assert.equal(answer.json()['active'], true);
    assert.equal(answer.line?.certificate_status?.[0]?.stale, true);
  });
}

test('protocol §4.2: hard-fail without any answer is 503 with Retry-After, for known and unknown clients alike', async () => {
  server.responder.reply = 'silent';
  const fresh = await server.issue({ subject: 'CN=client' });
  const known = await server.token(fresh);
  const unknown = await server.token(fresh, { client_id: 'nobody' });
  assert.deepEqual(
    [known.status, known.json()['error'], known.line?.reason],
    [503, 'temporarily_unavailable', 'revocation_unavailable'],
  );
  assert.deepEqual(unknown.body, known.body);
  assert.equal(unknown.status, 503);
  assert.match(String((known.headers as Record<string, string>)['retry-after']), /^[0-9]+$/);
});

test('protocol §4.2: a silent responder is asked again after the negative cache, not at every request', async () => {
  server.responder.reply = 'silent';
  const fresh = await server.issue({ subject: 'CN=client' });
  await server.token(fresh);
  const { asked } = server.responder;
  for (let i = 0; i < 5; i++) await server.token(fresh);
  assert.equal(server.responder.asked, asked);
  server.responder.reply = 'answers';
  server.pass(31);
  assert.equal((await server.token(fresh)).status, 200);
});

test('protocol §4.2: garbage from the responder is no answer, in both modes', async () => {
  server.responder.reply = 'garbage';
  const answer = await server.token(await server.issue({ subject: 'CN=client' }));
  assert.equal(answer.status, 503);
});

test('RFC 5280 §6.1.3 (a)(2): a token dies with the last second of its certificate', async () => {
  const short = await server.issue({ subject: 'CN=client', notAfter: new Date(start.getTime() + 100_000) });
  const { access_token } = (await server.token(short)).json();
  server.pass(99);
  assert.equal((await server.introspect(access_token, api)).json()['active'], true);
  server.pass(1);
  assert.equal((await server.introspect(access_token, api)).body, inactive);
});

test('design §7: a CA that leaves the truststore takes the tokens under it', async () => {
  await server.stores.truststore.remove('default', thumbprint(server.authority.intermediate.der));
  server.pass(2);
  const answer = await server.introspect(token, api);
  assert.equal(answer.status, 401, 'the resource server is under the same CA');
  await assertNewAnchor();
});

/** The resource server moves to another CA, so that it is heard; the token stays dead. */
async function assertNewAnchor(): Promise<void> {
  const other = await (await import('../../lib/local/authority.ts')).createAuthority({
    statusUrl: 'http://status.example',
    name: 'Other',
    at: start,
  });
  await server.stores.truststore.add('default', { type: 'anchor', certificate: other.root.der });
  await server.stores.truststore.add('default', { type: 'intermediate', certificate: other.intermediate.der });
  const tenant = await server.stores.tenants.find('default');
  assert.ok(tenant);
  await server.stores.tenants.save({ ...tenant, status_policy: { ...tenant.status_policy, mode: 'off' } });
  const { issueLeaf } = await import('../../lib/local/authority.ts');
  api = await issueLeaf(other, { subject: 'CN=api' }, start);
  server.pass(2);
  const answer = await server.introspect(token, api);
  assert.deepEqual([answer.status, answer.body], [200, inactive]);
  assert.match(String(answer.line?.reason), /^chain_/);
}

test('RFC 7662 §2.2: a client that is removed or disabled takes its tokens (N14)', async () => {
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client', disabled: true });
  server.pass(2);
  await assertInactive('client_disabled');
  await server.stores.clients.remove('default', 'client');
  server.pass(2);
  await assertInactive('client_unknown');
});

test('RFC 8705 §2.1.2: a client that is registered with another subject takes its tokens', async () => {
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=successor' });
  server.pass(2);
  await assertInactive('subject_mismatch');
});

test('design §6: 100 requests at once with one certificate ask the responder once for each certificate of the path', async () => {
  const fresh = await server.issue({ subject: 'CN=client' });
  server.pass(301);
  server.responder.asked = 0;
  const answers = await Promise.all(Array.from({ length: 100 }, () => server.token(fresh)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(server.responder.asked, 2);
});

test('pki §4: the certificates of the caller and of the token are asked about within the time of one request', async () => {
  const late = { by: 0 };
  const timeouts: number[] = [];
  const world = await authorizationServer();
  const server = await authorizationServer({
    world: world.world,
    elapsed: () => performance.now() + late.by,
    fetch: (request) => {
      timeouts.push(request.timeout);
      // Each answer comes when most of the time of the request is over.
      late.by += 1_500;
      return world.world.fetch(request);
    },
  });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  await server.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  const [leaf, api] = [await server.issue({ subject: 'CN=client' }), await server.issue({ subject: 'CN=api' })];
  const token = await server.token(leaf);
  assert.equal(token.status, 200);
  server.pass(301);
  late.by = 0;
  timeouts.length = 0;
  await server.introspect(token.json()['access_token'], api);
  assert.ok(timeouts.length >= 2, 'both certificates were asked about');
  assert.ok(Math.min(...timeouts) <= 2_500 - 1_000, `${timeouts}: later questions have less time`);
  assert.ok(timeouts.length <= 3 && timeouts.every((timeout) => timeout <= 2_500));
});
