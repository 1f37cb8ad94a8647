import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import type { BatchGetItemCommandInput } from '@aws-sdk/client-dynamodb';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import { registry } from '../../../lib/adapters/memory/registry.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { fail } from '../../../lib/result.ts';
import { startEngine, watched } from '../../contracts/dynamodb-engine.ts';
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

const calls: string[] = [];
const consistent: boolean[] = [];
const client = watched(engine.client, (operation, input) => {
  calls.push(operation);
  consistent.push(isConsistent(input));
});

/** Writes count as consistent. */
function isConsistent(input: object): boolean {
  if ('RequestItems' in input) {
    const requests = (input as BatchGetItemCommandInput).RequestItems ?? {};
    return Object.values(requests).every((request) => request.ConsistentRead === true);
  }
  const reads = 'KeyConditionExpression' in input || !('Item' in input || 'ConditionExpression' in input);
  return !reads || ('ConsistentRead' in input && input.ConsistentRead === true);
}

const stores = dynamoStores(client, engine.tableNames);
const at = seconds(now);

beforeEach(() => {
  calls.length = 0;
  consistent.length = 0;
});

/** The calls that `operation` made. */
async function callsOf(operation: () => Promise<unknown>): Promise<readonly string[]> {
  calls.length = 0;
  await operation();
  return [...calls];
}

