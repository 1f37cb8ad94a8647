import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { certificateFile, keyFile, serverCaFile } from '../../lib/local/demo-files.ts';
import { jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
let server: RunningServer;
let agent: Agent;

before(async () => {
  folder = temporaryFolder();
  server = await runServer(`${folder.path}/state`);
  const { certificate: cert, key } = server.identity('demo-client-1');
  agent = new Agent({ connect: { ca: server.ca, cert, key } });
});

after(async () => {
  await agent?.close();
  await server?.stop();
  folder?.remove();
});

/** The libraries want a `fetch`; this one speaks with the client's certificate. */
const mutualTlsFetch = ((url: string, options: object) =>
  undiciFetch(url, { ...options, dispatcher: agent })) as unknown as (
  url: string,
  options: unknown,
) => Promise<Response>;

test('RFC 8414 §3: the metadata names the issuer it was asked for, and every alias at the top level (S13–S14)', async () => {
  const issuer = new URL(server.endpoint.issuer);
  for (const algorithm of ['oauth2', 'oidc'] as const) {
    const response = await oauth.discoveryRequest(issuer, { algorithm, [oauth.customFetch]: mutualTlsFetch });
    const metadata = await oauth.processDiscoveryResponse(issuer, response);
    assert.equal(metadata.tls_client_certificate_bound_access_tokens, true);
    for (const [member, url] of Object.entries(metadata.mtls_endpoint_aliases ?? {})) {
      assert.match(member, /_endpoint$/);
      assert.equal(new URL(String(url)).origin, server.endpoint.mtls);
      assert.equal(typeof metadata[member], 'string', member);
    }
    assert.deepEqual(metadata.mtls_endpoint_aliases?.['authorization_endpoint'], undefined);
  }
});

test('RFC 6749 §4.4, RFC 8705 §3: openid-client gets a bound token, introspects and revokes it', async () => {
  const config = await client.discovery(
    new URL(server.endpoint.issuer),
    'demo-client-1',
    { use_mtls_endpoint_aliases: true },
    client.TlsClientAuth(),
    { algorithm: 'oauth2', [client.customFetch]: mutualTlsFetch as client.CustomFetch },
  );
  const token = await client.clientCredentialsGrant(config, { scope: 'read' });
  assert.equal(token.token_type, 'bearer');
  assert.equal(token.scope, 'read');
  assert.equal(token.refresh_token, undefined);
  const active = await client.tokenIntrospection(config, token.access_token);
  assert.equal(active.active, true);
  assert.match(String(active.cnf?.['x5t#S256']), /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(
    [active.client_id, active.sub, active.iss, active.scope, active.aud, active.token_type],
    ['demo-client-1', 'demo-client-1', server.endpoint.issuer, 'read', server.endpoint.issuer, 'Bearer'],
  );
  assert.equal(active.exp, Number(active.iat) + Number(token.expires_in));
  assert.equal(active.nbf, active.iat);
  await client.tokenRevocation(config, token.access_token);
  assert.deepEqual(await client.tokenIntrospection(config, token.access_token), { active: false });
});

test('RFC 6749 §4.4, RFC 7662, RFC 7009: oauth4webapi does the same', async () => {
  const issuer = new URL(server.endpoint.issuer);
  const options = { [oauth.customFetch]: mutualTlsFetch };
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
  const as = await oauth.processDiscoveryResponse(issuer, found);
  const me: oauth.Client = { client_id: 'demo-client-1', use_mtls_endpoint_aliases: true };
  const mutualTls = oauth.TlsClientAuth();
  const granted = await oauth.clientCredentialsGrantRequest(as, me, mutualTls, new URLSearchParams(), options);
  const { access_token } = await oauth.processClientCredentialsResponse(as, me, granted);
  const asked = await oauth.introspectionRequest(as, me, mutualTls, access_token, options);
  const claims = await oauth.processIntrospectionResponse(as, me, asked);
  assert.equal(claims.active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, me, mutualTls, access_token, options));
  const again = await oauth.introspectionRequest(as, me, mutualTls, access_token, options);
  assert.deepEqual(await oauth.processIntrospectionResponse(as, me, again), { active: false });
});

const hasCurl = (() => {
  try {
    execFileSync('curl', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test('README: the three commands of the banner work as pasted', {
  skip: hasCurl ? false : 'curl is not installed',
}, () => {
  const [token, introspection, api] = server
    .output()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes('curl '));
  assert.ok(token && introspection && api, 'three commands');
  const output = execFileSync('bash', ['-c', [token, introspection, api].join('\n')]).toString();
  assert.match(output, /"active":true/);
  assert.match(output, /"you_are"/);
});

test('RFC 8705 §3: curl without a certificate cannot reach the mTLS host', {
  skip: hasCurl ? false : 'curl is not installed',
}, () => {
  const args = [
    '-s',
    '--cacert',
    serverCaFile(server.state),
    `${server.endpoint.mtls}/token`,
    '-d',
    'grant_type=client_credentials',
  ];
  assert.throws(() => execFileSync('curl', args, { stdio: 'pipe' }));
});

test('RFC 8705 §5: the alias answers directly, without a redirect (S15)', {
  skip: hasCurl ? false : 'curl is not installed',
}, () => {
  const files = [
    serverCaFile(server.state),
    certificateFile(server.state, 'demo-client-1'),
    keyFile(server.state, 'demo-client-1'),
  ];
  const [ca, cert, key] = files;
  const args = [
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{num_redirects} %{redirect_url}',
    '--cacert',
    `${ca}`,
    '--cert',
    `${cert}`,
    '--key',
    `${key}`,
  ];
  const form = ['-d', 'grant_type=client_credentials', '-d', 'client_id=demo-client-1'];
  assert.equal(
    execFileSync('curl', [...args, `${server.endpoint.mtls}/token`, ...form])
      .toString()
      .trim(),
    '200 0',
  );
});

test('RFC 6749 §5.1, RFC 6750: the response is not stored, says Bearer and has no refresh token (S1, B4, B20, B27)', async () => {
  const answer = await server.token(server.identity('demo-client-1'));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['pragma'], 'no-cache');
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  const body = jsonIn(answer);
  assert.deepEqual(Object.keys(body ?? {}).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);
  assert.match(String(body?.['access_token']), /^[A-Za-z0-9_-]{43}$/);
});

test('RFC 8705 §3: the demo API serves the token on its certificate and refuses it on any other, and on none (B6)', async () => {
  const one = server.identity('demo-client-1');
  const { access_token } = jsonIn(await server.token(one)) ?? {};
  const call = (options: object, host = server.endpoint.mtls) =>
    import('../../lib/local/mutual-tls-client.ts').then(({ exchange }) =>
      exchange({
        url: `${host}/demo/whoami`,
        ca: server.ca,
        headers: { authorization: `Bearer ${access_token}` },
        ...options,
      }),
    );
  assert.equal((await call({ identity: one })).status, 200);
  for (const refused of [
    await call({ identity: server.identity('demo-client-2') }),
    await call({}, server.endpoint.issuer),
  ]) {
    assert.equal(refused.status, 401);
    assert.match(String(refused.headers['www-authenticate']), /^Bearer .*error="invalid_token"/);
  }
});

test('RFC 6749 §2.3: no token, secret or assertion reaches the log', async () => {
  const one = server.identity('demo-client-1');
  const { access_token } = jsonIn(await server.token(one)) ?? {};
  await server.token(one, { client_secret: 'very-secret-value', client_assertion: 'header.payload.signature' });
  await server.post('/introspect', one, { client_id: 'demo-client-1', token: String(access_token) });
  assert.ok(!server.output().includes(String(access_token)));
  assert.ok(!server.output().includes('very-secret-value'));
  assert.ok(!server.output().includes('header.payload.signature'));
});
