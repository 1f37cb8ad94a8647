/** The registry of a local server from the outside: of the running one, or, where none runs, of the state it left. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { sdkClient } from '../adapters/dynamodb/sdk-client.ts';
import { dynamoStores } from '../adapters/dynamodb/stores.ts';
import { tables } from '../adapters/dynamodb/tables.ts';
import type { Stores } from '../adapters/stores.ts';
import { storeAccess, tableNames } from './local-tables.ts';
import { type Endpoint, findEndpoint, openStateDirectory } from './state-directory.ts';

export type LocalRegistry = {
  readonly stores: Stores;
  /** `host:port` of status servers that the running server lets through. */
  readonly statusAllowHosts: readonly string[];
  /** Whether a running server publishes from it. */
  readonly published: boolean;
  close(): Promise<void>;
};

/** Undefined where nothing runs and nothing was left. Rejects with one line when another process has the state. */
export async function openLocalRegistry(path: string): Promise<LocalRegistry | undefined> {
  const endpoint = await findEndpoint(path);
  if (endpoint !== undefined) {
    const hosts = endpoint.statusAllowHosts ?? [new URL(endpoint.responder).host];
    return { ...registryAt(endpoint, hosts, async () => {}), published: true };
  }
  if (!(await isState(path))) return undefined;
  const directory = await openStateDirectory({ path });
  // Only here: a database engine takes time to load, and mostly a server has one running.
  const { startEmbeddedStore } = await import('./embedded-store.ts');
  try {
    const store = await startEmbeddedStore({ path: directory.file('store'), tables: tables(tableNames) });
    // Whatever is written goes to disk before the lock is given back.
    const close = () => store.close().finally(() => directory.close());
    return { ...registryAt({ store: store.endpoint }, [], close), published: false };
  } catch (error) {
    await directory.close();
    throw error;
  }
}

function registryAt(
  { store, deployment }: Pick<Endpoint, 'store' | 'deployment'>,
  statusAllowHosts: readonly string[],
  close: () => Promise<void>,
): Omit<LocalRegistry, 'published'> {
  const { region, ...names } = deployment ?? { region: storeAccess.region, ...tableNames };
  const client = sdkClient({ endpoint: store, credentials: storeAccess.credentials, region });
  return {
    stores: dynamoStores(client, names),
    statusAllowHosts,
    close: () => {
      client.close();
      return close();
    },
  };
}

/** A store that an earlier run left; nothing is made where there is none. */
async function isState(path: string): Promise<boolean> {
  try {
    await access(join(path, 'store'));
    return true;
  } catch {
    return false;
  }
}
