/** The one entrance: path, then status, and what evidence can never turn into an acceptance. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { verifyClientCertificate } from '../../lib/status/client-certificate.ts';
import { describe as explain } from '../../lib/status/reason.ts';
import { defaultStatusPolicy, type StatusOverride, type StatusPolicy } from '../../lib/status/revocation.ts';
import { crlDistributionPoints, issueClient, issueIntermediate, issueRoot, newKey, ocspAccess } from '../pki/issue.ts';
import { type Answer, after, at, issueCrl, issueOcspResponse, ocspError } from '../pki/status/issue-status.ts';
import { type Network, network, type Reply, truststoreOf } from './network.ts';

const ocspUrl = 'http://ocsp.test/';
const crlUrl = 'http://crl.test/';
const rootUrl = 'http://root.test/';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA', extensions: [crlDistributionPoints([rootUrl])] });
const client = issueClient(ca, { extensions: [ocspAccess([ocspUrl]), crlDistributionPoints([crlUrl])] });
const truststore = truststoreOf(ca, anchor);

const answer = (status: Answer['status'] = 'good', more: Partial<Answer> = {}) =>
  issueOcspResponse({ signer: ca, answers: [{ certificate: client.certificate, issuer: ca, status, ...more }] });
const rootCrl = issueCrl({ signer: anchor });
const seconds = (count: number) => new Date(at.getTime() + count * 1000);

const verify = (ports: Network, policy: Partial<StatusPolicy> = {}, when = at) =>
  verifyClientCertificate(
    client.certificate,
    { truststore, policy: { ...defaultStatusPolicy, ...policy }, at: when },
    ports,
  );
async function outcome(ports: Network, policy: Partial<StatusPolicy> = {}, when = at): Promise<string> {
  const verdict = await verify(ports, policy, when);
  return verdict.ok ? 'ok' : verdict.failure.reason;
}

describe('path, then status', () => {
  test('RFC 5280 §6.1: a certificate with a valid path and good statuses is verified, with all the evidence', async () => {
    const verdict = await verify(network({ [ocspUrl]: answer(), [rootUrl]: rootCrl }));
    assert(verdict.ok);
    const { path, status } = verdict.value;
    assert.deepEqual(
      path.certificates.map(({ thumbprint }) => thumbprint),
      [client, ca, anchor].map(({ certificate }) => certificate.thumbprint),
    );
    assert.deepEqual(
      status.statuses.map(({ certificate, source, status: found }) => [certificate, source, found]),
      [
        [client.certificate.thumbprint, 'ocsp', 'good'],
        [ca.certificate.thumbprint, 'crl', 'good'],
      ],
    );
    assert.deepEqual([status.freshUntil, status.softFailed, status.stale], [seconds(300), false, false]);
  });

  test('P17: an intermediate that is revoked takes its clients with it', async () => {
    const revoked = issueCrl({ signer: anchor, entries: [{ serial: ca.certificate.serial, reason: 2 }] });
    assert.equal(await outcome(network({ [ocspUrl]: answer(), [rootUrl]: revoked })), 'issuer_revoked');
    assert.equal(await outcome(network({ [ocspUrl]: answer() })), 'revocation_unavailable');
  });

  test('P12: each failure has its reason, and a sentence for people', async () => {
    const replies: readonly (readonly [Reply, string])[] = [
      [answer('revoked'), 'certificate_revoked'],
      [answer('revoked', { reason: 6 }), 'certificate_on_hold'],
      [answer('unknown'), 'status_unknown'],
      [answer('good', { thisUpdate: after(-3), nextUpdate: after(-2) }), 'revocation_unavailable'],
      [ocspError(3), 'revocation_unavailable'],
      ['timeout', 'revocation_unavailable'],
    ];
    for (const [reply, reason] of replies) {
      const verdict = await verify(network({ [ocspUrl]: reply, [rootUrl]: rootCrl }));
      assert(!verdict.ok && 'statuses' in verdict.failure);
      assert.equal(verdict.failure.reason, reason);
      assert.match(explain(verdict.failure), /^[^\r\n]+\.$/);
    }
    const forged = issueOcspResponse({
      signer: issueRoot({ subject: 'CN=Issuing CA' }),
      answers: [{ certificate: client.certificate, issuer: ca }],
    });
    for (const mode of ['hard-fail', 'soft-fail'] as const) {
      assert.equal(await outcome(network({ [ocspUrl]: forged, [rootUrl]: rootCrl }), { mode }), 'status_untrusted');
    }
  });

  test('P13: soft-fail accepts silence, flagged and for 300 seconds', async () => {
    const verdict = await verify(network(), { mode: 'soft-fail' });
    assert(verdict.ok);
    const { softFailed, expiresAt, freshUntil } = verdict.value.status;
    assert.deepEqual([softFailed, expiresAt, freshUntil], [true, seconds(300), seconds(30)]);
  });

  test('RFC 5280 §6.1: a path that fails is the reason, and nobody is asked', async () => {
    const ports = network({ [ocspUrl]: answer('revoked') });
    const policy = defaultStatusPolicy;
    const extensions = [ocspAccess([ocspUrl])];
    const expired = issueClient(ca, { extensions, notAfter: after(-1) });
    const stranger = issueClient({ subject: ca.subject, key: newKey() }, { extensions });
    for (const [{ certificate }, reason] of [
      [expired, 'certificate_expired'],
      [stranger, 'signature_invalid'],
    ] as const) {
      const verdict = await verifyClientCertificate(certificate, { truststore, policy, at }, ports);
      assert.equal(verdict.ok ? 'ok' : verdict.failure.reason, reason);
    }
    assert.equal(ports.requests.length, 0);
  });

  test('certbound: a responder that is down for an hour: each policy as documented, and well again within one negative cache', async () => {
    const ports = network({ [ocspUrl]: answer('good', { nextUpdate: seconds(600) }), [rootUrl]: rootCrl });
    const policy = { order: 'ocsp-crl' as const };
    assert.equal(await outcome(ports, policy), 'ok');
    ports.answers.set(ocspUrl, 'timeout');
    const seen: string[] = [];
    for (let second = 60; second <= 3600; second += 60) seen.push(await outcome(ports, policy, seconds(second)));
    const good = seen.filter((each) => each === 'ok').length;
    assert.deepEqual([good, new Set(seen.slice(good))], [15, new Set(['revocation_unavailable'])]);
    assert.equal(await outcome(ports, { ...policy, mode: 'soft-fail' }, seconds(3601)), 'ok');
    const asked = ports.requests.length;
    ports.answers.set(ocspUrl, answer('good', { thisUpdate: seconds(3600), nextUpdate: seconds(9000) }));
    assert.equal(await outcome(ports, policy, seconds(3602)), 'revocation_unavailable');
    assert.equal(ports.requests.length, asked);
    assert.equal(await outcome(ports, policy, seconds(3631)), 'ok');
  });
});

describe('evidence', () => {
  const revokedAnswer = answer('revoked', { reason: 1 });
  const replies: fc.Arbitrary<Reply> = fc.oneof(
    fc.constantFrom<Reply>(
      answer(),
      answer('unknown'),
      answer('revoked', { reason: 6 }),
      answer('good', { thisUpdate: after(-3), nextUpdate: after(-2) }),
      answer('good', { thisUpdate: after(-0.01), nextUpdate: after(30) }),
      ocspError(3),
      'timeout',
      'network',
      rootCrl,
      issueCrl({ signer: ca }),
      issueCrl({ signer: ca, entries: [{ serial: client.certificate.serial, reason: 6 }] }),
    ),
    fc.uint8Array({ maxLength: 200 }),
  );
  const policies: fc.Arbitrary<Partial<StatusPolicy>> = fc.record({
    mode: fc.constantFrom('hard-fail', 'soft-fail'),
    order: fc.constantFrom('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl'),
    depth: fc.constantFrom('chain', 'leaf'),
    maxStatusAge: fc.nat(1000),
  });

  const settings = fc.record(
    {
      mode: fc.constantFrom('hard-fail', 'soft-fail', 'off'),
      order: fc.constantFrom('ocsp-crl', 'crl-ocsp', 'ocsp', 'crl'),
      depth: fc.constantFrom('chain', 'leaf'),
      shortLived: fc.constant(1e9),
      revocation: fc.constant('none'),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<StatusOverride>;

  test('certbound: nor does what an entry says of its CA', async () => {
    const known = (await checkedRevoked()).statuses;
    await fc.assert(
      fc.asyncProperty(replies, settings, settings, fc.nat(86_400), async (ocsp, ofCa, ofRoot, later) => {
        const overrides = { [ca.certificate.thumbprint]: ofCa, [anchor.certificate.thumbprint]: ofRoot };
        const options = { truststore, policy: { ...defaultStatusPolicy, overrides }, at: seconds(later), known };
        const verdict = await verifyClientCertificate(client.certificate, options, network({ [ocspUrl]: ocsp }));
        return !verdict.ok && verdict.failure.reason === 'certificate_revoked';
      }),
      { numRuns: 60 },
    );
  });

  async function checkedRevoked() {
    const verdict = await verify(network({ [ocspUrl]: revokedAnswer, [rootUrl]: rootCrl }));
    assert(!verdict.ok && 'statuses' in verdict.failure);
    return verdict.failure;
  }

  test('pki: once revoked has been seen no other evidence makes the certificate usable', async () => {
    await fc.assert(
      fc.asyncProperty(replies, replies, policies, fc.nat(86_400), async (ocsp, crl, policy, later) => {
        const ports = network({ [ocspUrl]: revokedAnswer, [crlUrl]: crl, [rootUrl]: rootCrl });
        const first = await verify(ports, { ...policy, order: 'ocsp' });
        assert(!first.ok && 'statuses' in first.failure);
        ports.answers.set(ocspUrl, ocsp);
        const known = first.failure.statuses;
        const options = { truststore, policy: { ...defaultStatusPolicy, ...policy }, at: seconds(later), known };
        const second = await verifyClientCertificate(client.certificate, options, ports);
        return !second.ok && second.failure.reason === 'certificate_revoked';
      }),
      { numRuns: 60 },
    );
  });

  test('pki: whatever the sources send, the verdict is a value and never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(replies, replies, replies, policies, async (ocsp, crl, rootReply, policy) => {
        const ports = network({ [ocspUrl]: ocsp, [crlUrl]: crl, [rootUrl]: rootReply });
        const verdict = await verify(ports, policy);
        return typeof verdict.ok === 'boolean' && ports.requests.length <= 8;
      }),
      { numRuns: 60 },
    );
  });

  test('pki: a certificate passes under hard-fail only by an answer that says good', async () => {
    await fc.assert(
      fc.asyncProperty(replies, replies, policies, async (ocsp, crl, policy) => {
        const ports = network({ [ocspUrl]: ocsp, [crlUrl]: crl, [rootUrl]: rootCrl });
        const verdict = await verify(ports, { ...policy, mode: 'hard-fail' });
        return !verdict.ok || verdict.value.status.statuses[0]?.status === 'good';
      }),
      { numRuns: 60 },
    );
  });
});
