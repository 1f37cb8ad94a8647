/** The two hosts of an issuer in one region: certificates, custom domain names on the two APIs, records. */
import { Duration, Stack } from 'aws-cdk-lib';
import type { MTLSConfig } from 'aws-cdk-lib/aws-apigatewayv2';
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { HealthCheck, HealthCheckType, HostedZone, type IHostedZone } from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { Host } from '../routes.ts';
import type { Gateway } from './gateway.ts';
import { GatewayDomain, type GatewayDomainProps } from './gateway-domain.ts';
import type { HostConfiguration } from './host-configuration.ts';
import type { RestGateway } from './rest-gateway.ts';

export type HostDomainsProps = {
  readonly hosts: HostConfiguration;
  readonly gateways: Readonly<Record<Host, Gateway | RestGateway>>;
  /** What a domain name with mutual TLS begins with. */
  readonly truststore: (domainName: string) => Required<MTLSConfig>;
  /**
   * Hosts of this region alone, the public one of which Route 53 asks; there is a zone.
   * @default - there is one region, or `nearest` says what Route 53 asks
   */
  readonly regional?: { readonly hosts: Readonly<Record<Host, string>>; readonly healthCheckPath: string };
  /**
   * What Route 53 asks before it leads anybody to this region.
   * @default - that of `regional`, if any
   */
  readonly nearest?: GatewayDomainProps['nearest'];
};

export type HostDomains = {
  /** By what they are for. */
  readonly certificates: Readonly<Record<string, ICertificate>>;
  readonly nearest: GatewayDomainProps['nearest'];
  /** What must be in DNS, one for each host. */
  readonly records: Readonly<Record<Host, string>>;
};

/** Adds them to the scope: to the stack those that tenants share, to a scope of its own those of one tenant. */
export function addHostDomains(scope: Construct, props: HostDomainsProps): HostDomains {
  const { hosts, gateways, truststore, regional } = props;
  const { domainName, mtlsDomainName } = hosts;
  const zone = hosts.zone && HostedZone.fromHostedZoneAttributes(scope, 'Zone', hosts.zone);
  const certificate = serverCertificate(scope, props, zone);
  const ownershipCertificate = imported(scope, 'OwnershipCertificate', hosts.ownershipCertificateArns);
  const common = { certificate, zone };
  const add = (id: string, host: Host, name: string, nearest?: GatewayDomainProps['nearest']) =>
    new GatewayDomain(scope, id, {
      ...common,
      domainName: name,
      gateway: gateways[host],
      nearest,
      ...(host === 'mtls' && { mtls: truststore(name), ownershipCertificate }),
    });

  if (regional) {
    add('RegionalDomain', 'public', regional.hosts.public);
    add('RegionalMtlsDomain', 'mtls', regional.hosts.mtls);
  }
  const nearest = regional ? healthOf(scope, regional) : props.nearest;
  const records = {
    public: `${domainName} CNAME ${add('PublicDomain', 'public', domainName, nearest).target}`,
    mtls: `${mtlsDomainName} CNAME ${add('MtlsDomain', 'mtls', mtlsDomainName, nearest).target}`,
  };
  const certificates = { Server: certificate, ...(ownershipCertificate && { Ownership: ownershipCertificate }) };
  return { certificates, nearest, records };
}

function healthOf(scope: Construct, { hosts, healthCheckPath }: Required<HostDomainsProps>['regional']) {
  const healthCheck = new HealthCheck(scope, 'Health', {
    type: HealthCheckType.HTTPS,
    fqdn: hosts.public,
    resourcePath: healthCheckPath,
    requestInterval: Duration.seconds(30),
    failureThreshold: 3,
  });
  return { region: Stack.of(scope).region, healthCheck };
}

function serverCertificate(scope: Construct, { hosts, regional }: HostDomainsProps, zone: IHostedZone | undefined) {
  const given = imported(scope, 'Certificate', hosts.certificateArns);
  if (given) return given;
  return new Certificate(scope, 'Certificate', {
    domainName: hosts.domainName,
    subjectAlternativeNames: [hosts.mtlsDomainName, ...(regional ? Object.values(regional.hosts) : [])],
    validation: CertificateValidation.fromDns(zone),
  });
}

/** The one of this region. */
function imported(scope: Construct, id: string, arns: Readonly<Record<string, string>>): ICertificate | undefined {
  const arn = arns[Stack.of(scope).region];
  return arn === undefined ? undefined : Certificate.fromCertificateArn(scope, id, arn);
}
