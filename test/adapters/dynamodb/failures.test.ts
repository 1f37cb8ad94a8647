import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, test } from 'node:test';
import type { BatchGetItemCommandInput, BatchGetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from '../../../lib/adapters/dynamodb/client.ts';
import { dynamoHolderStore } from '../../../lib/adapters/dynamodb/holder-store.ts';
import { sdkClient } from '../../../lib/adapters/dynamodb/sdk-client.ts';
import { signedClient } from '../../../lib/adapters/dynamodb/signed-client.ts';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import { dynamoTruststoreStore } from '../../../lib/adapters/dynamodb/truststore-store.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { startEngine } from '../../contracts/dynamodb-engine.ts';
import {
  accessTokenRecord,
  certificateRow,
  clientMetadata,
  newDer,
  newHash,
  newTenantName,
  now,
  seconds,
  tenant,
} from '../../contracts/fixtures.ts';

const engine = await startEngine();
after(() => engine.close());

const stores = dynamoStores(engine.client, engine.tableNames);
const at = seconds(now);

test('house style §4: a store that cannot answer throws an Error with the cause, in every operation', async () => {
  for (const client of [engine.client, engine.signed]) await everyOperationFails(client);
});

async function everyOperationFails(client: DynamoClient): Promise<void> {
  const missing = dynamoStores(client, { registryTable: 'no-registry', grantsTable: 'no-grants' });
  const [t, hash, row] = [newTenantName(), newHash(), certificateRow()];
  const block = { kind: 'certificate', thumbprint: row.thumbprint, added_at: now } as const;
  const source = { crl: 'kept.a', certificate: newDer(), index: 0, url: 'http://crl.example/', exp: now + 60 };
  const operations = [
    () => missing.tokens.save(t, hash, accessTokenRecord()),
    () => missing.tokens.find(t, hash, at),
    () => missing.tokens.revoke(t, hash, 'client-1', at),
    () => missing.certificates.save(t, row),
    () => missing.certificates.find(t, row.thumbprint, at),
    () => missing.holders.find(t, 'client-1', row.thumbprint, at),
    () => missing.clients.find(t, 'client-1'),
    () => missing.clients.save(t, clientMetadata('client-1')),
    () => missing.clients.remove(t, 'client-1'),
    () => missing.clients.list(t),
    () => missing.tenants.find(t),
    () => missing.tenants.save(tenant(t)),
    () => missing.tenants.list(),
    () => missing.truststore.entries(t),
    () => missing.truststore.add(t, { type: 'anchor', certificate: newDer() }),
    () => missing.truststore.remove(t, row.thumbprint),
    () => missing.versions.current(t),
    () => missing.versions.bump(t),
    () => missing.blocks.list(t),
    () => missing.blocks.add(t, block),
    () => missing.blocks.remove(t, block),
    () => missing.evidence.find(t, 'ocsp.a'),
    () => missing.evidence.save(t, 'ocsp.a', { der: newDer(), fetchedAt: at }),
    () => missing.crls.reader(t).findHead('kept.a'),
    () => missing.crls.reader(t).findShard('kept.a', '2-1'),
    () => missing.crls.writer(t).saveHead('kept.a', '{}', now),
    () => missing.crls.writer(t).saveShard('kept.a', '2-1', newDer(), now),
    () => missing.crlSources.want(t, source),
    () => missing.crlSources.list(t, at),
    () => missing.audit.change(t, { at: now, actor: 'alice', action: 'client.disable', subject: 'client-1' }),
    () => missing.audit.refusal(t, { at: now, client_id: 'client-1', reason: 'certificate_revoked' }),
  ];
  for (const operation of operations) {
    await assert.rejects(operation, (error: Error) => {
      assert.match(error.message, /^DynamoDB [A-Za-z]+ failed$/);
      assert.equal((error.cause as Error).name, 'ResourceNotFoundException');
      return true;
    });
  }
}

test('design §6: a row larger than DynamoDB takes is an Error, not a row', async () => {
  const t = newTenantName();
  const large = clientMetadata('client-1', { padding: 'x'.repeat(400 * 1024) });
  await assert.rejects(() => stores.clients.save(t, large), /DynamoDB PutItem failed/);
  assert.deepEqual(await stores.clients.list(t), []);
});

test('design §6: a version that cannot be written is an Error although the row is there: the operator repeats', async () => {
  const [t, entry] = [newTenantName(), { type: 'anchor', certificate: newDer() } as const];
  const cause = new Error('throttled');
  const broken = dynamoTruststoreStore(engine.client, engine.tableNames.registryTable, {
    bump: () => Promise.reject(cause),
  });
  const says = (error: Error) => error.cause === cause && /is written, but its version is not/.test(error.message);
  await assert.rejects(() => broken.add(t, entry), says);
  assert.deepEqual(await stores.truststore.entries(t), [entry]);
  await assert.rejects(() => broken.remove(t, thumbprint(entry.certificate)), says);
  assert.deepEqual(await stores.truststore.entries(t), []);
});

test('design §6: the row is written before the version', async () => {
  const [t, entry] = [newTenantName(), { type: 'anchor', certificate: newDer() } as const];
  let found: unknown;
  const truststore = dynamoTruststoreStore(engine.client, engine.tableNames.registryTable, {
    async bump(name) {
      found = await stores.truststore.entries(name);
    },
  });
  await truststore.add(t, entry);
  assert.deepEqual(found, [entry]);
});

test('design §6: a row that is not written bumps no version', async () => {
  const t = newTenantName();
  let bumps = 0;
  const truststore = dynamoTruststoreStore(engine.client, 'no-registry', {
    async bump() {
      bumps += 1;
    },
  });
  await assert.rejects(() => truststore.add(t, { type: 'anchor', certificate: newDer() }));
  assert.equal(bumps, 0);
});

/** The engine, but the first `times` answers leave all keys of `table` unprocessed, as DynamoDB does when it throttles. */
function throttling(table: string, times: number) {
  const client = engine.connect();
  after(() => client.close());
  const asked: string[][] = [];
  const throttled: DynamoClient = {
    async call(operation, input) {
      const { RequestItems = {} } = input as BatchGetItemCommandInput;
      const output = await client.call(operation, input);
      const left = RequestItems[table];
      if (asked.push(Object.keys(RequestItems)) > times || left === undefined) return output;
      const { [table]: _unread, ...Responses } = (output as BatchGetItemCommandOutput).Responses ?? {};
      return { ...output, Responses, UnprocessedKeys: { [table]: left } };
    },
    close: () => client.close(),
  };
  return { client: throttled, asked };
}

test('design §6: keys that DynamoDB leaves unprocessed are asked for again, and only those', async () => {
  const [t, row] = [newTenantName(), certificateRow()];
  const { registryTable, grantsTable } = engine.tableNames;
  await stores.certificates.save(t, row);
  await stores.clients.save(t, clientMetadata('client-1'));
  for (const table of [registryTable, grantsTable]) {
    const { client, asked } = throttling(table, 2);
    const found = await dynamoHolderStore(client, engine.tableNames).find(t, 'client-1', row.thumbprint, at);
    assert.deepEqual(found.certificate, row);
    assert.equal(found.client?.client_id, 'client-1');
    assert.deepEqual(asked.slice(1), [[table], [table]]);
  }
});

test('design §6: keys that stay unprocessed are an Error after four attempts, never an absent row', async () => {
  const [t, row] = [newTenantName(), certificateRow()];
  const { client, asked } = throttling(engine.tableNames.grantsTable, Number.POSITIVE_INFINITY);
  const holders = dynamoHolderStore(client, engine.tableNames);
  await assert.rejects(() => holders.find(t, 'client-1', row.thumbprint, at), /left keys unprocessed/);
  assert.equal(asked.length, 4);
});

const clients = {
  sdk: (endpoint: string) => sdkClient({ endpoint, region: 'us-east-1', credentials }),
  signed: (endpoint: string) => signedClient({ region: 'us-east-1', credentials, endpoints: { dynamodb: endpoint } }),
};
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

for (const [name, connect] of Object.entries(clients)) {
  test(`design §6: an engine that does not answer is an Error after three attempts (${name})`, async (t) => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.after(() => client.close());
    const { tokens } = dynamoStores(client, engine.tableNames);
    await assert.rejects(() => tokens.find(newTenantName(), newHash(), at), /DynamoDB GetItem failed/);
    assert.equal(connections, 3);
  });
}
