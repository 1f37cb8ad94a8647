/**
 * The truststore of the mTLS domain name: the function that publishes it, run by the registry's stream, by the clock, and by
 * CloudFormation, to which it returns the object version that the domain name is to have.
 */
import { CustomResource, Duration, Stack, Validations } from 'aws-cdk-lib';
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

export type TruststorePublicationProps = {
  /** The custom domain name with mutual TLS. */
  readonly domainName: string;
  /** Of a replica nobody knows the stream before it is there: the clock runs the publisher every minute then. */
  readonly registry: ITableV2;
  readonly tables: TableArns;
  readonly bucket: IBucket;
  /** The file of certificates that are always published. */
  readonly initial: { readonly path: string; readonly sha256: string };
  /** The environment of the function for a truststore that it is to keep. */
  readonly environment: (truststores: readonly TruststoreTarget[]) => Readonly<Record<string, string>>;
  /** Another one for each deployment: a version that was published since the last one must not be taken back. */
  readonly deployment: string;
  readonly logRetention: RetentionDays;
  /** Whether AWS X-Ray is told of runs. */
  readonly tracing: boolean;
};

const key = 'truststore.pem';

export class TruststorePublication extends Construct {
  readonly key = key;
  /** The object version; who uses it is created after the object, and updated when the object changes. */
  readonly version: string;
  readonly publisher: EndpointFunction;
  /** What the stream could not hand over. */
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: TruststorePublicationProps) {
    super(scope, id);
    // An asset and no property: a truststore may have 1000 KB, which neither a template nor an event may.
    const asset = new Asset(this, 'Bundle', { path: props.initial.path });
    const target: TruststoreTarget = {
      domain: props.domainName,
      object: { bucket: props.bucket.bucketName, key },
      initial: { bucket: asset.s3BucketName, key: asset.s3ObjectKey },
    };
    this.failures = this.failureQueue();
    this.publisher = new EndpointFunction(this, 'Publisher', {
      lambda: routes.truststorePublisher.lambda,
      memorySize: 512,
      // API Gateway takes 60 to 90 seconds for an update, and as long again for taking it back.
      timeout: Duration.minutes(10),
      logRetention: props.logRetention,
      tracing: props.tracing,
      environment: props.environment([target]),
      statements: [
        ...tableStatements(routes.truststorePublisher.needs, props.tables),
        ...this.statements(props, asset),
      ],
    });
    const { tableStreamArn } = props.registry;
    if (tableStreamArn !== undefined) this.runByStream(tableStreamArn);
    this.runByClock(tableStreamArn === undefined ? 1 : routes.truststorePublisher.every);
    const publication = new CustomResource(this, 'Publication', {
      resourceType: 'Custom::Truststore',
      serviceToken: this.publisher.function.functionArn,
      serviceTimeout: Duration.minutes(12),
      properties: { Domain: props.domainName, Initial: props.initial.sha256, Deployment: props.deployment },
    });
    this.version = publication.getAttString('VersionId');
  }

  private statements(props: TruststorePublicationProps, asset: Asset): readonly PolicyStatement[] {
    const { partition, region } = Stack.of(this);
    const object = (bucket: string, name: string) =>
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucket, resourceName: name });
    return [
      allow(['s3:GetObject'], object(asset.s3BucketName, asset.s3ObjectKey)),
      // API Gateway reads the version with the rights of the one who sets it.
      allow(['s3:PutObject', 's3:GetObject', 's3:GetObjectVersion'], props.bucket.arnForObjects(key)),
      allow(
        [
          'apigateway:GET',
          'apigateway:PATCH',
          'apigateway:AddCertificateToDomain',
          'apigateway:RemoveCertificateFromDomain',
        ],
        `arn:${partition}:apigateway:${region}::/domainnames/${props.domainName}`,
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

const allow = (actions: readonly string[], resource: string) =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource] });
