/**
 * The bundles that are deployed, each in a process of its own under the Lambda Runtime API (`npm run test:runtime`): the
 * packaging and INIT are real, the tables are the embedded store's.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, type TestContext, test } from 'node:test';
import { functionBundles } from '../../lib/constructs/function-bundles.ts';
import { type Files, type FunctionProcess, functionProcess, type Invoked } from './function-process.ts';
import { type RuntimeWorld, runtimeWorld } from './world.ts';

let world: RuntimeWorld;
before(async () => {
  world = await runtimeWorld();
});
after(() => world.close());

const filesOf = (lambda: string): Files => functionBundles().get(lambda)?.files ?? {};

/** Ends with the test, whatever it finds. */
async function start(context: TestContext, files: Files, environment: Readonly<Record<string, string>>) {
  const process = await functionProcess(files, environment);
  context.after(() => process.end());
  return process;
}

/** The bundle, once its INIT is over. */
async function started(context: TestContext, lambda: string, changes: Readonly<Record<string, string>> = {}) {
  const process = await start(context, filesOf(lambda), { ...world.environment, ...changes });
  assert.equal(await process.ready, undefined, process.stderr());
  return process;
}

type Response = { readonly statusCode: number; readonly headers: Record<string, string>; readonly body: string };

function responseOf(invoked: Invoked): Response & { readonly json: Readonly<Record<string, unknown>> } {
  assert.equal(invoked.outcome, 'response', JSON.stringify(invoked));
  const response = (invoked as { value: Response }).value;
  return { ...response, json: JSON.parse(response.body || '{}') };
}

