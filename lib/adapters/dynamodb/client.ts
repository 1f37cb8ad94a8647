/** What the stores ask of DynamoDB. The SDK's client answers it (sdk-client.ts), and one that signs for itself (signed-client.ts). */
import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from '@aws-sdk/client-dynamodb';

type Exchange<Input, Output> = { readonly input: Input; readonly output: Omit<Output, '$metadata'> };

/** By the names of DynamoDB's API: what an operation is given and what it answers. */
export type Operations = {
  readonly BatchGetItem: Exchange<BatchGetItemCommandInput, BatchGetItemCommandOutput>;
  readonly DeleteItem: Exchange<DeleteItemCommandInput, DeleteItemCommandOutput>;
  readonly GetItem: Exchange<GetItemCommandInput, GetItemCommandOutput>;
  readonly PutItem: Exchange<PutItemCommandInput, PutItemCommandOutput>;
  readonly Query: Exchange<QueryCommandInput, QueryCommandOutput>;
  readonly UpdateItem: Exchange<UpdateItemCommandInput, UpdateItemCommandOutput>;
};

export type Operation = keyof Operations;

export type DynamoClient = {
  /** Rejects with an Error that names the operation; the `name` of its cause is DynamoDB's for what went wrong. */
  call<O extends Operation>(operation: O, input: Operations[O]['input']): Promise<Operations[O]['output']>;
  /** Closes its connections. */
  close(): void;
};

/** The Error of an operation that failed. */
export const failedCall = (operation: string, cause: unknown): Error =>
  new Error(`DynamoDB ${operation} failed`, { cause });

/** Milliseconds until a connection stands, and until an answer is whole: a request ends long before API Gateway's 30 seconds. */
export const connectionTimeout = 300;
export const requestTimeout = 2_000;

/** Times that a call is made. */
export const maxAttempts = 3;

/** Connections to DynamoDB at once. */
export const maxSockets = 50;
