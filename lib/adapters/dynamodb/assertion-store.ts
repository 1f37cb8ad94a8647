/** Used assertions in the grants table (RFC 7523 §3 (7)): one conditional write each, forgotten when they are over. */
import type { AssertionStore } from '../../oauth/ports.ts';
import { conditionHeld } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { assertionKey } from './keys.ts';

/** TTL deletion may lag by days: a row that is over stands in nobody's way. */
export function dynamoAssertionStore(client: DynamoClient, TableName: string): AssertionStore {
  return {
    async use(tenant, client_id, jti, exp, at) {
      const write = client.call('PutItem', {
        TableName,
        Item: { ...assertionKey(tenant, client_id, jti), ...attributes({ exp }) },
        ConditionExpression: 'attribute_not_exists(pk) OR #exp <= :at',
        ExpressionAttributeNames: { '#exp': 'exp' },
        ExpressionAttributeValues: attributes({ ':at': Math.floor(at.getTime() / 1000) }),
      });
      return conditionHeld(write);
    },
  };
}
