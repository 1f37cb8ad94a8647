import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HttpRequest } from '../../lib/http.ts';
import { OAuthError, renderError } from '../../lib/oauth/error.ts';
import { parseForm, refuseParameters } from '../../lib/oauth/form.ts';

const post = (body: string, overrides: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  host: 'auth.example',
  path: '/token',
  query: '',
  headers: new Map([['content-type', 'application/x-www-form-urlencoded']]),
  body,
  ...overrides,
});

const refuses = (request: HttpRequest, status = 400) =>
  assert.throws(
    () => parseForm(request),
    (error) => error instanceof OAuthError && error.code === 'invalid_request' && error.status === status,
  );

test('RFC 6749 Appendix B: + is a space and %-escapes are UTF-8', () => {
  const form = parseForm(post('scope=read+write&client_id=a%2Bb%C3%BC'));
  assert.equal(form.get('scope'), 'read write');
  assert.equal(form.get('client_id'), 'a+bü');
});

test('RFC 6749 §3.1: a parameter without a value is absent', () => {
  assert.equal(parseForm(post('scope=&client_id=a')).get('scope'), undefined);
});

for (const body of ['a=1&a=2', 'a=1&a=1', 'a=&a=', 'a=&a=1', 'client_id=x&token=y&client_id=x']) {
  test(`RFC 6749 §3.2: ${body} repeats a parameter`, () => refuses(post(body)));
}

test('RFC 6749 §3.2: a repetition is found behind an escape', () => refuses(post('client_id=a&client%5Fid=b')));

test('RFC 8707 §2: resource may be repeated', () => {
  assert.deepEqual(parseForm(post('resource=urn:a&resource=urn:b')).resources, ['urn:a', 'urn:b']);
});

test('ADR 5: the same resource twice is refused', () => refuses(post('resource=urn:a&resource=urn:a')));

for (const type of [
  'application/json',
  'multipart/form-data; boundary=x',
  'text/plain',
  '',
  'application/x-www-form-urlencodedx',
]) {
  test(`RFC 6749 §3.2: a body of type ${JSON.stringify(type)} is refused`, () =>
    refuses(post('a=1', { headers: new Map([['content-type', type]]) })));
}

test('RFC 6749 §3.2: a body without a type is refused', () => refuses(post('a=1', { headers: new Map() })));

test('RFC 9110 §8.3: the type is compared without case and parameters', () => {
  const headers = new Map([['content-type', 'Application/X-WWW-Form-Urlencoded ; charset=UTF-8']]);
  assert.equal(parseForm(post('a=1', { headers })).get('a'), '1');
});

test('RFC 7662 §2.1: parameters in the query are refused', () => refuses(post('a=1', { query: 'token=x' })));

test('RFC 9110 §15.5.14: a large body is refused before it is looked at', () =>
  refuses(post('a'.repeat(1024 * 1024)), 413));

test('RFC 6749 §5.2: whatever the body, parseForm answers a form or invalid_request', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string(), (body, query) => {
      try {
        parseForm(post(body, { query }));
      } catch (error) {
        assert.ok(error instanceof OAuthError && error.status === 400);
      }
    }),
  );
});

test('ADR 5: a document takes no body and no repeated parameter', () => {
  assert.doesNotThrow(() => refuseParameters(post('', { query: 'v=1' })));
  assert.throws(() => refuseParameters(post('{}')), OAuthError);
  assert.throws(() => refuseParameters(post('', { query: 'v=1&v=1' })), OAuthError);
});

test('RFC 6749 §5.2 (S6): error_description has no CR, LF, TAB, quote or non-ASCII, whatever is put in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { error_description } = JSON.parse(renderError(new OAuthError('invalid_request', text)).body);
      assert.match(error_description, /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
    }),
  );
});

test('RFC 6749 §5.2: what is no refusal of the protocol is server_error and tells nothing', () => {
  const response = renderError(new Error('secret table name'));
  assert.equal(response.status, 500);
  assert.ok(!response.body.includes('secret'));
  assert.equal(response.headers['cache-control'], 'no-store');
});
