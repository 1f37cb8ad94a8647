import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { denialKey, signingKeyKey, signingKeysPartition } from '../../../lib/adapters/dynamodb/keys.ts';
import { dynamoStores } from '../../../lib/adapters/dynamodb/stores.ts';
import { startEngine } from '../../contracts/dynamodb-engine.ts';
import { newTenantName, now, seconds } from '../../contracts/fixtures.ts';
import { signingKey } from '../../contracts/key-store.ts';

const engine = await startEngine();
after(() => engine.close());

const { keys, tokens } = dynamoStores(engine.client, engine.tableNames);
const { registryTable, grantsTable } = engine.tableNames;

type Item = Record<string, AttributeValue>;

const write = (TableName: string, Item: Item) => engine.sdk.send(new PutItemCommand({ TableName, Item }));

async function raw(TableName: string, Key: ReturnType<typeof denialKey>): Promise<Item> {
  const { Item } = await engine.sdk.send(new GetItemCommand({ TableName, Key }));
  assert.ok(Item);
  return Item;
}

const wrong: readonly AttributeValue[] = [
  { S: '' },
  { S: 'wrong' },
  { N: '-1' },
  { N: '1.5' },
  { N: '1e38' },
  { B: Uint8Array.of(9) },
  { BOOL: true },
  { NULL: true },
  { L: [] },
  { M: {} },
  { M: { kty: { S: 'EC' }, crv: { S: 'P-384' }, x: { S: 'x' }, y: { S: 'y' } } },
  { M: { kty: { S: 'constructor' } } },
];

test('RFC 7517 §4: a key row that does not parse is no key, and none stops the others from being read', async () => {
  const [t, key] = [newTenantName(), signingKey()];
  await keys.create(t, key);
  const good = await raw(registryTable, signingKeyKey(t, key));
  await keys.create(t, signingKey({ kid: 'other', number: 2 }));
  for (const name of Object.keys(good).filter((each) => each !== 'pk' && each !== 'sk')) {
    const { [name]: _value, ...without } = good;
    for (const mutant of [without, ...wrong.map((value) => ({ ...good, [name]: value }))]) {
      await write(registryTable, mutant);
      const found = await keys.list(t, 'access_token');
      const mutated = found.filter(({ kid }) => kid !== 'other');
      assert.equal(found.length - mutated.length, 1);
      const types = { ...key, private_key: 'object', public_jwk: 'object' };
      for (const each of mutated) {
        for (const [member, sample] of Object.entries(types)) {
          const expected = sample === 'object' ? 'object' : typeof sample;
          assert.equal(typeof each[member as keyof typeof each], expected, `${member} of ${JSON.stringify(mutant)}`);
        }
      }
    }
  }
});

test('RFC 9701 §8.1: a key under the place or the purpose of another is no key', async () => {
  const [t, key] = [newTenantName(), signingKey()];
  await keys.create(t, key);
  const good = await raw(registryTable, signingKeyKey(t, key));
  await write(registryTable, { ...good, sk: { S: 'ES256#00000009#local' } });
  await write(registryTable, { ...good, pk: { S: signingKeysPartition(t, 'introspection') } });
  await write(registryTable, { ...good, pk: { S: signingKeysPartition(t, 'introspection') }, sk: { S: 'x' } });
  assert.deepEqual(await keys.list(t, 'access_token'), [key]);
  assert.deepEqual(await keys.list(t, 'introspection'), []);
});

test('RFC 7517 §9.2: what is stored of a private key is what the wrap made of it', async () => {
  const [t, key] = [newTenantName(), signingKey({ private_key: Uint8Array.of(7, 7, 7) })];
  await keys.create(t, key);
  const row = await raw(registryTable, signingKeyKey(t, key));
  assert.deepEqual(row['private_key'], { B: Uint8Array.of(7, 7, 7) });
  assert.equal('d' in (row['public_jwk']?.M ?? {}), false);
});

test('RFC 7009 §2.1: a denial that does not parse denies still, so that no token comes back to life', async () => {
  const [t, jti] = [newTenantName(), 'jti'];
  await tokens.deny(t, { jti, exp: now + 60 }, seconds(now));
  const good = await raw(grantsTable, denialKey(t, jti));
  for (const name of ['revoked_at', 'exp']) {
    const { [name]: _value, ...without } = good;
    for (const mutant of [without, ...wrong.map((value) => ({ ...good, [name]: value }))]) {
      await write(grantsTable, mutant);
      assert.equal(await tokens.deniedAt(t, jti, seconds(now)), now, JSON.stringify(mutant));
    }
  }
  await write(grantsTable, good);
  assert.equal(await tokens.deniedAt(t, jti, seconds(now)), now);
});
