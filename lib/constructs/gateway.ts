/** The HTTP API of one host: every path of lib/routes.ts that the host serves, for any method, to its function. */
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayPaths, type Host, httpRoutes } from '../routes.ts';

export type GatewayProps = {
  readonly host: Host;
  /** By the name of the file in `lambdas/`. */
  readonly functions: ReadonlyMap<string, IFunction>;
  readonly throttling: { readonly rate: number; readonly burst: number };
  readonly logRetention: RetentionDays;
};

/**
 * The path but not the query, the names of the certificate but not the certificate. A 403 of mutual TLS reaches no
 * function: `error` here is all that is ever told about it.
 */
const accessLog = {
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  host: '$context.domainName',
  method: '$context.httpMethod',
  path: '$context.path',
  route: '$context.routeKey',
  status: '$context.status',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integrationLatency',
  integrationStatus: '$context.integration.integrationStatus',
  integrationError: '$context.integrationErrorMessage',
  error: '$context.error.message',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  clientCertSubject: '$context.identity.clientCert.subjectDN',
  clientCertIssuer: '$context.identity.clientCert.issuerDN',
  clientCertSerial: '$context.identity.clientCert.serialNumber',
  clientCertNotBefore: '$context.identity.clientCert.validity.notBefore',
  clientCertNotAfter: '$context.identity.clientCert.validity.notAfter',
};

export class Gateway extends Construct {
  readonly apiId: string;
  readonly accessLog: LogGroup;
  readonly stage: HttpStage;

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const api = new HttpApi(this, 'Api', {
      description: `Certbound, ${props.host} host`,
      // A client that reached the default endpoint would have passed no mutual TLS.
      disableExecuteApiEndpoint: true,
      createDefaultStage: false,
    });
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: props.throttling.rate, burstLimit: props.throttling.burst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLog),
        format: AccessLogFormat.custom(JSON.stringify(accessLog)),
      },
    });
    this.apiId = api.apiId;
    this.addRoutes(api, props);
  }

  private addRoutes(httpApi: HttpApi, { host, functions }: GatewayProps): void {
    const integrations = new Map(
      [...functions].map(([lambda, target]) => [
        lambda,
        new HttpLambdaIntegration(lambda, target, { scopePermissionToRoute: false }),
      ]),
    );
    for (const [name, route] of httpRoutes.filter(([, { hosts }]) => hosts.includes(host))) {
      const integration = integrations.get(route.lambda);
      if (integration === undefined) throw new Error(`No function for the route ${name}: there is no ${route.lambda}`);
      const [root, tenants] = gatewayPaths(route);
      for (const [suffix, path] of Object.entries({ Root: root, Tenants: tenants })) {
        // RFC 9110 §15.5.6: the function answers 405 with `Allow`; API Gateway would answer 404.
        const routeKey = HttpRouteKey.with(path, HttpMethod.ANY);
        const added = new HttpRoute(this, `${name}${suffix}`, { httpApi, routeKey, integration });
        Validations.of(added).acknowledge({
          id: 'AwsSolutions-APIG4',
          reason:
            'An authorization server is what others are authorized by: its endpoints authenticate their clients themselves.',
        });
      }
    }
  }
}
