/** CRLs through the network: order, points, deltas, signers, memory, and the responder's own status. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Truststore } from '../../lib/pki/path/truststore.ts';
import type { VerifiedPath } from '../../lib/pki/path/validation.ts';
import { defaultStatusPolicy, fetchStatus, type StatusPolicy } from '../../lib/status/revocation.ts';
import {
  crlDistributionPoints,
  type Extension,
  extendedKeyUsage,
  generalName,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyIdentifier,
  keyUsage,
  newKey,
  ocspAccess,
  purposes,
  subjectKeyIdentifier,
} from '../pki/issue.ts';
import {
  after,
  at,
  type CrlOptions,
  distributionPoints,
  type Entry,
  issueCrl,
  issueOcspResponse,
} from '../pki/status/issue-status.ts';
import { type Network, network, pathOf, truststoreOf } from './network.ts';

const crlUrl = 'http://crl.test/ca.crl';
const ocspUrl = 'http://ocsp.test/';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
const clientWith = (...extensions: readonly Extension[]) => issueClient(ca, { extensions });
const client = clientWith(crlDistributionPoints([crlUrl]));
const both = clientWith(crlDistributionPoints([crlUrl]), ocspAccess([ocspUrl]));
const pathTo = (leaf: Issued): VerifiedPath => pathOf(leaf, ca, anchor);

const entry = (leaf: Issued, reason?: number): Entry => ({
  serial: leaf.certificate.serial,
  ...(reason === undefined ? {} : { reason }),
});
const crl = (options: Partial<CrlOptions> = {}) => issueCrl({ signer: ca, ...options });
const seconds = (count: number) => new Date(at.getTime() + count * 1000);
const forged = (options: Partial<CrlOptions> = {}) =>
  crl({ signer: { subject: ca.subject, key: newKey() }, ...options });

const leafOnly: StatusPolicy = { ...defaultStatusPolicy, depth: 'leaf' };
type Options = { policy?: Partial<StatusPolicy>; at?: Date; leaf?: Issued; truststore?: Truststore };
async function ask(ports: Network, { policy = {}, at: when = at, leaf = client, truststore }: Options = {}) {
  const options = { policy: { ...leafOnly, ...policy }, at: when, ...(truststore && { truststore }) };
  const [status] = await fetchStatus(pathTo(leaf), options, ports);
  assert(status);
  return status;
}
const urls = (ports: Network) => ports.requests.map(({ url }) => url);

describe('asking', () => {
  test('RFC 5280 §4.2.1.13: the CRL that the certificate names is fetched, within bounds', async () => {
    const ports = network({ [crlUrl]: crl() });
    const status = await ask(ports);
    assert.deepEqual([status.status, status.source, status.cached, status.stale], ['good', 'crl', false, false]);
    assert.deepEqual([status.nextUpdate, status.fetchedAt], [after(1), at]);
    const [request] = ports.requests;
    assert.deepEqual([request?.method, request?.maxBytes, request?.timeout], ['GET', 4 * 1024 * 1024, 2500]);
    const listed = await ask(network({ [crlUrl]: crl({ entries: [entry(client, 1)] }) }));
    assert.deepEqual([listed.status, listed.revocationReason], ['revoked', 'keyCompromise']);
    assert.equal((await ask(network({ [crlUrl]: crl({ entries: [entry(client, 6)] }) }))).status, 'on_hold');
  });

  test('pki §4: the order of the policy decides who is asked, and the second is asked when the first has no answer', async () => {
    const good = issueOcspResponse({ signer: ca, answers: [{ certificate: both.certificate, issuer: ca }] });
    const asked = async (order: StatusPolicy['order'], answers: Parameters<typeof network>[0]) => {
      const ports = network(answers);
      const { status, source } = await ask(ports, { leaf: both, policy: { order } });
      return [status, source, ...urls(ports)];
    };
    const all = { [ocspUrl]: good, [crlUrl]: crl() };
    assert.deepEqual(await asked('ocsp-crl', all), ['good', 'ocsp', ocspUrl]);
    assert.deepEqual(await asked('crl-ocsp', all), ['good', 'crl', crlUrl]);
    assert.deepEqual(await asked('ocsp', all), ['good', 'ocsp', ocspUrl]);
    assert.deepEqual(await asked('crl', all), ['good', 'crl', crlUrl]);
    assert.deepEqual(await asked('ocsp-crl', { [crlUrl]: crl() }), ['good', 'crl', ocspUrl, crlUrl]);
    assert.deepEqual(await asked('crl-ocsp', { [ocspUrl]: good }), ['good', 'ocsp', crlUrl, ocspUrl]);
    assert.deepEqual(await asked('ocsp', { [crlUrl]: crl() }), ['unavailable', 'ocsp', ocspUrl]);
    assert.deepEqual(await asked('crl', { [ocspUrl]: good }), ['unavailable', 'crl', crlUrl]);
  });

  test('protocol §4.2: «unknown» by OCSP is answered by a CRL that says good, and by nothing less', async () => {
    const unknown = issueOcspResponse({
      signer: ca,
      answers: [{ certificate: both.certificate, issuer: ca, status: 'unknown' }],
    });
    const status = async (list: Uint8Array | 'network') =>
      (await ask(network({ [ocspUrl]: unknown, [crlUrl]: list }), { leaf: both })).status;
    assert.equal(await status(crl()), 'good');
    assert.equal(await status(crl({ entries: [entry(both)] })), 'revoked');
    assert.equal(await status('network'), 'unknown');
    assert.equal(await status(forged()), 'unknown');
  });

  test('protocol §4.2: a forged OCSP answer beside a silent CRL is untrusted, beside a good CRL it is nothing', async () => {
    const signer = issueRoot({ subject: 'CN=Issuing CA' });
    const answer = issueOcspResponse({ signer, answers: [{ certificate: both.certificate, issuer: ca }] });
    assert.equal((await ask(network({ [ocspUrl]: answer }), { leaf: both })).status, 'untrusted');
    assert.equal((await ask(network({ [ocspUrl]: answer, [crlUrl]: crl() }), { leaf: both })).status, 'good');
  });

  test('P15: what is no use is unavailability, what is forged is untrusted', async () => {
    const status = async (reply: Uint8Array | 'timeout' | 'http_status' | 'too_large') =>
      (await ask(network({ [crlUrl]: reply }))).status;
    assert.equal(await status(crl({ thisUpdate: after(-9), nextUpdate: after(-8) })), 'unavailable');
    assert.equal(await status(crl({ thisUpdate: after(1), nextUpdate: after(2) })), 'unavailable');
    assert.equal(await status(crl({ idp: { ca: true } })), 'unavailable');
    assert.equal(await status(crl({ number: 5, base: 4 })), 'unavailable');
    assert.equal(await status(crl({ entries: [{ serial: Uint8Array.of(0, 1) }] })), 'unavailable');
    assert.equal(await status(Buffer.from('<html>')), 'unavailable');
    for (const reply of ['timeout', 'http_status', 'too_large'] as const)
      assert.equal(await status(reply), 'unavailable');
    assert.equal(await status(forged()), 'untrusted');
    assert.equal(await status(crl({ issuerName: anchor.subject })), 'untrusted');
  });

  test('RFC 5280 §5.3.1: a list that has expired is believed when it revokes for good, and in nothing else', async () => {
    const status = async (list: Uint8Array) => (await ask(network({ [crlUrl]: list }))).status;
    const old = (...entries: Entry[]) => crl({ thisUpdate: after(-9), nextUpdate: after(-8), entries });
    assert.equal(await status(old(entry(client, 1))), 'revoked');
    assert.equal(await status(old()), 'unavailable');
    assert.equal(await status(old(entry(client, 6))), 'unavailable');
    assert.equal(await status(crl({ thisUpdate: after(0.5), entries: [entry(client, 1)] })), 'unavailable');
    const ports = network({ [crlUrl]: old(entry(client, 1)) });
    await ask(ports);
    ports.answers.set(crlUrl, 'network');
    for (const late of [10, 31, 400]) assert.equal((await ask(ports, { at: seconds(late) })).status, 'revoked');
  });

  test('pki §4: a list that has expired is asked for again after the negative cache, and at the next address at once', async () => {
    const ports = network({ [crlUrl]: crl({ thisUpdate: after(-9), nextUpdate: after(-8) }) });
    await ask(ports);
    await ask(ports, { at: seconds(29) });
    assert.equal(ports.requests.length, 1);
    ports.answers.set(crlUrl, crl());
    assert.equal((await ask(ports, { at: seconds(31) })).status, 'good');
    const second = 'http://mirror.test/ca.crl';
    const leaf = clientWith(distributionPoints([{ names: [crlUrl, second].map(generalName.uri) }]));
    const mirrored = network({ [crlUrl]: crl({ thisUpdate: after(-9), nextUpdate: after(-8) }), [second]: crl() });
    assert.equal((await ask(mirrored, { leaf })).status, 'good');
  });

  test('RFC 5280 §4.2.1.13: addresses of one point are alternatives', async () => {
    const second = 'http://mirror.test/ca.crl';
    const leaf = clientWith(distributionPoints([{ names: [crlUrl, second].map(generalName.uri) }]));
    const ports = network({ [second]: crl() });
    assert.equal((await ask(ports, { leaf })).status, 'good');
    assert.deepEqual(urls(ports), [crlUrl, second]);
    const first = network({ [crlUrl]: crl(), [second]: crl() });
    await ask(first, { leaf });
    assert.deepEqual(urls(first), [crlUrl]);
  });

  test('RFC 5280 §6.3.3 (l): points are asked until all reasons are covered', async () => {
    const rest = 'http://crl.test/rest.crl';
    const leaf = clientWith(crlDistributionPoints([crlUrl, rest]));
    const some = crl({ idp: { names: [generalName.uri(crlUrl)], reasons: [1, 2] } });
    const others = crl({ idp: { names: [generalName.uri(rest)], reasons: [3, 4, 5, 6, 7, 8] } });
    const ports = network({ [crlUrl]: some, [rest]: others });
    assert.equal((await ask(ports, { leaf })).status, 'good');
    assert.deepEqual(urls(ports), [crlUrl, rest]);
    assert.equal((await ask(network({ [crlUrl]: some }), { leaf })).status, 'unavailable');
    const full = network({ [crlUrl]: crl(), [rest]: others });
    await ask(full, { leaf });
    assert.deepEqual(urls(full), [crlUrl]);
  });

  test('RFC 5280 §5.2.6: delta CRLs are fetched where certificate or CRL names them, and do without when they are not to be had', async () => {
    const deltaUrl = 'http://crl.test/delta.crl';
    const freshest = distributionPoints([{ names: [generalName.uri(deltaUrl)] }], '2.5.29.46');
    const base = crl({ number: 10, extensions: [freshest] });
    const delta = crl({ number: 11, base: 10, entries: [entry(client, 1)] });
    const ports = network({ [crlUrl]: base, [deltaUrl]: delta });
    assert.equal((await ask(ports)).status, 'revoked');
    assert.deepEqual(urls(ports), [crlUrl, deltaUrl]);
    assert.equal((await ask(network({ [crlUrl]: base }))).status, 'good');
    const leaf = clientWith(crlDistributionPoints([crlUrl]), freshest);
    const lifted = crl({ number: 11, base: 10, entries: [entry(leaf, 8)] });
    const held = crl({ number: 10, entries: [entry(leaf, 6)] });
    assert.equal((await ask(network({ [crlUrl]: held, [deltaUrl]: lifted }), { leaf })).status, 'good');
  });

  test('RFC 5280 §6.3.3 (f): the CRL of the signer of an indirect CRL is fetched as well', async () => {
    const signerCrl = 'http://crl.test/root.crl';
    const key = newKey();
    const extensions = [
      keyUsage(['cRLSign']),
      subjectKeyIdentifier(keyIdentifier(key)),
      crlDistributionPoints([signerCrl]),
    ];
    const service = issue({ issuer: anchor, subject: 'CN=CRL Service', key, extensions });
    const crlIssuer = [generalName.directory('CN=CRL Service')];
    const leaf = clientWith(distributionPoints([{ names: [generalName.uri(crlUrl)], crlIssuer }]));
    const indirect = crl({ signer: service, idp: { names: [generalName.uri(crlUrl)], indirect: true } });
    const truststore = truststoreOf(ca, service, anchor);
    const ports = network({ [crlUrl]: indirect, [signerCrl]: crl({ signer: anchor }) });
    assert.equal((await ask(ports, { leaf, truststore })).status, 'good');
    assert.deepEqual(urls(ports), [crlUrl, signerCrl]);
    assert.equal((await ask(network({ [crlUrl]: indirect }), { leaf, truststore })).status, 'unavailable');
    const revoked = { [crlUrl]: indirect, [signerCrl]: crl({ signer: anchor, entries: [entry(service)] }) };
    assert.equal((await ask(network(revoked), { leaf, truststore })).status, 'untrusted');
    assert.equal((await ask(ports, { leaf })).status, 'untrusted', 'without a truststore only the path signs');
  });

  test('pki §4: no more than four addresses, however many points there are', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `http://crl${index}.test/`);
    const leaf = clientWith(crlDistributionPoints(many), ocspAccess(many.slice(0, 3)));
    const ports = network();
    assert.equal((await ask(ports, { leaf })).status, 'unavailable');
    assert.equal(ports.requests.length, 4);
    await ask(ports, { leaf });
    assert.equal(ports.requests.length, 7, 'now the others, up to the fourth of its points');
  });
});

describe('remembering', () => {
  test('pki §4: a CRL is fetched again after maxStatusAge, and serves all certificates of its issuer until then', async () => {
    const other = clientWith(crlDistributionPoints([crlUrl]));
    const ports = network({ [crlUrl]: crl({ entries: [entry(other)] }) });
    assert.equal((await ask(ports)).status, 'good');
    assert.equal((await ask(ports, { leaf: other, at: seconds(200) })).status, 'revoked');
    assert.equal(ports.requests.length, 1);
    ports.answers.set(crlUrl, crl({ number: 2, entries: [entry(client)] }));
    assert.equal((await ask(ports, { at: seconds(301) })).status, 'revoked');
    assert.equal(ports.requests.length, 2);
  });

  test('pki §4: an older CRL serves while it holds when nothing newer is to be had; a replayed one changes nothing', async () => {
    const ports = network({ [crlUrl]: crl({ number: 5 }) });
    await ask(ports);
    ports.answers.set(crlUrl, 'network');
    const stale = await ask(ports, { at: seconds(301) });
    assert.deepEqual([stale.status, stale.stale, stale.cached, stale.fetchedAt], ['good', true, true, at]);
    assert.equal((await ask(ports, { at: after(2) })).status, 'unavailable');
    const expired = network({ [crlUrl]: crl() });
    await ask(expired);
    expired.answers.set(crlUrl, crl({ thisUpdate: after(-0.5), nextUpdate: after(-0.01) }));
    const kept = await ask(expired, { at: seconds(301) });
    assert.deepEqual([kept.status, kept.stale], ['good', true]);
    const held = network({ [crlUrl]: crl({ entries: [entry(client, 6)] }) });
    await ask(held);
    held.answers.set(crlUrl, crl({ thisUpdate: after(-0.5) }));
    assert.equal((await ask(held, { at: seconds(301) })).status, 'on_hold');
  });

  test('pki §4: a hundred requests for different certificates of one issuer make one fetch', async () => {
    const leaves = Array.from({ length: 20 }, () => clientWith(crlDistributionPoints([crlUrl])));
    const ports = network({ [crlUrl]: crl() });
    const found = await Promise.all(
      Array.from({ length: 100 }, (_, index) => ask(ports, { leaf: leaves[index % 20]! })),
    );
    assert(found.every(({ status }) => status === 'good'));
    assert.equal(ports.requests.length, 1);
  });

  test('pki §4: a cached CRL is verified again', async () => {
    const ports = network({ [crlUrl]: crl({ entries: [entry(client)] }) });
    await ask(network({ [crlUrl]: crl() }, { cache: ports.cache }));
    const [key] = ports.cached.keys();
    assert(key !== undefined);
    ports.cached.set(key, { der: forged(), fetchedAt: at });
    assert.equal((await ask(ports)).status, 'revoked');
  });
});

describe('overrides', () => {
  const with_ = (override: object): Options => ({ policy: { overrides: { [ca.certificate.thumbprint]: override } } });

  test('pki §4: the operator names a CRL in place of those in the certificates of a CA', async () => {
    const elsewhere = 'http://operator.test/crl';
    const ports = network({ [elsewhere]: crl(), [crlUrl]: crl({ entries: [entry(client)] }) });
    assert.equal((await ask(ports, with_({ crlUrl: elsewhere }))).status, 'good');
    assert.deepEqual(urls(ports), [elsewhere]);
  });

  test('pki §4: an uploaded CRL serves offline, for certificates without any source, and is verified like any other', async () => {
    const bare = issueClient(ca);
    const status = async (list: Uint8Array, leaf = bare) =>
      (await ask(network(), { leaf, ...with_({ crl: list }) })).status;
    assert.equal(await status(crl()), 'good');
    assert.equal(await status(crl({ entries: [entry(bare)] })), 'revoked');
    assert.equal(await status(forged()), 'unavailable');
    assert.equal(await status(crl({ thisUpdate: after(-9), nextUpdate: after(-8) })), 'unavailable');
    assert.equal(await status(Buffer.from('x')), 'unavailable');
    assert.equal(await status(crl(), client), 'good', 'where the address is silent');
  });
});

describe('the responder', () => {
  const responderCrl = 'http://crl.test/responder.crl';
  const lasting = (days: number, ...more: readonly Extension[]) =>
    issue({
      issuer: ca,
      subject: 'CN=Responder',
      notAfter: after(days),
      extensions: [extendedKeyUsage([purposes.ocspSigning]), keyUsage(['digitalSignature']), ...more],
    });
  const leaf = clientWith(ocspAccess([ocspUrl]));
  const answer = (signer: Issued, about = leaf) =>
    issueOcspResponse({
      signer,
      certificates: [signer.der],
      answers: [{ certificate: about.certificate, issuer: ca }],
    });

  test('RFC 6960 §4.2.2.2.1: a delegate without nocheck is looked up in the CRL that it names', async () => {
    const by = lasting(300, crlDistributionPoints([responderCrl]));
    const good = network({ [ocspUrl]: answer(by), [responderCrl]: crl() });
    assert.deepEqual([(await ask(good, { leaf })).status, ...urls(good)], ['good', ocspUrl, responderCrl]);
    const revoked = network({ [ocspUrl]: answer(by), [responderCrl]: crl({ entries: [entry(by)] }) });
    assert.equal((await ask(revoked, { leaf })).status, 'untrusted');
    assert.equal((await ask(network({ [ocspUrl]: answer(by) }), { leaf })).status, 'untrusted');
  });

  test('RFC 6960 §4.2.2.2.1: a short-lived delegate that is on its CRL is not trusted, one whose CRL is silent is', async () => {
    const by = lasting(30, crlDistributionPoints([responderCrl]));
    assert.equal((await ask(network({ [ocspUrl]: answer(by) }), { leaf })).status, 'good');
    const revoked = network({ [ocspUrl]: answer(by), [responderCrl]: crl({ entries: [entry(by, 1)] }) });
    assert.equal((await ask(revoked, { leaf })).status, 'untrusted');
  });

  test('RFC 6960 §4.2.2.2.1: without a CRL of its own that of the certificate is looked at', async () => {
    const by = lasting(300);
    const withBoth = clientWith(ocspAccess([ocspUrl]), crlDistributionPoints([crlUrl]));
    const policy = { order: 'ocsp' as const };
    const ports = network({ [ocspUrl]: answer(by, withBoth), [crlUrl]: crl() });
    assert.equal((await ask(ports, { leaf: withBoth, policy })).status, 'good');
    const listed = network({ [ocspUrl]: answer(by, withBoth), [crlUrl]: crl({ entries: [entry(by)] }) });
    assert.equal((await ask(listed, { leaf: withBoth, policy })).status, 'untrusted');
  });
});
