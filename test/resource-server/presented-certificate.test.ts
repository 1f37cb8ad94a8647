import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { HttpRequest } from '../../lib/http.ts';
import {
  type CertificateSource,
  presentedThumbprint,
  thumbprintOf,
} from '../../lib/resource-server/presented-certificate.ts';

const der = Buffer.concat([Buffer.of(0x30, 0x82), randomBytes(700)]);
const base64 = der.toString('base64');
const pem = `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
const expected = createHash('sha256').update(der).digest('base64url');

const request = (headers: Record<string, string>, clientCertificate?: string): HttpRequest => ({
  method: 'GET',
  host: 'api.example',
  path: '/',
  query: '',
  headers: new Map(Object.entries(headers)),
  body: '',
  ...(clientCertificate !== undefined && { clientCertificate }),
});

const connection: CertificateSource = { from: 'connection' };
const rfc9440: CertificateSource = { from: 'client-cert' };
const nginx: CertificateSource = { from: 'escaped-pem', header: 'x-ssl-cert' };

test('RFC 8705 §3.1: the certificate of the connection, as API Gateway and Node hand it on', () => {
  assert.equal(presentedThumbprint(request({}, pem), connection), expected);
  assert.equal(thumbprintOf(der), expected);
  assert.equal(thumbprintOf(undefined), undefined);
  assert.equal(thumbprintOf(new Uint8Array()), undefined);
});

test('RFC 9440 §2.2 (A-16): Client-Cert, and URL-encoded PEM, where a trusted proxy sets them', () => {
  assert.equal(presentedThumbprint(request({ 'client-cert': `:${base64}:` }), rfc9440), expected);
  assert.equal(presentedThumbprint(request({ 'x-ssl-cert': encodeURIComponent(pem) }), nginx), expected);
});

test('RFC 9440 §4 (C33): a header is nobody’s word unless a proxy is named, and then nothing else is looked at', () => {
  const headers = { 'client-cert': `:${base64}:`, 'x-ssl-cert': encodeURIComponent(pem) };
  assert.equal(presentedThumbprint(request(headers), connection), undefined);
  for (const source of [rfc9440, nginx]) assert.equal(presentedThumbprint(request({}, pem), source), undefined);
  assert.equal(presentedThumbprint(request({ 'x-ssl-cert': encodeURIComponent(pem) }), rfc9440), undefined);
});

test('RFC 9440 §2.2: what is no certificate in its form is none', () => {
  const wrong = [
    '',
    '(null)',
    ':',
    '::',
    base64,
    `:${base64}`,
    `:${base64}:x`,
    `:${base64.slice(0, -1)}:`,
    ':%%%:',
    'x'.repeat(99_999),
  ];
  for (const value of wrong) {
    assert.equal(presentedThumbprint(request({ 'client-cert': value }), rfc9440), undefined, value.slice(0, 20));
    assert.equal(presentedThumbprint(request({ 'x-ssl-cert': value }), nginx), undefined);
    assert.equal(presentedThumbprint(request({}, value), connection), undefined);
  }
  for (const value of ['%', '%ff', encodeURIComponent(pem + pem), encodeURIComponent(pem).slice(0, -30)]) {
    assert.equal(presentedThumbprint(request({ 'x-ssl-cert': value }), nginx), undefined);
  }
});
