import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fetchTarget } from '../../../lib/adapters/http/url.ts';

const refusals: readonly (readonly [url: string, why: RegExp])[] = [
  ['file:///etc/passwd', /begins with file:/],
  ['ftp://ocsp.example/', /begins with ftp:/],
  ['ldap://ca.example/cn=CA?certificateRevocationList', /begins with ldap:/],
  ['ldaps://ca.example/cn=CA', /begins with ldaps:/],
  ['gopher://ocsp.example:80/', /begins with gopher:/],
  ['data:application/ocsp-response,AAAA', /begins with data:/],
  ['javascript:alert(1)', /begins with javascript:/],
  ['unix:/var/run/docker.sock', /begins with unix:/],
  ['http://user@ocsp.example/', /user information/],
  ['http://user:secret@ocsp.example/', /user information/],
  ['http://:secret@ocsp.example/', /user information/],
  ['http://ocsp.example@127.0.0.1/', /user information/],
  ['http://ocsp.example:8080/', /neither 80 nor 443/],
  ['http://ocsp.example:22/', /neither 80 nor 443/],
  ['https://ocsp.example:8443/', /neither 80 nor 443/],
  ['http://ocsp.example:0/', /neither 80 nor 443/],
  ['http://ocsp.example:65536/', /no absolute URL/],
  ['ocsp.example', /no absolute URL/],
  ['//ocsp.example/', /no absolute URL/],
  ['/status', /no absolute URL/],
  ['', /no absolute URL/],
  ['http://', /no absolute URL/],
  ['http://[::1/', /no absolute URL/],
  ['http://[fe80::1%25eth0]/', /no absolute URL/],
  ['http://ocsp .example/', /no absolute URL/],
  ['http://1.2.3.4.5/', /no absolute URL/],
  [`http://ocsp.example/${'a'.repeat(2048)}`, /no absolute URL/],
];

for (const [url, why] of refusals) {
  test(`pki §4: ${JSON.stringify(url.slice(0, 60))} is not fetched`, () => {
    const target = fetchTarget(url, []);
    assert.equal(target.ok, false);
    assert.match(target.ok ? '' : target.failure, why);
  });
}

test('pki §4: a refusal shows neither user information nor the path', () => {
  const target = fetchTarget('http://user:secret@ocsp.example/path?query', []);
  assert.equal(target.ok ? '' : target.failure, 'ocsp.example:80: a URL with user information is not fetched');
});

test('RFC 6960 Appendix A.1: http and https URLs on their ports are fetched', () => {
  for (const [url, host, port] of [
    ['http://ocsp.example/', 'ocsp.example', 80],
    ['http://ocsp.example:80/a%2Fb', 'ocsp.example', 80],
    ['https://ocsp.example', 'ocsp.example', 443],
    ['http://ocsp.example:443/', 'ocsp.example', 443],
    ['HTTP://OCSP.EXAMPLE/', 'ocsp.example', 80],
    ['http://[2606:4700::1111]/', '2606:4700::1111', 80],
  ] as const) {
    const target = fetchTarget(url, []);
    assert.ok(target.ok, url);
    assert.deepEqual([target.value.host, target.value.port, target.value.allowed], [host, port, false]);
  }
});

test('WHATWG URL §3.5: every spelling of an IPv4 address becomes the one that is judged', () => {
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://0x7f000001/',
    'http://0x7f.1/',
    'http://127.1/',
    'http://127.0.0.1./',
    'http://①②⑦.0.0.1/',
  ]) {
    const target = fetchTarget(url, []);
    assert.equal(target.ok && target.value.host, '127.0.0.1', url);
  }
});

test('pki §4: an allow-listed host:port is let through, however it is spelt', () => {
  for (const [url, entry] of [
    ['http://127.0.0.1:8081/', '127.0.0.1:8081'],
    ['http://127.1:8081/', '127.0.0.1:8081'],
    ['http://LOCALHOST:8081/', 'localhost:8081'],
    ['http://[0::1]:8081/', '[::1]:8081'],
    ['http://10.0.0.1/', '10.0.0.1:80'],
    ['https://ocsp.internal/', 'ocsp.internal:443'],
  ] as const) {
    const target = fetchTarget(url, ['other.example:1', entry]);
    assert.equal(target.ok && target.value.allowed, true, url);
  }
});

test('pki §4: an allow-listed host:port lets nothing else through', () => {
  for (const url of [
    'http://localhost:8082/',
    'http://localhost.example:8081/',
    'http://a.localhost:8081/',
    'http://127.0.0.1:8081/',
    'ftp://localhost:8081/',
    'http://user@localhost:8081/',
  ]) {
    assert.equal(fetchTarget(url, ['localhost:8081']).ok, false, url);
  }
});

test('pki §4: an allow list entry without a usable host lets nothing through', () => {
  for (const entry of ['', ':8081', '/', 'a b:8081', '[::1:8081']) {
    assert.equal(fetchTarget('http://localhost:8081/', [entry]).ok, false, entry);
  }
});

test('pki §4: no refusal has a line break or a control character, whatever the URL', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withFragments: true })),
      fc.string(),
      (url, entry) => {
        const target = fetchTarget(url, [entry]);
        assert.doesNotMatch(target.ok ? '' : target.failure, /[^\x20-\x7e]/);
      },
    ),
  );
});
