/** A tenant's truststore entries in the registry table (RFC 5280 §6.1.1 (d)). */
import type { StoredEntry, TruststoreStore, VersionStore } from '../../oauth/ports.ts';
import { thumbprint } from '../../pki/certificate/thumbprint.ts';
import type { EntryPolicy } from '../../pki/path/truststore.ts';
import { writeRegistry } from '../registry-writes.ts';
import { queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { truststoreKey, truststorePartition } from './keys.ts';
import { bytes, flag, oneOf, optional, parseRow, shape } from './row-parser.ts';
import { statusOverride } from './status-policy-row.ts';

export function dynamoTruststoreStore(
  client: DynamoClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): TruststoreStore {
  return {
    async entries(tenant) {
      const items = await queryPartition(client, registryTable, truststorePartition(tenant));
      return items.flatMap((item) => entryIn(item) ?? []);
    },
    async add(tenant, entry) {
      const Item = { ...truststoreKey(tenant, thumbprint(entry.certificate)), ...attributes(entry) };
      await writeRegistry(tenant, () => client.call('PutItem', { TableName: registryTable, Item }), versions);
    },
    async remove(tenant, entry) {
      const input = { TableName: registryTable, Key: truststoreKey(tenant, entry) };
      await writeRegistry(tenant, () => client.call('DeleteItem', input), versions);
    },
  };
}

/** An entry is removed by its key, so a certificate under another's key is no entry. */
function entryIn(item: Item): StoredEntry | undefined {
  const entry = parseRow(item, storedEntry);
  return entry !== undefined && thumbprint(entry.certificate) === item['sk']?.S ? entry : undefined;
}

const entryPolicy = shape<EntryPolicy>({
  extendedKeyUsage: optional(oneOf('required-if-present', 'required', 'allow-server-auth-only')),
  partialChain: optional(flag),
  constraints: optional(oneOf('enforce', 'ignore')),
});

const storedEntry = shape<StoredEntry>({
  type: oneOf('anchor', 'intermediate', 'client'),
  certificate: bytes,
  policy: optional(entryPolicy),
  status: optional(statusOverride),
});
