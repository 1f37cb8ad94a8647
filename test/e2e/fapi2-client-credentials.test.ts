/**
 * The modules of the OpenID Foundation's plan `fapi2-security-profile-final-client-credentials-grant-test-plan` that apply to a
 * server which binds tokens by mutual TLS, as we read them (docs/conformance.md), with both ways to authenticate.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { type Answer, exchange, type Identity, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

const plan = 'fapi2-security-profile-final-';

const keys = { ES256: await generateKeyPair('ES256'), RS256: await generateKeyPair('RS256') } as const;

let folder: Folder;
let server: RunningServer;
let one: Identity;
let two: Identity;

before(async () => {
  folder = temporaryFolder();
  const jwks = {
    keys: await Promise.all(
      Object.entries(keys).map(async ([alg, { publicKey }]) => ({ ...(await exportJWK(publicKey)), kid: alg, alg })),
    ),
  };
  const clients = [
    {
      client_id: 'signing-client',
      token_endpoint_auth_method: 'private_key_jwt',
      tls_client_certificate_bound_access_tokens: true,
      jwks,
    },
  ];
  const file = folder.write('clients.json', JSON.stringify(clients));
  server = await runServer(`${folder.path}/state`, '--clients', file);
  one = server.identity('demo-client-1');
  two = server.identity('demo-client-2');
});

after(async () => {
  await server?.stop();
  folder?.remove();
});

const form = (members: Readonly<Record<string, string>>) => ({ grant_type: 'client_credentials', ...members });

/** An assertion that is right in all but what the test changes; a member set to undefined is left out. */
function assertion(
  changes: { readonly [K in keyof JWTPayload]: JWTPayload[K] | undefined } = {},
  alg: keyof typeof keys = 'ES256',
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: 'signing-client',
    sub: 'signing-client',
    aud: server.endpoint.issuer,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    ...changes,
  };
  const given = Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg, kid: alg }).sign(keys[alg].privateKey);
}

const signed = async (client_assertion: string, identity: Identity = one): Promise<Answer> =>
  server.post(
    '/token',
    identity,
    form({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion,
    }),
  );

function assertRefused(answer: Answer, status: number, error: string): void {
  const body = jsonIn(answer);
  assert.deepEqual([answer.status, body?.['error']], [status, error]);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.match(String(body?.['error_description']), /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/);
}

const resource = (access_token: unknown, identity: Identity | undefined, scheme = 'Bearer', query = '') =>
  exchange({
    url: `${identity === undefined ? server.endpoint.issuer : server.endpoint.mtls}/demo/whoami${query}`,
    ca: server.ca,
    ...(identity !== undefined && { identity }),
    headers: query === '' ? { authorization: `${scheme} ${access_token}` } : {},
  });

const tokenOf = (answer: Answer): string => {
  assert.equal(answer.status, 200, answer.body);
  return String(jsonIn(answer)?.['access_token']);
};

test(`${plan}discovery-end-point-verification`, async () => {
  const url = `${server.endpoint.issuer}/.well-known/oauth-authorization-server`;
  const answer = await exchange({ url, ca: server.ca });
  assert.equal(answer.status, 200);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  const metadata = jsonIn(answer) ?? {};
  assert.equal(metadata['issuer'], server.endpoint.issuer);
  assert.strictEqual(metadata['tls_client_certificate_bound_access_tokens'], true);
  const methods = metadata['token_endpoint_auth_methods_supported'] as readonly string[];
  for (const method of ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt']) {
    assert.ok(methods.includes(method), method);
  }
  const algorithms = metadata['token_endpoint_auth_signing_alg_values_supported'] as readonly string[];
  assert.ok(algorithms.includes('ES256') && algorithms.includes('PS256'));
  assert.deepEqual(
    algorithms.filter((each) => /^(none|HS|RS)/.test(each)),
    [],
  );
  const aliases = metadata['mtls_endpoint_aliases'] as Readonly<Record<string, string>>;
  assert.equal(aliases['token_endpoint'], `${server.endpoint.mtls}/token`);
  for (const member of ['token_endpoint', 'jwks_uri']) assert.match(String(metadata[member]), /^https:/);
});

