import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { DynamoClient, Operation, Operations } from '../../lib/adapters/dynamodb/client.ts';
import { sdkClient } from '../../lib/adapters/dynamodb/sdk-client.ts';
import { signedClient } from '../../lib/adapters/dynamodb/signed-client.ts';
import { type TableNames, tables } from '../../lib/adapters/dynamodb/tables.ts';
import { startEmbeddedStore } from '../../lib/local/embedded-store.ts';

export type Engine = {
  readonly name: string;
  readonly client: DynamoClient;
  /** The client of functions, of the same engine. */
  readonly signed: DynamoClient;
  /** For rows that no store would write, and for what no store asks. */
  readonly sdk: DynamoDBClient;
  /** Another client of the same engine. */
  connect(): DynamoClient;
  readonly tableNames: TableNames;
  close(): Promise<void>;
};

/** The embedded store in memory, or the engine that `AWS_ENDPOINT_URL_DYNAMODB` names, with tables of its own. */
export async function startEngine(): Promise<Engine> {
  const run = randomUUID();
  const tableNames = { registryTable: `registry-${run}`, grantsTable: `grants-${run}` };
  const endpoint = process.env['AWS_ENDPOINT_URL_DYNAMODB'];
  if (endpoint !== undefined) return external(endpoint, tableNames);
  const store = await startEmbeddedStore({ tables: tables(tableNames) });
  const { close, ...clients } = connected(store);
  return {
    name: 'dynalite',
    ...clients,
    tableNames,
    async close() {
      close();
      await store.close();
    },
  };
}

type Access = {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

function connected({ endpoint, region, credentials }: Access) {
  const options = { endpoint, region, credentials };
  const connect = () => sdkClient(options);
  const [client, sdk] = [connect(), new DynamoDBClient(options)];
  const signed = signedClient({ region, credentials, endpoints: { dynamodb: endpoint } });
  const close = () => {
    client.close();
    signed.close();
    sdk.destroy();
  };
  return { client, signed, sdk, connect, close };
}

async function external(endpoint: string, tableNames: TableNames): Promise<Engine> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const { close, ...clients } = connected({ endpoint, region: 'us-east-1', credentials });
  const { sdk } = clients;
  for (const table of tables(tableNames)) {
    await sdk.send(new CreateTableCommand(table));
    await waitUntilTableExists({ client: sdk, maxWaitTime: 60, minDelay: 1 }, { TableName: table.TableName });
  }
  return {
    name: endpoint,
    ...clients,
    tableNames,
    async close() {
      for (const TableName of Object.values(tableNames)) await sdk.send(new DeleteTableCommand({ TableName }));
      close();
    },
  };
}

/** The client, with somebody told of each call before it is made. */
export function watched(
  client: DynamoClient,
  tell: (operation: Operation, input: Operations[Operation]['input']) => void,
): DynamoClient {
  return {
    call(operation, input) {
      tell(operation, input);
      return client.call(operation, input);
    },
    close: () => client.close(),
  };
}