/** One JSON object a line, and nothing else. */
function linesOf(process: FunctionProcess): readonly Readonly<Record<string, unknown>>[] {
  assert.equal(process.stderr(), '');
  const text = process.stdout();
  assert.ok(text === '' || text.endsWith('\n'), text);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('design §8: token, introspection and revocation serve a client with its certificate, one after the other', async (t) => {
  const [token, introspection, revocation] = await Promise.all(
    ['token', 'introspection', 'revocation'].map((lambda) => started(t, lambda)),
  );
  assert.ok(token && introspection && revocation);
  const form = { grant_type: 'client_credentials', client_id: 'client' };
  const issued = responseOf(await token.invoke(world.post('/token', form)));
  assert.equal(issued.statusCode, 200, issued.body);
  const access_token = String(issued.json['access_token']);
  const asked = { token: access_token, client_id: 'client' };
  const active = responseOf(await introspection.invoke(world.post('/introspect', asked)));
  assert.equal(active.json['active'], true, active.body);
  assert.ok((active.json['cnf'] as Record<string, string>)['x5t#S256']);
  assert.equal(responseOf(await revocation.invoke(world.post('/revoke', asked))).statusCode, 200);
  const over = responseOf(await introspection.invoke(world.post('/introspect', asked)));
  assert.deepEqual(over.json, { active: false });
  const refused = responseOf(await token.invoke(world.post('/token', { ...form, client_id: 'nobody' })));
  assert.equal(refused.statusCode, 401);
  assert.equal(refused.json['error'], 'invalid_client');
  const lines = [token, introspection, revocation].flatMap(linesOf);
  assert.deepEqual(
    lines.map(({ endpoint, status }) => `${endpoint} ${status}`),
    ['token 200', 'token 401', 'introspection 200', 'introspection 200', 'revocation 200'],
  );
  for (const process of [token, introspection, revocation]) assert.ok(!process.stdout().includes(access_token));
});

test('design §8: metadata serves its documents, and 404 where there is none', async (t) => {
  const metadata = await started(t, 'metadata');
  const found = responseOf(await metadata.invoke(world.get('/.well-known/oauth-authorization-server')));
  assert.equal(found.json['issuer'], 'https://auth.example');
  assert.deepEqual(responseOf(await metadata.invoke(world.get('/jwks'))).json, { keys: [] });
  assert.equal(responseOf(await metadata.invoke(world.get('/t/nobody/jwks'))).statusCode, 404);
  assert.equal(linesOf(metadata).length, 3);
});

/** Every function that runs without a request. */
const byTheClock = [...functionBundles().keys()].filter(
  (lambda) => !['token', 'introspection', 'revocation', 'metadata'].includes(lambda),
);

for (const lambda of byTheClock) {
  test(`design §8: ${lambda} runs when nothing is to be done, again and again`, async (t) => {
    const process = await started(t, lambda);
    for (let run = 0; run < 2; run++) {
      assert.deepEqual(await process.invoke({ 'detail-type': 'Scheduled Event' }), {
        outcome: 'response',
        value: null,
      });
    }
    for (const { level } of linesOf(process)) assert.notEqual(level, 'error', process.stdout());
  });
}

for (const lambda of functionBundles().keys()) {
  test(`design §3: ${lambda} with an environment that cannot be right fails its INIT and names every variable`, async (t) => {
    const { REGISTRY_TABLE: _table, ...environment } = world.environment;
    const process = await start(t, filesOf(lambda), { ...environment, LOG_LEVEL: 'verbose' });
    const { errorMessage } = (await process.ready) ?? { errorMessage: 'INIT succeeded' };
    assert.match(errorMessage, /REGISTRY_TABLE=/);
    assert.match(errorMessage, /LOG_LEVEL="verbose"/);
    assert.equal(await process.exited, 1);
  });
}

test('aws §5: credentials that are missing fail INIT, and no part of the others is told', async (t) => {
  const { AWS_ACCESS_KEY_ID: _key, ...environment } = world.environment;
  const process = await start(t, filesOf('token'), { ...environment, AWS_SECRET_ACCESS_KEY: 'not-for-the-log' });
  assert.match((await process.ready)?.errorMessage ?? '', /AWS_ACCESS_KEY_ID: /);
  assert.equal(await process.exited, 1);
  assert.ok(!`${process.stdout()}${process.stderr()}`.includes('not-for-the-log'));
});

test('performance §2: INIT has read the tenant: the first request asks for its client and writes its token, no more', async (t) => {
  const asked: string[] = [];
  const relay = createServer(async (request, response) => {
    asked.push(String(request.headers['x-amz-target']).replace(/.*\./, ''));
    const body = Buffer.concat(await request.toArray());
    const { host: _, ...headers } = request.headers as Record<string, string>;
    const answer = await fetch(world.endpoint, { method: 'POST', headers, body });
    response.writeHead(answer.status).end(await answer.text());
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  t.after(() => relay.close());
  const AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const process = await started(t, 'token', { AWS_ENDPOINT_URL_DYNAMODB });
  assert.deepEqual(asked.splice(0).sort(), ['GetItem', 'GetItem', 'Query', 'Query']);
  const form = { grant_type: 'client_credentials', client_id: 'client' };
  assert.equal(responseOf(await process.invoke(world.post('/token', form))).statusCode, 200);
  assert.equal(asked.at(-1), 'PutItem');
  assert.ok(!asked.includes('Query'), asked.join(' '));
});

test('performance §2: tables that cannot be reached fail no INIT; they are told, and each request answers 500', async (t) => {
  const process = await started(t, 'token', { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' });
  const form = { grant_type: 'client_credentials', client_id: 'client' };
  for (let i = 0; i < 2; i++) {
    const { statusCode, json } = responseOf(await process.invoke(world.post('/token', form)));
    assert.equal(statusCode, 500);
    assert.equal(json['error'], 'server_error');
  }
  const lines = linesOf(process);
  assert.equal(lines.length, 3);
  assert.match(String(lines[0]?.['fault']), /DynamoDB GetItem failed/);
});

test('design §8: an event that is none is answered, and the next one is served', async (t) => {
  const process = await started(t, 'metadata');
  for (const event of [null, 'text', {}, { version: '2.0' }]) {
    const invoked = await process.invoke(event);
    const status = invoked.outcome === 'response' ? (invoked.value as Response).statusCode : 500;
    assert.ok(status >= 400, JSON.stringify(invoked));
  }
  assert.equal(responseOf(await process.invoke(world.get('/jwks'))).statusCode, 200);
});

test('aws §5: a run that fails is reported as an error, so that Lambda counts it, and the next one runs', async (t) => {
  const process = await started(t, 'crl-refresh', { GRANTS_TABLE: 'no-such-table' });
  for (let run = 0; run < 2; run++) {
    const invoked = await process.invoke({});
    assert.equal(invoked.outcome, 'error', JSON.stringify(invoked));
  }
  for (const { level } of linesOf(process)) assert.equal(level, 'error');
});

test('aws §5: what nobody caught ends a process and is reported', async (t) => {
  const files = {
    'index.mjs':
      'export const handler = async () => { Promise.reject(new Error("floating")); await new Promise(() => {}); };',
  };
  const process = await start(t, files, {});
  assert.equal(await process.ready, undefined);
  const invoked = await process.invoke({});
  assert.deepEqual(invoked.outcome === 'error' && invoked.error.errorType, 'Runtime.UnhandledPromiseRejection');
  assert.equal(await process.exited, 128);
});
