import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpRequest } from '../../lib/http.ts';
import { bearerToken, challengeResponse, checkBinding } from '../../lib/resource-server/protected-resource.ts';

const request = (authorization?: string, query = ''): HttpRequest => ({
  method: 'GET',
  host: 'api.example',
  path: '/',
  query,
  headers: new Map(authorization === undefined ? [] : [['authorization', authorization]]),
  body: '',
});

const thumbprint = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0';
const claims = { active: true, cnf: { 'x5t#S256': thumbprint } };

for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
  test(`RFC 9110 §11.1: the scheme ${scheme} is accepted`, () => {
    assert.deepEqual(bearerToken(request(`${scheme} abc.DEF-_~+/=`)), { ok: true, value: 'abc.DEF-_~+/=' });
  });
}

for (const header of [
  '',
  'Bearer',
  'Bearer ',
  'Basic abc',
  'Bearer a b',
  'Bearer a, Bearer b',
  'DPoP abc',
  'Bearer ä',
]) {
  test(`RFC 6750 §2.1: an Authorization header ${JSON.stringify(header)} carries no token`, () => {
    const result = bearerToken(request(header));
    assert.equal(result.ok, false);
    assert.equal(result.failure.status, 401);
    assert.equal(result.failure.error, 'invalid_token');
  });
}

test('RFC 6750 §3.1: a request without any token gets a challenge without an error code', () => {
  const result = bearerToken(request());
  assert.ok(!result.ok);
  const response = challengeResponse(result.failure, 'demo');
  assert.equal(response.status, 401);
  assert.equal(response.headers['www-authenticate'], 'Bearer realm="demo"');
});

test('FAPI 2.0 §5.3.4: a token in the query is refused', () => {
  const result = bearerToken(request('Bearer abc', 'access_token=abc'));
  assert.ok(!result.ok);
  assert.equal(result.failure.status, 400);
  assert.equal(result.failure.error, 'invalid_request');
});

test('RFC 8705 §3, §6.2 (B10): a token is good on the certificate it is bound to, whoever issued that: the path was judged when the token was', () => {
  assert.deepEqual(checkBinding(claims, thumbprint), { ok: true, value: claims });
});

const refused: readonly [string, Parameters<typeof checkBinding>[0], string | undefined][] = [
  ['RFC 8705 §3: another certificate', claims, 'OID_Sc2yReTDx9QS7f1SMUzNxsh7khJYmaIwqXw8Yuw'],
  ['RFC 8705 §3: no certificate', claims, undefined],
  ['RFC 7662 §2.2: an inactive token', { active: false }, thumbprint],
  ['RFC 7662 §2.2: no answer', undefined, thumbprint],
  ['RFC 8705 §3: a token without cnf', { active: true }, thumbprint],
  ['RFC 7800 §3.1: a cnf of another kind only', { active: true, cnf: { jkt: 'x' } }, thumbprint],
  ['RFC 7800 §3.1: a cnf that is no object', { active: true, cnf: thumbprint }, thumbprint],
  ['RFC 8705 §3.1: a thumbprint that is no string', { active: true, cnf: { 'x5t#S256': [thumbprint] } }, thumbprint],
];

for (const [name, given, presented] of refused) {
  test(`${name} is refused with invalid_token`, () => {
    const result = checkBinding(given, presented);
    assert.ok(!result.ok);
    const response = challengeResponse(result.failure, 'demo');
    assert.equal(response.status, 401);
    assert.match(
      response.headers['www-authenticate'] ?? '',
      /^Bearer realm="demo", error="invalid_token", error_description="[^"\r\n]+"$/,
    );
  });
}
