/** DynamoDB without the AWS SDK, for functions: a fraction of its CPU, of its bundle and of its cold start (docs/adr). */
import type { AwsEnvironment } from '../../aws-environment.ts';
import { awsJsonCalls, type JsonCallOptions } from '../aws/json-call.ts';
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
import { parseOutput, printInput } from './wire.ts';

const service = { service: 'dynamodb', target: 'DynamoDB_20120810', version: '1.0' } as const;
const limits = { connectionTimeout, requestTimeout, maxAttempts, maxSockets };

/** Credentials, region and endpoint are those of the environment that Lambda makes. */
export function signedClient(environment: AwsEnvironment, options: JsonCallOptions = {}): DynamoClient {
  const { call, close } = awsJsonCalls(service, environment, { ...limits, ...options });
  return {
    async call<O extends Operation>(operation: O, input: Operations[O]['input']) {
      try {
        return parseOutput<O>(await call(operation, printInput(input)));
      } catch (cause) {
        throw failedCall(operation, cause);
      }
    },
    close,
  };
}
