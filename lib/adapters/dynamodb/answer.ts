/** How an answer of DynamoDB is taken: a failed condition is an answer, anything else that goes wrong is an Error. */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import type { Item } from './attribute-value.ts';
import type { Key } from './keys.ts';

/** Awaits a call. Throws an Error that names the operation, with the SDK's error as its cause. */
export async function answer<T>(operation: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new Error(`DynamoDB ${operation} failed`, { cause });
  }
}

/** Awaits a conditional write: whether its condition held. */
export async function conditionHeld(operation: string, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (cause) {
    if (cause instanceof ConditionalCheckFailedException) return false;
    throw new Error(`DynamoDB ${operation} failed`, { cause });
  }
}

/** One row, strongly consistent. */
export async function getItem(client: DynamoDBClient, TableName: string, Key: Key): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName, Key, ConsistentRead: true });
  return (await answer('GetItem', client.send(command))).Item;
}

/** All rows of one partition, strongly consistent. */
export async function queryPartition(client: DynamoDBClient, TableName: string, pk: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: Item | undefined;
  do {
    const command = new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ConsistentRead: true,
      ...(next !== undefined && { ExclusiveStartKey: next }),
    });
    const page = await answer('Query', client.send(command));
    items.push(...(page.Items ?? []));
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
  return items;
}
