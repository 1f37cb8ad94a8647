/** Kept CRLs and who wants them, in memory, for tests: they behave as the grants table does. */
import type { CrlSourceStore, KeptCrlStore } from '../../oauth/ports.ts';
import type { CrlSource } from '../../status/ports.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memoryKeptCrlStore(): KeptCrlStore {
  const heads = rowsByTenant<string>();
  const shards = rowsByTenant<Uint8Array>();
  const reader = (tenant: string) => ({
    findHead: async (crl: string) => heads(tenant).get(crl),
    findShard: async (crl: string, shard: string) => shards(tenant).get(`${crl} ${shard}`)?.slice(),
  });
  return {
    reader,
    writer: (tenant) => ({
      ...reader(tenant),
      async saveHead(crl, head) {
        heads(tenant).set(crl, head);
      },
      async saveShard(crl, shard, bytes) {
        shards(tenant).set(`${crl} ${shard}`, bytes.slice());
      },
    }),
  };
}

export function memoryCrlSourceStore(): CrlSourceStore {
  const rows = rowsByTenant<CrlSource>();
  return {
    async want(tenant, source) {
      rows(tenant).set(source.crl, structuredClone(source));
    },
    async list(tenant, at) {
      const wanted = [...rows(tenant).values()].filter(({ exp }) => exp * 1000 > at.getTime());
      return structuredClone(wanted);
    },
  };
}
