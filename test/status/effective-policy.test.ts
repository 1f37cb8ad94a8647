/** What truststore entries say of status in place of the tenant, and which hosts may be asked (docs/policies.md). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import type { VerifiedPath } from '../../lib/pki/path/validation.ts';
import { effectivePolicy } from '../../lib/status/effective-policy.ts';
import {
  checkStatus,
  defaultStatusPolicy,
  fetchStatus,
  type StatusOverride,
  type StatusPolicy,
} from '../../lib/status/revocation.ts';
import {
  crlDistributionPoints,
  type Issued,
  issueClient,
  issueIntermediate,
  issueRoot,
  ocspAccess,
} from '../pki/issue.ts';
import { after, at, issueCrl, issueOcspResponse } from '../pki/status/issue-status.ts';
import { network, pathOf } from './network.ts';

const root = issueRoot();
const upper = issueIntermediate(root, { subject: 'CN=Upper CA', extensions: [ocspAccess(['http://root.test/'])] });
const lower = issueIntermediate(upper, { subject: 'CN=Lower CA', extensions: [ocspAccess(['http://upper.test/'])] });
const client = issueClient(lower, {
  extensions: [ocspAccess(['http://lower.test/']), crlDistributionPoints(['http://crl.test/lower.crl'])],
});
const path = pathOf(client, lower, upper, root);

const answer = (leaf: Issued, issuer: Issued, status: 'good' | 'revoked' | 'unknown' = 'good') =>
  issueOcspResponse({ signer: issuer, answers: [{ certificate: leaf.certificate, issuer, status }] });
const everybody = () => ({
  'http://lower.test/': answer(client, lower),
  'http://upper.test/': answer(lower, upper),
  'http://root.test/': answer(upper, root),
});

type Said = readonly (readonly [Issued, StatusOverride])[];
const override = (...said: Said): NonNullable<StatusPolicy['overrides']> =>
  Object.fromEntries(said.map(([{ certificate }, value]) => [certificate.thumbprint, value]));
const withOverrides = (...said: Said): StatusPolicy => ({
  ...defaultStatusPolicy,
  ...(said.length > 0 && { overrides: override(...said) }),
});

async function verdict(policy: StatusPolicy, answers = {}, when = at, through: VerifiedPath = path) {
  const ports = network(answers);
  const found = await checkStatus(through, { policy, at: when }, ports);
  const outcome = found.ok ? (found.value.softFailed ? 'soft-failed' : 'accepted') : found.failure.reason;
  return { outcome, asked: ports.requests.map(({ url }) => url).sort(), found };
}

describe('pki §4: the entry nearest to the certificate speaks first', () => {
  const authorities = [lower, upper, root].map(({ certificate }) => certificate);

  test('then those above it, then the tenant', () => {
    const policy = withOverrides(
      [root, { mode: 'off', maxStatusAge: 1, order: 'crl' }],
      [upper, { mode: 'soft-fail', maxStatusAge: 2 }],
      [lower, { maxStatusAge: 3 }],
    );
    const { mode, order, maxStatusAge, depth } = effectivePolicy(policy, authorities);
    assert.deepEqual([mode, order, maxStatusAge, depth], ['soft-fail', 'crl', 3, 'chain']);
    assert.equal(effectivePolicy(policy, authorities.slice(2)).mode, 'off');
  });

  test('what no entry says stays as the tenant says, and so does everything else of the policy', () => {
    const policy = { ...withOverrides([upper, { responderUrl: 'http://own.test/' }]), hosts: ['a.test'] };
    assert.equal(effectivePolicy(policy, authorities), policy);
    const { overrides: _none, ...plain } = policy;
    assert.equal(effectivePolicy(plain, authorities), plain);
  });

  test('an override of a certificate that is not above it says nothing', () => {
    const policy = withOverrides([client, { mode: 'off' }], [issueRoot(), { mode: 'off' }]);
    assert.equal(effectivePolicy(policy, authorities).mode, 'hard-fail');
  });
});

describe('pki §4: each certificate is judged by the policy that holds for it', () => {
  test('soft-fail for what one CA issued tolerates the silence of that CA alone', async () => {
    const policy = withOverrides([lower, { mode: 'soft-fail' }]);
    const { 'http://lower.test/': _silent, ...others } = everybody();
    assert.equal((await verdict(policy, others)).outcome, 'soft-failed');
    const { 'http://upper.test/': _silentToo, ...fewer } = others;
    assert.equal((await verdict(policy, fewer)).outcome, 'revocation_unavailable');
  });

  test('hard-fail below, in a tenant that tolerates, refuses', async () => {
    const policy: StatusPolicy = { ...withOverrides([lower, { mode: 'hard-fail' }]), mode: 'soft-fail' };
    assert.equal((await verdict(policy)).outcome, 'revocation_unavailable');
    assert.equal((await verdict({ ...policy, overrides: {} })).outcome, 'soft-failed');
  });

  test('off for what a CA issued asks nobody about it, and everybody else is asked', async () => {
    const { asked, outcome } = await verdict(
      withOverrides([lower, { mode: 'off' }], [upper, { mode: 'hard-fail' }]),
      everybody(),
    );
    assert.deepEqual([outcome, asked], ['accepted', ['http://root.test/', 'http://upper.test/']]);
  });

  test('depth leaf at an entry leaves out the CA certificates below it', async () => {
    const { asked, outcome } = await verdict(withOverrides([root, { depth: 'leaf' }]), everybody());
    assert.deepEqual([outcome, asked], ['accepted', ['http://lower.test/']]);
  });

  test('revoked is revoked, whatever any entry says', async () => {
    const answers = { ...everybody(), 'http://upper.test/': answer(lower, upper, 'revoked') };
    const policy = withOverrides([lower, { mode: 'off' }], [root, { mode: 'soft-fail' }]);
    assert.equal((await verdict(policy, answers)).outcome, 'issuer_revoked');
  });

  test('order and maxStatusAge of an entry hold for what it issued', async () => {
    const crl = issueCrl({ signer: lower, number: 1 });
    const answers = { ...everybody(), 'http://crl.test/lower.crl': crl };
    const policy = withOverrides([lower, { order: 'crl', maxStatusAge: 10 }], [upper, { maxStatusAge: 300 }]);
    const { asked, found } = await verdict(policy, answers);
    assert.deepEqual(asked, ['http://crl.test/lower.crl', 'http://root.test/', 'http://upper.test/']);
    assert(found.ok);
    assert.deepEqual(found.value.freshUntil, new Date(at.getTime() + 10_000));
  });

  test('the addresses of an entry are for what that very CA issued', async () => {
    const answers = { ...everybody(), 'http://own.test/': answer(lower, upper) };
    const { asked } = await verdict(withOverrides([upper, { responderUrl: 'http://own.test/' }]), answers);
    assert.deepEqual(asked, ['http://lower.test/', 'http://own.test/', 'http://root.test/']);
  });
});

describe('pki §4: a tenant lists the hosts that may be asked', () => {
  const leafOnly = (changes: Partial<StatusPolicy>): StatusPolicy => ({
    ...defaultStatusPolicy,
    depth: 'leaf',
    order: 'ocsp',
    ...changes,
  });
  const statusOf = async (changes: Partial<StatusPolicy>, answers = everybody() as Record<string, Uint8Array>) => {
    const ports = network(answers);
    const [status] = await fetchStatus(path, { policy: leafOnly(changes), at }, ports);
    return { status, asked: ports.requests.length };
  };

  for (const hosts of [
    ['lower.test'],
    ['LOWER.test'],
    ['other.test', 'lower.test:80'],
    ['lower.test', 'lower.test:8080'],
  ]) {
    test(`${hosts.join(', ')}: lower.test is asked`, async () => {
      assert.equal((await statusOf({ hosts })).status?.status, 'good');
    });
  }

  for (const hosts of [
    [],
    ['other.test'],
    ['lower.test.other'],
    ['test'],
    ['.test'],
    ['*.test'],
    ['lower.test:8080'],
  ]) {
    test(`${hosts.join(', ') || 'nobody'}: lower.test is not asked, and the operator reads why`, async () => {
      const { status, asked } = await statusOf({ hosts });
      assert.deepEqual([status?.status, asked], ['unavailable', 0]);
      assert.match(status?.detail ?? '', /lower\.test:80 is not among the hosts/);
    });
  }

  test('a distribution point is held to the list as well', async () => {
    const answers = { 'http://crl.test/lower.crl': issueCrl({ signer: lower }) };
    assert.equal((await statusOf({ order: 'crl', hosts: ['lower.test'] }, answers)).asked, 0);
    assert.equal((await statusOf({ order: 'crl', hosts: ['crl.test'] }, answers)).status?.status, 'good');
  });

  test('what an override names is the operator’s own', async () => {
    const overrides = override([lower, { responderUrl: 'http://own.test/' }]);
    const answers = { 'http://own.test/': answer(client, lower) };
    assert.equal((await statusOf({ hosts: [], overrides }, answers)).status?.status, 'good');
  });

  test('a good answer that was fetched before still holds', async () => {
    const [known] = await fetchStatus(path, { policy: leafOnly({}), at }, network(everybody()));
    assert(known);
    const later = { policy: leafOnly({ hosts: [] }), at: after(1 / 24), known: [known] };
    const [status] = await fetchStatus(path, later, network());
    assert.deepEqual([status?.status, status?.stale], ['good', true]);
    const stranger = { ...known, certificate: 'x' as Thumbprint };
    const [other] = await fetchStatus(path, { ...later, known: [stranger] }, network());
    assert.equal(other?.status, 'unavailable');
  });
});
