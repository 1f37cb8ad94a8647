/** Which resource servers registered what a certificate shows: one row a digest, a set of `client_id`s in it. */
import type { Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { resourceServersKey } from './keys.ts';

/** Adds the client to the rows of these digests, or takes it out of them. */
export async function writeResourceServer(
  change: 'ADD' | 'DELETE',
  tenant: string,
  client_id: string,
  digests: readonly string[],
  { client, table: TableName }: { readonly client: DynamoClient; readonly table: string },
): Promise<void> {
  for (const digest of digests) {
    await client.call('UpdateItem', {
      TableName,
      Key: resourceServersKey(tenant, digest),
      UpdateExpression: `${change} client_ids :ids`,
      ExpressionAttributeValues: { ':ids': { SS: [client_id] } },
    });
  }
}

/** All `client_id`s of these rows, in one read. Throws an Error when DynamoDB leaves keys unprocessed. */
export async function readResourceServers(
  tenant: string,
  digests: readonly string[],
  { client, table }: { readonly client: DynamoClient; readonly table: string },
): Promise<readonly string[]> {
  if (digests.length === 0) return [];
  const Keys = digests.map((digest) => resourceServersKey(tenant, digest));
  const output = await client.call('BatchGetItem', { RequestItems: { [table]: { Keys, ConsistentRead: true } } });
  if (Object.keys(output.UnprocessedKeys ?? {}).length > 0)
    throw new Error('DynamoDB BatchGetItem left keys unprocessed');
  const rows: readonly Item[] = output.Responses?.[table] ?? [];
  return [...new Set(rows.flatMap((row) => row['client_ids']?.SS ?? []))];
}
