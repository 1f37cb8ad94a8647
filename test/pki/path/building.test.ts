import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Certificate } from '../../../lib/pki/certificate/certificate.ts';
import { buildTruststore, type TruststoreEntry } from '../../../lib/pki/path/truststore.ts';
import { type PathOptions, validatePath } from '../../../lib/pki/path/validation.ts';
import { noWork } from '../../../lib/pki/path/work.ts';
import {
  after,
  at,
  authorityKeyIdentifier,
  type Issued,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyIdentifier,
  newKey,
  subjectKeyIdentifier,
} from '../issue.ts';
import { reasonOf } from './chain.ts';

const anchor = ({ certificate }: Issued): TruststoreEntry => ({ type: 'anchor', certificate });
const middle = ({ certificate }: Issued, policy?: TruststoreEntry['policy']): TruststoreEntry => ({
  type: 'intermediate',
  certificate,
  ...(policy && { policy }),
});
const judge = (
  leaf: Issued,
  entries: readonly TruststoreEntry[],
  helpers: readonly Issued[] = [],
  options: Partial<PathOptions> = {},
) =>
  validatePath(leaf.certificate, {
    at,
    ...options,
    truststore: buildTruststore(entries, '1'),
    helpers: helpers.map(({ certificate }) => certificate),
  });
const verdict = (...args: Parameters<typeof judge>) => reasonOf(judge(...args));
const subjects = (certificates: readonly Certificate[] | undefined) =>
  certificates?.map(({ thumbprint }) => thumbprint);

const root = issueRoot();
const ca = issueIntermediate(root);
const client = issueClient(ca);

test('RFC 4158 §3: the truststore and the helpers complete a path from the leaf alone (P10)', () => {
  assert.equal(verdict(client, [anchor(root), middle(ca)]), 'ok');
  assert.equal(verdict(client, [anchor(root)], [ca]), 'ok');
  assert.equal(verdict(client, [anchor(root)]), 'chain_untrusted');
  assert.equal(verdict(client, [middle(ca)]), 'chain_incomplete');
  assert.equal(verdict(client, []), 'chain_untrusted');
});

test('an untrusted root among the helpers is no anchor', () => {
  assert.equal(verdict(client, [], [ca, root]), 'chain_untrusted');
  assert.equal(verdict(client, [anchor(issueRoot())], [ca, root]), 'signature_invalid');
  const self = issueRoot({ subject: 'CN=self' });
  assert.equal(verdict(self, [anchor(root)], [self]), 'chain_untrusted');
});

test('an intermediate is an anchor only where the operator said partialChain', () => {
  assert.equal(verdict(client, [middle(ca)]), 'chain_incomplete');
  const result = judge(client, [middle(ca, { partialChain: true })]);
  assert.ok(result.ok);
  assert.deepEqual(subjects(result.value.certificates), subjects([client.certificate, ca.certificate]));
  assert.equal(
    verdict(client, [middle(issueIntermediate(root, { key: ca.key, notAfter: after(-0.5) }), { partialChain: true })]),
    'issuer_expired',
  );
});

test('P11: of two anchors with one name, the one with the key', () => {
  const twin = issueRoot();
  for (const entries of [
    [anchor(root), anchor(twin)],
    [anchor(twin), anchor(root)],
  ]) {
    for (const signer of [root, twin]) {
      const result = judge(issueClient(signer), entries);
      assert.ok(result.ok);
      assert.equal(result.value.anchor, signer.certificate);
    }
  }
  assert.equal(verdict(issueClient(issueRoot()), [anchor(root), anchor(twin)]), 'signature_invalid');
});

test('RFC 4158 §3.5.12: among issuers of one name the key identifier comes first, and costs no signature more', () => {
  const twins = Array.from({ length: 20 }, () => issueRoot());
  for (const signer of [twins[0]!, twins[7]!, twins[19]!]) {
    const work = noWork();
    assert.equal(verdict(issueClient(signer), twins.map(anchor), [], { work }), 'ok');
    assert.equal(work.signatures, 1);
  }
});

test('RFC 5280 §4.2.1.1: a key identifier that misleads costs time, not the path', () => {
  const twin = issueRoot();
  const misled = issueClient(root, { extensions: [authorityKeyIdentifier(keyIdentifier(twin.key))] });
  assert.equal(verdict(misled, [anchor(root), anchor(twin)]), 'ok');
  const other = issueRoot({ extensions: [subjectKeyIdentifier(Uint8Array.of(1))] });
  assert.equal(verdict(issueClient(other), [anchor(other)]), 'ok');
});

test('P10: of several paths an expired or constrained one does not hide a valid one', () => {
  const old = issueRoot({ subject: 'CN=Old', notAfter: after(-0.5) });
  const crossed = issueIntermediate(old, { key: ca.key });
  const expired = issueIntermediate(root, { key: ca.key, notAfter: after(-0.5) });
  for (const helpers of [
    [crossed, expired, ca],
    [ca, expired, crossed],
    [expired, crossed, ca],
  ])
    assert.equal(verdict(client, [anchor(root), anchor(old)], helpers), 'ok');
  assert.equal(verdict(client, [anchor(root), anchor(old)], [crossed, expired]), 'issuer_expired');
});

