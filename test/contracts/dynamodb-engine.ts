import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { dynamoClient } from '../../lib/adapters/dynamodb/client.ts';
import { type TableNames, tables } from '../../lib/adapters/dynamodb/tables.ts';
import { startEmbeddedStore } from '../../lib/local/embedded-store.ts';

export type Engine = {
  readonly name: string;
  readonly client: DynamoDBClient;
  /** Another client of the same engine. */
  connect(): DynamoDBClient;
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
  const client = dynamoClient(store);
  return {
    name: 'dynalite',
    client,
    connect: () => dynamoClient(store),
    tableNames,
    async close() {
      client.destroy();
      await store.close();
    },
  };
}

async function external(endpoint: string, tableNames: TableNames): Promise<Engine> {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const connect = () => dynamoClient({ endpoint, region: 'us-east-1', credentials });
  const client = connect();
  for (const table of tables(tableNames)) {
    await client.send(new CreateTableCommand(table));
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: table.TableName });
  }
  return {
    name: endpoint,
    client,
    connect,
    tableNames,
    async close() {
      for (const TableName of Object.values(tableNames)) await client.send(new DeleteTableCommand({ TableName }));
      client.destroy();
    },
  };
}
