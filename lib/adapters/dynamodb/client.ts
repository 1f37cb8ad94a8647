/** The SDK client of a function: few, short tries, so that a request ends long before API Gateway's 30 seconds. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** `options` are for an embedded store; on AWS the SDK finds region and credentials by itself. */
export function dynamoClient(
  options: Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> = {},
): DynamoDBClient {
  return new DynamoDBClient({
    ...options,
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 300,
      requestTimeout: 2_000,
      // Without it the SDK only writes a warning when the time is up.
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: true, maxSockets: 50 },
    },
  });
}
