/** A host: the custom domain name in front of one HTTP API, with mutual TLS or without, and its DNS records. */
import {
  ApiMapping,
  DomainName,
  EndpointType,
  IpAddressType,
  type MTLSConfig,
  SecurityPolicy,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { AaaaRecord, ARecord, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53';
import { ApiGatewayv2DomainProperties } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { Gateway } from './gateway.ts';

export type GatewayDomainProps = {
  readonly domainName: string;
  readonly certificate: ICertificate;
  readonly gateway: Gateway;
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
};

export class GatewayDomain extends Construct {
  /** What a record of the host must point to. */
  readonly target: string;

  constructor(scope: Construct, id: string, props: GatewayDomainProps) {
    super(scope, id);
    const domain = new DomainName(this, 'Name', {
      domainName: props.domainName,
      certificate: props.certificate,
      endpointType: EndpointType.REGIONAL,
      // TLS 1.2 and 1.3. API Gateway allows no stricter policy with an HTTP API or with mutual TLS.
      securityPolicy: SecurityPolicy.TLS_1_2,
      ipAddressType: IpAddressType.DUAL_STACK,
      ...(props.mtls && { mtls: props.mtls }),
      ...(props.ownershipCertificate && { ownershipCertificate: props.ownershipCertificate }),
    });
    new ApiMapping(this, 'Mapping', { api: props.gateway.api, stage: props.gateway.stage, domainName: domain });
    this.target = domain.regionalDomainName;
    if (props.zone) {
      const alias = new ApiGatewayv2DomainProperties(domain.regionalDomainName, domain.regionalHostedZoneId);
      const record = { zone: props.zone, recordName: props.domainName, target: RecordTarget.fromAlias(alias) };
      new ARecord(this, 'A', record);
      new AaaaRecord(this, 'Aaaa', record);
    }
  }
}
