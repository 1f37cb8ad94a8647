/** Registered clients in the registry table: their RFC 7591 metadata as registered, parsed at each reading. */
import type { Client } from '../../oauth/client.ts';
import type { ClientMetadata, ClientStore, VersionStore } from '../../oauth/ports.ts';
import { clientOf, digestsOf, metadataOf } from '../client-row.ts';
import { writeRegistry } from '../registry-writes.ts';
import { getItem, queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { clientKey, clientsPartition } from './keys.ts';
import { readResourceServers, writeResourceServer } from './resource-server-index.ts';
import { parseRow, shape, text } from './row-parser.ts';

export function dynamoClientStore(
  client: DynamoClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): ClientStore {
  const index = { client, table: registryTable };
  return {
    async find(tenant, client_id) {
      return parseClientRow(await getItem(client, registryTable, clientKey(tenant, client_id)), client_id);
    },
    async save(tenant, metadata) {
      const Item = {
        ...clientKey(tenant, metadata.client_id),
        ...attributes({ client_id: metadata.client_id, metadata: JSON.stringify(metadata) }),
      };
      const wanted = digestsOf(JSON.stringify(metadata));
      // The index first: one that names too many asks the client itself, one that names too few never does.
      await writeResourceServer('ADD', tenant, metadata.client_id, wanted, index);
      let earlier: Item | undefined;
      const write = async () => {
        const output = await client.call('PutItem', { TableName: registryTable, Item, ReturnValues: 'ALL_OLD' });
        earlier = output.Attributes;
      };
      await writeRegistry(tenant, write, versions);
      const stale = digestsIn(earlier).filter((digest) => !wanted.includes(digest));
      await writeResourceServer('DELETE', tenant, metadata.client_id, stale, index);
    },
    async remove(tenant, client_id) {
      const Key = clientKey(tenant, client_id);
      let earlier: Item | undefined;
      const write = async () => {
        const output = await client.call('DeleteItem', { TableName: registryTable, Key, ReturnValues: 'ALL_OLD' });
        earlier = output.Attributes;
      };
      await writeRegistry(tenant, write, versions);
      await writeResourceServer('DELETE', tenant, client_id, digestsIn(earlier), index);
    },
    async list(tenant) {
      const items = await queryPartition(client, registryTable, clientsPartition(tenant));
      return items.flatMap((item) => metadataIn(item) ?? []);
    },
    resourceServers: (tenant, digests) => readResourceServers(tenant, digests, index),
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

function digestsIn(item: Item | undefined): readonly string[] {
  const row = parseRow(item, clientRow);
  return row === undefined ? [] : digestsOf(row.metadata);
}

const clientRow = shape<{ readonly metadata: string }>({ metadata: text });
