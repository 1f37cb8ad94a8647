/** A host: the custom domain name in front of one API, with mutual TLS or without, and its DNS records. */
import {
  CfnApiMapping,
  DomainName,
  EndpointType,
  IpAddressType,
  type MTLSConfig,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AaaaRecord, ARecord, type IHealthCheck, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { Gateway } from './gateway.ts';
import type { RestGateway } from './rest-gateway.ts';

export type GatewayDomainProps = {
  readonly domainName: string;
  readonly certificate: ICertificate;
  readonly gateway: Gateway | RestGateway;
  /**
   * The truststore, with its version: API Gateway then demands a certificate for every request.
   * @default - no mutual TLS
   */
  readonly mtls?: Required<MTLSConfig>;
  /**
   * API Gateway asks for one where `certificate` is an imported one and mutual TLS is on.
   * @default - none
   */
  readonly ownershipCertificate?: ICertificate;
  /**
   * Where A and AAAA records are made.
   * @default - none are made
   */
  readonly zone?: IHostedZone;
  /**
   * The same host is in other regions too: Route 53 answers with the nearest one that is healthy.
   * @default - this is its only region
   */
  readonly nearest?: { readonly region: string; readonly healthCheck: IHealthCheck };
};

export class GatewayDomain extends Construct {
  readonly name: DomainName;
  /** What a record of the host must point to. */
  readonly target: string;

  constructor(scope: Construct, id: string, props: GatewayDomainProps) {
    super(scope, id);
    this.name = new DomainName(this, 'Name', {
      domainName: props.domainName,
      certificate: props.certificate,
      endpointType: EndpointType.REGIONAL,
      // TLS 1.2 and 1.3. API Gateway allows no stricter policy with an HTTP API or with mutual TLS.
      securityPolicy: SecurityPolicy.TLS_1_2,
      ipAddressType: IpAddressType.DUAL_STACK,
      ...(props.mtls && { mtls: props.mtls }),
      ...(props.ownershipCertificate && { ownershipCertificate: props.ownershipCertificate }),
    });
    const domain = this.name;
    const { apiId, stage } = props.gateway;
    // The L2 takes HTTP APIs alone.
    const mapping = new CfnApiMapping(this, 'Mapping', { apiId, domainName: domain.name, stage: stage.stageName });
    mapping.node.addDependency(stage);
    this.target = domain.regionalDomainName;
    if (props.zone) {
      const alias = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
      const record = { zone: props.zone, recordName: props.domainName, target: RecordTarget.fromAlias(alias) };
      new ARecord(this, 'A', { ...record, ...latency(props, 'A') });
      new AaaaRecord(this, 'Aaaa', { ...record, ...latency(props, 'AAAA') });
    }
  }
}

const latency = ({ nearest }: GatewayDomainProps, type: string) =>
  nearest && { region: nearest.region, setIdentifier: `${nearest.region}-${type}`, healthCheck: nearest.healthCheck };
