import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { clientEntries, sharedSubject } from '../../lib/oauth/client-entries.ts';
import { parseClientMetadata } from '../../lib/oauth/client-metadata.ts';
import { issue, keyUsage } from '../pki/issue.ts';
import { start } from './authorization-server.ts';
import {
  jwkOf,
  jwtClient,
  pairOf,
  selfSigned,
  selfSignedClient,
  signingPair,
} from './client-authentication/registered-keys.ts';

const one = await selfSigned('CN=one');
const two = await selfSigned('CN=two');
const now = Math.floor(start.getTime() / 1000);

function refused(given: unknown, member: RegExp, problem = /./): void {
  const parsed = parseClientMetadata(given);
  assert.ok(!parsed.ok, 'accepted');
  assert.match(parsed.failure.member, member);
  assert.match(parsed.failure.problem, problem);
}

function accepted(given: unknown) {
  const parsed = parseClientMetadata(given);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

test('RFC 8705 §2.2.2, C22: several certificates may be registered, each with its window', () => {
  const client = accepted(selfSignedClient('a', [jwkOf(one, { exp: now + 60 }), jwkOf(two, { nbf: now })]));
  assert.ok(client.token_endpoint_auth_method === 'self_signed_tls_client_auth');
  assert.equal(client.certificates.kind === 'jwks' && client.certificates.keys.length, 2);
  assert.deepEqual(clientEntries(client, start), [
    { type: 'client', certificate: one.der },
    { type: 'client', certificate: two.der },
  ]);
  const later = new Date((now + 60) * 1000);
  assert.deepEqual(clientEntries(client, later), [{ type: 'client', certificate: two.der }]);
});

test('RFC 8705 §2.2.2, C24: a JWK without x5c is not usable', () => {
  const { x5c: _, ...bare } = jwkOf(one);
  refused(selfSignedClient('a', [jwkOf(two), bare]), /^jwks\.keys\[1\]\.x5c$/);
});

test('RFC 7517 §4.7, C25: x5c holds the key of the JWK, in base64, and x5t#S256 its digest', () => {
  const thumbprint = jwkOf(two)['x5t#S256'] ?? 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
  const url = Buffer.from(one.der).toString('base64url');
  refused(selfSignedClient('a', [{ ...jwkOf(one), x5c: jwkOf(two)['x5c'] }]), /x5c$/, /another public key/);
  refused(selfSignedClient('a', [jwkOf(one, { 'x5t#S256': thumbprint })]), /x5t#S256$/);
  if (/[-_]/.test(url)) refused(selfSignedClient('a', [jwkOf(one, { x5c: [url] })]), /x5c$/, /base64url/);
  refused(selfSignedClient('a', [jwkOf(one, { x5c: [url.replace(/=*$/, '')] })]), /x5c$/, /base64/);
  for (const x5c of [[], [1], 'x', [''], ['AAAA'], {}, [`${jwkOf(one)['x5c']}\n`]]) {
    refused(selfSignedClient('a', [jwkOf(one, { x5c })]), /x5c$/);
  }
});

test('RFC 7591 §2, C26: jwks and jwks_uri are not both given, and one of them is', () => {
  const jwks_uri = 'https://keys.example/jwks';
  for (const metadata of [selfSignedClient('a', [jwkOf(one)]), jwtClient('a', [signingPair().jwk])]) {
    refused({ ...metadata, jwks_uri }, /^jwks_uri$/, /both/);
    refused({ ...metadata, jwks: undefined }, /^jwks$/, /needed/);
    accepted({ ...metadata, jwks: undefined, jwks_uri });
  }
  refused({ client_id: 'a', tls_client_auth_subject_dn: 'CN=a', jwks: { keys: [] }, jwks_uri }, /^jwks_uri$/, /both/);
});

for (const jwks_uri of [
  'http://keys.example/jwks',
  'https://127.0.0.1/jwks',
  'https://169.254.169.254/latest/meta-data',
  'https://0x7f.1/jwks',
  'https://[::1]/jwks',
  'https://localhost/jwks',
  'https://a.localhost/jwks',
  'https://user:secret@keys.example/jwks',
  'https://keys.example/jwks#fragment',
  'file:///etc/passwd',
  'keys.example',
  '',
  `https://keys.example/${'x'.repeat(2048)}`,
]) {
  test(`RFC 7591 §2, C28: jwks_uri ${jwks_uri.slice(0, 50)} is refused`, () =>
    refused({ client_id: 'a', token_endpoint_auth_method: 'private_key_jwt', jwks_uri }, /^jwks_uri$/));
}

test('RFC 8705 §2.2: a CA, a weak key and a wrong window are refused', async () => {
  refused(selfSignedClient('a', [jwkOf(await selfSigned('CN=ca', { ca: {} }))]), /x5c$/, /CA/);
  const signing = issue({ extensions: [keyUsage(['digitalSignature', 'keyCertSign'])] });
  refused(selfSignedClient('a', [jwkOf(signing)]), /x5c$/, /CA/);
  accepted(selfSignedClient('a', [jwkOf(issue({ extensions: [keyUsage(['digitalSignature'])] }))]));
  refused(selfSignedClient('a', [jwkOf(await selfSigned('CN=weak', { keyType: 'RSA-1024' }))]), /x5c$/, /not allowed/);
  for (const window of [{ nbf: now, exp: now }, { nbf: 'now' }, { exp: 1.5 }, { exp: -1 }, { nbf: null }]) {
    refused(selfSignedClient('a', [jwkOf(one, window)]), /(nbf|exp)$/);
  }
});

test('RFC 8705 §2.2, C23, P9: a certificate of a CA may be registered, and one of another key type', async () => {
  for (const keyType of ['RSA-2048', 'P-384', 'Ed25519'] as const) {
    accepted(selfSignedClient('a', [jwkOf(await selfSigned('CN=a', { keyType }))]));
  }
  const authority = await selfSigned('CN=ca', { ca: {} });
  const validity = { notBefore: start, notAfter: new Date(start.getTime() + 1000) };
  const issued = await issueCertificate(authority, { subject: 'CN=issued', ...validity });
  // It is its CA that lets it through the gateway.
  assert.deepEqual(clientEntries(accepted(selfSignedClient('a', [jwkOf(issued)])), start), []);
});

test('RFC 7517 §4: what is no set of public keys is refused by name', () => {
  const pair = signingPair();
  const { kid: _, ...withoutKid } = pair.jwk;
  for (const jwks of [
    null,
    [],
    {},
    { keys: {} },
    { keys: [] },
    { keys: [null] },
    { keys: Array(21).fill(withoutKid) },
  ]) {
    refused({ ...jwtClient('a', []), jwks }, /^jwks/);
  }
  refused(jwtClient('a', [pair.privateKey.export({ format: 'jwk' })]), /\.d$/, /private/);
  refused(jwtClient('a', [{ kty: 'oct', k: 'c2VjcmV0' }]), /\.k$/, /symmetric/);
  refused(jwtClient('a', [{ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }]), /kty$/);
  for (const kid of ['x'.repeat(257), 1, null]) refused(jwtClient('a', [{ ...pair.jwk, kid }]), /kid$/);
  refused(jwtClient('a', [{ ...pair.jwk, use: 'enc' }]), /use$/);
  refused(jwtClient('a', [{ ...pair.jwk, key_ops: ['sign'] }]), /key_ops$/);
  refused(jwtClient('a', [{ ...pair.jwk, alg: 'RS256' }]), /alg$/);
  refused(jwtClient('a', [{ ...pair.jwk, alg: 'none' }]), /alg$/);
  refused(jwtClient('a', [pair.jwk, signingPair('ES384').jwk]), /keys$/, /one kid/);
  accepted(jwtClient('a', [withoutKid, { ...signingPair('PS256').jwk, alg: 'PS256', use: 'sig' }]));
});

test('FAPI 2.0 §5.4.1: keys that are too weak verify nothing', () => {
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' });
  refused(jwtClient('a', [weak]), /kty$/);
  refused(jwtClient('a', [koblitz]), /kty$/);
});

test('RFC 7517 §4.7: the x5c of a key for assertions must hold that key as well', () => {
  accepted(jwtClient('a', [{ ...pairOf(one.key).jwk, x5c: jwkOf(one)['x5c'] }]));
  refused(jwtClient('a', [{ ...pairOf(one.key).jwk, x5c: jwkOf(two)['x5c'] }]), /x5c$/, /another public key/);
});

for (const alg of ['none', 'HS256', 'HS512', 'RS384', 'RS1', '']) {
  test(`RFC 7591: token_endpoint_auth_signing_alg ${JSON.stringify(alg)} is refused`, () =>
    refused(jwtClient('a', [signingPair().jwk], { token_endpoint_auth_signing_alg: alg }), /signing_alg$/));
}

test('RFC 8705 §2.1.2: members of tls_client_auth are refused with any other method', () => {
  for (const member of ['tls_client_auth_subject_dn', 'tls_client_auth_san_dns', 'tls_client_auth_x5t_s256']) {
    refused(selfSignedClient('a', [jwkOf(one)], { [member]: 'x' }), new RegExp(member));
    refused({ client_id: 'a', token_endpoint_auth_method: 'none', [member]: 'x' }, new RegExp(member));
  }
});

test('C21: a CA and a certificate are registered by SHA-256 in base64url', () => {
  const client = { client_id: 'a', tls_client_auth_subject_dn: 'CN=a' };
  for (const member of ['tls_client_auth_ca_spki_s256', 'tls_client_auth_x5t_s256']) {
    accepted({ ...client, [member]: 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0' });
    for (const wrong of ['', 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0=', 'ab'.repeat(32), 1, null]) {
      refused({ ...client, [member]: wrong }, new RegExp(member));
    }
  }
});

test('RFC 6749 §4.4: a public client has no client credentials', () => {
  const client = { client_id: 'a', token_endpoint_auth_method: 'none' };
  assert.deepEqual(accepted(client).grant_types, ['authorization_code']);
  refused({ ...client, grant_types: ['client_credentials'] }, /grant_types/);
});

test('API Gateway mutual TLS: two live certificates of one subject are refused, in one client and in two', async () => {
  const renewed = await selfSigned('cn=ONE');
  const client = (client_id: string, ...keys: object[]) => accepted(selfSignedClient(client_id, keys));
  const problem = (given: ReturnType<typeof client>, ...others: ReturnType<typeof client>[]) =>
    sharedSubject(given, others, start);
  assert.match(problem(client('a', jwkOf(one), jwkOf(renewed))) ?? '', /CN=ONE|CN=one/i);
  assert.match(problem(client('a', jwkOf(one)), client('b', jwkOf(renewed))) ?? '', /client b.*API Gateway/);
  // The same certificate stands in the truststore once, and a retired or expired one not at all.
  assert.equal(problem(client('a', jwkOf(one)), client('b', jwkOf(one)), client('a', jwkOf(renewed))), undefined);
  assert.equal(problem(client('a', jwkOf(one, { exp: now })), client('b', jwkOf(renewed))), undefined);
  assert.equal(problem(client('a', jwkOf(one)), client('b', jwkOf(renewed, { exp: now }))), undefined);
  const expired = await selfSigned('CN=one', { notAfter: new Date(start.getTime() - 1000) });
  assert.equal(problem(client('a', jwkOf(one)), client('b', jwkOf(expired))), undefined);
  assert.equal(problem(client('a', jwkOf(one)), client('b', jwkOf(two))), undefined);
  assert.equal(
    problem(accepted({ client_id: 'c', tls_client_auth_subject_dn: 'CN=one' }), client('b', jwkOf(one))),
    undefined,
  );
});
