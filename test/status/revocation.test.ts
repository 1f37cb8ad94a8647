/** The status of a path: what is asked, when, of whom, and what is remembered. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { writeNull } from '../../lib/pki/certificate/der-writer.ts';
import type { VerifiedPath } from '../../lib/pki/path/validation.ts';
import { verifyClientCertificate } from '../../lib/status/client-certificate.ts';
import {
  type CertificateStatus,
  checkStatus,
  defaultStatusPolicy,
  fetchStatus,
  type StatusPolicy,
} from '../../lib/status/revocation.ts';
import {
  crlDistributionPoints,
  extendedKeyUsage,
  extension,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyUsage,
  newKey,
  ocspAccess,
  purposes,
} from '../pki/issue.ts';
import {
  type Answer,
  after,
  at,
  hour,
  issueOcspResponse,
  minute,
  noCheck,
  nonce,
  ocspError,
} from '../pki/status/issue-status.ts';
import { type Network, network, pathOf, type Reply, truststoreOf } from './network.ts';

const ocsp = 'http://ocsp.test/';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
const client = issueClient(ca, { extensions: [ocspAccess([ocsp])] });
const path = pathOf(client, ca, anchor);
const leafOnly: StatusPolicy = { ...defaultStatusPolicy, depth: 'leaf' };

const answer = (status: Answer['status'] = 'good', more: Partial<Answer> = {}, leaf: Issued = client, signer = ca) =>
  issueOcspResponse({ signer, answers: [{ certificate: leaf.certificate, issuer: signer, status, ...more }] });
const seconds = (count: number, from = at) => new Date(from.getTime() + count * 1000);
const forged = () =>
  issueOcspResponse({
    signer: issueRoot({ subject: 'CN=Issuing CA' }),
    answers: [{ certificate: client.certificate, issuer: ca }],
  });

const ask = async (
  ports: Network,
  options: { policy?: StatusPolicy; at?: Date; path?: VerifiedPath; known?: never } = {},
) => {
  const { policy = leafOnly, at: when = at } = options;
  const [leaf] = await fetchStatus(options.path ?? path, { policy, at: when }, ports);
  assert(leaf);
  return leaf;
};

describe('asking', () => {
  test('RFC 6960 §4.1: the responder that the certificate names is asked, by POST, within bounds', async () => {
    const ports = network({ [ocsp]: answer() });
    const status = await ask(ports);
    assert.deepEqual(
      [status.status, status.source, status.cached, status.stale, status.softFailed],
      ['good', 'ocsp', false, false, false],
    );
    assert.deepEqual([status.thisUpdate, status.nextUpdate, status.fetchedAt], [after(-hour), after(1), at]);
    const [request] = ports.requests;
    assert.equal(request?.method, 'POST');
    assert.equal(request?.contentType, 'application/ocsp-request');
    assert(request && request.maxBytes === 65_536 && request.timeout === 2500);
  });

  test('RFC 6960 Appendix A.1: the policy can choose GET', async () => {
    const ports = network();
    await ask(ports, { policy: { ...leafOnly, ocspMethod: 'get' } });
    assert.equal(ports.requests[0]?.method, 'GET');
  });

  test('RFC 5280 §4.2.2.1: other schemes than http and https are nobody to ask', async () => {
    const urls = ['ldap://ldap.test/cn=x', 'file:///etc/passwd', 'ftp://ftp.test/', 'gopher://x/', 'javascript:1'];
    const leaf = issueClient(ca, { extensions: [ocspAccess(urls), crlDistributionPoints(urls)] });
    const ports = network();
    assert.equal((await ask(ports, { path: pathOf(leaf, ca, anchor) })).status, 'no_source');
    assert.equal(ports.requests.length, 0);
  });

  test('RFC 5280 §4.2.2.1: at most four addresses are asked for one certificate', async () => {
    const urls = Array.from({ length: 10 }, (_, index) => `http://ocsp${index}.test/`);
    const leaf = issueClient(ca, { extensions: [ocspAccess(urls)] });
    const ports = network();
    assert.equal((await ask(ports, { path: pathOf(leaf, ca, anchor) })).status, 'unavailable');
    assert.deepEqual(
      ports.requests.map(({ url }) => url),
      urls.slice(0, 4),
    );
  });

  test('RFC 5280 §4.2.2.1: the next address is asked when the first has no answer of use', async () => {
    const second = 'https://other.test/';
    const leaf = issueClient(ca, { extensions: [ocspAccess([ocsp, second])] });
    const good = answer('good', {}, leaf);
    for (const first of [
      'network',
      'timeout',
      ocspError(3),
      Buffer.from('<html>'),
      answer('unknown', {}, leaf),
    ] as const) {
      const ports = network({ [ocsp]: first, [second]: good });
      const status = await ask(ports, { path: pathOf(leaf, ca, anchor) });
      assert.deepEqual([status.status, ports.requests.length], ['good', 2]);
    }
  });

  test('RFC 6960 §2.2: of several responders one that says revoked ends the matter', async () => {
    const second = 'https://other.test/';
    const leaf = issueClient(ca, { extensions: [ocspAccess([ocsp, second])] });
    const ports = network({ [ocsp]: answer('unknown', {}, leaf), [second]: answer('revoked', {}, leaf) });
    assert.equal((await ask(ports, { path: pathOf(leaf, ca, anchor) })).status, 'revoked');
  });

  test('RFC 6960 §4.2.1: timeouts use up the time of the request, so that no certificate waits longer than 4 seconds', async () => {
    const urls = ['http://a.test/', 'http://b.test/', 'http://c.test/', 'http://d.test/'];
    const leaf = issueClient(ca, { extensions: [ocspAccess(urls)] });
    const slow = network(Object.fromEntries(urls.map((url) => [url, 'timeout' as const])));
    await ask(slow, { path: pathOf(leaf, ca, anchor) });
    assert.deepEqual(
      slow.requests.map(({ timeout }) => timeout),
      [2500, 1500],
    );
    let clock = 1000;
    const dripping = network({}, { now: () => clock });
    const fetch: Network['fetch'] = (request) => {
      clock += 1900;
      return dripping.fetch(request);
    };
    await ask({ ...dripping, fetch }, { path: pathOf(leaf, ca, anchor) });
    assert.deepEqual(
      dripping.requests.map(({ timeout }) => timeout),
      [2500, 2100, 200],
    );
  });

  test('pki §4: all that one request asks shares its 4 seconds', async () => {
    const asked = async (now: number) => {
      const ports = network({ [ocsp]: answer() }, { now: () => now });
      const options = { truststore: truststoreOf(ca, anchor), policy: leafOnly, at, began: 1_000 };
      const verdict = await verifyClientCertificate(client.certificate, options, ports);
      return [verdict.ok, ports.requests.map(({ timeout }) => timeout)];
    };
    assert.deepEqual(await asked(1_000), [true, [2500]]);
    assert.deepEqual(await asked(4_900), [true, [100]]);
    assert.deepEqual(await asked(5_000), [false, []]);
  });

  test('RFC 5280 §6.1: nothing is fetched for a certificate whose path is not valid', async () => {
    const policy = defaultStatusPolicy;
    const truststore = truststoreOf(ca, anchor);
    const foreign = issueRoot({ subject: 'CN=Root' });
    const refusals = [
      issueClient(foreign, { extensions: [ocspAccess([ocsp])] }),
      issueClient({ subject: ca.subject, key: newKey() }, { extensions: [ocspAccess([ocsp])] }),
      issueClient(ca, { extensions: [ocspAccess([ocsp])], notAfter: after(-minute) }),
      issueClient(ca, { extensions: [ocspAccess([ocsp]), extendedKeyUsage([purposes.serverAuth])] }),
      issueClient(ca, { extensions: [ocspAccess([ocsp]), extension('1.2.3.4', writeNull(), true)] }),
    ];
    for (const { certificate } of refusals) {
      const ports = network({ [ocsp]: answer() });
      const verdict = await verifyClientCertificate(certificate, { truststore, policy, at }, ports);
      assert(!verdict.ok && !('statuses' in verdict.failure));
      assert.equal(ports.requests.length, 0);
    }
  });

  test('RFC 5280 §6.1.3 (a)(3): every certificate but the anchor is asked about; all at once', async () => {
    const rootOcsp = 'http://root.test/';
    const inner = issueIntermediate(anchor, { subject: 'CN=Inner', extensions: [ocspAccess([rootOcsp])] });
    const leaf = issueClient(inner, { extensions: [ocspAccess([ocsp])] });
    const ports = network({
      [ocsp]: answer('good', {}, leaf, inner),
      [rootOcsp]: answer('revoked', {}, inner, anchor),
    });
    const long = pathOf(leaf, inner, anchor);
    const statuses = await fetchStatus(long, { policy: defaultStatusPolicy, at }, ports);
    assert.deepEqual(
      statuses.map(({ status }) => status),
      ['good', 'revoked'],
    );
    const verdict = await checkStatus(long, { policy: defaultStatusPolicy, at }, ports);
    assert(!verdict.ok);
    assert.deepEqual(
      [verdict.failure.reason, verdict.failure.certificate],
      ['issuer_revoked', inner.certificate.thumbprint],
    );
    const [, notChecked] = await fetchStatus(long, { policy: leafOnly, at }, ports);
    assert.equal(notChecked?.status, 'not_checked');
  });
});

describe('nobody is asked', () => {
  const unasked = async (leaf: Issued, policy: StatusPolicy) => {
    const ports = network({ [ocsp]: answer() });
    const status = await ask(ports, { path: pathOf(leaf, ca, anchor), policy });
    assert.equal(ports.requests.length, 0);
    return [status.status, status.source, status.exemption];
  };

  test('RFC 9608 §3: a certificate with noRevAvail is not asked about, unless it contradicts itself', async () => {
    const noRevAvail = extension('2.5.29.56', writeNull());
    assert.deepEqual(await unasked(issueClient(ca, { extensions: [noRevAvail] }), leafOnly), [
      'not_checked',
      'none',
      'no_rev_avail',
    ]);
    const both = issueClient(ca, { extensions: [noRevAvail, ocspAccess([ocsp])] });
    const ports = network({ [ocsp]: answer('revoked', {}, both) });
    assert.equal((await ask(ports, { path: pathOf(both, ca, anchor) })).status, 'revoked');
    const withCrl = issueClient(ca, { extensions: [noRevAvail, crlDistributionPoints(['http://crl.test/'])] });
    assert.equal((await ask(network(), { path: pathOf(withCrl, ca, anchor) })).status, 'unavailable');
  });

  test('RFC 9608 §3: noRevAvail is not for CAs: an intermediate that has it is checked', async () => {
    const inner = issueIntermediate(anchor, { subject: 'CN=Inner', extensions: [extension('2.5.29.56', writeNull())] });
    const statuses = await fetchStatus(
      pathOf(issueClient(inner), inner, anchor),
      { policy: defaultStatusPolicy, at },
      network(),
    );
    assert.deepEqual(
      statuses.map(({ status }) => status),
      ['no_source', 'no_source'],
    );
  });

  test('RFC 5280 §6.1: short-lived certificates are exempt where the policy says how short', async () => {
    const short = issueClient(ca, { notBefore: at, notAfter: after(hour) });
    assert.deepEqual(await unasked(short, { ...leafOnly, shortLived: 3600 }), ['not_checked', 'none', 'short_lived']);
    assert.deepEqual(await unasked(short, { ...leafOnly, shortLived: 3599 }), ['no_source', 'none', undefined]);
  });

  test('pki §4: a certificate without any source has no status, unless the operator said that its CA runs no service', async () => {
    const bare = issueClient(ca);
    assert.deepEqual(await unasked(bare, leafOnly), ['no_source', 'none', undefined]);
    const overrides = { [ca.certificate.thumbprint]: { revocation: 'none' as const } };
    assert.deepEqual(await unasked(bare, { ...leafOnly, overrides }), ['not_checked', 'none', 'entry']);
    const elsewhere = { [anchor.certificate.thumbprint]: { revocation: 'none' as const } };
    assert.deepEqual(await unasked(bare, { ...leafOnly, overrides: elsewhere }), ['no_source', 'none', undefined]);
  });

  test('RFC 6960 §4.2.2.2: mode off asks nobody', async () => {
    assert.deepEqual(await unasked(client, { ...defaultStatusPolicy, mode: 'off' }), ['not_checked', 'none', 'policy']);
  });
});

describe('answers of no use', () => {
  const outcome = async (reply: Reply, policy = leafOnly) => {
    const ports = network({ [ocsp]: reply });
    const status = await ask(ports, { policy });
    assert.equal(ports.requests.length, 1);
    return status.status;
  };

  test('P12: a bad signature or signer is untrusted, whatever else is wrong with the answer', async () => {
    assert.equal(await outcome(forged()), 'untrusted');
    const genuine = answer();
    genuine[genuine.length - 1] = (genuine.at(-1) ?? 0) ^ 1;
    assert.equal(await outcome(genuine), 'untrusted');
    const byClient = issueOcspResponse({
      signer: client,
      answers: [{ certificate: client.certificate, issuer: ca }],
      certificates: [client.der],
    });
    assert.equal(await outcome(byClient), 'untrusted');
  });

  test('P12: stale, malformed, foreign and unsuccessful answers are unavailability', async () => {
    for (const reply of [
      answer('good', { thisUpdate: after(-3), nextUpdate: after(-2) }),
      answer('good', { thisUpdate: after(1), nextUpdate: after(2) }),
      answer('good', { serial: Uint8Array.of(1) }),
      Buffer.concat([answer(), Uint8Array.of(0)]),
      Buffer.from('not found'),
      new Uint8Array(),
      ocspError(3),
      'http_status',
      'url_refused',
      'too_large',
      'timeout',
      'network',
    ] as const) {
      assert.equal(await outcome(reply), 'unavailable');
    }
  });

  test('RFC 9654 §2.1: the nonce is sent, must come back where required, and must be the one sent', async () => {
    const echo =
      (change = (value: Uint8Array) => value) =>
      (request: { body?: Uint8Array }) => {
        const sent = Buffer.from(request.body ?? []).subarray(-32);
        return issueOcspResponse({
          signer: ca,
          answers: [{ certificate: client.certificate, issuer: ca }],
          extensions: [nonce(change(sent))],
        });
      };
    const asked = async (policy: StatusPolicy['nonce'], reply: Reply) => {
      const ports = network({ [ocsp]: reply }, { randomBytes });
      return (await ask(ports, { policy: { ...leafOnly, nonce: policy } })).status;
    };
    for (const policy of ['prefer', 'require'] as const) {
      assert.equal(await asked(policy, echo()), 'good');
      assert.equal(
        await asked(
          policy,
          echo(() => randomBytes(32)),
        ),
        'unavailable',
      );
      assert.equal(await asked(policy, answer()), policy === 'prefer' ? 'good' : 'unavailable');
    }
    assert.equal(await asked('off', answer()), 'good');
    assert.equal(await outcome(answer(), { ...leafOnly, nonce: 'require' }), 'unavailable');
  });
});

describe('remembering', () => {
  test('pki §4: an answer is asked for again when it is older than maxStatusAge, not before', async () => {
    const ports = network({ [ocsp]: answer() });
    await ask(ports);
    const early = await ask(ports, { at: seconds(300) });
    assert.deepEqual([early.status, early.cached, early.fetchedAt, ports.requests.length], ['good', true, at, 1]);
    const late = await ask(ports, { at: seconds(301) });
    assert.deepEqual([late.cached, late.fetchedAt, ports.requests.length], [false, seconds(301), 2]);
  });

  test('pki §4: age counts from fetchedAt, so that answers produced long ago count as new', async () => {
    const ports = network({ [ocsp]: answer('good', { thisUpdate: after(-20), nextUpdate: after(20) }) });
    await ask(ports);
    assert.equal((await ask(ports, { at: seconds(299) })).cached, true);
  });

  test('pki §4: a silent responder leaves the older answer in place, flagged stale, while it is inside its nextUpdate', async () => {
    const ports = network({ [ocsp]: answer('good', { nextUpdate: after(1) }) });
    await ask(ports);
    for (const silence of ['network', 'timeout', ocspError(3), forged()] as const) {
      ports.answers.set(ocsp, silence);
      ports.cached.forEach((_, key) => void (key.endsWith('.silent') && ports.cached.delete(key)));
      const status = await ask(ports, { at: seconds(400) });
      assert.deepEqual([status.status, status.stale, status.cached, status.fetchedAt], ['good', true, true, at]);
    }
    const gone = await ask(ports, { at: after(2) });
    assert.deepEqual([gone.status, gone.stale], ['untrusted', false]);
  });

  test('protocol §4.2: the older good answer does not outlive an answer that says otherwise', async () => {
    for (const status of ['revoked', 'unknown'] as const) {
      const ports = network({ [ocsp]: answer() });
      await ask(ports);
      ports.answers.set(ocsp, answer(status));
      assert.equal((await ask(ports, { at: seconds(301) })).status, status);
    }
  });

  test('pki §4: a source that failed is left alone for the negative cache, then asked again', async () => {
    const ports = network({ [ocsp]: 'timeout' });
    const first = await ask(ports);
    assert.deepEqual([first.status, first.retryAt], ['unavailable', seconds(30)]);
    ports.answers.set(ocsp, answer());
    const second = await ask(ports, { at: seconds(29) });
    assert.deepEqual([second.status, second.retryAt, ports.requests.length], ['unavailable', seconds(30), 1]);
    assert.equal((await ask(ports, { at: seconds(30) })).status, 'good');
    assert.equal(ports.requests.length, 2);
  });

  test('protocol §4.2: what was untrusted is remembered as untrusted, not as silence', async () => {
    const ports = network({ [ocsp]: forged() });
    assert.equal((await ask(ports)).status, 'untrusted');
    assert.equal((await ask(ports, { at: seconds(5) })).status, 'untrusted');
    assert.equal(ports.requests.length, 1);
  });

  test('RFC 5280 §5.3.1: revoked is for good: it is not asked for again, and no later answer ends it', async () => {
    const ports = network({ [ocsp]: answer('revoked', { reason: 1 }) });
    await ask(ports);
    ports.answers.set(ocsp, answer());
    const later = await ask(ports, { at: seconds(3600) });
    assert.deepEqual([later.status, later.revocationReason, ports.requests.length], ['revoked', 'keyCompromise', 1]);
    assert.equal((await ask(ports, { at: after(30) })).status, 'revoked');
  });

  test('RFC 5280 §5.3.1: a hold ends by a newer answer, and not by an older one that is replayed', async () => {
    const ports = network({ [ocsp]: answer('revoked', { reason: 6, thisUpdate: after(-hour) }) });
    assert.equal((await ask(ports)).status, 'on_hold');
    ports.answers.set(ocsp, answer('good', { thisUpdate: after(-2 * hour) }));
    assert.equal((await ask(ports, { at: seconds(301) })).status, 'on_hold');
    ports.answers.set(ocsp, answer('good', { thisUpdate: after(-minute) }));
    assert.equal((await ask(ports, { at: seconds(602) })).status, 'good');
  });

  test('RFC 6960 §2.2: unknown is asked about again after the negative cache: the certificate may be a moment old', async () => {
    const ports = network({ [ocsp]: answer('unknown') });
    assert.equal((await ask(ports)).status, 'unknown');
    ports.answers.set(ocsp, answer());
    assert.equal((await ask(ports, { at: seconds(29) })).status, 'unknown');
    assert.equal((await ask(ports, { at: seconds(31) })).status, 'good');
  });

  test('pki §4: a cached answer is verified again: the cache is no trust root', async () => {
    const ports = network({ [ocsp]: answer('revoked') });
    await ask(network({ [ocsp]: answer() }, { cache: ports.cache }));
    const [key] = ports.cached.keys();
    assert(key && key.length <= 64);
    for (const der of [forged(), Buffer.from('junk'), new Uint8Array(), answer('good', { serial: Uint8Array.of(9) })]) {
      ports.cached.set(key, { der, fetchedAt: at });
      assert.equal((await ask(ports)).status, 'revoked');
    }
    ports.cached.set(key, { der: answer(), fetchedAt: after(9) });
    assert.equal((await ask(ports)).status, 'revoked');
  });

  test('pki §4: an answer serves one issuer, one responder and one certificate', async () => {
    const ports = network({ [ocsp]: answer() });
    await ask(ports);
    const other = issueClient(ca, { extensions: [ocspAccess([ocsp])] });
    assert.equal((await ask(ports, { path: pathOf(other, ca, anchor) })).status, 'unavailable');
    const responderUrl = 'http://override.test/';
    const overrides = { [ca.certificate.thumbprint]: { responderUrl } };
    assert.equal((await ask(ports, { policy: { ...leafOnly, overrides } })).status, 'unavailable');
    assert.deepEqual(
      ports.requests.map(({ url }) => url),
      [ocsp, ocsp, responderUrl],
    );
  });
});

describe('single flight', () => {
  test('pki §4: a hundred requests at once make one fetch', async () => {
    const ports = network({ [ocsp]: answer() });
    const statuses = await Promise.all(Array.from({ length: 100 }, () => ask(ports)));
    assert.equal(ports.requests.length, 1);
    assert(statuses.every(({ status }) => status === 'good'));
    await ask(ports, { at: seconds(301) });
    assert.equal(ports.requests.length, 2);
  });

  test('pki §4: a hundred requests to a silent responder make one fetch, and all learn of the silence', async () => {
    const ports = network({ [ocsp]: 'timeout' });
    const statuses = await Promise.all(Array.from({ length: 100 }, () => ask(ports)));
    assert.equal(ports.requests.length, 1);
    assert(statuses.every(({ status }) => status === 'unavailable'));
  });

  test('design §5: tenants do not share a flight: each has its own cache', async () => {
    const one = network({ [ocsp]: answer() });
    const two = network({ [ocsp]: answer('revoked') });
    const [a, b] = await Promise.all([ask(one), ask(two)]);
    assert.deepEqual([a.status, b.status], ['good', 'revoked']);
  });
});

describe('what is known', () => {
  const known = async (ports: Network, when: Date, policy = leafOnly) => {
    const found = await fetchStatus(path, { policy, at }, network({ [ocsp]: answer() }));
    const [status] = await fetchStatus(path, { policy, at: when, known: found }, ports);
    assert(status);
    return status;
  };

  test('design §6: a known status that is fresh is used without network and without cache', async () => {
    const ports = network();
    const status = await known(ports, seconds(300));
    assert.deepEqual([status.status, status.cached, status.stale, ports.requests.length], ['good', true, false, 0]);
  });

  test('design §6: an older one is asked for again, and is the fallback while it holds', async () => {
    const ports = network({ [ocsp]: answer('revoked') });
    assert.equal((await known(ports, seconds(301))).status, 'revoked');
    const silent = network();
    const status = await known(silent, seconds(301));
    assert.deepEqual([status.status, status.stale, status.fetchedAt, silent.requests.length], ['good', true, at, 1]);
    assert.deepEqual([status.detail, status.retryAt], ['network: test: network', seconds(331)]);
    assert.equal((await known(network(), after(1.1))).status, 'unavailable');
    assert.equal((await known(network({ [ocsp]: answer('unknown') }), seconds(301))).status, 'unknown');
  });

  test('RFC 5280 §5.3.1: known to be revoked stays revoked, whatever the sources say', async () => {
    const found = await fetchStatus(path, { policy: leafOnly, at }, network({ [ocsp]: answer('revoked') }));
    const ports = network({ [ocsp]: answer() });
    for (const policy of [
      leafOnly,
      { ...leafOnly, order: 'crl' as const },
      { ...leafOnly, mode: 'soft-fail' as const },
    ]) {
      const [status] = await fetchStatus(path, { policy, at: after(20), known: found }, ports);
      assert.equal(status?.status, 'revoked');
    }
    assert.equal(ports.requests.length, 0);
  });

  test('design §6: what is stale, or by a source that the policy no longer wants, is asked for again', async () => {
    const [found] = await fetchStatus(path, { policy: leafOnly, at }, network({ [ocsp]: answer() }));
    assert(found);
    const again = async (known: CertificateStatus, policy = leafOnly) => {
      const ports = network({ [ocsp]: answer('revoked') });
      const [status] = await fetchStatus(path, { policy, at, known: [known] }, ports);
      return [status?.status, ports.requests.length];
    };
    assert.deepEqual(await again(found), ['good', 0]);
    assert.deepEqual(await again({ ...found, stale: true }), ['revoked', 1]);
    assert.deepEqual(await again({ ...found, source: 'crl' }, { ...leafOnly, order: 'ocsp' }), ['revoked', 1]);
    assert.deepEqual(await again(found, { ...leafOnly, order: 'crl' }), ['no_source', 0]);
    assert.deepEqual(await again({ ...found, fetchedAt: after(1) }), ['revoked', 1]);
  });

  test('design §6: a known failure is no answer', async () => {
    const failed = await fetchStatus(path, { policy: leafOnly, at }, network());
    assert.equal(failed[0]?.status, 'unavailable');
    const ports = network({ [ocsp]: answer() });
    const [status] = await fetchStatus(path, { policy: leafOnly, at, known: failed }, ports);
    assert.equal(status?.status, 'good');
  });

  test('design §6: what is known of another certificate is nothing', async () => {
    const other = issueClient(ca, { extensions: [ocspAccess([ocsp])] });
    const found = await fetchStatus(
      pathOf(other, ca, anchor),
      { policy: leafOnly, at },
      network({ [ocsp]: answer('good', {}, other) }),
    );
    const [status] = await fetchStatus(path, { policy: leafOnly, at, known: found }, network());
    assert.equal(status?.status, 'unavailable');
  });
});

describe('overrides', () => {
  test('pki §4: the operator can name the responder and its certificate, for one CA', async () => {
    const local = issueRoot({ subject: 'CN=Local Responder' });
    const responderUrl = 'http://local.test/';
    const signed = issueOcspResponse({ signer: local, answers: [{ certificate: client.certificate, issuer: ca }] });
    const override = { responderUrl, responderCertificate: local.der };
    const policy = (issuer: Issued) => ({ ...leafOnly, overrides: { [issuer.certificate.thumbprint]: override } });
    const ports = network({ [responderUrl]: signed, [ocsp]: signed });
    assert.equal((await ask(ports, { policy: policy(ca) })).status, 'good');
    assert.equal((await ask(ports, { policy: policy(anchor) })).status, 'untrusted');
    assert.deepEqual(
      ports.requests.map(({ url }) => url),
      [responderUrl, ocsp],
    );
  });

  test('RFC 6960 §4.2.2.2.1: a delegate that lives long and cannot be looked up is not trusted', async () => {
    const extensions = [extendedKeyUsage([purposes.ocspSigning]), keyUsage(['digitalSignature'])];
    const by = (more: typeof extensions) =>
      issue({ issuer: ca, subject: 'CN=Responder', extensions: [...extensions, ...more] });
    const signedBy = (signer: Issued) =>
      issueOcspResponse({
        signer,
        certificates: [signer.der],
        answers: [{ certificate: client.certificate, issuer: ca }],
      });
    assert.equal((await ask(network({ [ocsp]: signedBy(by([])) }))).status, 'untrusted');
    assert.equal((await ask(network({ [ocsp]: signedBy(by([noCheck])) }))).status, 'good');
  });
});

test('pki §4: an address that is silent about the certificates of one CA is left alone for them, and asked for another CA', async () => {
  const other = issueIntermediate(anchor, { subject: 'CN=Other CA' });
  const pathUnder = (issuer: Issued) =>
    pathOf(issueClient(issuer, { extensions: [ocspAccess([ocsp])] }), issuer, anchor);
  const ports = network();
  for (let count = 0; count < 5; count += 1) await ask(ports, { path: pathUnder(ca) });
  assert.equal(ports.requests.length, 3);
  await ask(ports, { path: pathUnder(other) });
  assert.equal(ports.requests.length, 4);
});
