/** The version of a tenant's registry rows: one row, another value after each write. */
import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { VersionStore } from '../../oauth/ports.ts';
import { answer, getItem } from './answer.ts';
import { attributes } from './attribute-value.ts';
import { versionKey } from './keys.ts';
import { parseRow, shape, text } from './row-parser.ts';

/** The version of a tenant of which nothing was ever written is empty. */
export function dynamoVersionStore(client: DynamoDBClient, registryTable: string): VersionStore {
  return {
    async current(tenant) {
      return parseRow(await getItem(client, registryTable, versionKey(tenant)), versionRow)?.version ?? '';
    },
    async bump(tenant) {
      // Random, not counted: a table that was restored must not come back to a number it has had.
      const Item = { ...versionKey(tenant), ...attributes({ version: randomUUID() }) };
      await answer('PutItem', client.send(new PutItemCommand({ TableName: registryTable, Item })));
    },
  };
}

const versionRow = shape<{ readonly version: string }>({ version: text });
