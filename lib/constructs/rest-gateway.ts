/** The REST API of one host, where a WAF is wanted: the same paths to the same functions as gateway.ts. */
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  EndpointType,
  IpAddressType,
  LambdaIntegration,
  LogGroupLogDestination,
  type Method,
  MethodLoggingLevel,
  ResponseType,
  RestApi,
  type Stage,
} from 'aws-cdk-lib/aws-apigateway';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { gatewayPaths, httpRoutes } from '../routes.ts';
import type { GatewayProps } from './gateway.ts';
import { WebFirewall } from './web-firewall.ts';

export type RestGatewayProps = GatewayProps & {
  /** Requests of one address in five minutes. */
  readonly addressLimit: number;
  /** Whether AWS X-Ray is told of requests; HTTP APIs cannot. */
  readonly tracing: boolean;
};

/** As that of gateway.ts, in the words of REST APIs; besides, TLS, what the WAF did, and the trace. */
const accessLog = {
  time: '$context.requestTimeEpoch',
  requestId: '$context.requestId',
  host: '$context.domainName',
  method: '$context.httpMethod',
  path: '$context.path',
  route: '$context.resourcePath',
  status: '$context.status',
  latency: '$context.responseLatency',
  integrationLatency: '$context.integration.latency',
  integrationStatus: '$context.integration.integrationStatus',
  integrationError: '$context.integration.error',
  error: '$context.error.message',
  waf: '$context.waf.status',
  traceId: '$context.xrayTraceId',
  tlsVersion: '$context.tlsVersion',
  cipherSuite: '$context.cipherSuite',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  clientCertSubject: '$context.identity.clientCert.subjectDN',
  clientCertIssuer: '$context.identity.clientCert.issuerDN',
  clientCertSerial: '$context.identity.clientCert.serialNumber',
  clientCertNotBefore: '$context.identity.clientCert.validity.notBefore',
  clientCertNotAfter: '$context.identity.clientCert.validity.notAfter',
};

export class RestGateway extends Construct {
  readonly apiId: string;
  readonly accessLog: LogGroup;
  readonly stage: Stage;

  constructor(scope: Construct, id: string, props: RestGatewayProps) {
    super(scope, id);
    this.accessLog = new LogGroup(this, 'AccessLog', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const api = new RestApi(this, 'Api', {
      description: `Certbound, ${props.host} host`,
      // A client that reached the default endpoint would have passed no mutual TLS.
      disableExecuteApiEndpoint: true,
      endpointConfiguration: { types: [EndpointType.REGIONAL], ipAddressType: IpAddressType.DUAL_STACK },
      // One role of the whole account and region: not a stack's to set (docs/deploy.md).
      cloudWatchRole: false,
      deployOptions: {
        stageName: 'live',
        throttlingRateLimit: props.throttling.rate,
        throttlingBurstLimit: props.throttling.burst,
        accessLogDestination: new LogGroupLogDestination(this.accessLog),
        accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessLog)),
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        tracingEnabled: props.tracing,
      },
    });
    // It would say an address that is disabled.
    api.node.tryRemoveChild('Endpoint');
    // An unknown path is answered as by an HTTP API.
    api.addGatewayResponse('NotFound', {
      type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
      statusCode: '404',
      templates: { 'application/json': '{"message":"Not Found"}' },
    });
    addMethods(api, props);
    this.apiId = api.restApiId;
    this.stage = api.deploymentStage;
    acknowledge(api, this.stage);
    const { stageArn } = this.stage;
    new WebFirewall(this, 'Firewall', { name: `${props.host} host`, stageArn, addressLimit: props.addressLimit });
  }
}

function addMethods(api: RestApi, { host, functions }: GatewayProps): void {
  for (const [name, route] of httpRoutes.filter(([, { hosts }]) => hosts.includes(host))) {
    const target = functions.get(route.lambda);
    if (target === undefined) throw new Error(`No function for the route ${name}: there is no ${route.lambda}`);
    for (const path of gatewayPaths(route)) {
      const integration = new LambdaIntegration(target, {
        scopePermissionToMethod: false,
        timeout: Duration.seconds(29),
      });
      // RFC 9110 §15.5.6: the function answers 405 with `Allow`; API Gateway would answer 403.
      acknowledgeMethod(api.root.resourceForPath(path).addMethod('ANY', integration));
    }
  }
}

function acknowledge(api: RestApi, stage: Stage): void {
  Validations.of(api).acknowledge({
    id: 'AwsSolutions-APIG2',
    reason: 'The functions validate every request and answer in the form of OAuth; API Gateway could not.',
  });
  Validations.of(stage).acknowledge({
    id: 'AwsSolutions-APIG6',
    reason:
      'An execution log can hold headers and parameters of a request; the access log and the functions tell of each.',
  });
}

function acknowledgeMethod(method: Method): void {
  const reason =
    'An authorization server is what others are authorized by: its endpoints authenticate their clients themselves.';
  for (const id of ['AwsSolutions-APIG4', 'AwsSolutions-COG4']) Validations.of(method).acknowledge({ id, reason });
}
