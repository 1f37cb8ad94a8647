import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { derSignature, rawSignature } from '../../lib/oauth/ecdsa-signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

test('RFC 7518 §3.4: every signature of openssl in ASN.1 is the same signature in 64 octets', () => {
  for (let i = 0; i < 300; i++) {
    const data = Buffer.from(`message ${i}`);
    const der = sign('sha256', data, privateKey);
    const raw = rawSignature(der);
    assert.equal(raw.length, 64);
    assert.deepEqual(derSignature(raw), new Uint8Array(der));
    assert.ok(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw), `message ${i}`);
  }
});

test('RFC 7518 §3.4: short numbers are filled up on the left', () => {
  const raw = rawSignature(Uint8Array.of(0x30, 6, 2, 1, 1, 2, 1, 2));
  assert.deepEqual([raw[31], raw[63], raw.filter((octet) => octet !== 0).length], [1, 2, 2]);
});

test('RFC 3279 §2.2.3: what is no such SEQUENCE is an Error', () => {
  const good = sign('sha256', Buffer.from('data'), privateKey);
  for (let i = 0; i < good.length; i++) assert.throws(() => rawSignature(good.subarray(0, i)), /RFC 3279/);
  const wrong: readonly (readonly number[])[] = [
    [0x31, 6, 2, 1, 1, 2, 1, 2],
    [0x30, 6, 2, 1, 0x81, 2, 1, 2],
    [0x30, 6, 3, 1, 1, 2, 1, 2],
    [0x30, 5, 2, 0, 2, 1, 2],
    [0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3],
    [0x30, 8, 2, 1, 1, 2, 1, 2, 5, 0],
    [0x30, 38, 2, 33, 1, ...Array.from({ length: 32 }, () => 1), 2, 1, 2],
  ];
  for (const octets of wrong) assert.throws(() => rawSignature(Uint8Array.from(octets)), /RFC 3279/, String(octets));
});

test('RFC 7518 §3.4: 64 octets of any value have one form in ASN.1, which openssl refuses where it refuses them', () => {
  const octets = fc.oneof(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constant(new Uint8Array(32)));
  const number = fc.oneof(
    octets,
    fc.nat(255).map((last) => Uint8Array.of(...new Uint8Array(31), last)),
  );
  const data = Buffer.from('data');
  fc.assert(
    fc.property(number, number, (r, s) => {
      const raw = Uint8Array.of(...r, ...s);
      const der = derSignature(raw);
      assert(der);
      assert.deepEqual(rawSignature(der), raw);
      const verdict = verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, raw);
      assert.equal(verify('sha256', data, publicKey, der), verdict);
    }),
    { seed: 7518, numRuns: 200 },
  );
});

test('RFC 7518 §3.4: a signature that has not 64 octets is none', () => {
  for (const length of [0, 1, 63, 65, 96, 128]) assert.equal(derSignature(new Uint8Array(length).fill(1)), undefined);
});
