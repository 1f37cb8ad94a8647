import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  type CertificateRequest,
  issueCertificate,
  type KeyedCertificate,
} from '../../lib/local/certificate-authority.ts';
import { maxTruststoreBytes, parseTruststoreBundle, truststoreWarnings } from '../../lib/truststore-bundle.ts';

const at = new Date('2030-06-01T00:00:00Z');
const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };

const authority = (subject: string, issuer?: KeyedCertificate, changes: Partial<CertificateRequest> = {}) =>
  issueCertificate(issuer, { subject, ca: {}, ...years, ...changes });

const root = await authority('CN=Root,O=Example');
const intermediate = await authority('CN=Issuing,O=Example', root);
const otherRoot = await authority('CN=Other root,O=Example');

const bundle = (...certificates: readonly KeyedCertificate[]) =>
  certificates.map((each) => each.certificate).join('\n');

function accepted(text: string) {
  const parsed = parseTruststoreBundle(text);
  return parsed.ok ? parsed.value : assert.fail(parsed.failure.join('; '));
}

function refusals(text: string): readonly string[] {
  const parsed = parseTruststoreBundle(text);
  return parsed.ok ? assert.fail('accepted') : parsed.failure;
}

const warnings = (...certificates: readonly KeyedCertificate[]) =>
  truststoreWarnings(accepted(bundle(...certificates)).certificates, at);

test('API Gateway mutual TLS: a bundle of a root and an intermediate is accepted without a warning', () => {
  const { certificates } = accepted(bundle(root, intermediate));
  assert.equal(certificates.length, 2);
  assert.deepEqual(warnings(root, intermediate), []);
});

test('API Gateway mutual TLS: what is published is the certificates and nothing else, whatever stood between them', () => {
  const plain = accepted(bundle(root, intermediate));
  const commented = accepted(
    `\uFEFF# Corporate root\r\n${bundle(root, intermediate).replaceAll('\n', '\r\n')}\r\n# end`,
  );
  assert.equal(commented.pem, plain.pem);
  assert.equal(commented.sha256, plain.sha256);
  assert.doesNotMatch(commented.pem, /#|\r/);
  assert.equal(plain.sha256, createHash('sha256').update(plain.pem).digest('hex'));
  assert.deepEqual(
    accepted(plain.pem).certificates.map(({ raw }) => raw.toString('hex')),
    [root, intermediate].map(({ der }) => Buffer.from(der).toString('hex')),
  );
});

test('API Gateway mutual TLS: a bundle with another certificate has another SHA-256', () => {
  assert.notEqual(accepted(bundle(root)).sha256, accepted(bundle(otherRoot)).sha256);
});

const key = root.key;
const corrupted = root.certificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
const refused: readonly (readonly [string, string, readonly RegExp[]])[] = [
  ['an empty file', '', [/no certificate in PEM form/]],
  ['text', 'no PEM at all', [/no certificate in PEM form/]],
  ['DER', Buffer.from(root.der).toString('latin1'), [/no certificate in PEM form/]],
  ['a private key alone', key, [/"PRIVATE KEY"; a truststore holds CERTIFICATE blocks only/]],
  ['a private key beside a certificate', `${root.certificate}\n${key}`, [/"PRIVATE KEY"/]],
  [
    'a TRUSTED CERTIFICATE',
    root.certificate.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
    [/"TRUSTED CERTIFICATE"/],
  ],
  ['a certificate that is none', corrupted, [/^certificate 1 cannot be parsed$/]],
  ['a certificate cut short', root.certificate.slice(0, 200), [/^1 of 1 CERTIFICATE blocks are malformed$/]],
  ['a second block cut short', `${bundle(root)}\n${intermediate.certificate.slice(0, 90)}`, [/^1 of 2 CERTIFICATE/]],
  [
    'one certificate twice',
    bundle(root, intermediate, root),
    [/^certificates 1 and 3 have the same subject .*CN=Root/],
  ],
];

for (const [what, text, expected] of refused) {
  test(`API Gateway mutual TLS: ${what} is refused`, () => {
    const found = refusals(text);
    assert.equal(found.length, expected.length, found.join('; '));
    expected.forEach((pattern, index) => {
      assert.match(found[index] ?? '', pattern);
    });
  });
}

test('API Gateway mutual TLS: two certificates with one subject are refused, whatever their keys', async () => {
  const renewed = await authority('CN=Root,O=Example');
  assert.deepEqual(refusals(bundle(root, renewed)).length, 1);
});

test('API Gateway mutual TLS: everything that is wrong with a bundle is told at once', async () => {
  const renewed = await authority('CN=Root,O=Example');
  const found = refusals([bundle(root, renewed), corrupted, key].join('\n'));
  assert.equal(found.length, 3);
  assert.match(found.join('\n'), /PRIVATE KEY[\s\S]*certificate 3 cannot be parsed[\s\S]*certificates 1 and 2/);
});

test('API Gateway mutual TLS: a bundle is smaller than 1000 KB', () => {
  const padding = (bytes: number) => `${root.certificate}\n`.padEnd(bytes, '#');
  assert.equal(accepted(padding(maxTruststoreBytes - 1)).certificates.length, 1);
  assert.match(refusals(padding(maxTruststoreBytes))[0] ?? '', /^it has 1000000 bytes/);
});

test('API Gateway mutual TLS: a long run of unfinished blocks is refused without going through it again for each', () => {
  const text = '-----BEGIN CERTIFICATE-----\nAAAA\n'.repeat(30_000);
  assert.deepEqual(refusals(text), ['30000 of 30000 CERTIFICATE blocks are malformed']);
});

test('API Gateway mutual TLS: an intermediate without its root is warned of: its clients get a 403', () => {
  assert.match(warnings(intermediate).join('\n'), /CN=Issuing has no issuer in the truststore/);
  assert.match(warnings(intermediate, otherRoot).join('\n'), /CN=Issuing has no issuer in the truststore/);
});

test('API Gateway mutual TLS: a certificate is warned of whose issuer only has the right name', async () => {
  const impostor = await authority('CN=Root,O=Example');
  assert.match(warnings(impostor, intermediate).join('\n'), /CN=Issuing has no issuer/);
});

test('API Gateway mutual TLS: certificates outside their validity are warned of', async () => {
  const expired = await authority('CN=Old', undefined, { notAfter: new Date('2030-05-31T00:00:00Z') });
  const future = await authority('CN=New', undefined, { notBefore: new Date('2030-06-02T00:00:00Z') });
  const found = warnings(expired, future, root);
  assert.equal(found.length, 2);
  assert.match(found[0] ?? '', /^CN=Old is valid from .* to May 31 .* 2030 GMT only$/);
});

test('API Gateway mutual TLS: keys that it does not take are warned of', async () => {
  for (const keyType of ['RSA-1024', 'P-224', 'Ed25519'] as const) {
    const weak = await authority('CN=Weak', root, { keyType });
    assert.deepEqual(warnings(root, weak), ['CN=Weak has a key weaker than RSA-2048 or ECDSA-256'], keyType);
  }
  const strong = await authority('CN=Strong', undefined, { keyType: 'RSA-2048' });
  assert.deepEqual(warnings(strong), []);
});

test('API Gateway mutual TLS: a self-signed end entity is warned of for that alone', async () => {
  const client = await issueCertificate(undefined, { subject: 'CN=client', ...years, eku: ['clientAuth'] });
  assert.deepEqual(warnings(client), [
    'CN=client is no CA certificate: only the holder of its own key can connect by it',
  ]);
});
