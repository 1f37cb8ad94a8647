import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { refreshTurnKey } from '../../lib/adapters/dynamodb/keys.ts';
import { dynamoRefreshTurn } from '../../lib/adapters/dynamodb/refresh-turn.ts';
import { memoryRefreshTurn, type TurnRow } from '../../lib/adapters/memory/refresh-turn.ts';
import { kinds } from '../../lib/kinds.ts';
import { startEngine } from '../contracts/dynamodb-engine.ts';

const engine = await startEngine();
after(() => engine.close());
const { grantsTable: TableName } = engine.tableNames;

const region = 'eu-central-1';
const row: TurnRow = {};
const start = Date.parse('2030-01-01T00:00:00Z');
let day = 0;
/** Seconds into the day of a test: whatever an earlier one left has ended. */
const newDay = () => {
  day += 1;
  return (seconds: number) => new Date(start + day * 86_400_000 + seconds * 1000);
};

for (const [name, newTurn] of [
  ['memory', () => memoryRefreshTurn(row)],
  [engine.name, () => dynamoRefreshTurn(engine.client, TableName, region)],
] as const) {
  test(`pki §4: ${name}: one process has the turn until it gives it back`, async () => {
    const [at, one, other] = [newDay(), newTurn(), newTurn()];
    assert.equal(await one.take(at(0), at(65)), true);
    assert.equal(await other.take(at(10), at(75)), false);
    await one.giveBack(at(20));
    assert.equal(await other.take(at(20), at(85)), true);
    assert.equal(await one.take(at(21), at(86)), false);
  });

  test(`pki §4: ${name}: the turn of a process that died ends by itself, to the second`, async () => {
    const [at, one, other] = [newDay(), newTurn(), newTurn()];
    assert.equal(await one.take(at(0), at(65)), true);
    assert.equal(await other.take(at(64), at(129)), false);
    assert.equal(await other.take(at(65), at(130)), true);
  });

  test(`pki §4: ${name}: who has outlived its turn gives back nobody else's`, async () => {
    const [at, one, other, third] = [newDay(), newTurn(), newTurn(), newTurn()];
    assert.equal(await one.take(at(0), at(65)), true);
    assert.equal(await other.take(at(70), at(135)), true);
    await one.giveBack(at(71));
    assert.equal(await third.take(at(72), at(137)), false);
  });

  test(`pki §4: ${name}: of many at once one has the turn`, async () => {
    const at = newDay();
    const taken = await Promise.all(Array.from({ length: 10 }, () => newTurn().take(at(0), at(65))));
    assert.equal(taken.filter(Boolean).length, 1);
  });

  test(`pki §4: ${name}: without a turn there is nothing to give back`, async () => {
    const at = newDay();
    await newTurn().giveBack(at(0));
    assert.equal(await newTurn().take(at(0), at(65)), true);
  });
}

test('design §6: the row of the turn is of the kind that the refresh may write, and of no tenant', () => {
  assert.equal(refreshTurnKey(region).pk.S, `${kinds.crls.prefix}#TURN`);
});

test('design §6: each region has a turn of its own, because a lease in two copies of a row is none', async () => {
  const at = newDay();
  assert.equal(await dynamoRefreshTurn(engine.client, TableName, region).take(at(0), at(65)), true);
  assert.equal(await dynamoRefreshTurn(engine.client, TableName, 'us-east-1').take(at(1), at(66)), true);
  assert.equal(await dynamoRefreshTurn(engine.client, TableName, region).take(at(2), at(67)), false);
});

test('design §6: a row that is none of ours is no turn for ever', async () => {
  const at = newDay();
  await engine.sdk.send(new PutItemCommand({ TableName, Item: { ...refreshTurnKey(region), exp: { N: '1' } } }));
  assert.equal(await dynamoRefreshTurn(engine.client, TableName, region).take(at(0), at(65)), true);
  const { Item } = await engine.sdk.send(new GetItemCommand({ TableName, Key: refreshTurnKey(region) }));
  assert.deepEqual(Object.keys(Item ?? {}).sort(), ['exp', 'owner', 'pk', 'sk']);
});

test('house style §4: a table that is not there is an Error with its cause', async () => {
  const at = newDay();
  await assert.rejects(dynamoRefreshTurn(engine.client, 'no-grants', region).take(at(0), at(65)), (error: Error) => {
    assert.equal((error.cause as Error).name, 'ResourceNotFoundException');
    return true;
  });
});
