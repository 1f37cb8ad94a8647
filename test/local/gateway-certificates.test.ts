import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { Agent } from 'node:https';
import { after, before, test } from 'node:test';
import { type Authority, createAuthority, issueLeaf, type LeafRequest } from '../../lib/local/authority.ts';
import { issueCertificate, type KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import { findPaths, joinBundles, parseGatewayTruststore } from '../../lib/local/truststore-check.ts';
import { call, type Identity } from './https-client.ts';

const year = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 365 * 86_400_000) };

let authority: Authority;
let foreign: Authority;
let gateway: Gateway;
let now: () => Date = () => new Date();
const reports: string[] = [];

before(async () => {
  authority = await createAuthority({ statusUrl: 'http://127.0.0.1:9' });
  foreign = await createAuthority({ statusUrl: 'http://127.0.0.1:9', name: 'Foreign' });
  gateway = await startGateway({
    host: '127.0.0.1',
    publicPort: 0,
    mtlsPort: 0,
    certificate: authority.server.certificate,
    key: authority.server.key,
    truststore: authority.truststore,
    handlers: { token: async (event) => ({ statusCode: 200, body: JSON.stringify(event) }) },
    now: () => now(),
    report: (line) => reports.push(line),
  });
});
after(() => gateway.close());

const present = (identity?: Identity, tls = {}) =>
  call({ port: gateway.address().mtls, ca: authority.serverCa, tls, ...(identity && { identity }) });

async function assertReaches(identity: KeyedCertificate, tls = {}) {
  const answer = await present(identity, tls);
  assert.equal(answer.status, 200, answer.body);
  const { clientCert } = JSON.parse(answer.body).requestContext.authentication;
  assert.equal(clientCert.clientCertPem, identity.certificate.trim());
}

async function assertForbidden(identity: KeyedCertificate, why: RegExp, tls = {}) {
  reports.length = 0;
  const answer = await present(identity, tls);
  assert.equal(answer.status, 403);
  assert.equal(answer.body, '{"message":"Forbidden"}');
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.match(reports.join('\n'), why);
}

/** Leaves that only the function refuses. */
const passed: Readonly<Record<string, Partial<LeafRequest>>> = {
  'a good one': {},
  'serverAuth alone in its EKU': { eku: ['serverAuth'] },
  'an unknown EKU': { eku: ['1.2.3.4'] },
  'no EKU': { eku: [] },
  'a CA flag': { ca: true },
  'P-384': { keyType: 'P-384' },
  'P-521': { keyType: 'P-521' },
  'RSA-2048': { keyType: 'RSA-2048' },
  'issued by the root': { issuer: 'root' },
};

for (const [what, request] of Object.entries(passed)) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    test(`API Gateway: a leaf with ${what} reaches the function, ${maxVersion}`, async () => {
      await assertReaches(await issueLeaf(authority, { subject: 'CN=client,O=A', ...request }), { maxVersion });
    });
  }
}

const untrusted = /no path of strong certificates/;
const dates = /a date is out of range/;
const aDay = 86_400_000;

/** Leaves that API Gateway refuses by itself. */
const refused: Readonly<Record<string, readonly [Partial<LeafRequest>, RegExp]>> = {
  'that has expired': [{ notBefore: new Date(Date.now() - 2 * aDay), notAfter: new Date(Date.now() - aDay) }, dates],
  'that is not valid yet': [
    { notBefore: new Date(Date.now() + aDay), notAfter: new Date(Date.now() + 2 * aDay) },
    dates,
  ],
  'with RSA-1024': [{ keyType: 'RSA-1024' }, untrusted],
  'with Ed25519': [{ keyType: 'Ed25519' }, untrusted],
  'signed over SHA-1': [{ hash: 'SHA-1' }, untrusted],
};

for (const [what, [request, why]] of Object.entries(refused)) {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    test(`API Gateway: a leaf ${what} is answered 403, ${maxVersion}`, async () => {
      await assertForbidden(await issueLeaf(authority, { subject: 'CN=client,O=A', ...request }), why, { maxVersion });
    });
  }
}

