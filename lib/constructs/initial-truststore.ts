/** The truststore of the first deployment: put into the bucket by a function, so that the domain name finds a version. */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { routes } from '../routes.ts';
import { EndpointFunction } from './endpoint-function.ts';

export type InitialTruststoreProps = {
  readonly bucket: IBucket;
  /** The path of the PEM file. */
  readonly path: string;
  /** Of the certificates in it, as `parseTruststoreBundle` has it. */
  readonly sha256: string;
  readonly logRetention: RetentionDays;
};

export class InitialTruststore extends Construct {
  readonly key = 'truststore.pem';
  /** The object version; who uses it is created after the object, and updated when the object changes. */
  readonly version: string;

  constructor(scope: Construct, id: string, props: InitialTruststoreProps) {
    super(scope, id);
    // An asset and no property: a truststore may have 1000 KB, which neither a template nor an event may.
    const asset = new Asset(this, 'Bundle', { path: props.path });
    const object = (bucket: string, key: string) =>
      Stack.of(this).formatArn({ service: 's3', region: '', account: '', resource: bucket, resourceName: key });
    const publisher = new EndpointFunction(this, 'Publisher', {
      lambda: routes.truststorePublisher.lambda,
      memorySize: 256,
      timeout: Duration.seconds(60),
      logRetention: props.logRetention,
      statements: [
        allow('s3:GetObject', object(asset.s3BucketName, asset.s3ObjectKey)),
        allow('s3:PutObject', props.bucket.arnForObjects(this.key)),
      ],
    });
    const publication = new CustomResource(this, 'Publication', {
      resourceType: 'Custom::Truststore',
      serviceToken: publisher.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        SourceBucket: asset.s3BucketName,
        SourceKey: asset.s3ObjectKey,
        TruststoreBucket: props.bucket.bucketName,
        TruststoreKey: this.key,
        Sha256: props.sha256,
      },
    });
    this.version = publication.getAttString('VersionId');
  }
}

const allow = (action: string, resource: string) =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [action], resources: [resource] });
