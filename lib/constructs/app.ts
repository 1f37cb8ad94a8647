/** The authorization server: functions, an API for each of the two hosts, the truststore between them, records, outputs. */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type Config, parseConfig, toEnvironment } from '../config.ts';
import { type Host, scheduleRoutes } from '../routes.ts';
import { Alarms } from './alarms.ts';
import type { DeploymentConfiguration } from './configuration.ts';
import { OperationsDashboard } from './dashboard.ts';
import type { DataStack } from './data.ts';
import { EndpointFunction } from './endpoint-function.ts';
import { Gateway } from './gateway.ts';
import { httpFunctions, tableStatements } from './grants.ts';
import { addHosts, truststoresOf } from './hosts.ts';
import { LogMetrics, metricsNamespace } from './log-metrics.ts';
import { RestGateway } from './rest-gateway.ts';
import { ScheduledFunction } from './scheduled-function.ts';
import { hostOwners } from './tenant-hosts.ts';
import { TruststorePublication } from './truststore-publication.ts';

export type AppStackProps = StackProps & {
  readonly configuration: DeploymentConfiguration;
  readonly data: DataStack;
  /** Another text for each deployment. */
  readonly deployment: string;
};

export class AppStack extends Stack {
  constructor(scope: Construct, id: string, { configuration, data, deployment, ...props }: AppStackProps) {
    super(scope, id, props);
    const { mtlsDomainName, apis, wafRateLimit, throttling, tracing } = configuration;
    const logRetention = configuration.logRetentionDays;
    const functions = this.functions(configuration, data);

    const gateway = (host: Host) => {
      const common = { host, functions, throttling, logRetention };
      return apis[host] === 'rest'
        ? new RestGateway(this, `${host}RestGateway`, { ...common, addressLimit: wafRateLimit, tracing })
        : new Gateway(this, `${host}Gateway`, common);
    };
    const gateways = { public: gateway('public'), mtls: gateway('mtls') };
    const published = new TruststorePublication(this, 'Truststore', {
      truststores: truststoresOf(configuration, this.region),
      registry: data.registry,
      tables: tableArns(data),
      bucket: data.truststore,
      // Nobody addresses it by a host, and an environment has 4 KB.
      environment: (truststores) => environmentOf(configuration, data, { truststores, tenantHosts: {} }),
      deployment,
      logRetention,
      tracing,
    });
    const truststore = (name: string) => published.truststore(name);
    const hosts = addHosts(this, configuration, { gateways, truststore });

    const operated = {
      gateways,
      functions: functionsIn(this),
      metrics: new LogMetrics(this, 'Metrics', {
        functions: functionsIn(this),
        mtlsAccessLog: gateways.mtls.accessLog,
      }),
      ofRequests: configuration.logLevel === 'info',
      tables: { registry: data.registry, grants: data.grants },
      failures: published.failures,
      certificates: hosts.certificates,
    };
    const alarms = new Alarms(this, 'Alarms', { ...operated, email: configuration.alarmEmail });
    if (configuration.dashboard) new OperationsDashboard(this, 'Dashboard', { ...operated, alarms: alarms.all });

    new CfnOutput(this, 'Functions', {
      description: 'The functions by their file in lambdas/',
      value: this.toJsonString(
        Object.fromEntries(functionsIn(this).map(({ lambda, function: { functionName } }) => [lambda, functionName])),
      ),
    });
    new CfnOutput(this, 'AlarmTopic', { value: alarms.topic.topicArn });
    new CfnOutput(this, 'TruststoreVersion', { value: truststore(mtlsDomainName).version });
    for (const [output, value] of Object.entries(hosts.outputs)) new CfnOutput(this, output, { value });
  }

  /** Those behind the HTTP routes, by the file in `lambdas/`; the scheduled ones are nobody's to call. */
  private functions(configuration: DeploymentConfiguration, data: DataStack): ReadonlyMap<string, IFunction> {
    const arns = tableArns(data);
    const { logLevel } = configuration;
    // What runs by the clock writes few lines, which alarms are raised by: the level is that of requests alone.
    const environment = environmentOf(configuration, data, {});
    const ofRequests = logLevel === 'info' ? { metricsNamespace: metricsNamespace(this) } : { logLevel };
    const { logRetentionDays: logRetention, tracing, provisionedConcurrency } = configuration;
    const { signingKeys } = data;
    for (const [, route] of scheduleRoutes) {
      const signing = 'signing' in route ? route.signing : undefined;
      const statements = [...tableStatements(route.needs, arns), ...signingKeys.statements(signing)];
      const made = new ScheduledFunction(this, route.lambda, { route, environment, statements, logRetention, tracing });
      signingKeys.acknowledge(made, signing);
    }
    return new Map(
      [...httpFunctions()].map(([lambda, { needs, signing }]) => {
        const statements = [...tableStatements(needs, arns), ...signingKeys.statements(signing)];
        const endpoint = new EndpointFunction(this, lambda, {
          lambda,
          environment: environmentOf(configuration, data, ofRequests),
          statements,
          logRetention,
          tracing,
          ...(keptReady.has(lambda) && { provisionedConcurrency }),
        });
        signingKeys.acknowledge(endpoint, signing);
        return [lambda, endpoint.called];
      }),
    );
  }
}

/** Those for which a client waits. */
const keptReady: ReadonlySet<string> = new Set(['token', 'introspection']);

const functionsIn = (stack: Stack) => stack.node.findAll().filter((each) => each instanceof EndpointFunction);

const tableArns = (data: DataStack) => ({ registry: data.registry.tableArn, grants: data.grants.tableArn });

/** The defaults of the environment contract, but for what nobody knows before the deployment. */
function environmentOf(
  { statusAllowHosts, registryMaxAge, tenantHosts }: DeploymentConfiguration,
  data: DataStack,
  changes: Partial<Config>,
): Record<string, string> {
  const defaults = parseConfig({ REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants' });
  const names = { registryTable: data.registry.tableName, grantsTable: data.grants.tableName };
  return toEnvironment({
    ...defaults,
    ...names,
    statusAllowHosts,
    registryMaxAge,
    tenantHosts: hostOwners(tenantHosts),
    keyWrap: data.signingKeys.keyWrap,
    ...changes,
  });
}
