import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, root } from '../../../lib/pki/certificate/der.ts';
import {
  matchDnsName,
  matchEmail,
  matchIpAddress,
  matchUri,
  parseDnsName,
  parseEmail,
  parseIpAddress,
  parseUri,
  readGeneralName,
} from '../../../lib/pki/certificate/general-name.ts';
import { buildTruststore } from '../../../lib/pki/path/truststore.ts';
import { validatePath } from '../../../lib/pki/path/validation.ts';
import { at, generalName, issue, issueClient, issueRoot, subjectAltName } from '../issue.ts';

const ip = (...octets: number[]) => Uint8Array.from(octets);
const documentation = (last: number) => ip(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last);

test('RFC 5280 §7.2: DNS names match in any case and whole (C14)', () => {
  assert.ok(matchDnsName('client.example.com', 'CLIENT.Example.com'));
  assert.ok(!matchDnsName('client.example.com', 'x.client.example.com'));
  assert.ok(!matchDnsName('client.example.com', 'example.com'));
  assert.ok(!matchDnsName('client.example.com', 'client.example.com.'));
  assert.ok(!matchDnsName('client.example.com', 'client.example.com\0.evil.example'));
  assert.ok(!matchDnsName('', ''));
});

test('RFC 8705 §7.5: a wildcard matches nothing, on neither side (C14)', () => {
  assert.ok(!matchDnsName('*.a.example', 'x.a.example'));
  assert.ok(!matchDnsName('x.a.example', '*.a.example'));
  assert.ok(!matchDnsName('*.a.example', '*.a.example'));
  assert.equal(parseDnsName('*.a.example').ok, false);
});

test('RFC 5280 §7.2: registered host names become A-labels in lower case (C14)', () => {
  assert.deepEqual(parseDnsName('Bücher.Example'), { ok: true, value: 'xn--bcher-kva.example' });
  assert.deepEqual(parseDnsName('A.Example'), { ok: true, value: 'a.example' });
  for (const bad of [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    '-a.b',
    'a-.b',
    'a b',
    'a/b',
    'ü/b',
    'ü:1',
    'ü@x',
    '1.2.3.4',
    'a\0',
    'a\n',
    `${'a'.repeat(64)}.b`,
    'http://a',
  ])
    assert.equal(parseDnsName(bad).ok, false, JSON.stringify(bad));
});

test('RFC 5280 §7.4: scheme and host of a URI in any case, the rest as it is (C15)', () => {
  assert.ok(matchUri('https://EXAMPLE.org/A', 'HTTPS://example.org/A'));
  assert.ok(matchUri('spiffe://td/ns/a', 'spiffe://TD/ns/a'));
  assert.ok(matchUri('urn:uuid:A', 'URN:uuid:A'));
  for (const [a, b] of [
    ['/a', '/A'],
    ['/a', '/a/'],
    ['/a', '/%61'],
    ['/', ''],
    ['/a?x', '/a?X'],
    ['/a', '/a#'],
  ] as const)
    assert.ok(!matchUri(`https://example.org${a}`, `https://example.org${b}`), a + b);
  assert.ok(!matchUri('https://User@example.org/', 'https://user@example.org/'));
  assert.ok(!matchUri('https://example.org:443/', 'https://example.org/'));
  assert.ok(!matchUri('urn:a', 'urn:A'));
  assert.ok(!matchUri('example.org', 'example.org'));
});

test('RFC 3986 §4.3: what is no absolute URI is not registered', () => {
  for (const good of ['https://a.example/x', 'urn:uuid:1', 'spiffe://td/a', 'ldap://h/'])
    assert.ok(parseUri(good).ok, good);
  for (const bad of ['', 'a', '/a', 'https', 'https:', 'https://a b', 'https://ä/', '1a:b', 'a:b\n'])
    assert.equal(parseUri(bad).ok, false, bad);
});

