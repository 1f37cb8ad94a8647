/** What operators blocked, in the registry table: one row a block (docs/storage.md). */
import type { BlockStore, StoredBlock, VersionStore } from '../../oauth/ports.ts';
import type { Block } from '../../status/blocks.ts';
import { blockId } from '../block-id.ts';
import { writeRegistry } from '../registry-writes.ts';
import { queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { blockKey, blocksPartition } from './keys.ts';
import { count, oneOf, optional, type Parser, parseRow, shape, storedThumbprint, text } from './row-parser.ts';

export function dynamoBlockStore(
  client: DynamoClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): BlockStore {
  return {
    async list(tenant) {
      const items = await queryPartition(client, registryTable, blocksPartition(tenant));
      return items.map((item) => blockIn(item, tenant));
    },
    async add(tenant, block) {
      const Item = { ...blockKey(tenant, block), ...attributes(block) };
      const write = () => client.call('PutItem', { TableName: registryTable, Item });
      await writeRegistry(tenant, write, versions);
    },
    async remove(tenant, block) {
      const Key = blockKey(tenant, block);
      const removed = { row: false };
      const write = async () => {
        const { Attributes } = await client.call('DeleteItem', {
          TableName: registryTable,
          Key,
          ReturnValues: 'ALL_OLD',
        });
        removed.row = Attributes !== undefined;
      };
      await writeRegistry(tenant, write, versions);
      return removed.row;
    },
  };
}

/** Other rows that do not parse are absent; a block that were absent would let in whom it keeps out. */
function blockIn(item: Item, tenant: string): StoredBlock {
  const block = parseRow(item, storedBlock);
  const id = item['sk']?.S;
  if (block !== undefined && blockId(block) === id) return block;
  throw new Error(`The block ${id} of tenant ${tenant} cannot be read: remove the row or write it again`);
}

const noted = { added_at: count, note: optional(text) };

type Of<K extends Block['kind']> = Extract<StoredBlock, { kind: K }>;

const byKind: { readonly [K in Block['kind']]: Parser<Of<K>> } = {
  certificate: shape<Of<'certificate'>>({ kind: oneOf('certificate'), thumbprint: storedThumbprint, ...noted }),
  serial_number: shape<Of<'serial_number'>>({
    kind: oneOf('serial_number'),
    issuer: text,
    serialNumber: text,
    ...noted,
  }),
  authority: shape<Of<'authority'>>({ kind: oneOf('authority'), spkiSha256: storedThumbprint, ...noted }),
};

const anyKind = shape<Pick<Block, 'kind'>>({ kind: oneOf('certificate', 'serial_number', 'authority') });

const storedBlock: Parser<StoredBlock> = (value) => byKind[anyKind(value).kind](value);
