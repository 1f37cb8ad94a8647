/** The authorization server: functions, an API for each of the two hosts, the truststore between them, records, outputs. */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { HealthCheck, HealthCheckType, HostedZone, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { type Config, parseConfig, toEnvironment } from '../config.ts';
import { type Host, httpRoutes, scheduleRoutes } from '../routes.ts';
import { Alarms } from './alarms.ts';
import type { DeploymentConfiguration } from './configuration.ts';
import { OperationsDashboard } from './dashboard.ts';
import type { DataStack } from './data.ts';
import { EndpointFunction } from './endpoint-function.ts';
import { Gateway } from './gateway.ts';
import { GatewayDomain } from './gateway-domain.ts';
import { httpFunctions, tableStatements } from './grants.ts';
import { LogMetrics, metricsNamespace } from './log-metrics.ts';
import { RestGateway } from './rest-gateway.ts';
import { ScheduledFunction } from './scheduled-function.ts';
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
    const { domainName, mtlsDomainName, apis, wafRateLimit, throttling, truststore, tracing } = configuration;
    const logRetention = configuration.logRetentionDays;
    const zone = configuration.zone && HostedZone.fromHostedZoneAttributes(this, 'Zone', configuration.zone);
    const certificate = this.certificate(configuration, zone);
    const ownershipCertificate = this.ownershipCertificate(configuration);
    const functions = this.functions(configuration, data);

    const gateway = (host: Host) => {
      const common = { host, functions, throttling, logRetention };
      return apis[host] === 'rest'
        ? new RestGateway(this, `${host}RestGateway`, { ...common, addressLimit: wafRateLimit, tracing })
        : new Gateway(this, `${host}Gateway`, common);
    };
    const gateways = { public: gateway('public'), mtls: gateway('mtls') };
    const published = new TruststorePublication(this, 'Truststore', {
      domainName: mtlsDomainName,
      registry: data.registry,
      tables: tableArns(data),
      bucket: data.truststore,
      initial: { path: truststore.path, sha256: truststore.bundle.sha256 },
      environment: (truststores) => environmentOf(configuration, data, { truststores }),
      deployment,
      logRetention,
      tracing,
    });
    const nearest = zone && this.nearest(configuration, certificate, gateways.public, zone);
    const publicDomain = new GatewayDomain(this, 'PublicDomain', {
      domainName,
      certificate,
      gateway: gateways.public,
      zone,
      nearest,
    });
    const mtlsDomain = new GatewayDomain(this, 'MtlsDomain', {
      domainName: mtlsDomainName,
      certificate,
      ownershipCertificate,
      gateway: gateways.mtls,
      mtls: { bucket: data.truststore, key: published.key, version: published.version },
      zone,
      nearest,
    });

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
      certificates: { Server: certificate, ...(ownershipCertificate && { Ownership: ownershipCertificate }) },
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
    new CfnOutput(this, 'Issuer', { value: `https://${domainName}` });
    new CfnOutput(this, 'MtlsBaseUri', { value: `https://${mtlsDomainName}` });
    new CfnOutput(this, 'Endpoints', {
      value: endpointTable(this.region, { public: domainName, mtls: mtlsDomainName }),
    });
    new CfnOutput(this, 'TruststoreVersion', { value: published.version });
    if (zone === undefined) {
      // The records are the operator's.
      new CfnOutput(this, 'PublicRecord', { value: `${domainName} CNAME ${publicDomain.target}` });
      new CfnOutput(this, 'MtlsRecord', { value: `${mtlsDomainName} CNAME ${mtlsDomain.target}` });
    }
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

  /** A host of the region alone, and Route 53 asking it; undefined where there is one region. */
  private nearest(
    { regions, domainName, healthCheckPath }: DeploymentConfiguration,
    certificate: ICertificate,
    gateway: Gateway | RestGateway,
    zone: IHostedZone,
  ) {
    if (regions.length === 1) return undefined;
    const { region } = this;
    const fqdn = regionalHost(domainName, region);
    new GatewayDomain(this, 'RegionalDomain', { domainName: fqdn, certificate, gateway, zone });
    new CfnOutput(this, 'RegionalUri', { value: `https://${fqdn}` });
    const healthCheck = new HealthCheck(this, 'Health', {
      type: HealthCheckType.HTTPS,
      fqdn,
      resourcePath: healthCheckPath,
      requestInterval: Duration.seconds(30),
      failureThreshold: 3,
    });
    return { region, healthCheck };
  }

  private certificate(configuration: DeploymentConfiguration, zone?: IHostedZone) {
    const { domainName, mtlsDomainName, regions } = configuration;
    const certificateArn = configuration.certificateArns[this.region];
    if (certificateArn) return Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
    return new Certificate(this, 'Certificate', {
      domainName,
      subjectAlternativeNames: [mtlsDomainName, ...(regions.length > 1 ? [regionalHost(domainName, this.region)] : [])],
      validation: CertificateValidation.fromDns(zone),
    });
  }

  private ownershipCertificate({ ownershipCertificateArns }: DeploymentConfiguration): ICertificate | undefined {
    const ownershipCertificateArn = ownershipCertificateArns[this.region];
    return ownershipCertificateArn === undefined
      ? undefined
      : Certificate.fromCertificateArn(this, 'OwnershipCertificate', ownershipCertificateArn);
  }
}

/** Those for which a client waits. */
const keptReady: ReadonlySet<string> = new Set(['token', 'introspection']);

/** `auth.example.com` → `auth-eu-west-1.example.com`. */
const regionalHost = (host: string, region: string) => host.replace('.', `-${region}.`);

const functionsIn = (stack: Stack) => stack.node.findAll().filter((each) => each instanceof EndpointFunction);

const tableArns = (data: DataStack) => ({ registry: data.registry.tableArn, grants: data.grants.tableArn });

/** The defaults of the environment contract, but for what nobody knows before the deployment. */
function environmentOf(
  { statusAllowHosts, registryMaxAge }: DeploymentConfiguration,
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
    keyWrap: data.signingKeys.keyWrap,
    ...changes,
  });
}

/** Region, host and path of every endpoint, as JSON: an output is one text. */
function endpointTable(region: string, names: Readonly<Record<Host, string>>): string {
  const table = Object.fromEntries(
    httpRoutes.map(([name, { path, hosts }]) => [name, hosts.map((each) => `https://${names[each]}${path}`)]),
  );
  return JSON.stringify({ [region]: table });
}
