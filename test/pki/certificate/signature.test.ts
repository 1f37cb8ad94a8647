import assert from 'node:assert/strict';
import { createECDH, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { write, writeInteger, writeNull, writeOid, writeSequence } from '../../../lib/pki/certificate/der-writer.ts';
import { isStrongKey } from '../../../lib/pki/certificate/public-key.ts';
import { verifySignature } from '../../../lib/pki/certificate/signature.ts';
import {
  type Issue,
  issue,
  type Key,
  type KeyKind,
  newKey,
  pssParameters,
  type SignatureName,
  writeBitString,
} from '../issue.ts';

const keys = new Map<KeyKind, Key>();
function keyOf(kind: KeyKind): Key {
  const key = keys.get(kind) ?? newKey(kind);
  keys.set(kind, key);
  return key;
}

function verdict(signer: Key, options: Issue = {}, verifier = signer): string {
  const parsed = parseCertificate(issue({ key: signer, ...options }).der);
  if (!parsed.ok) return parsed.failure.problem;
  const info = issue({ key: verifier }).certificate.publicKeyInfo;
  const result = verifySignature(parsed.value.signed, info);
  return result.ok ? 'ok' : result.failure.reason;
}

test('RFC 4055, RFC 5758, RFC 8410: the algorithms of the allow-list verify', () => {
  const good: readonly (readonly [KeyKind, SignatureName])[] = [
    ['RSA-2048', 'rsa-sha256'],
    ['RSA-2048', 'rsa-sha384'],
    ['RSA-3072', 'rsa-sha512'],
    ['RSA-2048', 'pss-sha256'],
    ['RSA-PSS', 'pss-sha256'],
    ['RSA-PSS', 'pss-sha384'],
    ['P-256', 'ecdsa-sha256'],
    ['P-256', 'ecdsa-sha512'],
    ['P-384', 'ecdsa-sha384'],
    ['P-521', 'ecdsa-sha512'],
    ['Ed25519', 'ed25519'],
    ['Ed448', 'ed448'],
  ];
  for (const [kind, signature] of good) assert.equal(verdict(keyOf(kind), { signature }), 'ok', signature);
});

test('RFC 8705 §7.5, FAPI 2.0 §5.4.1: SHA-1 and MD5 are refused', () => {
  assert.equal(verdict(keyOf('RSA-2048'), { signature: 'rsa-sha1' }), 'weak_signature');
  assert.equal(verdict(keyOf('RSA-2048'), { signature: 'rsa-md5' }), 'weak_signature');
  assert.equal(verdict(keyOf('RSA-2048'), { signature: 'pss-sha1' }), 'weak_signature');
  assert.equal(verdict(keyOf('P-256'), { signature: 'ecdsa-sha1' }), 'weak_signature');
});

test('weak algorithms are an explicit parameter', () => {
  const { certificate } = issue({ key: keyOf('RSA-1024'), signature: 'rsa-sha1' });
  const weak = { hashes: ['sha1'], minimumRsaBits: 1024 };
  assert.equal(verifySignature(certificate.signed, certificate.publicKeyInfo, weak).ok, true);
  assert.equal(verifySignature(certificate.signed, certificate.publicKeyInfo).ok, false);
});

test('FAPI 2.0 §5.4.1: RSA below 2048 bit and curves off the list are refused', () => {
  assert.equal(verdict(keyOf('RSA-1024')), 'weak_key');
  assert.equal(verdict(keyOf('secp256k1')), 'weak_key');
});

test('RFC 5280 §4.1.1.3: another key or a changed byte does not verify', () => {
  for (const kind of ['P-256', 'RSA-2048', 'Ed25519', 'RSA-PSS'] as const) {
    assert.equal(verdict(keyOf(kind), {}, newKey(kind)), 'signature_invalid', kind);
    const { certificate } = issue({ key: keyOf(kind) });
    const { signed, algorithm, signature } = certificate.signed;
    const changed = Uint8Array.from(signed);
    changed[40]! ^= 1;
    assert.equal(verifySignature({ signed: changed, algorithm, signature }, certificate.publicKeyInfo).ok, false);
    assert.equal(
      verifySignature({ signed, algorithm, signature: signature.subarray(1) }, certificate.publicKeyInfo).ok,
      false,
    );
    assert.equal(
      verifySignature({ signed, algorithm, signature: new Uint8Array() }, certificate.publicKeyInfo).ok,
      false,
    );
    assert.equal(
      verifySignature({ signed, algorithm, signature: new Uint8Array(signature.length) }, certificate.publicKeyInfo).ok,
      false,
    );
  }
});

test('RFC 5280 §4.1.1.2: key type and algorithm must agree', () => {
  for (const [signer, verifier] of [
    ['P-256', 'RSA-2048'],
    ['RSA-2048', 'P-256'],
    ['Ed25519', 'P-256'],
    ['P-256', 'Ed25519'],
    ['Ed25519', 'Ed448'],
  ] as const)
    assert.equal(verdict(keyOf(signer), {}, keyOf(verifier)), 'signature_invalid', `${signer} ${verifier}`);
  assert.equal(verdict(keyOf('RSA-2048'), { signature: 'rsa-sha256' }, keyOf('RSA-PSS')), 'signature_invalid');
  const { certificate } = issue({ key: keyOf('P-256') });
  const asRsa = issue({
    key: keyOf('P-256'),
    algorithm: writeSequence(writeOid('1.2.840.113549.1.1.11'), writeNull()),
  }).certificate;
  assert.equal(verifySignature(asRsa.signed, certificate.publicKeyInfo).ok, false);
});

const algorithm = (oid: string, ...parameters: Uint8Array[]) => writeSequence(writeOid(oid), ...parameters);

test('RFC 5758 §3.2, RFC 8410 §3: ECDSA and EdDSA have no parameters; RFC 4055 §5: RSA has NULL or none', () => {
  assert.equal(verdict(keyOf('P-256'), { algorithm: algorithm('1.2.840.10045.4.3.2', writeNull()) }), 'weak_signature');
  assert.equal(verdict(keyOf('Ed25519'), { algorithm: algorithm('1.3.101.112', writeNull()) }), 'weak_signature');
  assert.equal(verdict(keyOf('RSA-2048'), { algorithm: algorithm('1.2.840.113549.1.1.11') }), 'ok');
  assert.equal(
    verdict(keyOf('RSA-2048'), { algorithm: algorithm('1.2.840.113549.1.1.11', writeSequence()) }),
    'weak_signature',
  );
  assert.equal(verdict(keyOf('RSA-2048'), { algorithm: algorithm('1.2.3.4') }), 'weak_signature');
});

test('RFC 4055 §3.1: the parameters of PSS are named, agree, and salt is as long as the hash', () => {
  const pss = (...parameters: Uint8Array[]) =>
    verdict(keyOf('RSA-2048'), {
      signature: 'pss-sha256',
      algorithm: algorithm('1.2.840.113549.1.1.10', ...parameters),
    });
  assert.equal(pss(pssParameters('sha256', 32)), 'ok');
  assert.equal(pss(), 'weak_signature', 'the defaults are SHA-1');
  assert.equal(pss(writeSequence()), 'weak_signature');
  assert.equal(pss(pssParameters('sha256', 32, 'sha384')), 'weak_signature');
  assert.equal(pss(pssParameters('sha256', 20)), 'weak_signature');
  assert.equal(pss(pssParameters('sha256', 48)), 'signature_invalid');
  assert.equal(pss(pssParameters('sha384', 48)), 'signature_invalid');
  assert.equal(pss(writeNull()), 'weak_signature');
});

const strong = (spki: Uint8Array) => {
  const parsed = parseCertificate(issue({ key: keyOf('P-256'), spki }).der);
  return parsed.ok ? isStrongKey(parsed.value.publicKeyInfo) : parsed.failure.problem;
};
const rsaKey = (modulus: Uint8Array, exponent: Uint8Array | number, parameters = [writeNull()]) =>
  writeSequence(
    writeSequence(writeOid('1.2.840.113549.1.1.1'), ...parameters),
    writeBitString(writeSequence(writeInteger(modulus), writeInteger(exponent))),
  );
const modulus = (bits: number) => Uint8Array.from([0, ...new Array<number>(bits / 8).fill(0xff)]);

test('RSA: 2048 to 8192 bit, an odd exponent of 2 to 33 bit', () => {
  assert.equal(strong(rsaKey(modulus(2048), 65537)), true);
  assert.equal(strong(rsaKey(modulus(2048), 3)), true);
  assert.equal(strong(rsaKey(modulus(2040), 65537)), false);
  assert.equal(strong(rsaKey(Uint8Array.from([0x7f, ...new Array<number>(255).fill(0xff)]), 65537)), false, '2047 bit');
  assert.equal(strong(rsaKey(modulus(16384), 65537)), false);
  assert.equal(strong(rsaKey(modulus(2048), 1)), false);
  assert.equal(strong(rsaKey(modulus(2048), 65536)), false);
  assert.equal(strong(rsaKey(modulus(2048), Uint8Array.from([0x7f, 0xff, 0xff, 0xff, 0xff]))), false);
  assert.equal(strong(rsaKey(modulus(2048), Uint8Array.of(0xff))), false, 'negative');
  assert.equal(strong(rsaKey(modulus(2048).subarray(1), 65537)), 'INTEGER not minimal');
  assert.equal(strong(rsaKey(modulus(2048), 65537, [])), false, 'RFC 3279 §2.3.1: parameters are NULL');
});

test('RFC 5480 §2.1.1: named curves only', () => {
  const p256 = keyOf('P-256').spki;
  const point = writeBitString(Uint8Array.from(createECDH('prime256v1').generateKeys()));
  assert.equal(strong(p256), true);
  const key = (parameters: Uint8Array[]) =>
    writeSequence(writeSequence(writeOid('1.2.840.10045.2.1'), ...parameters), point);
  assert.equal(strong(key([])), false);
  assert.equal(strong(key([writeNull()])), false, 'implicit curve');
  assert.equal(strong(key([writeSequence(writeInteger(1))])), false, 'explicit parameters');
  assert.equal(strong(key([writeOid('1.3.132.0.33')])), false, 'P-224');
});

test('a key that is not on its curve verifies nothing and does not throw', () => {
  const bad = writeSequence(
    writeSequence(writeOid('1.2.840.10045.2.1'), writeOid('1.2.840.10045.3.1.7')),
    writeBitString(Uint8Array.from([4, ...new Array<number>(64).fill(7)])),
  );
  const parsed = parseCertificate(issue({ key: keyOf('P-256'), spki: bad }).der);
  assert.ok(parsed.ok);
  assert.equal(parsed.value.publicKey, undefined);
  assert.equal(verifySignature(parsed.value.signed, parsed.value.publicKeyInfo).ok, false);
});

test('unknown key algorithms are read, to be refused by name', () => {
  const dsa = writeSequence(writeSequence(writeOid('1.2.840.10040.4.1')), writeBitString(writeInteger(5)));
  assert.equal(strong(dsa), false);
  assert.equal(strong(writeSequence(writeSequence(writeOid('1.2.3.4')), writeBitString(Uint8Array.of(1)))), false);
  assert.equal(
    strong(writeSequence(writeSequence(writeOid('1.3.101.112'), writeNull()), writeBitString(new Uint8Array(32)))),
    false,
  );
  assert.match(String(strong(writeSequence(write(0x31), writeBitString(Uint8Array.of(1))))), /expected/);
});

test('the key of a certificate is the one in it', () => {
  const key = keyOf('P-384');
  assert.ok(issue({ key }).certificate.publicKey?.equals(createPublicKey(key.privateKey)));
});
