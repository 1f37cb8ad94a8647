/** Certbound: the very edge and endpoints that are deployed, behind a bare server instead of API Gateway. */
import type { TLSSocket } from 'node:tls';
import { type EdgeServer, serve } from '../../lib/adapters/api-gateway/serve.ts';
import { signedClient } from '../../lib/adapters/dynamodb/signed-client.ts';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { registry } from '../../lib/adapters/memory/registry.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { randomBytesPool } from '../../lib/adapters/random-bytes.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { introspection } from '../../lib/oauth/endpoints/introspection.ts';
import { token } from '../../lib/oauth/endpoints/token.ts';
import { keepRefusal } from '../../lib/oauth/refusals.ts';
import { signingKeys } from '../../lib/oauth/signing-keys.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { parsePem } from '../../lib/pki/certificate/pem.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { benchTables } from './bench-tables.ts';
import { peerPem, readBody, serveChild } from './child.ts';
import { counted } from './store-calls.ts';
import { subjectOf, type World } from './world.ts';

const onDynamo = process.argv[2] === 'dynamodb';

serveChild(async (world, origin) => {
  const calls: Record<string, number> = {};
  const stores = onDynamo ? onStore(world.store, calls) : memoryStores();
  await register(stores, world, origin);
  const now = () => new Date();
  const local = localKeyCustody(new Uint8Array(32));
  const server: EdgeServer = {
    ...stores,
    keepRefusal: keepRefusal(stores.audit, boundedMemory(10)),
    keys: signingKeys({
      store: stores.keys,
      custody: { access_token: local, introspection: local },
      opened: boundedMemory(10),
    }),
    registry: registry(stores, { maxAge: 30, now, fetch: async () => ({ ok: false, failure: silent }) }),
    now,
    randomBytes: randomBytesPool(),
  };
  let lines = 0;
  // The line is made, as it is in a function; where it goes costs what the platform makes it cost.
  const log = (line: unknown) => {
    lines += JSON.stringify(line).length;
  };
  const handler = serve({ token, introspection }, { tenantHosts: {}, log }, server);
  return {
    store: calls,
    listener: async (request, response) => {
      const { statusCode, headers, body } = await handler(
        {
          version: '2.0',
          rawPath: request.url,
          rawQueryString: '',
          headers: request.headers,
          body: await readBody(request),
          isBase64Encoded: false,
          requestContext: {
            domainName: 'localhost',
            http: { method: request.method },
            authentication: { clientCert: { clientCertPem: peerPem(request.socket as TLSSocket) } },
          },
        },
        { awsRequestId: String(lines) },
      );
      response.writeHead(statusCode, headers).end(body);
    },
  };
});

const silent = { reason: 'network', detail: 'a benchmark has no responder' } as const;

function onStore(endpoint: string, calls: Record<string, number>): Stores {
  const client = signedClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoints: { dynamodb: endpoint },
  });
  return dynamoStores(counted(client, calls), benchTables);
}

async function register(stores: Stores, { truststore }: World, issuer: string): Promise<void> {
  await stores.tenants.save(
    newTenant({
      name: 'default',
      issuer,
      mtls_base_uri: issuer,
      scopes_supported: ['accounts'],
      default_resource: 'https://api.example/opaque',
      // The verdict is in memory on the warm path, whatever the policy: `bench:status` measures the difference.
      status_policy: { ...defaultStatusPolicy, mode: 'off' },
    }),
  );
  for (const { type, pem } of truststore) {
    const [block] = parsePem(pem);
    if (block?.der === undefined) throw new Error('the world has a certificate that is none');
    await stores.truststore.add('default', { type, certificate: block.der });
  }
  for (const client_id of ['client', 'client-jwt', 'api'] as const) {
    await stores.clients.save('default', {
      client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: subjectOf(client_id === 'api' ? 'api' : 'client'),
      scope: 'accounts',
      ...(client_id === 'client-jwt' && { access_token_format: 'jwt' }),
      ...(client_id === 'api' && { resource_server_for: ['https://api.example/opaque'] }),
    });
  }
}
