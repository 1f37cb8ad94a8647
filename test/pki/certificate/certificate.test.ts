import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCertificate, parseCertificatePem } from '../../../lib/pki/certificate/certificate.ts';
import { constructedTag, contextTag, encoding, root, takeAll } from '../../../lib/pki/certificate/der.ts';
import {
  write,
  writeBoolean,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../../../lib/pki/certificate/der-writer.ts';
import { printName } from '../../../lib/pki/certificate/name.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import {
  after,
  at,
  basicConstraints,
  certificatePolicies,
  crlDistributionPoints,
  type Extension,
  extendedKeyUsage,
  extension,
  generalName,
  type Issue,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyUsage,
  nameConstraints,
  newKey,
  ocspAccess,
  policyConstraints,
  policyMappings,
  subjectAltName,
  toPem,
  writeBitString,
  writeTime,
} from '../issue.ts';

const key = newKey();
const make = (options: Issue) => parseCertificate(issue({ key, ...options }).der);
const problem = (result: ReturnType<typeof parseCertificate>) => (result.ok ? 'accepted' : result.failure.problem);
const refused = (options: Issue, pattern: RegExp) => assert.match(problem(make(options)), pattern);
const accepted = (options: Issue) => {
  const result = make(options);
  assert.ok(result.ok, problem(result));
  return result.value;
};

test('RFC 5280 §4.1: the fields of a certificate, as OpenSSL reads them too', () => {
  const root = issueRoot();
  const { der, certificate } = issueClient(root, { subject: 'CN=client,O=Example', serialNumber: 0xabcdef });
  const other = new X509Certificate(der);
  assert.equal(certificate.version, 3);
  assert.equal(certificate.serialNumber, 'abcdef');
  assert.equal(certificate.serialNumber, other.serialNumber.toLowerCase());
  assert.equal(printName(certificate.subject), 'CN=client,O=Example');
  assert.equal(printName(certificate.issuer), 'CN=Root');
  assert.deepEqual(certificate.notBefore, after(-1));
  assert.deepEqual(certificate.notAfter, after(365));
  assert.deepEqual([...(certificate.keyUsage ?? [])], ['digitalSignature']);
  assert.deepEqual(certificate.extendedKeyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.ok(certificate.publicKey?.equals(other.publicKey));
  assert.equal(certificate.selfIssued, false);
  assert.equal(root.certificate.selfIssued, true);
  assert.ok(Object.isFrozen(certificate));
});

test('RFC 8705 Appendix A: the thumbprint is over the DER and has no padding', () => {
  const { der, pem, certificate } = issueRoot();
  const digest = new X509Certificate(pem).fingerprint256.replaceAll(':', '');
  assert.equal(Buffer.from(certificate.thumbprint, 'base64url').toString('hex').toUpperCase(), digest);
  assert.match(certificate.thumbprint, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(thumbprint(der), certificate.thumbprint);
  assert.notEqual(thumbprint(Buffer.from(pem)), certificate.thumbprint);
});

test('RFC 5280 §4.1.2.1: v1, v2 and v3 are read; other versions and an encoded v1 are not', () => {
  assert.equal(accepted({ version: 1 }).version, 1);
  assert.equal(accepted({ version: 2 }).version, 2);
  assert.equal(accepted({ version: 3 }).version, 3);
  refused({ version: 4 }, /no such version/);
  refused({ version: 0 }, /./);
  const encodedV1 = (tbs: Uint8Array) => {
    const [, ...rest] = takeAll(root(tbs));
    return writeSequence(write(constructedTag(0), writeInteger(0)), ...rest.map(encoding));
  };
  refused({ rewrite: encodedV1 }, /no such version/);
});

test('RFC 5280 §4.1.2.2: serial numbers of any sign and size are read and printed', () => {
  for (const [octets, printed] of [
    [[0], '0'],
    [[0x7f], '7f'],
    [[0, 0xff], 'ff'],
    [[0xff], '-1'],
    [[0x80, 0], '-8000'],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], '102030405060708090a'],
  ] as const)
    assert.equal(accepted({ serialNumber: Uint8Array.from(octets) }).serialNumber, printed);
  refused({ serialNumber: Uint8Array.of(0, 1) }, /not minimal/);
  refused({ serialNumber: Uint8Array.of() }, /empty INTEGER/);
});

