/** Leases in the registry table: a row of its region that one holder at a time has, by conditional writes. */
import type { LeaseStore } from '../../publication/ports.ts';
import { conditionHeld, ifConditionHeld } from './answer.ts';
import { attributes, type PlainMembers } from './attribute-value.ts';
import type { DynamoClient, Operations } from './client.ts';
import { leaseKey } from './keys.ts';
import { count, optional, parseRow, shape } from './row-parser.ts';

type Update = Omit<Operations['UpdateItem']['input'], 'TableName' | 'Key' | 'ExpressionAttributeValues'>;

export function dynamoLeaseStore(client: DynamoClient, registryTable: string, region: string): LeaseStore {
  const update = (name: string, values: PlainMembers, input: Update) =>
    client.call('UpdateItem', {
      TableName: registryTable,
      Key: leaseKey(region, name),
      ExpressionAttributeValues: attributes(values),
      ...input,
    });
  return {
    async take(name, holder, until, at) {
      const values = { ':holder': holder, ':until': until, ':at': at };
      const taken = await ifConditionHeld(
        update(name, values, {
          UpdateExpression: 'SET holder = :holder, held_until = :until',
          ConditionExpression: 'attribute_not_exists(held_until) OR held_until <= :at OR holder = :holder',
          ReturnValues: 'ALL_NEW',
        }),
      );
      return taken && { updated_at: parseRow(taken.Attributes, leaseRow)?.updated_at ?? 0 };
    },
    touch: (name, holder, updated_at) => {
      const values = { ':holder': holder, ':at': updated_at };
      const input = { UpdateExpression: 'SET updated_at = :at', ConditionExpression: 'holder = :holder' };
      return conditionHeld(update(name, values, input));
    },
    async release(name, holder) {
      const values = { ':holder': holder, ':ended': 0 };
      const input = { UpdateExpression: 'SET held_until = :ended', ConditionExpression: 'holder = :holder' };
      await conditionHeld(update(name, values, input));
    },
  };
}

const leaseRow = shape<{ readonly updated_at?: number }>({ updated_at: optional(count) });
