/** A deployment with two mTLS domain names, each before the same functions with the truststore that is published for it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sdkClient } from '../../lib/adapters/dynamodb/sdk-client.ts';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import { tables } from '../../lib/adapters/dynamodb/tables.ts';
import { toEnvironment } from '../../lib/config.ts';
import { type Authority, createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import { startEmbeddedStore } from '../../lib/local/embedded-store.ts';
import { type Gateway, startGateway } from '../../lib/local/gateway.ts';
import type { LambdaHandler } from '../../lib/local/lambda.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { assembleTruststore } from '../../lib/publication/assemble.ts';
import { collectCandidates, type Sources } from '../../lib/publication/collect.ts';
import { call } from '../local/https-client.ts';
import { versions } from '../publication/publication.ts';

const names = { registryTable: 'registry', grantsTable: 'grants' };
const tenantHosts = { 'acme.localhost': 'acme', 'mtls.acme.localhost': 'acme' };
const metadataPath = '/.well-known/oauth-authorization-server';
const running: (() => unknown)[] = [];
const authorities: Record<string, Authority> = {};
const gateways: Record<string, Gateway> = {};

before(async () => {
  const store = await startEmbeddedStore({ tables: tables(names) });
  running.push(() => store.close());
  const client = sdkClient(store);
  running.push(() => client.close());
  const stores = dynamoStores(client, names);
  for (const [name, issuer, mtls_base_uri] of [
    ['default', 'https://localhost', 'https://mtls.localhost'],
    ['acme', 'https://acme.localhost', 'https://mtls.acme.localhost'],
  ] as const) {
    const authority = await createAuthority({
      statusUrl: 'http://status.example',
      name,
      serverNames: ['mtls.localhost', ...Object.keys(tenantHosts)],
    });
    authorities[name] = authority;
    const tenant = newTenant({ name, issuer, mtls_base_uri });
    await stores.tenants.save({ ...tenant, status_policy: { ...tenant.status_policy, mode: 'off' } });
    await stores.truststore.add(name, { type: 'anchor', certificate: authority.root.der });
    await stores.truststore.add(name, { type: 'intermediate', certificate: authority.intermediate.der });
    await stores.clients.save(name, {
      client_id: 'client',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=client',
    });
  }
  const handlers = await loadHandlers(store);
  const published = async (sources: Sources) => {
    const ports = { ...stores, objects: versions() };
    const assembly = assembleTruststore(
      await collectCandidates(sources, new AbortController().signal, ports),
      new Set(),
      new Date(),
    );
    return assembly.ok ? assembly.value.pem : assert.fail(assembly.failure.reasons.join());
  };
  for (const [name, sources] of [
    ['default', { except: ['acme'] }],
    ['acme', { tenants: ['acme'] }],
  ] as const) {
    const { certificate, key } = authorityOf('default').server;
    const truststore = await published(sources);
    const gateway = await startGateway({
      ...{ host: '127.0.0.1', publicPort: 0, mtlsPort: 0, certificate, key, truststore, handlers, tenantHosts },
    });
    gateways[name] = gateway;
    running.push(() => gateway.close());
  }
});

after(async () => {
  for (const stop of running.reverse()) await stop();
});

/** The functions read their environment when they are loaded, as on Lambda. */
async function loadHandlers(store: Awaited<ReturnType<typeof startEmbeddedStore>>) {
  const settings = { tenantHosts, registryMaxAge: 1, statusAllowHosts: [], logLevel: 'silent' as const };
  Object.assign(process.env, toEnvironment({ ...names, ...settings }), {
    AWS_REGION: store.region,
    AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: store.endpoint,
  });
  const [token, metadata] = await Promise.all([import('../../lambdas/token.ts'), import('../../lambdas/metadata.ts')]);
  return { token: token.handler as LambdaHandler, metadata: metadata.handler as LambdaHandler };
}

const authorityOf = (name: string) => authorities[name] ?? assert.fail(name);
const gatewayOf = (name: string) => gateways[name] ?? assert.fail(name);

/** Asks the gateway of `at` for its public document, under this host. */
const metadata = (at: string, host: string, path = metadataPath) =>
  call({ port: gatewayOf(at).address().public, ca: authorityOf('default').serverCa, path, headers: { Host: host } });

/** Asks the mTLS host of `at` for a token, with a certificate of a CA of the tenant `of`. */
async function token(at: string, of: string, host: string, { path = '/token', servername = host } = {}) {
  return call({
    port: gatewayOf(at).address().mtls,
    ca: authorityOf('default').serverCa,
    identity: await issueLeaf(authorityOf(of), { subject: 'CN=client' }),
    path,
    tls: { servername },
    method: 'POST',
    headers: { Host: host, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&client_id=client',
  });
}

test('RFC 8414 §3: at its own host a tenant is at the root, and its metadata names its own two hosts', async () => {
  const document = JSON.parse((await metadata('acme', 'acme.localhost')).body);
  assert.equal(document.issuer, 'https://acme.localhost');
  assert.equal(document.mtls_endpoint_aliases.token_endpoint, 'https://mtls.acme.localhost/token');
  assert.equal(JSON.parse((await metadata('default', 'localhost')).body).issuer, 'https://localhost');
});

test('design §5: each mTLS host issues tokens for the CAs of its tenants, and lets nobody else connect', async () => {
  assert.equal((await token('acme', 'acme', 'mtls.acme.localhost')).status, 200);
  assert.equal((await token('default', 'default', 'mtls.localhost')).status, 200);
  for (const [at, of, host] of [
    ['acme', 'default', 'mtls.acme.localhost'],
    ['default', 'acme', 'mtls.localhost'],
  ] as const) {
    const { status, body } = await token(at, of, host);
    assert.deepEqual([status, body], [403, '{"message":"Forbidden"}']);
  }
});

test('design §5: a Host header that is not the name of the connection reaches no tenant of another truststore', async () => {
  const stranger = await token('acme', 'acme', 'mtls.localhost', { servername: 'mtls.acme.localhost' });
  assert.deepEqual([stranger.status, JSON.parse(stranger.body).error], [401, 'invalid_client']);
  const other = await token('default', 'default', 'mtls.acme.localhost', { servername: 'mtls.localhost' });
  assert.deepEqual([other.status, JSON.parse(other.body).error], [401, 'invalid_client']);
});

test('design §5: the tenant is no path of the shared hosts', async () => {
  assert.equal((await token('default', 'default', 'mtls.localhost', { path: '/t/acme/token' })).status, 404);
  assert.equal((await metadata('default', 'localhost', `${metadataPath}/t/acme`)).status, 404);
});