test('API Gateway: P-224 is too weak; TLS ends before it could be said', async () => {
  const weak = await issueLeaf(authority, { subject: 'CN=client', keyType: 'P-224' });
  const truststore = parseGatewayTruststore(authority.truststore);
  assert.deepEqual(findPaths(new X509Certificate(weak.certificate), truststore), []);
  const strong = await issueLeaf(authority, { subject: 'CN=client' });
  assert.equal(findPaths(new X509Certificate(strong.certificate), truststore).length, 1);
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) await assert.rejects(present(weak, { maxVersion }));
});

test('API Gateway: a leaf of a CA outside the truststore is answered 403', async () => {
  await assertForbidden(await issueLeaf(foreign, { subject: 'CN=client,O=A' }), untrusted);
});

test('API Gateway: a CA of the same name and another key issues nothing that is trusted', async () => {
  const twin = await createAuthority({ statusUrl: 'http://127.0.0.1:9' });
  await assertForbidden(await issueLeaf(twin, { subject: 'CN=client,O=A' }), untrusted);
});

test('API Gateway: a leaf of a leaf is answered 403, though the signatures fit', async () => {
  const leaf = await issueLeaf(authority, { subject: 'CN=client,O=A' });
  const below = await issueCertificate(leaf, { ...year, subject: 'CN=below', eku: ['clientAuth'] });
  gateway.setTruststore(joinBundles([authority.truststore, leaf.certificate]));
  await assertForbidden(below, untrusted);
  gateway.setTruststore(authority.truststore);
});

test('API Gateway: a chain that the client sends is ignored', async () => {
  gateway.setTruststore(authority.root.certificate);
  const leaf = await issueLeaf(authority, { subject: 'CN=client,O=A' });
  const withChain = { ...leaf, certificate: `${leaf.certificate}${authority.intermediate.certificate}` };
  await assertForbidden(withChain, untrusted);
  gateway.setTruststore(authority.truststore);
  assert.equal((await present(withChain)).status, 200);
});

test('API Gateway: a truststore without the root of the issuing CA holds no path', async () => {
  gateway.setTruststore(authority.intermediate.certificate);
  await assertForbidden(await issueLeaf(authority, { subject: 'CN=client,O=A' }), untrusted);
  gateway.setTruststore(authority.truststore);
});

test('API Gateway: four CAs above the leaf pass, five do not', async () => {
  const chain = [await issueCertificate(undefined, { ...year, subject: 'CN=CA 1', ca: {} })];
  for (let level = 2; level <= 5; level++) {
    chain.push(await issueCertificate(chain.at(-1), { ...year, subject: `CN=CA ${level}`, ca: {} }));
  }
  gateway.setTruststore(joinBundles(chain.map(({ certificate }) => certificate)));
  const below = (level: number) =>
    issueCertificate(chain[level - 1], { ...year, subject: 'CN=client', eku: ['clientAuth'] });
  await assertReaches(await below(4));
  await assertForbidden(await below(5), untrusted);
  gateway.setTruststore(authority.truststore);
});

test('API Gateway: an expired or weak CA of the truststore issues nothing that passes', async () => {
  const short = { notBefore: new Date(Date.now() - 2 * aDay), notAfter: new Date(Date.now() - aDay) };
  const expired = await issueCertificate(undefined, { ...short, subject: 'CN=Expired CA', ca: {} });
  const weak = await issueCertificate(undefined, { ...year, subject: 'CN=Weak CA', ca: {}, keyType: 'RSA-1024' });
  gateway.setTruststore(joinBundles([expired.certificate, weak.certificate]));
  await assertForbidden(await issueCertificate(expired, { ...year, subject: 'CN=client' }), dates);
  await assertForbidden(await issueCertificate(weak, { ...year, subject: 'CN=client' }), untrusted);
  gateway.setTruststore(authority.truststore);
});

