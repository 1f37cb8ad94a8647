/** Access tokens in the grants table, by tenant and hash (RFC 7662, RFC 7009). */
import type { AccessTokenRecord } from '../../oauth/access-token.ts';
import { maxClientIdLength } from '../../oauth/client-metadata.ts';
import type { TokenStore } from '../../oauth/ports.ts';
import { conditionHeld, getItem } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient, Operations } from './client.ts';
import { denialKey, type Key, tokenKey } from './keys.ts';
import { count, list, optional, parseRow, shape, storedThumbprint, text } from './row-parser.ts';

/** TTL deletion may lag by days, so every method looks at `exp` itself. */
export function dynamoTokenStore(client: DynamoClient, grantsTable: string): TokenStore {
  return {
    async save(tenant, hash, record) {
      // No condition: 256 random bits do not meet, and the client repeats a write whose answer was lost.
      const Item = { ...tokenKey(tenant, hash), ...attributes(record) };
      await client.call('PutItem', { TableName: grantsTable, Item });
    },
    async find(tenant, hash, at) {
      return live(await getItem(client, grantsTable, tokenKey(tenant, hash)), at);
    },
    async revoke(tenant, hash, client_id, at) {
      const key = tokenKey(tenant, hash);
      // DynamoDB throws on a value of 400 KB and on a lone surrogate; no client is called so.
      if (client_id.length <= maxClientIdLength && client_id.isWellFormed()) {
        const input = revocation(grantsTable, key, client_id, at);
        if (await conditionHeld(client.call('UpdateItem', input))) return 'revoked';
      }
      const record = live(await getItem(client, grantsTable, key), at);
      return record === undefined || record.client_id === client_id ? 'unknown' : 'foreign';
    },
    async deny(tenant, { jti, exp }, at) {
      await client.call('UpdateItem', denial(grantsTable, denialKey(tenant, jti), exp, at));
    },
    async deniedAt(tenant, jti, at) {
      const item = await getItem(client, grantsTable, denialKey(tenant, jti));
      if (item === undefined) return undefined;
      // Other rows are absent where they do not parse; here that would bring a token back to life.
      const row = parseRow(item, denialRow) ?? { revoked_at: epochSeconds(at), exp: Number.POSITIVE_INFINITY };
      return row.exp * 1000 > at.getTime() ? row.revoked_at : undefined;
    },
  };
}

type Update = Operations['UpdateItem']['input'];

function revocation(TableName: string, Key: Key, client_id: string, at: Date): Update {
  return {
    TableName,
    Key,
    // The first revocation is the one that counts; revoking again changes nothing.
    UpdateExpression: 'SET revoked_at = if_not_exists(revoked_at, :at)',
    ConditionExpression: 'attribute_exists(pk) AND client_id = :client_id AND #exp > :at',
    ExpressionAttributeNames: { '#exp': 'exp' },
    ExpressionAttributeValues: attributes({ ':client_id': client_id, ':at': epochSeconds(at) }),
  };
}

function denial(TableName: string, Key: Key, exp: number, at: Date): Update {
  return {
    TableName,
    Key,
    UpdateExpression: 'SET revoked_at = if_not_exists(revoked_at, :at), #exp = :exp',
    ExpressionAttributeNames: { '#exp': 'exp' },
    ExpressionAttributeValues: attributes({ ':at': epochSeconds(at), ':exp': exp }),
  };
}

const denialRow = shape<{ readonly revoked_at: number; readonly exp: number }>({ revoked_at: count, exp: count });

function live(item: Item | undefined, at: Date): AccessTokenRecord | undefined {
  const record = parseRow(item, accessTokenRecord);
  return record !== undefined && record.exp * 1000 > at.getTime() ? record : undefined;
}

const epochSeconds = (at: Date) => Math.floor(at.getTime() / 1000);

const accessTokenRecord = shape<AccessTokenRecord>({
  client_id: text,
  sub: text,
  scope: optional(text),
  aud: list(text),
  iss: text,
  iat: count,
  nbf: count,
  exp: count,
  jti: text,
  acr: optional(text),
  cnf: optional(shape({ 'x5t#S256': storedThumbprint })),
  revoked_at: optional(count),
});
