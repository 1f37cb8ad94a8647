/**
 * The truststores of the mTLS domain names: the function that publishes them, run by the registry's stream, by the clock, and
 * by CloudFormation, to which it returns the object version that each domain name is to have.
 */
import { CustomResource, Duration, Stack, Validations } from 'aws-cdk-lib';
import type { MTLSConfig } from 'aws-cdk-lib/aws-apigatewayv2';
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TruststoreTarget } from '../config.ts';
import { kinds } from '../kinds.ts';
import { routes } from '../routes.ts';
import { EndpointFunction } from './endpoint-function.ts';
import { type TableArns, tableStatements } from './grants.ts';

/** The truststore of one custom domain name with mutual TLS. */
export type Truststore = {
  /** Another one for each: the beginning of the ids of its constructs. */
  readonly id: string;
  readonly domainName: string;
  /** In the bucket; it never changes, only the version does. */
  readonly key: string;
  /** The file of certificates that are always published. */
  readonly initial: { readonly path: string; readonly sha256: string };
  /**
   * Whose entries are in it.
   * @default - those of all tenants but `except`
   */
  readonly tenants?: readonly string[];
  /**
   * Whose entries are never in it.
   * @default - nobody's
   */
  readonly except?: readonly string[];
};

export type TruststorePublicationProps = {
  readonly truststores: readonly Truststore[];
  /** Of a replica nobody knows the stream before it is there: the clock runs the publisher every minute then. */
  readonly registry: ITableV2;
  readonly tables: TableArns;
  readonly bucket: IBucket;
  /** The environment of the function for the truststores that it is to keep. */
  readonly environment: (truststores: readonly TruststoreTarget[]) => Readonly<Record<string, string>>;
  /** Another one for each deployment: a version that was published since the last one must not be taken back. */
  readonly deployment: string;
  readonly logRetention: RetentionDays;
  /** Whether AWS X-Ray is told of runs. */
  readonly tracing: boolean;
};

