/** Whose turn it is to refresh CRLs: one row of its region in the grants table (docs/storage.md). */
import { randomUUID } from 'node:crypto';
import type { RefreshTurn } from '../../oauth/crl-refresh.ts';
import { conditionHeld } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { refreshTurnKey } from './keys.ts';

export function dynamoRefreshTurn(client: DynamoClient, TableName: string, region: string): RefreshTurn {
  // A new one for each turn, so that a run which has outlived its own gives back nobody else's.
  let owner = '';
  const put = (exp: number, ConditionExpression: string, values: Readonly<Record<string, string | number>>) => {
    const write = client.call('PutItem', {
      TableName,
      Item: { ...refreshTurnKey(region), ...attributes({ owner, exp }) },
      ConditionExpression,
      ExpressionAttributeNames: { '#owner': 'owner', ...('at' in values && { '#exp': 'exp' }) },
      ExpressionAttributeValues: attributes(
        Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
      ),
    });
    return conditionHeld(write);
  };
  return {
    async take(at, until) {
      owner = randomUUID();
      // The client repeats a write whose answer was lost: the turn may be ours already.
      const condition = 'attribute_not_exists(pk) OR #exp <= :at OR #owner = :owner';
      return put(epochSeconds(until), condition, { at: epochSeconds(at), owner });
    },
    async giveBack(at) {
      await put(epochSeconds(at), '#owner = :owner', { owner });
    },
  };
}

const epochSeconds = (at: Date) => Math.floor(at.getTime() / 1000);
