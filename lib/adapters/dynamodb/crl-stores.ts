/** Kept CRLs, and which of them certificates name, in the grants table (docs/storage.md). */
import type { CrlSourceStore, KeptCrlStore } from '../../oauth/ports.ts';
import type { CrlSource } from '../../status/ports.ts';
import { getItem, queryPartition } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { crlHeadKey, crlShardKey, crlSourceKey, crlSourcesPartition, type Key } from './keys.ts';
import { bytes, count, parseRow, shape, text } from './row-parser.ts';

/** What is past its `exp` may still be read: how old a list may be is judged by its head, at each reading. */
export function dynamoKeptCrlStore(client: DynamoClient, TableName: string): KeptCrlStore {
  const put = async (key: Key, members: Parameters<typeof attributes>[0]) => {
    const Item = { ...key, ...attributes(members) };
    await client.call('PutItem', { TableName, Item });
  };
  const reader = (tenant: string) => ({
    findHead: async (crl: string) =>
      parseRow(await getItem(client, TableName, crlHeadKey(tenant, crl)), storedHead)?.head,
    findShard: async (crl: string, shard: string) =>
      parseRow(await getItem(client, TableName, crlShardKey(tenant, crl, shard)), storedShard)?.entries,
  });
  return {
    reader,
    writer: (tenant) => ({
      ...reader(tenant),
      saveHead: (crl, head, exp) => put(crlHeadKey(tenant, crl), { head, exp }),
      saveShard: (crl, shard, entries, exp) => put(crlShardKey(tenant, crl, shard), { entries, exp }),
    }),
  };
}

export function dynamoCrlSourceStore(client: DynamoClient, TableName: string): CrlSourceStore {
  return {
    async want(tenant, source) {
      const Item = { ...crlSourceKey(tenant, source.crl), ...attributes(source) };
      await client.call('PutItem', { TableName, Item });
    },
    async list(tenant, at) {
      const items = await queryPartition(client, TableName, crlSourcesPartition(tenant));
      const sources = items.flatMap((item) => {
        const source = parseRow(item, storedSource);
        return source !== undefined && source.crl === item['sk']?.S ? [source] : [];
      });
      return sources.filter(({ exp }) => exp * 1000 > at.getTime());
    },
  };
}

const storedHead = shape<{ readonly head: string }>({ head: text });
const storedShard = shape<{ readonly entries: Uint8Array }>({ entries: bytes });
const storedSource = shape<CrlSource>({ crl: text, certificate: bytes, index: count, url: text, exp: count });
