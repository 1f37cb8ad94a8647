/** Changes in the registry table, kept; refusals in the grants table, one a minute and kind, for ninety days (docs/storage.md). */
import { randomUUID } from 'node:crypto';
import type { AuditStore } from '../../oauth/ports.ts';
import { conditionHeld } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { changeKey, refusalKey } from './keys.ts';
import type { TableNames } from './tables.ts';

/** Seconds. */
export const refusalsKept = 90 * 86_400;

export function dynamoAuditStore(client: DynamoClient, { registryTable, grantsTable }: TableNames): AuditStore {
  return {
    async change(tenant, change) {
      const Item = { ...changeKey(tenant, change.at, randomUUID()), ...attributes(change) };
      await client.call('PutItem', { TableName: registryTable, Item });
    },
    async refusal(tenant, refusal) {
      const Item = { ...refusalKey(tenant, refusal), ...attributes({ ...refusal, exp: refusal.at + refusalsKept }) };
      const ConditionExpression = 'attribute_not_exists(pk)';
      return conditionHeld(client.call('PutItem', { TableName: grantsTable, Item, ConditionExpression }));
    },
  };
}
