/** The version of a tenant's registry rows: one row, another value after each write. */
import { randomUUID } from 'node:crypto';
import type { VersionStore } from '../../oauth/ports.ts';
import { getItem } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { versionKey } from './keys.ts';
import { parseRow, shape, text } from './row-parser.ts';

/** The version of a tenant of which nothing was ever written is empty. */
export function dynamoVersionStore(client: DynamoClient, registryTable: string): VersionStore {
  return {
    async current(tenant) {
      return parseRow(await getItem(client, registryTable, versionKey(tenant)), versionRow)?.version ?? '';
    },
    async bump(tenant) {
      // Random, not counted: a table that was restored must not come back to a number it has had.
      const Item = { ...versionKey(tenant), ...attributes({ version: randomUUID() }) };
      await client.call('PutItem', { TableName: registryTable, Item });
    },
  };
}

const versionRow = shape<{ readonly version: string }>({ version: text });
