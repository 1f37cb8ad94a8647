/** The truststores of the mTLS domain names: published when the registry changes, by the clock, and for CloudFormation. */
import { S3Client } from '@aws-sdk/client-s3';
import { apiGatewayDomainNames } from '../lib/adapters/api-gateway-domain/domain-names.ts';
import { putAnswer } from '../lib/adapters/cloudformation/custom-resource.ts';
import { signedClient } from '../lib/adapters/dynamodb/signed-client.ts';
import { dynamoStores } from '../lib/adapters/dynamodb/stores.ts';
import { pause, publicationFunction } from '../lib/adapters/publication-function.ts';
import { s3ObjectStore } from '../lib/adapters/s3/object-store.ts';
import { functionAwsEnvironment, functionConfig } from '../lib/config.ts';

const config = functionConfig();
const s3 = new S3Client({ maxAttempts: 3 });
const aws = functionAwsEnvironment();
const emulator = aws.endpoints.all;
const domains = apiGatewayDomainNames({ config: s3.config, wait: pause, ...(emulator && { endpoint: emulator }) });

export const handler = publicationFunction({
  targets: config.truststores ?? [],
  ports: { ...dynamoStores(signedClient(aws), config, aws.region), objects: s3ObjectStore(s3), domains },
  answer: (url, body) => putAnswer(url, body, { emulator: emulator !== undefined }),
  logLevel: config.logLevel,
});
