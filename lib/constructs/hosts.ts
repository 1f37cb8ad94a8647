/** All hosts of a deployment in one region: those that tenants share, those of the region alone, those of one tenant each. */
import type { Stack } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Construct } from 'constructs';
import { type Host, httpRoutes } from '../routes.ts';
import type { DeploymentConfiguration } from './configuration.ts';
import { GatewayDomain } from './gateway-domain.ts';
import { type HostConfiguration, regionalHosts } from './host-configuration.ts';
import { addHostDomains, type HostDomainsProps } from './host-domains.ts';
import type { Truststore } from './truststore-publication.ts';

/** The hosts of the region alone: there are some where Route 53 leads clients to one of several regions. */
const regionalOf = (configuration: DeploymentConfiguration, region: string) =>
  configuration.zone && configuration.regions.length > 1 ? regionalHosts(configuration, region) : undefined;

/** A truststore for each host with mutual TLS: the CAs of a tenant with hosts of its own open no other one. */
export function truststoresOf(configuration: DeploymentConfiguration, region: string): readonly Truststore[] {
  const { mtlsDomainName, tenantHosts } = configuration;
  const regional = regionalOf(configuration, region);
  const initialOf = ({ truststore: { path, bundle } }: HostConfiguration) => ({ path, sha256: bundle.sha256 });
  const shared = { initial: initialOf(configuration), except: tenantHosts.map(({ tenant }) => tenant) };
  return [
    { ...shared, id: '', domainName: mtlsDomainName, key: 'truststore.pem' },
    ...(regional ? [{ ...shared, id: 'Regional', domainName: regional.mtls, key: 'regional/truststore.pem' }] : []),
    ...tenantHosts.map((hosts) => ({
      id: hosts.tenant,
      domainName: hosts.mtlsDomainName,
      key: `tenants/${hosts.tenant}/truststore.pem`,
      initial: initialOf(hosts),
      tenants: [hosts.tenant],
    })),
  ];
}

export type Hosts = {
  /** By what they are for. */
  readonly certificates: Readonly<Record<string, ICertificate>>;
  /** What an operator must know of them. */
  readonly outputs: Readonly<Record<string, string>>;
};

/** Adds the domain names and what belongs to them; each that is made waits for the one before. */
export function addHosts(
  stack: Stack,
  configuration: DeploymentConfiguration,
  common: Pick<HostDomainsProps, 'gateways' | 'truststore'>,
): Hosts {
  const { tenantHosts, healthCheckPath, zone } = configuration;
  const regional = regionalOf(configuration, stack.region);
  const shared = addHostDomains(stack, {
    ...common,
    hosts: configuration,
    ...(regional && { regional: { hosts: regional, healthCheckPath } }),
  });
  const scope = new Construct(stack, 'Tenants');
  const own = tenantHosts.map((hosts) => {
    const { nearest } = shared;
    return { hosts, ...addHostDomains(new Construct(scope, hosts.tenant), { ...common, hosts, nearest }) };
  });
  oneAfterAnother(stack);
  const named = own.flatMap(({ hosts, certificates }) =>
    Object.entries(certificates).map(([use, certificate]) => [`${hosts.tenant}-${use}`, certificate] as const),
  );
  const records = own.filter(({ hosts }) => !hosts.zone).flatMap((each) => Object.values(each.records));
  return {
    certificates: { ...shared.certificates, ...Object.fromEntries(named) },
    outputs: {
      ...addresses(configuration),
      Endpoints: JSON.stringify({
        [stack.region]: endpoints([namesOf(configuration), ...(regional ? [regional] : [])]),
      }),
      ...(regional && { RegionalUri: `https://${regional.public}`, RegionalMtlsUri: `https://${regional.mtls}` }),
      // Without a zone the records are the operator's.
      ...(!zone && { PublicRecord: shared.records.public, MtlsRecord: shared.records.mtls }),
      ...(own.length > 0 && { TenantHosts: JSON.stringify(tenantAddresses(tenantHosts)) }),
      ...(records.length > 0 && { TenantRecords: records.join(', ') }),
    },
  };
}

/** API Gateway quotas: one `CreateDomainName` and one `UpdateDomainName` in 30 seconds for an account. */
function oneAfterAnother(stack: Stack): void {
  const names = stack.node.findAll().flatMap((each) => (each instanceof GatewayDomain ? [each.name] : []));
  for (const [index, name] of names.entries()) {
    const before = names[index - 1];
    if (before) name.node.addDependency(before);
  }
}

const namesOf = ({ domainName, mtlsDomainName }: HostConfiguration): Readonly<Record<Host, string>> => ({
  public: domainName,
  mtls: mtlsDomainName,
});

/** RFC 8414 §2, RFC 8705 §5: what the row of a tenant says. */
const addresses = ({ domainName, mtlsDomainName }: HostConfiguration) => ({
  Issuer: `https://${domainName}`,
  MtlsBaseUri: `https://${mtlsDomainName}`,
});

const tenantAddresses = (tenantHosts: DeploymentConfiguration['tenantHosts']) =>
  Object.fromEntries(tenantHosts.map((hosts) => [hosts.tenant, addresses(hosts)]));

/** Hosts and path of every endpoint. */
const endpoints = (names: readonly Readonly<Record<Host, string>>[]) =>
  Object.fromEntries(
    httpRoutes.map(([name, { path, hosts }]) => [
      name,
      names.flatMap((each) => hosts.map((host) => `https://${each[host]}${path}`)),
    ]),
  );