export class TruststorePublication extends Construct {
  /** By domain name. */
  private readonly published: ReadonlyMap<string, Required<MTLSConfig>>;
  readonly publisher: EndpointFunction;
  /** What the stream could not hand over. */
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: TruststorePublicationProps) {
    super(scope, id);
    const { truststores, bucket } = props;
    const files = this.files(truststores);
    this.failures = this.failureQueue();
    this.publisher = new EndpointFunction(this, 'Publisher', {
      lambda: routes.truststorePublisher.lambda,
      memorySize: 512,
      // API Gateway takes 60 to 90 seconds for an update, and as long again for taking it back.
      timeout: Duration.minutes(10),
      logRetention: props.logRetention,
      tracing: props.tracing,
      environment: props.environment(
        truststores.map(({ domainName: domain, key, initial, tenants, except }) => ({
          domain,
          object: { bucket: bucket.bucketName, key },
          initial: addressOf(files, initial),
          ...(tenants && { tenants }),
          ...(except?.length && { except }),
        })),
      ),
      statements: [
        ...tableStatements(routes.truststorePublisher.needs, props.tables),
        ...this.statements(props, [...files.values()]),
      ],
    });
    const { tableStreamArn } = props.registry;
    if (tableStreamArn !== undefined) this.runByStream(tableStreamArn);
    this.runByClock(tableStreamArn === undefined ? 1 : routes.truststorePublisher.every);
    this.published = new Map(
      truststores.map(({ id: prefix, domainName, key, initial }) => {
        const publication = new CustomResource(this, `${prefix}Publication`, {
          resourceType: 'Custom::Truststore',
          serviceToken: this.publisher.function.functionArn,
          serviceTimeout: Duration.minutes(12),
          properties: { Domain: domainName, Initial: initial.sha256, Deployment: props.deployment },
        });
        return [domainName, { bucket, key, version: publication.getAttString('VersionId') }];
      }),
    );
  }

  /** The object and its version; who uses it is created after the object, and updated when the object changes. */
  truststore(domainName: string): Required<MTLSConfig> {
    const published = this.published.get(domainName);
    if (published === undefined) throw new Error(`No truststore is kept for the domain name ${domainName}`);
    return published;
  }

  /** By path. An asset and no property: a truststore may have 1000 KB, which neither a template nor an event may. */
  private files(truststores: readonly Truststore[]): ReadonlyMap<string, Asset> {
    const files = new Map<string, Asset>();
    for (const { id, initial } of truststores) {
      if (!files.has(initial.path)) files.set(initial.path, new Asset(this, `${id}Bundle`, { path: initial.path }));
    }
    return files;
  }

  private statements(props: TruststorePublicationProps, files: readonly Asset[]): readonly PolicyStatement[] {
    const { partition, region } = Stack.of(this);
    const object = (bucket: string, name: string) =>
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucket, resourceName: name });
    return [
      allow(['s3:GetObject'], ...files.map((file) => object(file.s3BucketName, file.s3ObjectKey))),
      // API Gateway reads the version with the rights of the one who sets it.
      allow(
        ['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion'],
        ...props.truststores.map(({ key }) => props.bucket.arnForObjects(key)),
      ),
      allow(
        [
          'apigateway:GET',
          'apigateway:PATCH',
          'apigateway:AddCertificateToDomain',
          'apigateway:RemoveCertificateFromDomain',
        ],
        ...props.truststores.map(
          ({ domainName }) => `arn:${partition}:apigateway:${region}::/domainnames/${domainName}`,
        ),
      ),
      ...this.streamStatements(props.registry.tableStreamArn),
    ];
  }

  private streamStatements(arn: string | undefined): readonly PolicyStatement[] {
    if (arn === undefined) return [];
    return [
      allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], arn),
      allow(['dynamodb:ListStreams'], '*'),
      allow(['sqs:SendMessage'], this.failures.queueArn),
    ];
  }

  private failureQueue(): Queue {
    const queue = new Queue(this, 'Failures', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is itself where a stream leaves what its function could not do: nothing consumes it but a person.',
    });
    return queue;
  }

  /** The stream is the queue: in order, each shard once at a time; the lease keeps shards and the other runs apart. */
  private runByStream(eventSourceArn: string): void {
    Validations.of(this.publisher).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'dynamodb:ListStreams, which Lambda asks of who reads a stream, is granted for no single resource.',
    });
    const { queueArn } = this.failures;
    new EventSourceMapping(this, 'Stream', {
      target: this.publisher.function,
      eventSourceArn,
      startingPosition: StartingPosition.LATEST,
      batchSize: 1000,
      // Certificates that are added together are published together: API Gateway allows one update in 30 seconds.
      maxBatchingWindow: Duration.seconds(5),
      retryAttempts: 5,
      maxRecordAge: Duration.hours(1),
      onFailure: { bind: () => ({ destination: queueArn }) },
      filters: routes.truststorePublisher.of.map((kind) =>
        FilterCriteria.filter({ dynamodb: { Keys: { pk: { S: FilterRule.beginsWith(kinds[kind].prefix) } } } }),
      ),
    });
  }

  /** For a domain name that drifted, a run that failed, a certificate that expired; and where there is no stream. */
  private runByClock(minutes: number): void {
    new Rule(this, 'Clock', {
      schedule: Schedule.rate(Duration.minutes(minutes)),
      targets: [new LambdaFunction(this.publisher.function, { retryAttempts: 0 })],
    });
  }
}

const allow = (actions: readonly string[], ...resources: readonly string[]) =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] });

function addressOf(files: ReadonlyMap<string, Asset>, { path }: Truststore['initial']): TruststoreTarget['object'] {
  const file = files.get(path);
  if (file === undefined) throw new Error(`${path}: there is no such file among the assets`);
  return { bucket: file.s3BucketName, key: file.s3ObjectKey };
}
