/** What the functions of a deployment find: the two tables with a tenant and its clients in them, and a client's certificate. */
import { X509Certificate } from 'node:crypto';
import { sdkClient } from '../../lib/adapters/dynamodb/sdk-client.ts';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import { tables } from '../../lib/adapters/dynamodb/tables.ts';
import { toEnvironment } from '../../lib/config.ts';
import { toEvent } from '../../lib/local/api-gateway-event.ts';
import { createAuthority, issueLeaf } from '../../lib/local/authority.ts';
import { startEmbeddedStore } from '../../lib/local/embedded-store.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';

const tableNames = { registryTable: 'registry', grantsTable: 'grants' };

export type RuntimeWorld = Awaited<ReturnType<typeof runtimeWorld>>;

/** Everything is real but AWS: the tables are the embedded store's, and its address is an emulator's to the functions. */
export async function runtimeWorld() {
  const store = await startEmbeddedStore({ tables: tables(tableNames) });
  const client = sdkClient({ endpoint: store.endpoint, region: store.region, credentials: store.credentials });
  const stores = dynamoStores(client, tableNames);
  const authority = await createAuthority({ statusUrl: 'http://status.example' });
  const tenant = newTenant({
    name: 'default',
    issuer: 'https://auth.example',
    mtls_base_uri: 'https://mtls.auth.example',
    scopes_supported: ['accounts'],
  });
  // No function of this world can reach a responder.
  await stores.tenants.save({ ...tenant, status_policy: { ...tenant.status_policy, mode: 'off' } });
  for (const [type, { der }] of [
    ['anchor', authority.root],
    ['intermediate', authority.intermediate],
  ] as const) {
    await stores.truststore.add('default', { type, certificate: der });
  }
  await stores.clients.save('default', {
    client_id: 'client',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=client',
    scope: 'accounts',
    resource_server_for: ['https://auth.example'],
  });
  const leaf = await issueLeaf(authority, { subject: 'CN=client' }, new Date());
  const certificate = new X509Certificate(leaf.certificate);
  return {
    /** Where the tables are. */
    endpoint: store.endpoint,
    environment: {
      AWS_REGION: store.region,
      AWS_ACCESS_KEY_ID: store.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: store.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: store.endpoint,
      ...toEnvironment({ ...tableNames, tenantHosts: {}, registryMaxAge: 30, statusAllowHosts: [], logLevel: 'info' }),
    } as Readonly<Record<string, string>>,
    /** The event of a form that the client posts over mutual TLS. */
    post: (path: string, form: Readonly<Record<string, string>>) =>
      toEvent(
        {
          ...request(path),
          method: 'POST',
          host: 'mtls.auth.example',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
          body: Buffer.from(new URLSearchParams(form).toString()),
          clientCertificate: certificate,
        },
        '2.0',
      ),
    get: (path: string) => toEvent(request(path), '2.0'),
    async close() {
      client.close();
      await store.close();
    },
  };
}

const request = (path: string) => ({
  id: 'request-1',
  receivedAt: new Date(),
  method: 'GET',
  protocol: 'HTTP/1.1',
  host: 'auth.example',
  port: 443,
  path,
  query: '',
  headers: [] as readonly (readonly [string, string])[],
  body: Buffer.alloc(0),
  sourceIp: '192.0.2.1',
  routePath: path,
  pathParameters: {},
});
