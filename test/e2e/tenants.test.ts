import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Authority, createAuthority } from '../../lib/local/authority.ts';
import { exchange, type Identity, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { type Responder, startResponder } from '../../lib/local/responder.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
let server: RunningServer;
const cas: Responder[] = [];
const identities: Record<string, Identity> = {};

/** Two tenants that register the same client_id and the same subject: only the truststore tells them apart. */
before(async () => {
  folder = temporaryFolder();
  const rows = [];
  for (const tenant of ['a', 'b']) {
    let authority: Authority | undefined;
    const ca = await startResponder({
      port: 0,
      authority: async (statusUrl) => (authority = await createAuthority({ statusUrl, name: `Tenant ${tenant}` })),
    });
    cas.push(ca);
    identities[tenant] = await ca.issue({ subject: 'CN=client,O=Example' });
    identities[`api-${tenant}`] = await ca.issue({ subject: 'CN=api,O=Example' });
    rows.push({
      tenant,
      truststore: authority?.truststore,
      scopes: ['read'],
      clients: [
        { client_id: 'client', tls_client_auth_subject_dn: 'CN=client,O=Example', scope: 'read' },
        { client_id: `only-${tenant}`, tls_client_auth_subject_dn: 'CN=client,O=Example' },
        { client_id: 'api', tls_client_auth_subject_dn: 'CN=api,O=Example', resource_server_for: ['urn:any'] },
      ],
    });
  }
  const allowed = cas.flatMap((ca) => ['--allow-fetch', new URL(ca.url).host]);
  server = await runServer(
    `${folder.path}/state`,
    '--tenants',
    folder.write('tenants.json', JSON.stringify(rows)),
    ...allowed,
  );
});

after(async () => {
  await server?.stop();
  for (const ca of cas) await ca.close();
  folder?.remove();
});

const identity = (name: string): Identity => {
  const found = identities[name];
  assert.ok(found);
  return found;
};
const issue = (tenant: string, of = tenant, client_id = 'client') =>
  server.token(identity(of), { client_id }, `/t/${tenant}/token`);
const tokenOf = async (tenant: string) => String(jsonIn(await issue(tenant))?.['access_token']);
const introspect = (tenant: string, of: string, token: string, client_id = 'client') =>
  server.post(`/t/${tenant}/introspect`, identity(of), { client_id, token });

for (const [one, other] of [
  ['a', 'b'],
  ['b', 'a'],
] as const) {
  test(`design §5: tenant ${one} is an issuer of its own`, async () => {
    const issuer = `${server.endpoint.issuer}/t/${one}`;
    for (const path of [
      `/.well-known/oauth-authorization-server/t/${one}`,
      `/t/${one}/.well-known/openid-configuration`,
    ]) {
      const metadata = jsonIn(await exchange({ url: `${server.endpoint.issuer}${path}`, ca: server.ca }));
      assert.equal(metadata?.['issuer'], issuer);
      assert.equal(metadata?.['token_endpoint'], `${issuer}/token`);
      assert.deepEqual(metadata?.['mtls_endpoint_aliases'], {
        token_endpoint: `${server.endpoint.mtls}/t/${one}/token`,
        introspection_endpoint: `${server.endpoint.mtls}/t/${one}/introspect`,
        revocation_endpoint: `${server.endpoint.mtls}/t/${one}/revoke`,
      });
    }
    const claims = jsonIn(await introspect(one, one, await tokenOf(one)));
    assert.deepEqual([claims?.['active'], claims?.['iss'], claims?.['aud']], [true, issuer, issuer]);
  });

  test(`design §5: a certificate of ${one} is refused at every endpoint of ${other}`, async () => {
    const token = await tokenOf(other);
    for (const path of ['token', 'introspect', 'revoke']) {
      const form = { grant_type: 'client_credentials', client_id: 'client', token };
      const answer = await server.post(`/t/${other}/${path}`, identity(one), form);
      assert.deepEqual([answer.status, jsonIn(answer)?.['error']], [401, 'invalid_client'], path);
      assert.equal((await server.logOf(answer))['reason'], 'chain_untrusted');
    }
    assert.equal(
      jsonIn(await introspect(other, other, token))?.['active'],
      true,
      'the token of the other is untouched',
    );
  });

  test(`design §5: a client of ${one} is unknown at every endpoint of ${other}`, async () => {
    assert.equal((await issue(one, one, `only-${one}`)).status, 200);
    for (const path of ['token', 'introspect', 'revoke']) {
      const form = { grant_type: 'client_credentials', client_id: `only-${one}`, token: 'x' };
      const answer = await server.post(`/t/${other}/${path}`, identity(other), form);
      assert.equal(answer.status, 401, path);
      assert.equal((await server.logOf(answer))['reason'], 'client_unknown');
    }
  });

  test(`design §5: a token of ${one} is inactive at ${other} and cannot be revoked there`, async () => {
    const token = await tokenOf(one);
    for (const [of, client_id] of [
      [other, 'client'],
      [`api-${other}`, 'api'],
    ] as const) {
      assert.equal((await introspect(other, of, token, client_id)).body, '{"active":false}');
    }
    const revoked = await server.post(`/t/${other}/revoke`, identity(other), { client_id: 'client', token });
    assert.deepEqual([revoked.status, revoked.body], [200, '']);
    assert.equal(jsonIn(await introspect(one, one, token))?.['active'], true);
  });

  test(`design §5: nothing of ${one} is good at the first tenant either`, async () => {
    const answer = await server.token(identity(one), { client_id: 'client' });
    assert.equal(answer.status, 401);
    const demo = server.identity('demo-client-1');
    assert.equal((await server.token(demo, { client_id: 'client' }, `/t/${one}/token`)).status, 401);
  });
}

test('design §5: a tenant that does not exist is a path that does not exist', async () => {
  for (const path of [
    '/t/nobody/token',
    '/t/nobody/jwks',
    '/.well-known/oauth-authorization-server/t/nobody',
    '/t/default/token',
  ]) {
    const url = `${server.endpoint.issuer}${path}`;
    const answer = await exchange({ url, ca: server.ca, ...(path.endsWith('token') && { form: { a: 'b' } }) });
    assert.deepEqual([answer.status, answer.body], [404, '{"message":"Not Found"}'], path);
  }
});
