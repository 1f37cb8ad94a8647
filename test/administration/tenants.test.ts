import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { addTenant, listTenants, showTenant } from '../../lib/administration/tenants.ts';
import { accepted, operator, refusals, registry } from './registry.ts';

const none = () => ({ ...memoryStores(), audit: { change: async () => {} } });

test('certbound tenant: the first one needs issuer and mTLS host, later ones have theirs below it', async () => {
  const stores = none();
  assert.equal(refusals(await addTenant({ name: 'default' }, operator, stores)).length, 2);
  const issuer = 'https://auth.example:8443';
  accepted(await addTenant({ name: 'default', issuer, mtls_base_uri: 'https://mtls.example' }, operator, stores));
  const acme = accepted(await addTenant({ name: 'acme' }, operator, stores));
  assert.equal(acme.issuer, 'https://auth.example:8443/t/acme');
  assert.equal(acme.mtls_base_uri, 'https://mtls.example');
  assert.equal(acme.default_resource, acme.issuer);
  assert.deepEqual(
    (await listTenants(stores)).map(({ name }) => name),
    ['default', 'acme'],
  );
  assert.equal(accepted(await showTenant('acme', stores)).name, 'acme');
});

test('certbound tenant: one with a host of its own', async () => {
  const stores = await registry();
  const issuer = 'https://auth.acme.example';
  accepted(await addTenant({ name: 'acme', issuer, mtls_base_uri: 'https://mtls.acme.example' }, operator, stores));
  assert.deepEqual(
    stores.trail.map(({ tenant, action, detail }) => [tenant, action, detail]),
    [['acme', 'tenant.add', issuer]],
  );
});

for (const name of [
  '',
  'Acme',
  'a_b',
  'a/b',
  'a b',
  '../a',
  'ä',
  'acme\n',
  'x'.repeat(64),
  '__proto__',
  '#',
  'default',
  'other',
]) {
  test(`design §5: tenant ${JSON.stringify(name.slice(0, 20))} cannot be added`, async () => {
    const stores = await registry();
    assert.match(refusals(await addTenant({ name }, operator, stores))[0] ?? '', /^tenant "/);
    assert.equal((await stores.tenants.list()).length, 2);
    assert.deepEqual(stores.trail, []);
  });
}

for (const issuer of [
  '',
  'http://a.example',
  'a.example',
  'https://a.example/',
  'https://a.example/x',
  'https://a.example?q',
  'https://a.example#f',
  'https://u@a.example',
  'https://a.example/t/other',
  'https://A.example',
  'https://a.example:443',
  'https://auth.example',
  'javascript:1',
  'https://a.example/t/acme/',
]) {
  test(`RFC 8414 §2: ${JSON.stringify(issuer)} is no issuer for tenant acme`, async () => {
    const stores = await registry();
    assert.match(refusals(await addTenant({ name: 'acme', issuer }, operator, stores))[0] ?? '', /^issuer "/);
  });
}

for (const mtls_base_uri of [
  'http://a.example',
  'https://a.example/',
  'https://a.example/t/acme',
  'a.example',
  'https://',
]) {
  test(`RFC 8705 §5: ${JSON.stringify(mtls_base_uri)} is no mTLS host`, async () => {
    const stores = await registry();
    assert.match(refusals(await addTenant({ name: 'acme', mtls_base_uri }, operator, stores))[0] ?? '', /^mTLS host "/);
  });
}

test('certbound tenant: an unknown one cannot be shown', async () => {
  const stores = await registry();
  for (const name of ['nobody', '', '__proto__', 'default\n']) {
    assert.match(refusals(await showTenant(name, stores))[0] ?? '', /is not registered; see «tenant list»/);
  }
});
