/** The AWS SDK's client: for the CLI and for a laptop, where it finds region and credentials in every way that there is. */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  connectionTimeout,
  type DynamoClient,
  failedCall,
  maxAttempts,
  maxSockets,
  type Operation,
  type Operations,
  requestTimeout,
} from './client.ts';

export type SdkClientOptions = Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'>;

/** `options` take the place of what the SDK finds. */
export function sdkClient(options: SdkClientOptions = {}): DynamoClient {
  const client = new DynamoDBClient({
    ...options,
    maxAttempts,
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      // Without it the SDK only writes a warning when the time is up.
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: true, maxSockets },
    },
  });
  return {
    async call<O extends Operation>(operation: O, input: Operations[O]['input']) {
      try {
        return await senders[operation](input, client);
      } catch (cause) {
        throw failedCall(operation, cause);
      }
    },
    close: () => client.destroy(),
  };
}

/** The region that the SDK finds, in the profile of its configuration file for example. */
export async function sdkRegion(): Promise<string | undefined> {
  const client = new DynamoDBClient();
  try {
    return await client.config.region();
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

type Senders = {
  readonly [O in Operation]: (input: Operations[O]['input'], by: DynamoDBClient) => Promise<Operations[O]['output']>;
};

const senders: Senders = {
  BatchGetItem: (input, by) => by.send(new BatchGetItemCommand(input)),
  DeleteItem: (input, by) => by.send(new DeleteItemCommand(input)),
  GetItem: (input, by) => by.send(new GetItemCommand(input)),
  PutItem: (input, by) => by.send(new PutItemCommand(input)),
  Query: (input, by) => by.send(new QueryCommand(input)),
  UpdateItem: (input, by) => by.send(new UpdateItemCommand(input)),
};
