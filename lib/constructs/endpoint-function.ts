/** One function of `lambdas/`: its code, its log group and a role of its own that holds exactly the given statements. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  ApplicationLogLevel,
  Architecture,
  type CfnFunction,
  Code,
  type IFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { functionBundles } from './function-bundles.ts';

export type EndpointFunctionProps = {
  /** The file in `lambdas/`, without its ending. */
  readonly lambda: string;
  /** What the function may do besides writing its log. */
  readonly statements: readonly PolicyStatement[];
  readonly logRetention: RetentionDays;
  /**
   * lib/config.ts `toEnvironment`.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Megabytes; CPU grows with it.
   * @default 1024
   */
  readonly memorySize?: number;
  /** @default Duration.seconds(10) */
  readonly timeout?: Duration;
  /**
   * Whether AWS X-Ray is told of invocations.
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * Instances that are kept ready.
   * @default 0
   */
  readonly provisionedConcurrency?: number;
};

const lambdas = join(import.meta.dirname, '..', '..', 'lambdas');

export class EndpointFunction extends Construct {
  /** The file in `lambdas/`. */
  readonly lambda: string;
  readonly function: LambdaFunction;
  /** What an API calls: the alias `live` where instances are kept ready, which Lambda does for a version alone. */
  readonly called: IFunction;

  constructor(scope: Construct, id: string, props: EndpointFunctionProps) {
    super(scope, id);
    this.lambda = props.lambda;
    // The record of a decision is its log line: it outlives the function.
    const logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const log = new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    });
    // Inside the role, so that the permissions are there when the role is.
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Access: new PolicyDocument({ statements: [log, ...props.statements, ...(props.tracing ? [traces()] : [])] }),
      },
    });
    this.function = new LambdaFunction(this, 'Function', {
      code: functionCode(props.lambda),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize ?? 1024,
      timeout: props.timeout ?? Duration.seconds(10),
      environment: { ...props.environment },
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      // The function's own line tells the duration; three more lines a request would double the cost of logs.
      systemLogLevelV2: SystemLogLevel.WARN,
    });
    if (props.tracing) this.trace();
    this.called = props.provisionedConcurrency ? this.keptReady(props.provisionedConcurrency) : this.function;
  }

  /** As the Function construct would, but for the policy of its own that it adds. */
  private trace(): void {
    (this.function.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
    Validations.of(this).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'xray:PutTraceSegments and xray:PutTelemetryRecords are granted for no single resource.',
    });
  }

  private keptReady(provisionedConcurrentExecutions: number): IFunction {
    const version = this.function.currentVersion;
    return new Alias(this, 'Live', { aliasName: 'live', version, provisionedConcurrentExecutions });
  }
}

const traces = () =>
  new PolicyStatement({
    // Named, so that it is not put together with another statement on everything.
    sid: 'Traces',
    effect: Effect.ALLOW,
    actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    resources: ['*'],
  });

/** Written by `local`, which always can; the image that the CDK demands is never used. */
function functionCode(lambda: string): Code {
  return Code.fromAsset(lambdas, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      image: DockerImage.fromRegistry('none'),
      // The CDK takes two assets of one folder for the same one where their options are: this tells functions apart.
      command: [lambda],
      local: {
        tryBundle(folder) {
          const bundle = functionBundles().get(lambda);
          if (bundle === undefined) throw new Error(`lambdas/${lambda}.ts: there is no such function`);
          mkdirSync(folder, { recursive: true });
          for (const [name, contents] of Object.entries(bundle.files)) writeFileSync(join(folder, name), contents);
          return true;
        },
      },
    },
  });
}
