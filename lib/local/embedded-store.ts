/** DynamoDB on a laptop: dynalite over LevelDB or memory, on loopback, for one process at a time. */
import type { Server } from 'node:http';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { type Listening, listen } from './listening.ts';
import { storeAccess } from './local-tables.ts';
import { takeLock } from './lock.ts';
import { isFromPage } from './loopback.ts';

export type EmbeddedStoreOptions = {
  /** Directory of the database, created when missing, guarded by a lock beside it; in memory without it. */
  readonly path?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** The tables to create where they are missing. */
  readonly tables: readonly CreateTableCommandInput[];
};

export type EmbeddedStore = {
  /** An http origin on 127.0.0.1, for `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly endpoint: string;
  /** The SDK wants some; the store looks at neither. */
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
};

/** Starts the store and creates its tables. Rejects with one line when another process has the directory or port. */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const lock = options.path === undefined ? undefined : await takeLock(`${options.path}.lock`);
  let listening: Listening | undefined;
  const close = async () => {
    await listening?.close();
    await lock?.release();
  };
  try {
    const server = guarded(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, ...pathOf(options) }));
    listening = await listen(server, { host: '127.0.0.1', port: options.port ?? 0 });
    const endpoint = `http://127.0.0.1:${listening.port}`;
    await createTables(endpoint, options.tables);
    return { endpoint, ...storeAccess, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const pathOf = ({ path }: EmbeddedStoreOptions) => (path === undefined ? {} : { path });

async function createTables(endpoint: string, tables: readonly CreateTableCommandInput[]): Promise<void> {
  const client = new DynamoDBClient({ endpoint, ...storeAccess });
  try {
    for (const table of tables) {
      await client.send(new CreateTableCommand(table)).catch((error: Error) => {
        if (error.name !== 'ResourceInUseException') throw error;
      });
      await untilActive(client, table.TableName);
    }
  } finally {
    client.destroy();
  }
}

/** dynalite marks a new table active a turn of its event loop later; one that a crash left behind never becomes so. */
async function untilActive(client: DynamoDBClient, TableName: string | undefined): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
  throw new Error(`table ${TableName} of the embedded store was left unfinished; --fresh begins anew`);
}

/**
 * dynalite answers any web page (`Access-Control-Allow-Origin: *`) and throws out of the process when a client hangs
 * up in the middle of a request; neither is for a store that holds somebody's clients.
 */
function guarded(server: Server): Server {
  const [answer] = server.listeners('request');
  if (answer === undefined) throw new Error('dynalite has no request listener');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isFromPage(request)) {
      response.writeHead(403, { connection: 'close' }).end();
      return;
    }
    answer.call(server, request, response);
    request.removeAllListeners('error');
    request.on('error', () => response.destroy());
  });
  return server;
}