test('of several failures the most specific is reported, the others are kept', () => {
  const expired = issueIntermediate(root, { key: ca.key, notAfter: after(-0.5) });
  const stranger = issueIntermediate(issueRoot({ subject: 'CN=Stranger' }), { key: ca.key });
  const forged = issueIntermediate(root);
  const result = judge(client, [anchor(root)], [stranger, forged, expired]);
  assert.ok(!result.ok);
  assert.equal(result.failure.reason, 'issuer_expired');
  assert.deepEqual(result.failure.others?.map(({ reason }) => reason).sort(), [
    'chain_incomplete',
    'signature_invalid',
  ]);
});

test('a name in other octets than the truststore has is found all the same', () => {
  const entries = [anchor(issueRoot({ subject: 'CN=ROOT' })), anchor(root)];
  const upper = issueClient(root, { issuerName: 'CN=ROOT' });
  assert.equal(verdict(upper, entries), 'ok');
});

test('RFC 4158 §5.2: two CAs that certify each other end as no path', () => {
  const [a, b] = [newKey(), newKey()];
  const issuer = (name: string, key: typeof a) => ({ subject: issueRoot({ subject: name, key }).subject, key });
  const ab = issueIntermediate(issuer('CN=A', a), { subject: 'CN=B', key: b });
  const ba = issueIntermediate(issuer('CN=B', b), { subject: 'CN=A', key: a });
  const work = noWork();
  assert.equal(verdict(issueClient(ab), [anchor(root)], [ab, ba], { work }), 'chain_incomplete');
  assert.ok(work.signatures <= 3, `${work.signatures} signatures`);
  assert.ok(work.nodes <= 4, `${work.nodes} nodes`);
});

test('RFC 4158 §5.2: the same subject and key come once, also in another certificate', () => {
  const key = newKey();
  const first = issueIntermediate(root, { subject: 'CN=Loop', key });
  const second = issueIntermediate(first, { subject: 'CN=Loop', key });
  const result = judge(issueClient(first), [anchor(root)], [second, first]);
  assert.ok(result.ok);
  assert.equal(result.value.certificates.length, 3);
});

test('a path has at most six certificates', () => {
  const chain = [root];
  while (chain.length < 6) chain.unshift(issueIntermediate(chain[0]!, { subject: `CN=CA ${chain.length}` }));
  const [last, ...others] = chain;
  assert.equal(verdict(issueClient(others[0]!), [anchor(root)], others.slice(0, -1)), 'ok');
  assert.equal(verdict(issueClient(last!), [anchor(root)], chain.slice(0, -1)), 'path_length');
});

test('at most 32 helpers', () => {
  const key = newKey();
  const strangers = Array.from({ length: 32 }, (_, i) => issueRoot({ key, subject: `CN=S${i}` }));
  assert.equal(verdict(client, [anchor(root), middle(ca)], strangers), 'ok');
  assert.equal(verdict(client, [anchor(root), middle(ca)], [...strangers, ca]), 'budget_exceeded');
});

test('a mesh of CAs that all certify each other ends after 64 signature checks', () => {
  const keys = Array.from({ length: 8 }, (_, i) => issueRoot({ subject: `CN=Mesh ${i}` }));
  const helpers = keys
    .flatMap((issuer, i) => keys.map((subject, j) => [issuer, subject, i, j] as const))
    .filter(([, , i, j]) => i !== j && (i + j) % 2 === 1)
    .map(([issuer, subject, , j]) => issueIntermediate(issuer, { subject: `CN=Mesh ${j}`, key: subject.key }));
  assert.equal(helpers.length, 32);
  const work = noWork();
  const leaf = issueClient(keys[0]!);
  const reason = verdict(leaf, [anchor(root)], helpers, { work });
  assert.equal(reason, 'budget_exceeded');
  assert.ok(work.signatures <= 64 && work.nodes <= 500, JSON.stringify(work));
});

test('a hundred CAs of one name end after 64 signature checks', () => {
  const twins = Array.from({ length: 100 }, () => issueRoot({ extensions: [subjectKeyIdentifier(Uint8Array.of(7))] }));
  const work = noWork();
  assert.equal(verdict(issueClient(issueRoot()), twins.map(anchor), [], { work }), 'budget_exceeded');
  assert.equal(work.signatures, 64);
});

test('nothing is verified twice on the way to one verdict', () => {
  const old = issueRoot({ subject: 'CN=Old', notAfter: after(-0.5) });
  const roots = [old, issueRoot({ subject: 'CN=Older', notAfter: after(-0.5) }), root];
  const crossed = roots.map((issuer) => issueIntermediate(issuer, { key: ca.key }));
  const work = noWork();
  assert.equal(verdict(client, roots.map(anchor), crossed, { work }), 'ok');
  assert.ok(work.signatures <= 4, `${work.signatures}`);
});
