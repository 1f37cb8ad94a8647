import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { demoSubject } from '../../lib/local/demo-files.ts';
import { jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

const resource = 'https://api.example.com';

let folder: Folder;
let server: RunningServer;

const clients = [
  {
    client_id: 'jwt-client',
    tls_client_auth_subject_dn: demoSubject('demo-client-1'),
    access_token_format: 'jwt',
    scope: 'read write',
    resources: [resource],
  },
  { client_id: 'api', tls_client_auth_subject_dn: demoSubject('demo-api'), resource_server_for: [resource] },
];

const start = () =>
  runServer(`${folder.path}/state`, '--clients', folder.write('clients.json', JSON.stringify(clients)));

before(async () => {
  folder = temporaryFolder();
  server = await start();
  const cli = resolve(import.meta.dirname, '../../bin/certbound.ts');
  const settings = ['signed_introspection=true', 'assurance=tls_client_auth=2'];
  execFileSync(process.execPath, [cli, 'policy', 'set', ...settings, '--state-dir', `${folder.path}/state`]);
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

async function jwtToken(): Promise<string> {
  const answer = await server.token(server.identity('demo-client-1'), { client_id: 'jwt-client', resource });
  assert.equal(answer.status, 200, answer.body);
  return String(jsonIn(answer)?.['access_token']);
}

const ask = async (form: Record<string, string>) => {
  const answer = await server.post('/introspect', server.identity('demo-api'), { client_id: 'api', ...form });
  return jsonIn(answer) ?? {};
};

/** What an API does offline, with the documents that everybody may read. */
async function verifyOffline(token: string, agent: Agent) {
  const response = await undiciFetch(`${server.endpoint.issuer}/jwks`, { dispatcher: agent });
  // The key for introspection answers is not there yet: nobody keeps a set without it.
  assert.equal(response.headers.get('cache-control'), 'no-store');
  return jwtVerify(token, createLocalJWKSet((await response.json()) as never), {
    issuer: server.endpoint.issuer,
    audience: resource,
    typ: 'at+jwt',
  });
}

test('RFC 9068 §4: a JWT over real TLS and the store: verified offline, introspected, judged with its certificate, revoked', async () => {
  const agent = new Agent({ connect: { ca: server.ca } });
  try {
    const token = await jwtToken();
    const { payload } = await verifyOffline(token, agent);
    assert.deepEqual([payload.sub, payload['acr']], ['jwt-client', '2']);
    assert.equal((await ask({ token }))['active'], true);
    const { certificate } = server.identity('demo-client-1');
    const matched = await ask({ token, client_certificate: certificate, scope: 'read', resource });
    assert.equal((matched['binding'] as Record<string, unknown>)['verdict'], 'match');
    const stolen = await ask({ token, client_certificate: server.identity('demo-client-2').certificate });
    assert.equal((stolen['binding'] as Record<string, unknown>)['verdict'], 'mismatch');
    const revoked = await server.post('/revoke', server.identity('demo-client-1'), { client_id: 'jwt-client', token });
    assert.equal(revoked.status, 200);
    assert.deepEqual(await ask({ token }), { active: false });
    assert.ok(await verifyOffline(token, agent), 'offline nobody sees it: docs/resource-servers.md says so');
  } finally {
    await agent.close();
  }
});

test('RFC 9701 §5 (N13): oauth4webapi asks for a signed answer, takes it and verifies its signature', async () => {
  const { certificate: cert, key } = server.identity('demo-api');
  const agent = new Agent({ connect: { ca: server.ca, cert, key } });
  const fetch = ((url: string, options: object) => undiciFetch(url, { ...options, dispatcher: agent })) as unknown as (
    url: string,
    options: unknown,
  ) => Promise<Response>;
  const options = { [oauth.customFetch]: fetch };
  try {
    const issuer = new URL(server.endpoint.issuer);
    const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
    const as = await oauth.processDiscoveryResponse(issuer, found);
    assert.deepEqual(as.introspection_signing_alg_values_supported, ['ES256']);
    const api: oauth.Client = { client_id: 'api', use_mtls_endpoint_aliases: true };
    const asked = await oauth.introspectionRequest(as, api, oauth.TlsClientAuth(), await jwtToken(), {
      ...options,
      requestJwtResponse: true,
    });
    assert.equal(asked.headers.get('content-type'), 'application/token-introspection+jwt');
    const claims = await oauth.processIntrospectionResponse(as, api, asked);
    assert.deepEqual([claims.active, claims.client_id], [true, 'jwt-client']);
    await oauth.validateApplicationLevelSignature(as, asked, options);
    const keys = await undiciFetch(`${server.endpoint.issuer}/jwks`, { dispatcher: agent });
    assert.equal(keys.headers.get('cache-control'), 'public, max-age=300');
  } finally {
    await agent.close();
  }
});

test('RFC 9701 §5 (N13): openid-client asks for a signed answer and verifies its signature', async () => {
  const { certificate: cert, key } = server.identity('demo-api');
  const agent = new Agent({ connect: { ca: server.ca, cert, key } });
  const types: (string | null)[] = [];
  const fetch = async (url: string, options: object) => {
    const response = await undiciFetch(url, { ...options, dispatcher: agent });
    types.push(response.headers.get('content-type'));
    return response as unknown as Response;
  };
  try {
    const config = await client.discovery(
      new URL(server.endpoint.issuer),
      'api',
      { use_mtls_endpoint_aliases: true, introspection_signed_response_alg: 'ES256' },
      client.TlsClientAuth(),
      {
        algorithm: 'oauth2',
        execute: [client.enableNonRepudiationChecks],
        [client.customFetch]: fetch as client.CustomFetch,
      },
    );
    const claims = await client.tokenIntrospection(config, await jwtToken());
    assert.ok(types.includes('application/token-introspection+jwt'));
    assert.deepEqual([claims.active, claims.client_id], [true, 'jwt-client']);
    assert.deepEqual(await client.tokenIntrospection(config, 'unknown'), { active: false });
  } finally {
    await agent.close();
  }
});

test('design §9: signing keys survive a restart, kill -9 included: what they signed stays good', async () => {
  const token = await jwtToken();
  await server.stop('SIGKILL');
  server = await start();
  const answer = await ask({ token });
  // The issuer has the port in its name, and the port is another one now: by design the token of another issuer is unknown.
  assert.deepEqual(answer, { active: false });
  const agent = new Agent({ connect: { ca: server.ca } });
  try {
    const [header = ''] = token.split('.');
    const response = await undiciFetch(`${server.endpoint.issuer}/jwks`, { dispatcher: agent });
    const { keys } = (await response.json()) as { keys: { kid: string }[] };
    const own = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
    assert.ok(
      keys.some((key) => key.kid === own.kid),
      'the key is still published',
    );
    const next = JSON.parse(Buffer.from((await jwtToken()).split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    assert.equal(next.kid, own.kid, 'and it still signs');
  } finally {
    await agent.close();
  }
});
