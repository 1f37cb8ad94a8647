/** The client and the certificate row of a token's holder, out of both tables in one BatchGetItem. */
import type { HolderStore } from '../../oauth/ports.ts';
import type { Item } from './attribute-value.ts';
import { parseCertificateRow } from './certificate-store.ts';
import type { DynamoClient, Operations } from './client.ts';
import { parseClientRow } from './client-store.ts';
import { certificateKey, clientKey, type Key } from './keys.ts';
import type { TableNames } from './tables.ts';

type Requests = NonNullable<Operations['BatchGetItem']['input']['RequestItems']>;

/** Throws an Error when DynamoDB leaves keys unprocessed through all attempts. */
export function dynamoHolderStore(client: DynamoClient, { registryTable, grantsTable }: TableNames): HolderStore {
  return {
    async find(tenant, client_id, thumbprint, at) {
      const rows = await batchGet(client, {
        [registryTable]: consistent(clientKey(tenant, client_id)),
        [grantsTable]: consistent(certificateKey(tenant, thumbprint)),
      });
      const found = parseClientRow(rows.get(registryTable), client_id);
      const certificate = parseCertificateRow(rows.get(grantsTable), thumbprint, at);
      return { ...(found !== undefined && { client: found }), ...(certificate !== undefined && { certificate }) };
    },
  };
}

const consistent = (key: Key) => ({ Keys: [key], ConsistentRead: true });

/** Milliseconds before what was left unprocessed is asked for again: DynamoDB leaves it when it throttles. */
const pauses = [25, 50, 100];

/** One row of each table, by table. */
async function batchGet(client: DynamoClient, requests: Requests): Promise<ReadonlyMap<string, Item>> {
  const rows = new Map<string, Item>();
  let left = take(await client.call('BatchGetItem', { RequestItems: requests }), rows);
  for (const pause of pauses) {
    if (left === undefined) return rows;
    await new Promise((resolve) => setTimeout(resolve, pause));
    left = take(await client.call('BatchGetItem', { RequestItems: left }), rows);
  }
  if (left !== undefined) throw new Error('DynamoDB BatchGetItem left keys unprocessed');
  return rows;
}

/** Keeps the rows of an answer; returns what it left unprocessed. */
function take(output: Operations['BatchGetItem']['output'], rows: Map<string, Item>): Requests | undefined {
  for (const [table, items] of Object.entries(output.Responses ?? {})) {
    for (const item of items) rows.set(table, item);
  }
  const left = output.UnprocessedKeys ?? {};
  return Object.keys(left).length === 0 ? undefined : left;
}
