import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { constructedTag, tags } from '../../../lib/pki/certificate/der.ts';
import { write, writeInteger, writeOid, writeSequence, writeSet } from '../../../lib/pki/certificate/der-writer.ts';
import { buildTruststore, classify, parseBundle } from '../../../lib/pki/path/truststore.ts';
import { validatePath } from '../../../lib/pki/path/validation.ts';
import { noWork } from '../../../lib/pki/path/work.ts';
import { at, issue, issueClient, issueIntermediate, issueRoot, newKey, toPem } from '../issue.ts';
import { reasonOf } from './chain.ts';

const root = issueRoot();
const ca = issueIntermediate(root);
const client = issueClient(ca);
const bytes = (text: string) => Buffer.from(text);
const found = (bundle: Uint8Array) => parseBundle(bundle).certificates.map(({ thumbprint }) => thumbprint);
const thumbprints = [root.certificate.thumbprint, ca.certificate.thumbprint];

/** RFC 5652 §5.1: a SignedData that carries certificates and signs nothing. */
const pkcs7 = (...certificates: readonly Uint8Array[]) =>
  writeSequence(
    writeOid('1.2.840.113549.1.7.2'),
    write(
      constructedTag(0),
      writeSequence(
        writeInteger(1),
        writeSet(),
        writeSequence(writeOid('1.2.840.113549.1.7.1')),
        ...(certificates.length === 0 ? [] : [write(constructedTag(0), ...certificates)]),
        writeSet(),
      ),
    ),
  );

test('RFC 7468 §2: PEM with text between the blocks, any line end, a byte order mark', () => {
  const pem = `\ufeff# roots\n${root.pem}\nsubject=CN=Intermediate\n   \n${ca.pem}# end`;
  for (const text of [
    pem,
    pem.replaceAll('\n', '\r\n'),
    pem.replaceAll('\n', '\r'),
    `${root.pem}${ca.pem.trimEnd()}`,
    pem.replaceAll(/^/gm, '  '),
  ]) {
    const { certificates, problems } = parseBundle(bytes(text));
    assert.deepEqual(
      certificates.map(({ thumbprint }) => thumbprint),
      thumbprints,
    );
    assert.deepEqual(problems, []);
  }
});

test('DER and PKCS#7 in DER and PEM', () => {
  assert.deepEqual(found(root.der), thumbprints.slice(0, 1));
  assert.deepEqual(found(pkcs7(root.der, ca.der)), thumbprints);
  assert.deepEqual(found(bytes(toPem(pkcs7(root.der, ca.der), 'PKCS7'))), thumbprints);
  assert.deepEqual(found(bytes(toPem(root.der, 'X509 CERTIFICATE') + toPem(pkcs7(ca.der), 'CMS'))), thumbprints);
});

test('every problem is reported with its place, and the good certificates are kept', () => {
  const broken = Uint8Array.from(ca.der);
  broken[10] = 0xff;
  const text = [
    root.pem,
    toPem(broken),
    '-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n',
    toPem(ca.der, 'PRIVATE KEY'),
    toPem(ca.der, 'X509 CRL'),
    root.pem,
    ca.pem,
    '-----BEGIN CERTIFICATE-----\nMIIB',
  ].join('');
  const { certificates, problems } = parseBundle(bytes(text));
  assert.deepEqual(
    certificates.map(({ thumbprint }) => thumbprint),
    thumbprints,
  );
  const lines = text.split('\n');
  const expected = [
    /cannot be parsed/,
    /not base64/,
    /private key: remove it/,
    /"X509 CRL", not a certificate/,
    /same certificate stands at line 1 already/,
    /no line "-----END/,
  ];
  assert.equal(problems.length, expected.length);
  for (const [index, { line, problem }] of problems.entries()) {
    assert.match(problem, expected[index]!);
    assert.match(lines[(line ?? 0) - 1] ?? '', /^-----BEGIN/);
  }
});

