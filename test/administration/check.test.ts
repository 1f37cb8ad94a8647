import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { type Check, type CheckInput, check } from '../../lib/administration/check.ts';
import { issueCertificate, type KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import type { ClientMetadata } from '../../lib/oauth/ports.ts';
import { parseCertificate } from '../../lib/pki/certificate/certificate.ts';
import { buildBlocks } from '../../lib/status/blocks.ts';
import { type AuthorizationServer, authorizationServer, type Settings } from '../oauth/authorization-server.ts';
import { accepted, refusals } from './registry.ts';

const subject = 'CN=client,O=Example,C=DE';
const client: ClientMetadata = { client_id: 'client', tls_client_auth_subject_dn: subject };
const api: ClientMetadata = {
  client_id: 'api',
  tls_client_auth_subject_dn: 'CN=api,O=Example',
  resource_server_for: ['https://auth.example'],
};

async function world(settings: Settings = {}) {
  const as = await authorizationServer(settings);
  await as.register(client);
  await as.register(api);
  const good = await as.issue({ subject });
  const run = async (
    certificate: Pick<KeyedCertificate, 'certificate'> | Uint8Array,
    input: Partial<CheckInput> = { client_id: 'client' },
  ): Promise<Check> => {
    const file = certificate instanceof Uint8Array ? certificate : Buffer.from(certificate.certificate);
    const ports = { ...as.server, clients: as.stores.clients };
    return accepted(await check({ tenant: 'default', file, ...input }, ports));
  };
  return { ...as, good, run };
}

const stepsIn = (found: Check) => found.steps.map(({ step, outcome }) => `${step} ${outcome}`);
const failed = (found: Check) => found.steps.find(({ outcome }) => outcome === 'failed');

/** What check foretells is what the token endpoint then does. */
async function foretold(as: AuthorizationServer, found: Check, leaf: KeyedCertificate, client_id = 'client') {
  const answer = await as.token(leaf, { client_id });
  assert.equal(found.token?.status, answer.status);
  assert.equal(found.token?.error, answer.json()['error']);
  assert.equal(found.token?.expires_in, answer.json()['expires_in']);
  if (answer.status !== 200) assert.equal(found.reason, answer.line?.reason);
  return answer;
}

test('certbound check: a good certificate passes every step, and nothing is written', async () => {
  const as = await world();
  as.calls.splice(0);
  const found = await as.run(as.good);
  assert.deepEqual(stepsIn(found), [
    'parse ok',
    'key ok',
    'path ok',
    'blocks ok',
    'status ok',
    'status ok',
    'client ok',
    'match ok',
    'token ok',
    'introspection ok',
  ]);
  assert.equal(found.accepted, true);
  assert.equal(found.reason, undefined);
  assert.deepEqual(
    as.calls.filter((call) => /save|add|revoke|deny|bump/.test(call)),
    [],
  );
  await foretold(as, found, as.good);
});

test('certbound check: a status says its source, its times, its address and whether it was asked now', async () => {
  const as = await world();
  const [leaf, intermediate] = (await as.run(as.good)).steps.filter(({ step }) => step === 'status');
  assert.equal(leaf?.certificate, subject);
  assert.match(intermediate?.certificate ?? '', /Intermediate CA/);
  assert.equal(leaf?.status?.source, 'ocsp');
  assert.deepEqual(leaf?.status?.fetchedAt, as.clock.now);
  assert.equal(leaf?.status?.cached, false);
  assert.ok(leaf?.addresses?.includes('http://status.example/ocsp'));
  assert.match(leaf?.asked?.[0]?.outcome ?? '', /^[0-9]+ bytes$/);
  assert.match(leaf?.found ?? '', /^good, by OCSP, as of .* until .* asked at /);
});

test('certbound check: what was asked before is remembered and not asked again', async () => {
  const as = await world();
  await as.token(as.good);
  const asked = as.responder.asked;
  const found = await as.run(as.good);
  assert.deepEqual(found.asked, []);
  assert.equal(as.responder.asked, asked);
  assert.equal(found.accepted, true);
});

test('certbound check: it leaves no memory behind: the token endpoint still writes its certificate row', async () => {
  const as = await world();
  await as.run(as.good);
  as.calls.splice(0);
  const token = (await as.token(as.good)).json()['access_token'];
  assert.ok(as.calls.includes('certificates.save'), as.calls.join());
  const apiLeaf = await as.issue({ subject: 'CN=api,O=Example' });
  assert.equal((await as.introspect(token, apiLeaf)).json()['active'], true);
});

test('certbound check: a revoked certificate fails at its status, as the token endpoint does', async () => {
  const as = await world();
  await as.revoke(as.good);
  const found = await as.run(as.good);
  assert.equal(failed(found)?.step, 'status');
  assert.equal(found.reason, 'certificate_revoked');
  assert.match(failed(found)?.found ?? '', /^revoked, by OCSP, since .* for keyCompromise/);
  assert.match(failed(found)?.remedy ?? '', /get a new certificate/);
  assert.deepEqual(found.introspection, { active: false });
  assert.deepEqual(stepsIn(found).slice(-4), [
    'client skipped',
    'match skipped',
    'token failed',
    'introspection failed',
  ]);
  await foretold(as, found, as.good);
});

test('certbound check: of a silent responder it says what was asked and what came of it', async () => {
  const as = await world();
  as.responder.reply = 'silent';
  const found = await as.run(as.good);
  assert.equal(found.reason, 'revocation_unavailable');
  assert.match(failed(found)?.asked?.[0]?.outcome ?? '', /^timeout: status\.example did not answer/);
  assert.match(failed(found)?.found ?? '', /told to try again/);
  assert.equal((await foretold(as, found, as.good)).status, 503);
});

test('certbound check: soft-fail shows what it tolerated, and how short the token is', async () => {
  const as = await world({
    tenant: { status_policy: { mode: 'soft-fail', order: 'ocsp', depth: 'chain', maxStatusAge: 300, nonce: 'off' } },
  });
  as.responder.reply = 'silent';
  const found = await as.run(as.good);
  assert.equal(found.accepted, true);
  assert.match(found.steps.find(({ step }) => step === 'status')?.found ?? '', /tolerated by soft-fail/);
  assert.equal(found.token?.expires_in, 300);
  assert.match(
    found.steps.find(({ step }) => step === 'token')?.found ?? '',
    /300 seconds, until the answer about the status expires/,
  );
  await foretold(as, found, as.good);
});

test('certbound check: an unknown and a disabled client fail at the client, after path and status', async () => {
  const as = await world();
  const unknown = await as.run(as.good, { client_id: 'nobody' });
  assert.equal(unknown.reason, 'client_unknown');
  assert.deepEqual(stepsIn(unknown).slice(4), [
    'status ok',
    'status ok',
    'client failed',
    'match skipped',
    'token failed',
    'introspection failed',
  ]);
  await foretold(as, unknown, as.good, 'nobody');
  await as.register({ ...client, disabled: true });
  as.pass(2);
  const disabled = await as.run(as.good);
  assert.equal(disabled.reason, 'client_disabled');
  assert.match(failed(disabled)?.remedy ?? '', /client enable/);
  await foretold(as, disabled, as.good);
});

test("certbound check: another client's certificate fails at the match, with both names", async () => {
  const as = await world();
  const found = await as.run(as.good, { client_id: 'api' });
  assert.equal(found.reason, 'subject_mismatch');
  assert.equal(failed(found)?.step, 'match');
  assert.match(failed(found)?.found ?? '', /registered CN=api,O=Example, certificate CN=client,O=Example,C=DE/);
  await foretold(as, found, as.good, 'api');
});

test('C5: a subject that would match in reverse order is told so', async () => {
  const as = await world();
  await as.register({ client_id: 'reversed', tls_client_auth_subject_dn: 'C=DE,O=Example,CN=client' });
  const found = await as.run(as.good, { client_id: 'reversed' });
  assert.match(failed(found)?.found ?? '', /reverse order/);
  await foretold(as, found, as.good, 'reversed');
});

test('certbound check: an untrusted, an expired and a weak certificate fail at the path, and nobody is asked', async () => {
  const as = await world();
  const own = await issueCertificate(undefined, {
    subject,
    notBefore: as.clock.now,
    notAfter: new Date(as.clock.now.getTime() + 1e9),
    eku: ['clientAuth'],
  });
  const expired = await as.issue({ subject, notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') });
  const weak = await as.issue({ subject, keyType: 'RSA-1024' });
  const server = await as.issue({ subject, eku: ['serverAuth'] });
  const ca = await as.issue({ subject, ca: true });
  for (const [leaf, reason] of [
    [own, 'chain_untrusted'],
    [expired, 'certificate_expired'],
    [server, 'eku_client_auth_missing'],
    [ca, 'basic_constraints'],
  ] as const) {
    const found = await as.run(leaf);
    assert.equal(found.reason, reason);
    assert.equal(failed(found)?.step, 'path');
    assert.deepEqual(stepsIn(found).slice(3, 5), ['blocks skipped', 'status skipped']);
    assert.deepEqual(found.asked, []);
    assert.deepEqual(found.introspection, { active: false });
    await foretold(as, found, leaf);
  }
  assert.equal((await as.run(weak)).reason, 'weak_key');
});

test('certbound check: bytes that are no certificate fail at parsing; a file without any is asked wrongly', async () => {
  const as = await world();
  const broken = Buffer.from(as.good.der);
  broken[broken.length - 100] = (broken[broken.length - 100] ?? 0) ^ 0xff;
  const parsed = await as.run(as.good.der.subarray(0, -1));
  assert.deepEqual(
    [parsed.reason, failed(parsed)?.step, parsed.token?.status],
    ['certificate_unparsable', 'parse', 401],
  );
  for (const file of [
    new Uint8Array(),
    Buffer.from('hello'),
    Buffer.from('-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----'),
  ]) {
    const ports = { ...as.server, clients: as.stores.clients };
    assert.match(refusals(await check({ tenant: 'default', file }, ports))[0] ?? '', /the file has no certificate/);
  }
  for (const tenant of ['nobody', '', '__proto__', 'default\n']) {
    const ports = { ...as.server, clients: as.stores.clients };
    assert.match(refusals(await check({ tenant, file: as.good.der }, ports))[0] ?? '', /is not registered/);
  }
});

test('certbound check: a missing intermediate is named when a helper would complete the path', async () => {
  const as = await world();
  const intermediate = parseCertificate(as.authority.intermediate.der);
  assert.ok(intermediate.ok);
  await as.stores.truststore.remove('default', intermediate.value.thumbprint);
  as.pass(2);
  const alone = await as.run(as.good);
  assert.equal(alone.reason, 'chain_untrusted');
  const helpers = Buffer.from(as.authority.intermediate.certificate);
  const helped = await as.run(as.good, { client_id: 'client', helpers });
  assert.equal(helped.accepted, false, 'the token endpoint has no helpers');
  assert.match(failed(helped)?.remedy ?? '', /^add to the truststore: CN=Certbound Development Intermediate CA/);
  const chain = Buffer.from(as.good.certificate + as.authority.intermediate.certificate);
  assert.equal(failed(await as.run(chain))?.remedy, failed(helped)?.remedy);
  await foretold(as, helped, as.good);
});

test('certbound check: without a client it says whose certificate it is', async () => {
  const as = await world();
  await as.register({ client_id: 'second', tls_client_auth_subject_dn: 'cn=CLIENT,o=example,c=de' });
  const found = await as.run(as.good, {});
  assert.equal(found.accepted, true);
  assert.equal(found.token, undefined);
  assert.match(
    found.steps.find(({ step }) => step === 'match')?.found ?? '',
    /^clients: (client, second|second, client)$/,
  );
  const stranger = await as.run(await as.issue({ subject: 'CN=stranger' }), {});
  assert.match(stranger.steps.find(({ step }) => step === 'match')?.found ?? '', /no registered client/);
  await as.revoke(as.good);
  as.pass(400);
  const revoked = await as.run(as.good, {});
  assert.deepEqual([revoked.accepted, revoked.reason], [false, 'certificate_revoked']);
});

test('certbound check: a blocked certificate fails at the blocks, before anybody is asked', async () => {
  const as = await world();
  const snapshot = await as.server.registry.snapshot('default');
  assert.ok(snapshot);
  const thumbprint = (await as.run(as.good)).thumbprint;
  assert.ok(thumbprint);
  const blocks = buildBlocks([{ kind: 'certificate', thumbprint }]);
  const registry = { snapshot: async () => ({ ...snapshot, blocks }) };
  const asked = as.responder.asked;
  const file = Buffer.from(as.good.certificate);
  const ports = { ...as.server, registry, clients: as.stores.clients };
  const found = accepted(await check({ tenant: 'default', file, client_id: 'client' }, ports));
  assert.deepEqual([found.reason, failed(found)?.step], ['certificate_blocked', 'blocks']);
  assert.match(failed(found)?.found ?? '', new RegExp(`blocked: certificate ${thumbprint}`));
  assert.equal(found.introspection?.active, false);
  assert.equal(as.responder.asked, asked);
});

test('certbound check: a certificate that ends soon says what ends the token', async () => {
  const as = await world();
  const brief = await as.issue({ subject, notAfter: new Date(as.clock.now.getTime() + 120_000) });
  const found = await as.run(brief);
  assert.equal(found.token?.expires_in, 120);
  assert.match(
    found.steps.find(({ step }) => step === 'token')?.found ?? '',
    /until a certificate of the path expires/,
  );
  await foretold(as, found, brief);
});

test('certbound check: a client without the grant is told what the endpoint says', async () => {
  const as = await world();
  await as.register({ ...client, client_id: 'no-grant', grant_types: [] });
  const found = await as.run(as.good, { client_id: 'no-grant' });
  assert.deepEqual([found.accepted, found.token?.error], [false, 'unauthorized_client']);
  await foretold(as, found, as.good, 'no-grant');
});

/** Keys of a client that signs its assertions; its certificate only binds its tokens. */
const signer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

test('C30: of a client that authenticates by assertion, path and status are judged and its names are not', async () => {
  const as = await world();
  const jwk = { ...signer, kid: '1' };
  await as.register({ client_id: 'jwt', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } });
  const leaf = await as.issue({ subject: 'CN=anything' });
  const found = await as.run(leaf, { client_id: 'jwt' });
  assert.deepEqual([found.accepted, found.token, found.introspection], [true, undefined, { active: true }]);
  assert.deepEqual(stepsIn(found).slice(-4), ['client ok', 'match skipped', 'token ok', 'introspection ok']);
  await as.revoke(leaf);
  as.pass(400);
  const revoked = await as.run(leaf, { client_id: 'jwt' });
  assert.deepEqual([revoked.accepted, revoked.reason], [false, 'certificate_revoked']);
  assert.deepEqual(stepsIn(revoked).slice(-2), ['token failed', 'introspection failed']);
  await as.register({
    client_id: 'jwt',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [jwk] },
    disabled: true,
  });
  as.pass(2);
  const disabled = await as.run(await as.issue({ subject: 'CN=anything' }), { client_id: 'jwt' });
  assert.deepEqual([disabled.accepted, disabled.reason], [false, 'client_disabled']);
});

test('C22: a certificate that is registered whole needs no path; another one is not registered', async () => {
  const as = await world();
  const own = () =>
    issueCertificate(undefined, {
      subject: 'CN=self',
      notBefore: new Date(as.clock.now.getTime() - 1000),
      notAfter: new Date(as.clock.now.getTime() + 1e9),
      eku: ['clientAuth'],
    });
  const [registered, other] = [await own(), await own()];
  const { publicKey } = new X509Certificate(registered.certificate);
  const jwk = { ...publicKey.export({ format: 'jwk' }), x5c: [Buffer.from(registered.der).toString('base64')] };
  await as.register({
    client_id: 'self',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [jwk] },
  });
  const found = await as.run(registered, { client_id: 'self' });
  assert.equal(found.accepted, true);
  assert.deepEqual(stepsIn(found).slice(2, 4), ['path skipped', 'blocks skipped']);
  await foretold(as, found, registered, 'self');
  const refused = await as.run(other, { client_id: 'self' });
  assert.deepEqual([refused.accepted, refused.reason, failed(refused)?.step], [false, 'not_registered', 'match']);
  await foretold(as, refused, other, 'self');
});