test('design §6: a token is saved with one write and found with one consistent read', async () => {
  const [t, hash] = [newTenantName(), newHash()];
  assert.deepEqual(await callsOf(() => stores.tokens.save(t, hash, accessTokenRecord())), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.find(t, hash, at)), ['GetItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.find(t, newHash(), at)), ['GetItem']);
  assert.ok(consistent.every(Boolean));
});

test('design §6: a revocation is one write; only what was not revoked is read besides', async () => {
  const [t, hash] = [newTenantName(), newHash()];
  await stores.tokens.save(t, hash, accessTokenRecord());
  assert.deepEqual(await callsOf(() => stores.tokens.revoke(t, hash, 'client-1', at)), ['UpdateItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.revoke(t, hash, 'client-1', at)), ['UpdateItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.revoke(t, hash, 'client-2', at)), ['UpdateItem', 'GetItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.revoke(t, newHash(), 'c', at)), ['UpdateItem', 'GetItem']);
  assert.deepEqual(await callsOf(() => stores.tokens.revoke(t, hash, 'x'.repeat(257), at)), ['GetItem']);
});

test('design §6: both rows of a holder are one BatchGetItem, consistent in both tables', async () => {
  const [t, row] = [newTenantName(), certificateRow()];
  await stores.certificates.save(t, row);
  await stores.clients.save(t, clientMetadata('client-1'));
  consistent.length = 0;
  const find = () => stores.holders.find(t, 'client-1', row.thumbprint, at);
  assert.deepEqual(await callsOf(find), ['BatchGetItem']);
  assert.deepEqual(consistent, [true]);
});

test('design §6: a certificate row is saved with one write, also when a newer one stays', async () => {
  const [t, row] = [newTenantName(), certificateRow()];
  assert.deepEqual(await callsOf(() => stores.certificates.save(t, row)), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.certificates.save(t, { ...row, statuses: [] })), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.certificates.find(t, row.thumbprint, at)), ['GetItem']);
});

test('design §6: a write to the registry is the row and then the version', async () => {
  const [t, der] = [newTenantName(), newDer()];
  const entry = { type: 'anchor', certificate: der } as const;
  assert.deepEqual(await callsOf(() => stores.tenants.save(tenant(t))), ['PutItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.truststore.add(t, entry)), ['PutItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.truststore.remove(t, thumbprint(der))), ['DeleteItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.clients.save(t, clientMetadata('c'))), ['PutItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.clients.remove(t, 'c')), ['DeleteItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.versions.bump(t)), ['PutItem']);
});

test('design §6: the registry is read consistently: a row older than its version would stay for good', async () => {
  const t = newTenantName();
  await stores.tenants.save(tenant(t));
  consistent.length = 0;
  assert.deepEqual(await callsOf(() => stores.versions.current(t)), ['GetItem']);
  assert.deepEqual(await callsOf(() => stores.tenants.find(t)), ['GetItem']);
  assert.deepEqual(await callsOf(() => stores.tenants.list()), ['Query']);
  assert.deepEqual(await callsOf(() => stores.truststore.entries(t)), ['Query']);
  assert.deepEqual(await callsOf(() => stores.clients.find(t, 'c')), ['GetItem']);
  assert.deepEqual(await callsOf(() => stores.clients.list(t)), ['Query']);
  assert.deepEqual(consistent, Array(6).fill(true));
});

test('pki §4: evidence is one read or one write, a kept CRL one read for the head and one for the shard', async () => {
  const [t, der] = [newTenantName(), newDer()];
  const [reader, writer] = [stores.crls.reader(t), stores.crls.writer(t)];
  assert.deepEqual(await callsOf(() => stores.evidence.save(t, 'ocsp.a', { der, fetchedAt: at })), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.evidence.find(t, 'ocsp.a')), ['GetItem']);
  assert.deepEqual(await callsOf(() => writer.saveHead('kept.a', '{}', now)), ['PutItem']);
  assert.deepEqual(await callsOf(() => writer.saveShard('kept.a', '2-1', der, now)), ['PutItem']);
  assert.deepEqual(await callsOf(() => reader.findHead('kept.a')), ['GetItem']);
  assert.deepEqual(await callsOf(() => reader.findShard('kept.a', '2-1')), ['GetItem']);
  const source = { crl: 'kept.a', certificate: der, index: 0, url: 'http://crl.example/', exp: now + 60 };
  assert.deepEqual(await callsOf(() => stores.crlSources.want(t, source)), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.crlSources.list(t, at)), ['Query']);
  assert.ok(consistent.every(Boolean));
});

test('design §6: a block is the row and then the version; a change or a refusal that is kept is one write', async () => {
  const t = newTenantName();
  const block = { kind: 'authority', spkiSha256: thumbprint(newDer()), added_at: now } as const;
  assert.deepEqual(await callsOf(() => stores.blocks.add(t, block)), ['PutItem', 'PutItem']);
  assert.deepEqual(await callsOf(() => stores.blocks.list(t)), ['Query']);
  assert.deepEqual(await callsOf(() => stores.blocks.remove(t, block)), ['DeleteItem', 'PutItem']);
  const change = { at: now, actor: 'alice', action: 'block.add', subject: 'x' };
  assert.deepEqual(await callsOf(() => stores.audit.change(t, change)), ['PutItem']);
  const refusal = { at: now, client_id: 'client-1', reason: 'certificate_revoked' } as const;
  assert.deepEqual(await callsOf(() => stores.audit.refusal(t, refusal)), ['PutItem']);
  assert.deepEqual(await callsOf(() => stores.audit.refusal(t, refusal)), ['PutItem']);
});

test('design §6: a snapshot costs four reads, nothing while it is young, one read while the version stands', async () => {
  const t = newTenantName();
  await stores.tenants.save(tenant(t));
  let time = now * 1000;
  const fetch = async () => fail({ reason: 'network', detail: 'not asked' } as const);
  const { snapshot } = registry(stores, { maxAge: 30, now: () => new Date(time), fetch });
  const cold = await callsOf(() => snapshot(t));
  assert.deepEqual([...cold].sort(), ['GetItem', 'GetItem', 'Query', 'Query']);
  time += 29_999;
  assert.deepEqual(await callsOf(() => snapshot(t)), []);
  time += 1;
  assert.deepEqual(await callsOf(() => snapshot(t)), ['GetItem']);
  assert.deepEqual(await callsOf(() => snapshot(newTenantName())), ['GetItem'], 'a tenant that never was');
});