test('problems of DER and PKCS#7 say the byte or the certificate', () => {
  const trailing = parseBundle(Buffer.concat([root.der, Buffer.of(0)]));
  assert.deepEqual(trailing.problems, [{ byte: root.der.length, problem: 'not DER: trailing bytes' }]);
  const second = parseBundle(pkcs7(root.der, writeSequence(writeSequence())));
  assert.equal(second.certificates.length, 1);
  assert.equal(second.problems[0]?.certificate, 2);
  assert.match(parseBundle(pkcs7()).problems[0]?.problem ?? '', /no certificates/);
  assert.match(parseBundle(Uint8Array.of(0x30, 0x80, 0, 0)).problems[0]?.problem ?? '', /indefinite length/);
  for (const nothing of [
    new Uint8Array(),
    bytes('hello'),
    bytes('-----BEGIN CERTIFICATE----'),
    Uint8Array.of(0xff, 0xfe, 0x2d, 0),
  ])
    assert.match(parseBundle(nothing).problems[0]?.problem ?? '', /neither PEM/);
  assert.match(parseBundle(new Uint8Array(5_000_000)).problems[0]?.problem ?? '', /larger than 4 MB/);
});

test('no bytes make parseBundle throw', () => {
  const good = pkcs7(root.der, ca.der);
  const mutated = fc
    .tuple(fc.constantFrom(good, root.der, bytes(root.pem), write(tags.sequence, good)), fc.nat(), fc.nat(255))
    .map(([source, at, value]) => {
      const copy = Uint8Array.from(source);
      copy[at % copy.length] = value;
      return copy;
    });
  fc.assert(fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (input) => void parseBundle(input)));
});

test('RFC 5280 §4.2.1.9: a certificate is an anchor, an intermediate or a client by what it may do', () => {
  assert.equal(classify(root.certificate), 'anchor');
  assert.equal(classify(ca.certificate), 'intermediate');
  assert.equal(classify(client.certificate), 'client');
  assert.equal(classify(issue({ subject: 'CN=self' }).certificate), 'client', 'self-signed and no CA');
  assert.equal(classify(issue({ version: 1 }).certificate), 'client');
});

test('stored entries are parsed when a path needs them, and only those', () => {
  const others = Array.from({ length: 50 }, (_, i) => issueRoot({ key: root.key, subject: `CN=Other ${i}` }));
  const entries = [...others, root].map(({ der }) => ({ type: 'anchor' as const, der }));
  const truststore = buildTruststore([...entries, { type: 'intermediate', der: ca.der }], '7');
  const work = noWork();
  const result = validatePath(client.certificate, { truststore, at, work });
  assert.ok(result.ok);
  assert.equal(result.value.truststoreVersion, '7');
  assert.deepEqual(work, { signatures: 2, comparisons: 0, nodes: 2 });
});

test('a stored entry that does not parse is trusted for nothing and breaks nothing', () => {
  const broken = issueRoot({ key: root.key, version: 4 });
  assert.equal(parseCertificate(broken.der).ok, false);
  const judge = (...ders: readonly Uint8Array[]) =>
    reasonOf(
      validatePath(issueClient(root).certificate, {
        truststore: buildTruststore(
          ders.map((der) => ({ type: 'anchor', der })),
          '1',
        ),
        at,
      }),
    );
  assert.equal(judge(broken.der), 'chain_untrusted');
  assert.equal(judge(Uint8Array.of(1, 2, 3)), 'chain_untrusted');
  assert.equal(judge(broken.der, new Uint8Array(), root.der), 'ok');
});

test('anchors that share a key share the check of a signature', () => {
  const key = newKey();
  const twins = Array.from({ length: 300 }, () => issueRoot({ key }));
  const truststore = buildTruststore(
    twins.map(({ der }) => ({ type: 'anchor', der })),
    '1',
  );
  const work = noWork();
  assert.equal(reasonOf(validatePath(issueClient(root).certificate, { truststore, at, work })), 'signature_invalid');
  assert.equal(work.signatures, 1, 'one key, one check');
});