test('API Gateway: a self-signed leaf passes when the truststore holds it, and only then', async () => {
  const selfSigned = await issueCertificate(undefined, { ...year, subject: 'CN=self', eku: ['clientAuth'] });
  await assertForbidden(selfSigned, untrusted);
  gateway.setTruststore(joinBundles([authority.truststore, selfSigned.certificate]));
  await assertReaches(selfSigned);
  const sameName = await issueCertificate(undefined, { ...year, subject: 'CN=self', key: selfSigned.key });
  await assertForbidden(sameName, untrusted);
  gateway.setTruststore(authority.truststore);
});

test('API Gateway: no certificate, no answer', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3']) {
    await assert.rejects(present(undefined, { maxVersion }), /socket hang up|ECONNRESET|socket disconnected|EPIPE/);
  }
});

test('API Gateway: another truststore is taken without a restart, for connections made from then on', async () => {
  const leaf = await issueLeaf(foreign, { subject: 'CN=client,O=A' });
  await assertForbidden(leaf, untrusted);
  gateway.setTruststore(joinBundles([authority.truststore, foreign.truststore]));
  await assertReaches(leaf);
  gateway.setTruststore(authority.truststore);
  await assertForbidden(leaf, untrusted);
});

test('API Gateway: a truststore that breaks a rule is refused and changes nothing', async () => {
  const namesake = await createAuthority({ statusUrl: 'http://127.0.0.1:9' });
  const warned: string[] = [];
  parseGatewayTruststore(`${authority.truststore}${namesake.truststore}`, (line) => warned.push(line));
  assert.equal(warned.length, 2, 'told and tolerated where a laptop starts');
  const root = 'CN=Certbound Development Root CA';
  assert.throws(() => gateway.setTruststore(''), /no certificate/);
  assert.throws(
    () => gateway.setTruststore(authority.truststore.repeat(2)),
    /certificates 1 and 3 have the same subject/,
  );
  assert.throws(
    () => gateway.setTruststore(`${authority.truststore}${namesake.truststore}`),
    (error: Error) => error.message.includes(`certificates 2 and 4 have the same subject ${root}`),
  );
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  assert.throws(() => gateway.setTruststore(`${authority.truststore}${broken}`), /certificate 3 cannot be parsed/);
  assert.throws(
    () => gateway.setTruststore(authority.truststore.slice(0, -40)),
    /1 of 2 CERTIFICATE blocks are malformed/,
  );
  assert.throws(() => gateway.setTruststore(`${'#'.repeat(1_000_000)}${authority.truststore}`), /1000000/);
  await assertReaches(await issueLeaf(authority, { subject: 'CN=client,O=A' }));
});

test('API Gateway: a certificate that expires while its connection lives is answered 403 from then on', async () => {
  const identity = await issueLeaf(authority, { subject: 'CN=client,O=A', days: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const again = () => call({ port: gateway.address().mtls, ca: authority.serverCa, identity, agent });
  const ports = new Set<number | undefined>();
  agent.on('free', (socket) => ports.add(socket.localPort));
  assert.equal((await again()).status, 200);
  now = () => new Date(Date.now() + 2 * aDay);
  assert.equal((await again()).status, 403);
  now = () => new Date();
  assert.equal((await again()).status, 200);
  agent.destroy();
  assert.equal(ports.size, 1, 'one connection served all three');
});

test('API Gateway: a resumed session is judged like a new one', async () => {
  const identity = await issueLeaf(foreign, { subject: 'CN=client,O=A' });
  gateway.setTruststore(joinBundles([authority.truststore, foreign.truststore]));
  const agent = new Agent({ maxCachedSessions: 1 });
  const again = () => call({ port: gateway.address().mtls, ca: authority.serverCa, identity, agent });
  assert.equal((await again()).status, 200);
  const second = await again();
  assert.deepEqual([second.status, second.resumed], [200, true]);
  gateway.setTruststore(authority.truststore);
  const third = await again();
  assert.deepEqual([third.status, third.resumed], [403, true]);
  agent.destroy();
});
