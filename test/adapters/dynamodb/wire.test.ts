import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { parseOutput, printInput } from '../../../lib/adapters/dynamodb/wire.ts';

const bytes = fc.uint8Array({ minLength: 0, maxLength: 40 });
const name = fc.oneof(fc.constantFrom('B', 'BS', 'L', 'M', 'S', '__proto__', 'constructor', 'toJSON'), fc.string());

const one = <T>(member: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(member, { noNullPrototype: true });

const { value } = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    one({ S: fc.string({ unit: 'binary' }) }),
    one({ N: fc.integer().map(String) }),
    one({ BOOL: fc.boolean() }),
    one({ NULL: fc.constant(true) }),
    one({ B: bytes }),
    one({ BS: fc.array(bytes, { minLength: 1, maxLength: 3 }) }),
    one({ SS: fc.array(fc.string(), { minLength: 1, maxLength: 3 }) }),
    one({ L: fc.array(tie('value'), { maxLength: 3 }) }),
    one({ M: fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((rows) => Object.fromEntries(rows)) }),
  ) as fc.Arbitrary<AttributeValue>,
}));

const item = fc.array(fc.tuple(name, value), { maxLength: 5 }).map((rows) => Object.fromEntries(rows));

test('DynamoDB JSON: an item that is put is the item that is read, wherever an answer has it', () => {
  fc.assert(
    fc.property(item, (Item) => {
      const wire: unknown = JSON.parse(printInput({ TableName: 't', Item }));
      assert.deepEqual(parseOutput<'GetItem'>(wire).Item, Item);
      const again = () => (JSON.parse(printInput({ TableName: 't', Item })) as { Item: unknown }).Item;
      const output = parseOutput<'Query'>({ Items: [again(), again()], LastEvaluatedKey: again(), Count: 2 });
      assert.deepEqual(output, { Items: [Item, Item], LastEvaluatedKey: Item, Count: 2 });
      assert.deepEqual(parseOutput<'PutItem'>({ Attributes: again() }), { Attributes: Item });
      const batch = parseOutput<'BatchGetItem'>({
        Responses: { a: [again()], b: [] },
        UnprocessedKeys: { c: { Keys: [again()], ConsistentRead: true } },
      });
      assert.deepEqual(batch, {
        Responses: { a: [Item], b: [] },
        UnprocessedKeys: { c: { Keys: [Item], ConsistentRead: true } },
      });
    }),
    { numRuns: 300 },
  );
});

test('DynamoDB JSON: a Buffer is bytes, and only the part of its memory that it stands for', () => {
  const whole = Buffer.from('before-inside-after');
  const part = whole.subarray(7, 13);
  assert.equal(
    printInput({ TableName: 't', Item: { a: { B: part } } }),
    '{"TableName":"t","Item":{"a":{"B":"aW5zaWRl"}}}',
  );
});

test('DynamoDB JSON: bytes that are read stand over memory of their own', () => {
  const { Item } = parseOutput<'GetItem'>({ Item: { a: { B: 'aW5zaWRl' } } });
  const read = Item?.['a']?.B;
  assert.equal(read?.constructor, Uint8Array);
  assert.equal(read?.buffer.byteLength, 6);
});

test('DynamoDB JSON: an answer that says nothing has no item', () => {
  for (const answer of [{}, null, 'x', 1, []]) assert.equal(parseOutput<'GetItem'>(answer).Item, undefined);
});