test('RFC 5280 §4.1.1.2: the two signature algorithms must be the same', () => {
  refused({ innerAlgorithm: writeSequence(writeOid('1.2.840.10045.4.3.3')) }, /differ/);
  refused({ innerAlgorithm: writeSequence(writeOid('1.2.840.10045.4.3.2'), writeNull()) }, /differ/);
});

test('RFC 5280 §4.1.2.5: validity with fractional seconds or an impossible date is refused', () => {
  accepted({ notAfter: writeTime(new Date('2060-01-01T00:00:00Z')) });
  accepted({ notBefore: writeTime(at, 'generalized') });
  refused({ notAfter: write(0x18, Buffer.from('20600101000000.5Z')) }, /time/);
  refused({ notAfter: write(0x17, Buffer.from('2601010000Z')) }, /time/);
  refused({ notAfter: write(0x17, Buffer.from('260230000000Z')) }, /date/);
});

test('RFC 5280 §4.1.2.8: unique identifiers are read past in v2 and v3 and refused in v1', () => {
  const identifier = (tbs: Uint8Array) =>
    writeSequence(...takeAll(root(tbs)).map(encoding), write(contextTag(1), Uint8Array.of(0, 7)));
  accepted({ version: 2, rewrite: identifier });
  refused({ version: 1, rewrite: identifier }, /unique identifier/);
});

test('RFC 5280 §4.1.2.9: extensions are for v3, at least one, none twice', () => {
  refused({ version: 2, extensions: [basicConstraints(false)] }, /not v3/);
  refused({ extensions: [basicConstraints(true), basicConstraints(true)] }, /twice/);
  refused({ extensions: [extension('1.2.3', writeNull()), extension('1.2.3', writeNull())] }, /twice/);
  refused(
    { rewrite: (tbs) => writeSequence(...takeAll(root(tbs)).map(encoding), write(constructedTag(3), writeSequence())) },
    /empty/,
  );
});

test('X.690 §11.5: an encoded default is refused for critical and read for cA', () => {
  const critical = writeSequence(writeOid('1.2.3'), writeBoolean(false), writeOctetString(writeNull()));
  refused(
    {
      rewrite: (tbs) =>
        writeSequence(...takeAll(root(tbs)).map(encoding), write(constructedTag(3), writeSequence(critical))),
    },
    /critical FALSE/,
  );
  const cA = accepted({ extensions: [extension('2.5.29.19', writeSequence(writeBoolean(false)))] });
  assert.deepEqual(cA.basicConstraints, { cA: false });
});

const oid = (value: string) => writeOid(value);
const malformed: readonly (readonly [clause: string, extension: Extension])[] = [
  ['§4.2.1.1 authorityKeyIdentifier', extension('2.5.29.35', writeOctetString(Uint8Array.of(1)))],
  ['§4.2.1.2 subjectKeyIdentifier', extension('2.5.29.14', writeNull())],
  ['§4.2.1.3 keyUsage without a bit', keyUsage([])],
  ['§4.2.1.3 keyUsage of zeros', extension('2.5.29.15', writeBitString(Uint8Array.of(0)))],
  ['§4.2.1.3 keyUsage with trailing zeros', extension('2.5.29.15', writeBitString(Uint8Array.of(0x80, 0)))],
  ['§4.2.1.4 no policy', certificatePolicies([])],
  ['§4.2.1.4 a policy twice', certificatePolicies(['1.2.3', '1.2.3'])],
  ['§4.2.1.5 no mapping', policyMappings([])],
  ['§4.2.1.6 no name', subjectAltName([])],
  ['§4.2.1.9 trailing member', extension('2.5.29.19', writeSequence(writeBoolean(true), writeInteger(0), writeNull()))],
  [
    '§4.2.1.9 negative pathLen',
    extension('2.5.29.19', writeSequence(writeBoolean(true), writeInteger(Uint8Array.of(0xff)))),
  ],
  ['§4.2.1.9 members in the wrong order', extension('2.5.29.19', writeSequence(writeInteger(0), writeBoolean(true)))],
  ['§4.2.1.10 neither permitted nor excluded', nameConstraints({})],
  ['§4.2.1.10 no subtree', nameConstraints({ permitted: [] })],
  ['§4.2.1.11 neither field', policyConstraints()],
  ['§4.2.1.11 negative', extension('2.5.29.36', writeSequence(write(contextTag(0), Uint8Array.of(0xff))))],
  ['§4.2.1.12 no purpose', extendedKeyUsage([])],
  ['§4.2.1.13 no point', crlDistributionPoints([])],
  [
    '§4.2.1.13 point without name',
    extension('2.5.29.31', writeSequence(writeSequence(write(contextTag(1), Uint8Array.of(6, 0x40))))),
  ],
  ['§4.2.1.14 negative', extension('2.5.29.54', writeInteger(Uint8Array.of(0x80)))],
  ['§4.2.2.1 no access', ocspAccess([])],
  ['§4.2.2.1 no location', extension('1.3.6.1.5.5.7.1.1', writeSequence(writeSequence(oid('1.3.6.1.5.5.7.48.1'))))],
  ['RFC 9608 §2 no NULL', extension('2.5.29.56', writeSequence())],
  ['two values', extension('2.5.29.14', Buffer.concat([writeOctetString(Uint8Array.of(1)), writeNull()]))],
  ['no value', extension('2.5.29.14', new Uint8Array())],
];

