import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import type { KeyedCertificate } from '../../../lib/local/certificate-authority.ts';
import { defaultStatusPolicy } from '../../../lib/status/policy.ts';
import { startEngine, watched } from '../../contracts/dynamodb-engine.ts';
import { type AuthorizationServer, authorizationServer } from '../../oauth/authorization-server.ts';
import {
  asserted,
  assertion,
  jwkOf,
  jwtClient,
  selfSigned,
  selfSignedClient,
  signingPair,
} from '../../oauth/client-authentication/registered-keys.ts';

const engine = await startEngine();
after(() => engine.close());

const calls: string[] = [];
const client = watched(engine.client, (operation, input) => calls.push(`${operation} ${kindsIn(input)}`));

/** The kinds of rows that a command touches, from the partition keys in it. */
function kindsIn(input: object): string {
  const keys = JSON.stringify(input).matchAll(/"S":"([A-Z]+)#/g);
  return [...new Set([...keys].map(([, kind]) => kind))].sort().join(' ');
}

let server: AuthorizationServer;
let leaf: KeyedCertificate;
let api: KeyedCertificate;

before(async () => {
  server = await authorizationServer({
    stores: dynamoStores(client, engine.tableNames),
    // One status a certificate makes the counts plain.
    tenant: { status_policy: { ...defaultStatusPolicy, depth: 'leaf' } },
  });
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  const resource_server_for = ['https://auth.example'];
  await server.register({ client_id: 'api', tls_client_auth_subject_dn: 'CN=api', resource_server_for });
  leaf = await server.issue({ subject: 'CN=client' });
  api = await server.issue({ subject: 'CN=api' });
});

beforeEach(() => {
  calls.length = 0;
});

/** The calls that an exchange made, and how often the responder was asked. */
async function cost<T>(exchange: () => Promise<T>): Promise<{ answer: T; made: readonly string[]; asked: number }> {
  calls.length = 0;
  const before = server.responder.asked;
  const answer = await exchange();
  return { answer, made: [...calls], asked: server.responder.asked - before };
}

const newToken = async (process = server): Promise<unknown> => {
  const issued = await process.token(leaf);
  assert.equal(issued.status, 200, issued.body);
  return issued.json()['access_token'];
};

const assertActive = (answer: Awaited<ReturnType<AuthorizationServer['introspect']>>) =>
  assert.equal(answer.json()['active'], true, JSON.stringify(answer.line));

/** Another process of the deployment; it has the tenant in memory, and whoever introspects. */
async function otherProcess(): Promise<AuthorizationServer> {
  const other = await authorizationServer({ world: server.world });
  await other.introspect('unknown', api);
  return other;
}

test('performance §5: a token is 1 PutItem and 0 reads warm', async () => {
  await newToken();
  const { made, asked } = await cost(() => newToken());
  assert.deepEqual(made, ['PutItem TOKEN']);
  assert.equal(asked, 0);
});

test('performance §5: introspection is 1 GetItem warm', async () => {
  const token = await newToken();
  await server.introspect(token, api);
  const { answer, made, asked } = await cost(() => server.introspect(token, api));
  assertActive(answer);
  assert.deepEqual(made, ['GetItem TOKEN']);
  assert.equal(asked, 0);
});

test('certbound: introspection of a holder that memory does not know is 1 BatchGetItem more and no network', async () => {
  const token = await newToken();
  const other = await otherProcess();
  const cold = await cost(() => other.introspect(token, api));
  assertActive(cold.answer);
  assert.deepEqual(cold.made, ['GetItem TOKEN', 'BatchGetItem CERTIFICATE CLIENT']);
  assert.equal(cold.asked, 0);
  const warm = await cost(() => other.introspect(token, api));
  assert.deepEqual(warm.made, ['GetItem TOKEN']);
});

test('design §6: a process that knows nothing reads the tenant in four reads, then who asks, then the token', async () => {
  const token = await newToken();
  const other = await authorizationServer({ world: server.world });
  const { answer, made, asked } = await cost(() => other.introspect(token, leaf, 'client'));
  assertActive(answer);
  assert.equal(made[0], 'GetItem VERSION');
  assert.deepEqual([...made.slice(1, 4)].sort(), ['GetItem TENANT', 'Query BLOCK', 'Query TRUSTSTORE']);
  assert.deepEqual(made.slice(4), ['BatchGetItem CERTIFICATE CLIENT', 'GetItem TOKEN']);
  assert.equal(asked, 0);
});

test('pki §4: what another process has asked for is at most 1 read of evidence, and nobody is asked again', async () => {
  const token = await newToken();
  const other = await otherProcess();
  assertActive(await other.introspect(token, api));
  server.pass(defaultStatusPolicy.maxStatusAge + 1);
  const first = await cost(() => server.introspect(token, api));
  assertActive(first.answer);
  assert.equal(first.asked, 2, 'the certificate of who asks, and that of the token');
  const second = await cost(() => other.introspect(token, api));
  assertActive(second.answer);
  assert.equal(second.asked, 0);
  assert.deepEqual(second.made, [
    'GetItem VERSION',
    // Who asks has no row, because no token stands on its certificate: its status is 1 read of evidence.
    'BatchGetItem CERTIFICATE CLIENT',
    'GetItem EVIDENCE',
    'GetItem TOKEN',
    // The row of the token's certificate has the new status already.
    'BatchGetItem CERTIFICATE CLIENT',
  ]);
  const third = await cost(() => other.introspect(token, api));
  assert.deepEqual(third.made, ['GetItem TOKEN']);
});

test('pki §4: one tenant’s evidence is no other’s', async () => {
  await newToken();
  const { answer } = await cost(() => server.post('/t/other/token', { client_id: 'client' }, leaf.certificate));
  assert.notEqual(answer.status, 200);
  assert.equal(calls.filter((call) => call.includes('EVIDENCE')).length, 0);
});

test('certbound: a warm token by an assertion is 1 PutItem more, that of its jti; by a registered certificate it is none', async () => {
  const pair = signingPair();
  const own = await selfSigned('CN=own');
  await server.register(jwtClient('jwt', [pair.jwk]));
  await server.register(selfSignedClient('own', [jwkOf(own)]));
  const byAssertion = async () => {
    const jwt = await assertion(pair, server.clock.now, { iss: 'jwt', sub: 'jwt' });
    const answer = await server.post(
      '/token',
      { grant_type: 'client_credentials', ...asserted(jwt) },
      leaf.certificate,
    );
    assert.equal(answer.status, 200, answer.body);
  };
  const byCertificate = async () => assert.equal((await server.token(own, { client_id: 'own' })).status, 200);
  server.pass(2);
  await byAssertion();
  await byCertificate();
  assert.deepEqual((await cost(byAssertion)).made, ['PutItem ASSERTION', 'PutItem TOKEN']);
  assert.deepEqual((await cost(byCertificate)).made, ['PutItem TOKEN']);
});

test('certbound: a resource server known by its certificate alone is 1 BatchGetItem more', async () => {
  const token = String(await newToken());
  await server.introspect(token, api);
  const alone = () => server.post('/introspect', { token }, api.certificate);
  const { answer, made } = await cost(alone);
  assertActive(answer);
  assert.deepEqual(made, ['BatchGetItem CLIENT', 'GetItem TOKEN']);
});
