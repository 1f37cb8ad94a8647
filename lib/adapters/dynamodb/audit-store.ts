/** Changes in the registry table, kept; refusals in the grants table, one a minute and kind, for ninety days (docs/storage.md). */
import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { AuditStore } from '../../oauth/ports.ts';
import { answer, conditionHeld } from './answer.ts';
import { attributes } from './attribute-value.ts';
import { changeKey, refusalKey } from './keys.ts';
import type { TableNames } from './tables.ts';

/** Seconds. */
export const refusalsKept = 90 * 86_400;

export function dynamoAuditStore(client: DynamoDBClient, { registryTable, grantsTable }: TableNames): AuditStore {
  return {
    async change(tenant, change) {
      const Item = { ...changeKey(tenant, change.at, randomUUID()), ...attributes(change) };
      await answer('PutItem', client.send(new PutItemCommand({ TableName: registryTable, Item })));
    },
    async refusal(tenant, refusal) {
      const Item = { ...refusalKey(tenant, refusal), ...attributes({ ...refusal, exp: refusal.at + refusalsKept }) };
      const ConditionExpression = 'attribute_not_exists(pk)';
      const command = new PutItemCommand({ TableName: grantsTable, Item, ConditionExpression });
      return conditionHeld('PutItem', client.send(command));
    },
  };
}
