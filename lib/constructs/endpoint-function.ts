/** One function of `lambdas/`: its code, its log group and a role of its own that holds exactly the given statements. */
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ApplicationLogLevel, Architecture, LoggingFormat, Runtime, SystemLogLevel } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

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
};

const root = join(import.meta.dirname, '..', '..');

/** The SDK's chain of credential providers would be a fifth of a bundle; a function needs one of them. */
export const aliases: Readonly<Record<string, string>> = {
  '@aws-sdk/credential-provider-node': join(root, 'lib', 'adapters', 'function-credentials.ts'),
};

/**
 * CommonJS, because any ESM import of node:http costs 48 ms of cold start, and dynamic imports lowered, because the SDK's
 * are slow. The runtime's SDK is not used: its version is not ours.
 */
export const bundling: BundlingOptions = {
  format: OutputFormat.CJS,
  minify: true,
  target: 'node24',
  mainFields: ['module', 'main'],
  bundleAwsSDK: true,
  externalModules: [],
  esbuildArgs: {
    '--supported:dynamic-import': 'false',
    ...Object.fromEntries(Object.entries(aliases).map(([name, path]) => [`--alias:${name}`, path])),
  },
};

export class EndpointFunction extends Construct {
  readonly function: NodejsFunction;

  constructor(scope: Construct, id: string, props: EndpointFunctionProps) {
    super(scope, id);
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
      inlinePolicies: { Access: new PolicyDocument({ statements: [log, ...props.statements] }) },
    });
    this.function = new NodejsFunction(this, 'Function', {
      entry: join(root, 'lambdas', `${props.lambda}.ts`),
      projectRoot: root,
      depsLockFilePath: join(root, 'package-lock.json'),
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
      bundling,
    });
  }
}
