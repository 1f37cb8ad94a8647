/** How an answer of DynamoDB is taken: a failed condition is an answer, anything else that goes wrong is an Error. */
import type { Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import type { Key } from './keys.ts';

/** Awaits a conditional write: what it answered, or undefined where its condition did not hold. */
export async function ifConditionHeld<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && error.cause instanceof Error && error.cause.name === conditionFailed)
      return undefined;
    throw error;
  }
}

const conditionFailed = 'ConditionalCheckFailedException';

/** Awaits a conditional write: whether its condition held. */
export async function conditionHeld(call: Promise<object>): Promise<boolean> {
  return (await ifConditionHeld(call)) !== undefined;
}

/** One row, strongly consistent. */
export async function getItem(client: DynamoClient, TableName: string, Key: Key): Promise<Item | undefined> {
  return (await client.call('GetItem', { TableName, Key, ConsistentRead: true })).Item;
}

/** All rows of one partition, strongly consistent. */
export async function queryPartition(client: DynamoClient, TableName: string, pk: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: Item | undefined;
  do {
    const page: Page = await client.call('Query', {
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
      ...(next !== undefined && { ExclusiveStartKey: next }),
    });
    items.push(...(page.Items ?? []));
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
  return items;
}

type Page = { readonly Items?: readonly Item[] | undefined; readonly LastEvaluatedKey?: Item | undefined };
