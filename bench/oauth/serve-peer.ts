/** node-oidc-provider, set up for the same job: mutual-TLS clients, bound tokens, introspection; in memory or on DynamoDB. */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { DeleteItemCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { peerPem, serveChild } from './child.ts';
import { marshall, peerTable, unmarshall } from './peer-rows.ts';
import { countCalls } from './store-calls.ts';
import { subjectOf } from './world.ts';

type Payload = Readonly<Record<string, unknown>>;
/** Only what is used here: the package brings no types. */
type Provider = new (
  issuer: string,
  configuration: unknown,
) => { callback(): (request: unknown, response: unknown) => void };

const { Provider } = (await import('oidc-provider' as string)) as { readonly Provider: Provider };
const onDynamo = process.argv[2] === 'dynamodb';

serveChild(async (world, origin) => {
  const store: Record<string, number> = {};
  const provider = new Provider(origin, {
    ...(onDynamo && { adapter: dynamoAdapter(world.store, store) }),
    clients: (['client', 'api'] as const).map((client_id) => ({
      client_id,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: subjectOf(client_id),
      tls_client_certificate_bound_access_tokens: true,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
      scope: 'accounts',
    })),
    clientAuthMethods: ['tls_client_auth'],
    scopes: ['accounts'],
    jwks: { keys: [world.signingKey] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'https://api.example/opaque',
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: 'accounts',
          audience: resource,
          accessTokenTTL: 3600,
          accessTokenFormat: resource.endsWith('/jwt') ? 'jwt' : 'opaque',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        getCertificate: ({ req }: { req: IncomingMessage }) => peerPem(req.socket as TLSSocket),
        certificateAuthorized: ({ req }: { req: IncomingMessage }) => (req.socket as TLSSocket).authorized,
        certificateSubjectMatches: ({ req }: { req: IncomingMessage }, _property: string, expected: string) =>
          subjects(peerPem(req.socket as TLSSocket)) === expected,
      },
    },
  });
  return { listener: provider.callback(), store };
});

const known = new Map<string, string>();

/** The subject most specific first, once a certificate: the peer is not to pay for parsing that ours does once. */
function subjects(pem: string): string {
  const subject = known.get(pem) ?? new X509Certificate(pem).subject.split('\n').reverse().join(',');
  known.set(pem, subject);
  return subject;
}

function dynamoAdapter(endpoint: string, calls: Record<string, number>) {
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  countCalls(client, calls);
  const key = (name: string, id: string) => ({ pk: { S: `${name}#${id}` }, sk: { S: name } });
  return (name: string) => ({
    async upsert(id: string, payload: Payload) {
      await client.send(new PutItemCommand({ TableName: peerTable, Item: { ...key(name, id), ...marshall(payload) } }));
    },
    async find(id: string) {
      const found = await client.send(
        new GetItemCommand({ TableName: peerTable, Key: key(name, id), ConsistentRead: true }),
      );
      return unmarshall(found.Item);
    },
    async consume() {},
    async destroy(id: string) {
      await client.send(new DeleteItemCommand({ TableName: peerTable, Key: key(name, id) }));
    },
    async revokeByGrantId() {},
    async findByUid() {},
    async findByUserCode() {},
  });
}