test('RFC 5280 §4.2: a known extension that is malformed is refused, critical or not', () => {
  for (const [clause, bad] of malformed) {
    for (const critical of [false, true]) assert.equal(make({ extensions: [{ ...bad, critical }] }).ok, false, clause);
  }
  accepted({ extensions: [extension('1.2.3.4', Uint8Array.of(0xff, 0xff), true)] });
});

test('RFC 5280 §4.1: trailing bytes and anything above 16 KB are refused', () => {
  const { der } = issueRoot();
  assert.match(problem(parseCertificate(Buffer.concat([der, Buffer.of(0)]))), /trailing/);
  const names = (count: number) => [
    subjectAltName(Array.from({ length: count }, (_, i) => generalName.dns(`n${i}.example`))),
  ];
  accepted({ extensions: names(1000) });
  refused({ extensions: names(1500) }, /more than 16384/);
  assert.match(problem(parseCertificate(new Uint8Array(5_000_000))), /more than 16384/);
});

test('RFC 5280 §4.1.1.3: the signature is of whole octets', () => {
  const parts = takeAll(root(issueRoot().der)).map(encoding);
  const bits = writeSequence(parts[0]!, parts[1]!, writeBitString(Uint8Array.of(0xf0), 4));
  assert.match(problem(parseCertificate(bits)), /whole octets/);
});

test('RFC 7468 §5: exactly one CERTIFICATE block, with text around it', () => {
  const { pem, der } = issueRoot();
  const read = parseCertificatePem(`Subject: CN=Root\r\n\r\n${pem.replaceAll('\n', '\r\n')}\r\nmore text`);
  assert.ok(read.ok && Buffer.compare(read.value.der, der) === 0);
  const bad = [
    '',
    'x',
    pem + pem,
    toPem(der, 'TRUSTED CERTIFICATE'),
    toPem(der, 'CERTIFICATE REQUEST'),
    pem.replace('-----END', '----END'),
    pem.replace(/M/, '*'),
    pem.replace(/\n-----END/, 'A\n-----END'),
    `${pem}${toPem(der, 'PRIVATE KEY')}`,
    toPem(new Uint8Array(60_000)),
  ];
  for (const text of bad) assert.equal(parseCertificatePem(text).ok, false, text.slice(0, 60));
});

test('no mutation of a certificate makes the parser throw', () => {
  const { der } = issueIntermediate(issueRoot(), {
    extensions: [
      nameConstraints({ permitted: [generalName.dns('a.example'), generalName.ip(10, 0, 0, 0, 255, 0, 0, 0)] }),
      certificatePolicies(['1.2.3']),
      policyMappings([['1.2.3', '1.2.4']]),
      crlDistributionPoints(['http://a.example/']),
      ocspAccess(['http://b.example/']),
    ],
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = Uint8Array.from(der);
      for (const [index, value] of changes) bytes[index] = value;
      parseCertificate(bytes);
    }),
    { numRuns: 1000 },
  );
  for (let length = 0; length < der.length; length++) assert.equal(parseCertificate(der.subarray(0, length)).ok, false);
});
