/** What outlives a deployment: the two tables, the bucket of the truststore (docs/storage.md), the keys of signing keys. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, TableEncryptionV2, type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, type BucketProps } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type Signer, SigningKeys } from './signing-keys.ts';

/**
 * AWS-managed key: its use shows in CloudTrail, and no function needs a permission on it. With a customer-managed one each
 * function would hold `kms:Decrypt`; so that action means «may unwrap a signing key» wherever it stands in a role.
 */
const table: TablePropsV2 = {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
  encryption: TableEncryptionV2.awsManagedKey(),
  deletionProtection: true,
  removalPolicy: RemovalPolicy.RETAIN,
};

const bucket: BucketProps = {
  encryption: BucketEncryption.S3_MANAGED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  removalPolicy: RemovalPolicy.RETAIN,
};

export type DataStackProps = StackProps & {
  readonly signer: Signer;
};

export class DataStack extends Stack {
  readonly registry: TableV2;
  readonly grants: TableV2;
  readonly truststore: Bucket;
  readonly signingKeys: SigningKeys;

  constructor(scope: Construct, id: string, { signer, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    this.registry = new TableV2(this, 'Registry', {
      ...table,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Both images: replicas in other regions need them.
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    // No PITR: its rows live for hours, and a table restored to an earlier time would bring revoked tokens back to life.
    this.grants = new TableV2(this, 'Grants', { ...table, timeToLiveAttribute: 'exp' });
    const accessLog = new Bucket(this, 'AccessLog', {
      ...bucket,
      lifecycleRules: [{ expiration: Duration.days(365) }],
    });
    this.truststore = new Bucket(this, 'Truststore', {
      ...bucket,
      versioned: true,
      serverAccessLogsBucket: accessLog,
      // API Gateway stays pinned to one version: the last ones are kept however old they are, for a way back.
      lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(90), noncurrentVersionsToRetain: 20 }],
    });
    this.signingKeys = new SigningKeys(this, 'SigningKeys', { signer, deployment: id });
    new CfnOutput(this, 'RegistryTable', { value: this.registry.tableName });
    new CfnOutput(this, 'GrantsTable', { value: this.grants.tableName });
    new CfnOutput(this, 'TruststoreBucket', { value: this.truststore.bucketName });
  }
}
