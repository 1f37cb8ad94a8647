/** Leases in the registry table: a row that one holder at a time has, by conditional writes. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { LeaseStore } from '../../publication/ports.ts';
import { conditionHeld } from './answer.ts';
import { attributes } from './attribute-value.ts';
import { leaseKey } from './keys.ts';
import { count, optional, parseRow, shape } from './row-parser.ts';

export function dynamoLeaseStore(client: DynamoDBClient, registryTable: string): LeaseStore {
  const update = (name: string, input: Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ConditionExpression'>) =>
    ({ TableName: registryTable, Key: leaseKey(name), ...input }) satisfies UpdateItemCommandInput;
  return {
    async take(name, holder, until, at) {
      const command = new UpdateItemCommand({
        ...update(name, {
          UpdateExpression: 'SET holder = :holder, held_until = :until',
          ConditionExpression: 'attribute_not_exists(held_until) OR held_until <= :at OR holder = :holder',
        }),
        ExpressionAttributeValues: attributes({ ':holder': holder, ':until': until, ':at': at }),
        ReturnValues: 'ALL_NEW',
      });
      try {
        const { Attributes } = await client.send(command);
        return { updated_at: parseRow(Attributes, leaseRow)?.updated_at ?? 0 };
      } catch (cause) {
        if (cause instanceof ConditionalCheckFailedException) return undefined;
        throw new Error('DynamoDB UpdateItem failed', { cause });
      }
    },
    touch: (name, holder, updated_at) => {
      const command = new UpdateItemCommand({
        ...update(name, { UpdateExpression: 'SET updated_at = :at', ConditionExpression: 'holder = :holder' }),
        ExpressionAttributeValues: attributes({ ':holder': holder, ':at': updated_at }),
      });
      return conditionHeld('UpdateItem', client.send(command));
    },
    async release(name, holder) {
      const command = new UpdateItemCommand({
        ...update(name, { UpdateExpression: 'SET held_until = :ended', ConditionExpression: 'holder = :holder' }),
        ExpressionAttributeValues: attributes({ ':holder': holder, ':ended': 0 }),
      });
      await conditionHeld('UpdateItem', client.send(command));
    },
  };
}

const leaseRow = shape<{ readonly updated_at?: number }>({ updated_at: optional(count) });
