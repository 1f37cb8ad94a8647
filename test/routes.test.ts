import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressed, gatewayPaths, httpRoutes, pathFor, routes } from '../lib/routes.ts';

const at = (path: string, host = 'auth.example', hosts = {}) => addressed(host, path, hosts);

test('design §5: the default tenant lives at the root', () => {
  assert.deepEqual(at('/token'), { tenant: 'default', name: 'token', route: routes.token });
});

test('design §5: another tenant lives under /t/{tenant}', () => {
  assert.equal(at('/t/acme/token')?.tenant, 'acme');
  assert.equal(at('/t/acme/jwks')?.name, 'jwks');
});

test('RFC 8414 §3: the tenant follows the well-known path', () => {
  assert.equal(at('/.well-known/oauth-authorization-server/t/acme')?.tenant, 'acme');
  assert.equal(at('/t/acme/.well-known/openid-configuration')?.tenant, 'acme');
  assert.equal(at('/t/acme/.well-known/oauth-authorization-server'), undefined);
});

for (const path of [
  '/',
  '',
  '/tokens',
  '/token/',
  '//token',
  '/TOKEN',
  '/t//token',
  '/t/acme',
  '/t/ACME/token',
  '/t/ac%6De/token',
  '/t/acme/../default/token',
  '/t/acme/t/acme/token',
  `/t/${'a'.repeat(64)}/token`,
  '/t/default/token',
  '/t/__proto__/token',
]) {
  test(`design §5: ${path} addresses nobody`, () => assert.equal(at(path), undefined));
}

test('design §5: a host of a tenant reaches that tenant alone', () => {
  const hosts = { 'id.acme.example': 'acme' };
  assert.equal(at('/token', 'id.acme.example', hosts)?.tenant, 'acme');
  assert.equal(at('/t/acme/token', 'id.acme.example', hosts)?.tenant, 'acme');
  assert.equal(at('/t/other/token', 'id.acme.example', hosts), undefined);
  assert.equal(at('/token', 'constructor', hosts)?.tenant, 'default');
});

test('design §5: a tenant with a host of its own is reachable at no other host, whose truststore lacks its CAs', () => {
  const hosts = { 'id.acme.example': 'acme', 'mtls.acme.example': 'acme', 'id.beta.example': 'beta' };
  for (const host of ['auth.example', 'mtls.auth.example', 'id.beta.example']) {
    assert.equal(at('/t/acme/token', host, hosts), undefined);
    assert.equal(at('/.well-known/oauth-authorization-server/t/acme', host, hosts), undefined);
  }
  assert.equal(at('/token', 'mtls.acme.example', hosts)?.tenant, 'acme');
  assert.equal(at('/t/other/token', 'auth.example', hosts)?.tenant, 'other');
  assert.equal(at('/token', 'auth.example', { 'id.example': 'default' }), undefined);
});

test('design §5: every path a tenant is told is a path that leads to it', () => {
  const tenant = fc.stringMatching(/^[a-z0-9-]{1,63}$/).filter((name) => name !== 'default');
  fc.assert(
    fc.property(tenant, fc.constantFrom(...httpRoutes), (name, [route, row]) => {
      assert.equal(at(pathFor(row, name, false))?.tenant, name);
      assert.equal(at(pathFor(row, name, false))?.name, route);
      assert.equal(at(pathFor(row, name, true))?.tenant, 'default');
    }),
  );
});

test('design §3: no two routes share a path at the gateway', () => {
  const paths = httpRoutes.flatMap(([, row]) => gatewayPaths(row));
  assert.equal(new Set(paths).size, paths.length);
});

test('design §6: introspection may not write tokens', () => {
  assert.equal(routes.introspection.needs.tokens, 'read');
});
