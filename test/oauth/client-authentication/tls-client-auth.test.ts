import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AlternativeName, issueCertificate } from '../../../lib/local/certificate-authority.ts';
import type { RegisteredSubject } from '../../../lib/oauth/client.ts';
import { matchSubject } from '../../../lib/oauth/client-authentication/tls-client-auth.ts';
import { parseClientMetadata } from '../../../lib/oauth/client-metadata.ts';
import { type Certificate, parseCertificatePem } from '../../../lib/pki/certificate/certificate.ts';

async function certificate(subject: string, ...subjectAltName: AlternativeName[]): Promise<Certificate> {
  const issued = await issueCertificate(undefined, {
    subject,
    subjectAltName,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    eku: ['clientAuth'],
  });
  const parsed = parseCertificatePem(issued.certificate);
  assert.ok(parsed.ok);
  return parsed.value;
}

function registered(kind: RegisteredSubject['kind'], value: string): RegisteredSubject {
  const client = parseClientMetadata({ client_id: 'a', [kind]: value });
  assert.ok(client.ok && client.value.token_endpoint_auth_method === 'tls_client_auth', JSON.stringify(client));
  return client.value.subject;
}

const matches = (kind: RegisteredSubject['kind'], value: string, leaf: Certificate) =>
  matchSubject(registered(kind, value), leaf);

const named = await certificate('CN=Banco X,OU=Payments\\, EU,O=Müller,C=BR');

for (const value of [
  'CN=Banco X,OU=Payments\\, EU,O=Müller,C=BR',
  'CN=Banco X, OU=Payments\\, EU, O=Müller, C=BR',
  'cn = banco  x , ou=payments\\2c eu,o=M\\C3\\BCller,c=br',
  '2.5.4.3=Banco X,2.5.4.11=Payments\\, EU,2.5.4.10=Müller,2.5.4.6=BR',
  'OID.2.5.4.3=Banco X,OU=Payments\\, EU,O=Müller,C=BR',
]) {
  test(`RFC 8705 §2.1.2: the subject is ${value} (C5–C12)`, () => {
    assert.equal(matches('tls_client_auth_subject_dn', value, named).ok, true);
  });
}

for (const value of [
  'CN=Banco Y,OU=Payments\\, EU,O=Müller,C=BR',
  'CN=Banco X,OU=Payments\\, EU,O=Müller',
  'CN=Banco X,OU=Payments\\, EU,O=Müller,C=BR,C=BR',
  'OU=Payments\\, EU,CN=Banco X,O=Müller,C=BR',
  'CN=Banco X+OU=Payments\\, EU,O=Müller,C=BR',
  'CN=BancoX,OU=Payments\\, EU,O=Müller,C=BR',
  'CN=Banco X\\00,OU=Payments\\, EU,O=Müller,C=BR',
  'CN=Banco X',
]) {
  test(`RFC 8705 §2.1.2: the subject is not ${value} (C5–C13)`, () => {
    const result = matches('tls_client_auth_subject_dn', value, named);
    assert.ok(!result.ok);
    assert.equal(result.failure.reason, 'subject_mismatch');
  });
}

test('RFC 4514 §2.1: a subject registered in reverse order does not match, and the log says so (C5)', () => {
  const result = matches('tls_client_auth_subject_dn', 'C=BR,O=Müller,OU=Payments\\, EU,CN=Banco X', named);
  assert.ok(!result.ok);
  assert.match(result.failure.detail, /reverse order/);
});

const dns = { type: 'dNSName', value: 'Client.example.com' } as const;
const uri = { type: 'uniformResourceIdentifier', value: 'https://EXAMPLE.org/A' } as const;
const ip = { type: 'iPAddress', value: '2001:db8::1' } as const;
const email = { type: 'rfc822Name', value: 'Ops@Example.com' } as const;
const withNames = await certificate('CN=client.example.com', dns, uri, ip, email);

for (const [kind, value] of [
  ['tls_client_auth_san_dns', 'client.EXAMPLE.com'],
  ['tls_client_auth_san_uri', 'https://example.org/A'],
  ['tls_client_auth_san_ip', '2001:DB8:0:0:0:0:0:1'],
  ['tls_client_auth_san_email', 'Ops@example.com'],
] as const) {
  test(`RFC 8705 §2.1.2: ${kind} is ${value} (C14–C17)`, () => assert.equal(matches(kind, value, withNames).ok, true));
}

test('RFC 5280 §7.2: a host name registered in U-labels is that in A-labels (C14)', async () => {
  const leaf = await certificate('CN=a', { type: 'dNSName', value: 'xn--bcher-kva.example' });
  assert.equal(matches('tls_client_auth_san_dns', 'bücher.example', leaf).ok, true);
  assert.equal(matches('tls_client_auth_san_dns', 'bucher.example', leaf).ok, false);
});

for (const [kind, value] of [
  ['tls_client_auth_san_dns', 'other.example.com'],
  ['tls_client_auth_san_dns', 'example.com'],
  ['tls_client_auth_san_dns', 'a.client.example.com'],
  ['tls_client_auth_san_uri', 'https://example.org/a'],
  ['tls_client_auth_san_uri', 'https://example.org/A/'],
  ['tls_client_auth_san_uri', 'http://example.org/A'],
  ['tls_client_auth_san_ip', '2001:db8::2'],
  ['tls_client_auth_san_ip', '192.0.2.1'],
  ['tls_client_auth_san_email', 'ops@example.com'],
  ['tls_client_auth_san_email', 'Ops@mail.example.com'],
] as const) {
  test(`RFC 8705 §2.1.2: ${kind} is not ${value} (C14–C17)`, () => {
    const result = matches(kind, value, withNames);
    assert.ok(!result.ok);
    assert.equal(result.failure.reason, 'san_mismatch');
  });
}

test('RFC 8705 §7.5: a common name is no dNSName (C18)', async () => {
  assert.equal(
    matches('tls_client_auth_san_dns', 'client.example.com', await certificate('CN=client.example.com')).ok,
    false,
  );
});

test('RFC 8705 §7.5: a dNSName does not satisfy san_uri, nor a URI san_dns (C18)', async () => {
  const leaf = await certificate('CN=a', { type: 'uniformResourceIdentifier', value: 'spiffe://a/b' });
  assert.equal(matches('tls_client_auth_san_dns', 'a', leaf).ok, false);
  const other = await certificate('CN=a', { type: 'dNSName', value: 'ops.example.com' });
  assert.equal(matches('tls_client_auth_san_email', 'x@ops.example.com', other).ok, false);
});

test('RFC 8705 §7.5: a wildcard in the certificate matches no name it would cover (C14)', async () => {
  const leaf = await certificate('CN=a', { type: 'dNSName', value: '*.example.com' });
  assert.equal(matches('tls_client_auth_san_dns', 'x.example.com', leaf).ok, false);
});

test('RFC 8705 §2.1.2: an IPv4-mapped address is not the IPv4 address (C16)', async () => {
  const leaf = await certificate('CN=a', { type: 'iPAddress', value: '192.0.2.1' });
  assert.equal(matches('tls_client_auth_san_ip', '192.0.2.1', leaf).ok, true);
  assert.equal(matches('tls_client_auth_san_ip', '::ffff:192.0.2.1', leaf).ok, false);
});

test('RFC 5280 §4.1.2.6: an empty subject with a SAN matches by the SAN (C20)', async () => {
  const leaf = await certificate('', { type: 'uniformResourceIdentifier', value: 'spiffe://example.org/a' });
  assert.equal(matches('tls_client_auth_san_uri', 'spiffe://example.org/a', leaf).ok, true);
});
