/** Truststore entries in the registry table, one row each, by tenant and thumbprint. */
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { StoredEntry, TruststoreStore, VersionStore } from '../../oauth/ports.ts';
import { thumbprint } from '../../pki/certificate/thumbprint.ts';
import { writeRegistry } from '../registry-writes.ts';
import { answer, queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import { truststoreKey, truststorePartition } from './keys.ts';
import { bytes, oneOf, parseRow, shape } from './row-parser.ts';

export function dynamoTruststoreStore(
  client: DynamoDBClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): TruststoreStore {
  return {
    async entries(tenant) {
      const items = await queryPartition(client, registryTable, truststorePartition(tenant));
      return items.flatMap((item) => entryIn(item) ?? []);
    },
    async add(tenant, { type, certificate }) {
      const Item = { ...truststoreKey(tenant, thumbprint(certificate)), ...attributes({ type, certificate }) };
      const command = new PutItemCommand({ TableName: registryTable, Item });
      await writeRegistry(tenant, () => answer('PutItem', client.send(command)), versions);
    },
    async remove(tenant, entry) {
      const command = new DeleteItemCommand({ TableName: registryTable, Key: truststoreKey(tenant, entry) });
      await writeRegistry(tenant, () => answer('DeleteItem', client.send(command)), versions);
    },
  };
}

/** An entry is removed by its key, so a certificate under another's key is no entry. */
function entryIn(item: Item): StoredEntry | undefined {
  const entry = parseRow(item, storedEntry);
  return entry !== undefined && thumbprint(entry.certificate) === item['sk']?.S ? entry : undefined;
}

const storedEntry = shape<Omit<StoredEntry, 'policy' | 'status'>>({
  type: oneOf('anchor', 'intermediate', 'client'),
  certificate: bytes,
});
