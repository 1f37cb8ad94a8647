import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirmation, isThumbprint, parseConfirmation } from '../../lib/oauth/confirmation.ts';
import { parseCertificate, parseCertificatePem } from '../../lib/pki/certificate/certificate.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';

/** RFC 8705 Appendix A, `x5c`. */
const appendixA =
  'MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAxODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwE' +
  'bXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGG' +
  'WvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUa' +
  'KlLR50Q2DmFfQj1L+SY=';
const golden = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
const pem = `-----BEGIN CERTIFICATE-----\n${appendixA}\n-----END CERTIFICATE-----\n`;

test('RFC 8705 Appendix A (B1): the thumbprint of the example certificate, from DER and from PEM alike', () => {
  const fromDer = parseCertificate(Buffer.from(appendixA, 'base64'));
  const fromPem = parseCertificatePem(pem);
  assert.ok(fromDer.ok && fromPem.ok);
  assert.deepEqual(confirmation(fromDer.value), { 'x5t#S256': golden });
  assert.deepEqual(confirmation(fromPem.value), { 'x5t#S256': golden });
});

test('RFC 8705 §3.1 (B1): the hash is over the DER, never over the text of the PEM', () => {
  assert.equal(thumbprint(Buffer.from(appendixA, 'base64')), golden);
  for (const wrong of [pem, pem.trim(), appendixA]) assert.notEqual(thumbprint(Buffer.from(wrong)), golden);
});

test('RFC 8705 §3.1 (B1): a thumbprint has 43 characters, no padding and no unused bits', () => {
  assert.ok(isThumbprint(golden));
  const wrong = [
    `${golden}=`,
    golden.slice(1),
    `${golden}A`,
    `${golden.slice(0, 42)}1`,
    golden.replace('v', '+'),
    Buffer.from(golden, 'base64url').toString('hex'),
    '',
    undefined,
    null,
    [golden],
  ];
  for (const each of wrong) assert.equal(isThumbprint(each), false, String(each));
});

test('RFC 7800 §3.1 (B9): a confirmation with any other member, or none, is not understood', () => {
  assert.deepEqual(parseConfirmation({ 'x5t#S256': golden }), { 'x5t#S256': golden });
  for (const wrong of [
    {},
    { jkt: golden },
    { 'x5t#S256': golden, jkt: golden },
    { 'x5t#S256': [golden] },
    { 'x5t#s256': golden },
    [golden],
    golden,
    null,
  ]) {
    assert.equal(parseConfirmation(wrong), undefined, JSON.stringify(wrong));
  }
});
