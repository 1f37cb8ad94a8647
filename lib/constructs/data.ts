/** What outlives a deployment: the two tables, the bucket of the truststore (docs/storage.md), the keys of signing keys. */
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  type ITableV2,
  StreamViewType,
  TableEncryptionV2,
  type TablePropsV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
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

/** From the beginning: a table cannot be given one when a second region comes, which knows it by its name alone. */
const tableName = (deployment: string, name: string) => `${deployment}-${name}`;

export type DataStackProps = StackProps & {
  readonly signer: Signer;
  /** What the deployment is called. */
  readonly deployment: string;
  /** Where the tables have replicas. */
  readonly replicas: readonly string[];
  /**
   * The stack of the home region, whose tables and keys have their replicas here.
   * @default - this is the home region
   */
  readonly home?: DataStack;
};

export class DataStack extends Stack {
  readonly registry: ITableV2;
  readonly grants: ITableV2;
  readonly truststore: Bucket;
  readonly signingKeys: SigningKeys;

  constructor(scope: Construct, id: string, { signer, deployment, replicas, home, ...props }: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const tables = home === undefined ? this.tables(deployment, replicas) : this.tableReplicas(deployment);
    this.registry = tables.registry;
    this.grants = tables.grants;
    if (home !== undefined) this.addStackDependency(home, 'It makes the replicas of the tables.');
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
    this.signingKeys = new SigningKeys(this, 'SigningKeys', {
      signer,
      deployment: id,
      ...(home?.signingKeys.arns && { primary: home.signingKeys.arns }),
    });
    new CfnOutput(this, 'RegistryTable', { value: this.registry.tableName });
    new CfnOutput(this, 'GrantsTable', { value: this.grants.tableName });
    new CfnOutput(this, 'TruststoreBucket', { value: this.truststore.bucketName });
  }

  private tables(deployment: string, replicas: readonly string[]) {
    const replicated = { ...table, replicas: replicas.map((region) => ({ region })) };
    const registry = new TableV2(this, 'Registry', {
      ...replicated,
      tableName: tableName(deployment, 'Registry'),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // Both images: replicas in other regions need them.
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    // No PITR: its rows live for hours, and a table restored to an earlier time would bring revoked tokens back to life.
    const grants = new TableV2(this, 'Grants', {
      ...replicated,
      tableName: tableName(deployment, 'Grants'),
      timeToLiveAttribute: 'exp',
    });
    return { registry, grants };
  }

  /** CloudFormation knows replicas in the stack of their table alone. */
  private tableReplicas(deployment: string) {
    const named = (name: string) => TableV2.fromTableName(this, name, tableName(deployment, name));
    return { registry: named('Registry'), grants: named('Grants') };
  }
}
