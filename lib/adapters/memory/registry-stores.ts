/** Tenants, truststore entries, clients and versions in memory, for tests: they behave as the registry table does. */
import { randomUUID } from 'node:crypto';
import type { ClientStore, StoredEntry, TenantStore, TruststoreStore, VersionStore } from '../../oauth/ports.ts';
import type { Tenant } from '../../oauth/tenant.ts';
import { thumbprint } from '../../pki/certificate/thumbprint.ts';
import { checkedTenant } from '../checked-tenant.ts';
import { clientOf, digestsOf, metadataOf } from '../client-row.ts';
import { writeRegistry } from '../registry-writes.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

type Versions = Pick<VersionStore, 'bump'>;

/** The version of a tenant of which nothing was ever written is empty. */
export function memoryVersionStore(): VersionStore {
  const versions = new Map<string, string>();
  return {
    async current(tenant) {
      return versions.get(checkedTenant(tenant)) ?? '';
    },
    async bump(tenant) {
      versions.set(checkedTenant(tenant), randomUUID());
    },
  };
}

export function memoryTenantStore(versions: Versions): TenantStore {
  const tenants = new Map<string, Tenant>();
  return {
    async find(name) {
      return structuredClone(tenants.get(checkedTenant(name)));
    },
    async save(tenant) {
      const write = async () => tenants.set(checkedTenant(tenant.name), structuredClone(tenant));
      await writeRegistry(tenant.name, write, versions);
    },
    async list() {
      return structuredClone([...tenants.values()]);
    },
  };
}

export function memoryTruststoreStore(versions: Versions): TruststoreStore {
  const rows = rowsByTenant<StoredEntry>();
  return {
    async entries(tenant) {
      return structuredClone([...rows(tenant).values()]);
    },
    async add(tenant, entry) {
      const write = async () => rows(tenant).set(thumbprint(entry.certificate), structuredClone(entry));
      await writeRegistry(tenant, write, versions);
    },
    async remove(tenant, entry) {
      await writeRegistry(tenant, async () => rows(tenant).delete(entry), versions);
    },
  };
}

/** Metadata is kept as text and parsed at each reading, as a stored row is. */
export function memoryClientStore(versions: Versions): ClientStore {
  const rows = rowsByTenant<string>();
  return {
    async find(tenant, client_id) {
      const metadata = rows(tenant).get(client_id);
      return metadata === undefined ? undefined : clientOf(metadata, client_id);
    },
    async save(tenant, metadata) {
      const write = async () => rows(tenant).set(metadata.client_id, JSON.stringify(metadata));
      await writeRegistry(tenant, write, versions);
    },
    async remove(tenant, client_id) {
      await writeRegistry(tenant, async () => rows(tenant).delete(client_id), versions);
    },
    async list(tenant) {
      return [...rows(tenant).values()].flatMap((metadata) => metadataOf(metadata) ?? []);
    },
    async resourceServers(tenant, digests) {
      const found = [...rows(tenant)].filter(([, metadata]) =>
        digestsOf(metadata).some((each) => digests.includes(each)),
      );
      return found.map(([client_id]) => client_id);
    },
  };
}
