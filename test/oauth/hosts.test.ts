/** One deployment whose processes are asked at its shared hosts, at those of one region, and at those of one tenant. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { type AuthorizationServer, authorizationServer, start } from './authorization-server.ts';
import { asserted, assertion, jwtClient, signingPair } from './client-authentication/registered-keys.ts';

const metadataPath = '/.well-known/oauth-authorization-server';
const pair = signingPair();
const tenantHosts = { 'id.acme.example': 'acme', 'mtls.acme.example': 'acme' };
const acme = { issuer: 'https://id.acme.example', mtls_base_uri: 'https://mtls.acme.example' };

let shared: AuthorizationServer;
let regional: AuthorizationServer;
let own: AuthorizationServer;

before(async () => {
  shared = await authorizationServer({ tenantHosts });
  const { world, stores } = shared;
  regional = await authorizationServer({
    world,
    tenantHosts,
    hosts: { public: 'auth-eu-west-1.example', mtls: 'mtls.auth-eu-west-1.example' },
  });
  own = await authorizationServer({
    world,
    tenantHosts,
    hosts: { public: 'id.acme.example', mtls: 'mtls.acme.example' },
  });
  await stores.tenants.save(
    newTenant({ name: 'acme', ...acme, status_policy: { ...defaultStatusPolicy, mode: 'off' } }),
  );
  const client = { client_id: 'client', tls_client_auth_subject_dn: 'CN=client' };
  await shared.register(client);
  await shared.register({
    client_id: 'api',
    tls_client_auth_subject_dn: 'CN=api',
    resource_server_for: ['https://auth.example'],
  });
  await shared.register({ ...jwtClient('jwt', [pair.jwk]) });
  await stores.clients.save('acme', client);
  shared.pass(2);
});

test('RFC 8414 §3.3: metadata at the host of a region names the one issuer, and the endpoints of the shared hosts', async () => {
  const document = (await regional.get(metadataPath)).json();
  assert.deepEqual(document, (await shared.get(metadataPath)).json());
  assert.equal(document['issuer'], 'https://auth.example');
  const aliases = document['mtls_endpoint_aliases'] as Record<string, string>;
  assert.equal(aliases['token_endpoint'], 'https://mtls.auth.example/token');
});

test('RFC 8414 §2: a token that was got in one region has the one issuer, and is good in another', async () => {
  const [client, api] = [await shared.issue({ subject: 'CN=client' }), await shared.issue({ subject: 'CN=api' })];
  const issued = await regional.token(client);
  assert.equal(issued.status, 200, issued.body);
  const claims = (await shared.introspect(issued.json()['access_token'], api)).json();
  assert.deepEqual([claims['active'], claims['iss']], [true, 'https://auth.example']);
});

test('FAPI 2.0 §5.3.2.1: at the host of a region an assertion is for the issuer, and for no name of that region', async () => {
  const send = async (aud: string) => {
    const claims = { iss: 'jwt', sub: 'jwt', aud };
    const form = asserted(await assertion(pair, regional.clock.now, claims));
    return regional.post('/token', { grant_type: 'client_credentials', ...form });
  };
  assert.equal((await send('https://auth.example')).status, 200);
  for (const aud of ['https://auth-eu-west-1.example', 'https://auth-eu-west-1.example/token']) {
    assert.equal((await send(aud)).status, 401, aud);
  }
});

test('RFC 8414 §3: metadata of a tenant at its own host names that host, and its own mTLS host', async () => {
  const document = (await own.get(metadataPath)).json();
  assert.equal(document['issuer'], acme.issuer);
  assert.equal(document['token_endpoint'], 'https://id.acme.example/token');
  assert.equal(document['jwks_uri'], 'https://id.acme.example/jwks');
  const aliases = document['mtls_endpoint_aliases'] as Record<string, string>;
  for (const uri of Object.values(aliases)) assert.equal(new URL(uri).origin, acme.mtls_base_uri);
  assert.equal(aliases['token_endpoint'], 'https://mtls.acme.example/token');
});

test('design §5: at its own mTLS host a tenant issues tokens for certificates of its own CAs, and for no others', async () => {
  const authority = await createAuthority({ statusUrl: 'http://status.example', at: start });
  const { stores } = shared;
  await stores.truststore.add('acme', { type: 'anchor', certificate: authority.root.der });
  await stores.truststore.add('acme', { type: 'intermediate', certificate: authority.intermediate.der });
  shared.pass(2);
  const refused = await own.token(await shared.issue({ subject: 'CN=client' }));
  assert.deepEqual([refused.status, refused.json()['error']], [401, 'invalid_client']);
  const leaf = await issueLeaf(authority, { subject: 'CN=client' }, shared.clock.now);
  assert.equal((await own.token(leaf)).status, 200);
  assert.equal((await shared.token(leaf)).status, 401);
});

test('design §5: a tenant with hosts of its own is no path of the hosts that others share', async () => {
  for (const at of [shared, regional]) {
    for (const path of ['/t/acme/jwks', `${metadataPath}/t/acme`, '/t/acme/token']) {
      const { status, body } = await at.get(path);
      assert.deepEqual([status, body], [404, '{"message":"Not Found"}']);
    }
  }
  assert.equal((await own.get('/t/other/jwks')).status, 404);
  assert.equal((await own.get('/jwks')).status, 200);
});