test(`${plan}happy-flow`, async () => {
  const tokens = [
    {
      identity: one,
      other: two,
      token: tokenOf(await server.post('/token', one, form({ client_id: 'demo-client-1' }))),
    },
    {
      identity: two,
      other: one,
      token: tokenOf(await server.post('/token', two, form({ client_id: 'demo-client-2' }))),
    },
    { identity: one, other: two, token: tokenOf(await signed(await assertion())) },
  ];
  assert.equal(new Set(tokens.map(({ token }) => token)).size, 3);
  for (const { identity, other, token } of tokens) {
    assert.ok(token.length >= 22, 'at least 128 bits');
    assert.equal((await resource(token, identity)).status, 200);
    assert.equal((await resource(token, other)).status, 401);
    assert.equal((await resource(token, undefined)).status, 401);
    const inQuery = await resource('', identity, 'Bearer', `?access_token=${token}`);
    assert.ok([400, 401].includes(inQuery.status), 'FAPI 2.0 §5.3.4 (2)');
  }
});

test(`${plan}access-token-type-header-case-sensitivity`, async () => {
  const token = tokenOf(await server.post('/token', one, form({ client_id: 'demo-client-1' })));
  for (const scheme of ['bearer', 'BEARER', 'bEARER']) {
    assert.equal((await resource(token, one, scheme)).status, 200, scheme);
  }
});

test(`${plan}ensure-client-id-in-token-endpoint`, async () => {
  assertRefused(await server.post('/token', one, form({ client_id: 'demo-client-2' })), 401, 'invalid_client');
  const named = { client_id: 'demo-client-2', client_assertion: await assertion() };
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  assertRefused(
    await server.post('/token', one, form({ ...named, client_assertion_type: type })),
    401,
    'invalid_client',
  );
});

test(`${plan}ensure-holder-of-key-required`, async () => {
  const url = `${server.endpoint.issuer}/token`;
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const unbound = await exchange({
    url,
    ca: server.ca,
    form: form({ client_assertion_type, client_assertion: await assertion() }),
  });
  assertRefused(unbound, 400, 'invalid_request');
  const withoutCertificate = await exchange({ url, ca: server.ca, form: form({ client_id: 'demo-client-1' }) });
  assertRefused(withoutCertificate, 401, 'invalid_client');
  // The mutual TLS host ends the connection of whoever has no certificate.
  await assert.rejects(
    exchange({ url: `${server.endpoint.mtls}/token`, ca: server.ca, form: form({ client_id: 'demo-client-1' }) }),
  );
});

test(`${plan}ensure-signed-client-assertion-with-RS256-fails`, async () => {
  assertRefused(await signed(await assertion({}, 'RS256')), 401, 'invalid_client');
});

test(`${plan}ensure-client-assertion-in-token-endpoint`, async () => {
  assertRefused(await server.post('/token', one, form({ client_id: 'signing-client' })), 401, 'invalid_client');
});

test(`${plan}ensure-client-assertion-with-exp-is-5-minutes-in-past-fails`, async () => {
  const now = Math.floor(Date.now() / 1000);
  assertRefused(await signed(await assertion({ iat: now - 360, exp: now - 300 })), 401, 'invalid_client');
});

test(`${plan}ensure-client-assertion-with-wrong-aud-fails`, async () => {
  assertRefused(await signed(await assertion({ aud: 'https://other.example' })), 401, 'invalid_client');
  assertRefused(await signed(await assertion({ aud: `${server.endpoint.mtls}/token` })), 401, 'invalid_client');
});

test(`${plan}ensure-client-assertion-with-no-sub-fails`, async () => {
  assertRefused(await signed(await assertion({ sub: undefined })), 401, 'invalid_client');
});