test('RFC 8705 §2.1.2: IP addresses match octet by octet, in any form of text (C16)', () => {
  assert.ok(matchIpAddress('2001:db8::1', documentation(1)));
  assert.ok(matchIpAddress('2001:DB8:0:0:0:0:0:1', documentation(1)));
  assert.ok(matchIpAddress('2001:0db8::0.0.0.1', documentation(1)));
  assert.ok(matchIpAddress('192.0.2.1', ip(192, 0, 2, 1)));
  assert.ok(!matchIpAddress('192.0.2.1', ip(192, 0, 2, 2)));
  assert.ok(!matchIpAddress('::ffff:192.0.2.1', ip(192, 0, 2, 1)), 'mapped is not IPv4');
  assert.ok(!matchIpAddress('192.0.2.1', ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1)));
  assert.ok(!matchIpAddress('nonsense', ip()));
});

test('RFC 4291 §2.2: what is no address is not registered', () => {
  for (const good of ['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:1.2.3.4', '::1.2.3.4', '0.0.0.0'])
    assert.ok(parseIpAddress(good).ok, good);
  for (const bad of [
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    '::g',
    '1.2.3.4::',
    'fe80::1%eth0',
    '::1/128',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.4/8',
    ' 1.2.3.4',
    '1:2',
  ])
    assert.equal(parseIpAddress(bad).ok, false, bad);
});

test('RFC 5280 §7.5: the local part exactly, the host in any case (C17)', () => {
  assert.ok(matchEmail('John@example.com', 'John@EXAMPLE.COM'));
  assert.ok(!matchEmail('John@example.com', 'john@example.com'));
  assert.ok(!matchEmail('a@example.com', 'a@x.example.com'));
  assert.ok(!matchEmail('example.com', 'example.com'));
  assert.deepEqual(parseEmail('John@Exämple.com'), { ok: true, value: 'John@xn--exmple-cua.com' });
  for (const bad of ['', 'a', '@a', 'a@', 'a@b@c', 'a b@c', 'ä@c.ch', '"a"@c.ch', 'a@-b'])
    assert.equal(parseEmail(bad).ok, false, bad);
});

test('RFC 5280 §4.2.1.6: a name is of its own type and of no other (C18)', () => {
  const root = issueRoot();
  const { certificate } = issueClient(root, {
    subject: 'CN=dns.example',
    extensions: [
      subjectAltName([
        generalName.dns('uri.example'),
        generalName.uri('https://x.example/'),
        generalName.email('a@b.example'),
        generalName.ip(1, 2, 3, 4),
        generalName.directory('CN=d'),
        generalName.registeredId('1.2.3'),
      ]),
    ],
  });
  assert.deepEqual(
    certificate.subjectAltName.map(({ type }) => type),
    ['dNSName', 'uniformResourceIdentifier', 'rfc822Name', 'iPAddress', 'directoryName', 'registeredID'],
  );
  const dns = certificate.subjectAltName.filter((one) => one.type === 'dNSName').map(({ value }) => value);
  assert.deepEqual(dns, ['uri.example'], 'the CN is no DNS name');
});

test('RFC 5280 §4.2.1.6: malformed names are refused', () => {
  const bad = [
    generalName.ip(1, 2, 3),
    generalName.ip(),
    generalName.dns(''),
    generalName.dns('ä'),
    generalName.email(''),
    generalName.uri(''),
  ];
  for (const der of [...bad, Uint8Array.of(0x89, 0), Uint8Array.of(0x30, 0), Uint8Array.of(0xa2, 0)])
    assert.equal(decode(() => readGeneralName(root(der))).ok, false);
  assert.throws(() => issue({ extensions: [subjectAltName([])] }).certificate, /empty/);
});

test('RFC 5280 §4.1.2.6: an empty subject needs a critical subjectAltName (C20)', () => {
  const root = issueRoot();
  const truststore = buildTruststore([{ type: 'anchor', certificate: root.certificate }], '1');
  const client = (critical: boolean, names = [generalName.uri('spiffe://td/a')]) =>
    validatePath(issueClient(root, { subject: '', extensions: [subjectAltName(names, critical)] }).certificate, {
      truststore,
      at,
    });
  assert.equal(client(true).ok, true);
  const refused = client(false);
  assert.equal(refused.ok ? undefined : refused.failure.reason, 'certificate_nonconforming');
});
