/** Registered clients in the registry table: their RFC 7591 metadata as registered, parsed at each reading. */
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Client } from '../../oauth/client.ts';
import type { ClientMetadata, ClientStore, VersionStore } from '../../oauth/ports.ts';
import { clientOf, metadataOf } from '../client-row.ts';
import { writeRegistry } from '../registry-writes.ts';
import { answer, getItem, queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import { clientKey, clientsPartition } from './keys.ts';
import { parseRow, shape, text } from './row-parser.ts';

export function dynamoClientStore(
  client: DynamoDBClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): ClientStore {
  return {
    async find(tenant, client_id) {
      return parseClientRow(await getItem(client, registryTable, clientKey(tenant, client_id)), client_id);
    },
    async save(tenant, metadata) {
      const Item = {
        ...clientKey(tenant, metadata.client_id),
        ...attributes({ client_id: metadata.client_id, metadata: JSON.stringify(metadata) }),
      };
      const command = new PutItemCommand({ TableName: registryTable, Item });
      await writeRegistry(tenant, () => answer('PutItem', client.send(command)), versions);
    },
    async remove(tenant, client_id) {
      const command = new DeleteItemCommand({ TableName: registryTable, Key: clientKey(tenant, client_id) });
      await writeRegistry(tenant, () => answer('DeleteItem', client.send(command)), versions);
    },
    async list(tenant) {
      const items = await queryPartition(client, registryTable, clientsPartition(tenant));
      return items.flatMap((item) => metadataIn(item) ?? []);
    },
  };
}

/** Undefined where the row holds no valid metadata, or another client's. */
export function parseClientRow(item: Item | undefined, client_id: string): Client | undefined {
  const row = parseRow(item, clientRow);
  return row && clientOf(row.metadata, client_id);
}

function metadataIn(item: Item): ClientMetadata | undefined {
  const row = parseRow(item, clientRow);
  return row && metadataOf(row.metadata);
}

const clientRow = shape<{ readonly metadata: string }>({ metadata: text });
