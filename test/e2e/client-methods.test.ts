/** The ways to authenticate and to bind, by the libraries that clients have, over real TLS (docs/clients.md). */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, fetch as undiciFetch } from 'undici';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { exchange, type Identity, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { jwkOf } from '../oauth/client-authentication/registered-keys.ts';
import { type Folder, type RunningServer, runServer, temporaryFolder } from './running-server.ts';

let folder: Folder;
let server: RunningServer;
let selfSigned: Identity;
let stranger: Identity;
let signingKey: CryptoKey;
const agents: Agent[] = [];

async function selfSignedIdentity(subject: string) {
  const now = Date.now();
  const dates = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 86_400_000) };
  const issued = await issueCertificate(undefined, { subject, ...dates });
  return { issued, identity: { certificate: issued.certificate, key: issued.key } };
}

before(async () => {
  folder = temporaryFolder();
  const own = await selfSignedIdentity('CN=self-signed-client');
  selfSigned = own.identity;
  const other = await selfSignedIdentity('CN=self-signed-other');
  stranger = other.identity;
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  signingKey = privateKey;
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }];
  const selfSignedMethod = { token_endpoint_auth_method: 'self_signed_tls_client_auth' };
  const clients = [
    { client_id: 'self-signed', ...selfSignedMethod, jwks: { keys: [jwkOf(own.issued)] } },
    { client_id: 'other', ...selfSignedMethod, jwks: { keys: [jwkOf(other.issued)] } },
    { client_id: 'signing', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } },
  ];
  const file = folder.write('clients.json', JSON.stringify(clients));
  server = await runServer(`${folder.path}/state`, '--clients', file);
});

after(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await server?.stop();
  folder?.remove();
});

type Fetch = (url: string, options: unknown) => Promise<Response>;

/** The libraries want a `fetch`; this one speaks with a certificate, or with none. */
function fetchAs(identity: Identity | undefined): Fetch {
  const own = identity && { cert: identity.certificate, key: identity.key };
  const agent = new Agent({ connect: { ca: server.ca, ...own } });
  agents.push(agent);
  return ((url: string, options: object) => undiciFetch(url, { ...options, dispatcher: agent })) as unknown as Fetch;
}

type Way = {
  readonly name: string;
  readonly client_id: string;
  readonly identity: () => Identity | undefined;
  readonly openidClient: () => client.ClientAuth;
  readonly oauth4webapi: () => oauth.ClientAuth;
};

const ways: readonly Way[] = [
  {
    name: 'RFC 8705 §2.1: tls_client_auth',
    client_id: 'demo-client-1',
    identity: () => server.identity('demo-client-1'),
    openidClient: () => client.TlsClientAuth(),
    oauth4webapi: () => oauth.TlsClientAuth(),
  },
  {
    name: 'RFC 8705 §2.2: self_signed_tls_client_auth',
    client_id: 'self-signed',
    identity: () => selfSigned,
    openidClient: () => client.TlsClientAuth(),
    oauth4webapi: () => oauth.TlsClientAuth(),
  },
  {
    name: 'RFC 7523 §2.2, RFC 8705 §4: private_key_jwt with a certificate (C30)',
    client_id: 'signing',
    identity: () => server.identity('demo-client-2'),
    openidClient: () => client.PrivateKeyJwt({ key: signingKey, kid: 'k1' }),
    oauth4webapi: () => oauth.PrivateKeyJwt({ key: signingKey, kid: 'k1' }),
  },
  {
    name: 'RFC 7523 §2.2: private_key_jwt without a certificate',
    client_id: 'signing',
    identity: () => undefined,
    openidClient: () => client.PrivateKeyJwt({ key: signingKey, kid: 'k1' }),
    oauth4webapi: () => oauth.PrivateKeyJwt({ key: signingKey, kid: 'k1' }),
  },
];

for (const way of ways) {
  test(`${way.name}: openid-client gets a token, introspects it and revokes it`, async () => {
    const identity = way.identity();
    const config = await client.discovery(
      new URL(server.endpoint.issuer),
      way.client_id,
      { use_mtls_endpoint_aliases: identity !== undefined },
      way.openidClient(),
      { algorithm: 'oauth2', [client.customFetch]: fetchAs(identity) as client.CustomFetch },
    );
    const { access_token } = await client.clientCredentialsGrant(config);
    const found = await client.tokenIntrospection(config, access_token);
    assert.equal(found.active, true);
    assert.equal(found.client_id, way.client_id);
    assert.equal(found.cnf !== undefined, identity !== undefined, 'RFC 8705 §3.1: bound where there is a certificate');
    await client.tokenRevocation(config, access_token);
    assert.deepEqual(await client.tokenIntrospection(config, access_token), { active: false });
  });

  test(`${way.name}: oauth4webapi does the same`, async () => {
    const identity = way.identity();
    const issuer = new URL(server.endpoint.issuer);
    const options = { [oauth.customFetch]: fetchAs(identity) };
    const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options });
    const as = await oauth.processDiscoveryResponse(issuer, discovered);
    const me: oauth.Client = { client_id: way.client_id, use_mtls_endpoint_aliases: identity !== undefined };
    const proof = way.oauth4webapi();
    const granted = await oauth.clientCredentialsGrantRequest(as, me, proof, new URLSearchParams(), options);
    const { access_token } = await oauth.processClientCredentialsResponse(as, me, granted);
    const asked = await oauth.introspectionRequest(as, me, proof, access_token, options);
    assert.equal((await oauth.processIntrospectionResponse(as, me, asked)).active, true);
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, me, proof, access_token, options));
    const again = await oauth.introspectionRequest(as, me, proof, access_token, options);
    assert.deepEqual(await oauth.processIntrospectionResponse(as, me, again), { active: false });
  });
}

test('RFC 8705 §2.2, C3, C22: the certificate of another client is not that of this one', async () => {
  const answer = await server.token(stranger, { client_id: 'self-signed' });
  assert.deepEqual([answer.status, jsonIn(answer)?.['error']], [401, 'invalid_client']);
  assert.equal((await server.logOf(answer))['reason'], 'not_registered');
});

test('RFC 8705 §2.2: whoever has no registered certificate does not pass the gateway', async () => {
  const { identity } = await selfSignedIdentity('CN=self-signed-client');
  const answer = await server.token(identity, { client_id: 'self-signed' });
  assert.deepEqual([answer.status, answer.body], [403, '{"message":"Forbidden"}']);
});

test('RFC 8705 §3: the demo API takes a token that is bound to a self-signed certificate, with that one alone (B6)', async () => {
  const { access_token } = jsonIn(await server.token(selfSigned, { client_id: 'self-signed' })) ?? {};
  const call = (identity: Identity) =>
    exchange({
      url: `${server.endpoint.mtls}/demo/whoami`,
      ca: server.ca,
      identity,
      headers: { authorization: `Bearer ${access_token}` },
    });
  assert.equal((await call(selfSigned)).status, 200);
  for (const other of [stranger, server.identity('demo-client-1')]) assert.equal((await call(other)).status, 401);
});
