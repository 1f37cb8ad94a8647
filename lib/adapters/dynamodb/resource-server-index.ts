/** Which resource servers registered what a certificate shows: one row a digest, a set of `client_id`s in it. */
import { BatchGetItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { answer } from './answer.ts';
import type { Item } from './attribute-value.ts';
import { resourceServersKey } from './keys.ts';

/** Adds the client to the rows of these digests, or takes it out of them. */
export async function writeResourceServer(
  change: 'ADD' | 'DELETE',
  tenant: string,
  client_id: string,
  digests: readonly string[],
  { client, table: TableName }: { readonly client: DynamoDBClient; readonly table: string },
): Promise<void> {
  for (const digest of digests) {
    const command = new UpdateItemCommand({
      TableName,
      Key: resourceServersKey(tenant, digest),
      UpdateExpression: `${change} client_ids :ids`,
      ExpressionAttributeValues: { ':ids': { SS: [client_id] } },
    });
    await answer('UpdateItem', client.send(command));
  }
}

/** All `client_id`s of these rows, in one read. Throws an Error when DynamoDB leaves keys unprocessed. */
export async function readResourceServers(
  tenant: string,
  digests: readonly string[],
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
): Promise<readonly string[]> {
  if (digests.length === 0) return [];
  const Keys = digests.map((digest) => resourceServersKey(tenant, digest));
  const command = new BatchGetItemCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } });
  const output = await answer('BatchGetItem', client.send(command));
  if (Object.keys(output.UnprocessedKeys ?? {}).length > 0)
    throw new Error('DynamoDB BatchGetItem left keys unprocessed');
  const rows: readonly Item[] = output.Responses?.[table] ?? [];
  return [...new Set(rows.flatMap((row) => row['client_ids']?.SS ?? []))];
}
