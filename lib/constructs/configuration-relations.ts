/** What the values of a configuration must be to each other: hosts, their zone, certificates of each region. */
import type { DeploymentConfiguration, HostedZone } from './configuration.ts';
import { problem } from './configuration-values.ts';

/** One line for each value that does not fit another. Any member may be undefined here: its own problem has been told already. */
export function relationProblems(configuration: Partial<DeploymentConfiguration>): readonly string[] {
  const { domainName, mtlsDomainName, regions = [], zone, certificateArns, ownershipCertificateArns } = configuration;
  const problems: string[] = [];
  if (domainName !== undefined && domainName === mtlsDomainName) {
    problems.push(problem('mtlsDomainName', mtlsDomainName, 'another host than domainName'));
  }
  problems.push(...outside('domainName', domainName, zone), ...outside('mtlsDomainName', mtlsDomainName, zone));
  if (zone && regions.length > 1 && domainName === zone.zoneName) {
    problems.push(
      problem('domainName', domainName, 'a host below the zone, beside which a host of each region can be'),
    );
  }
  problems.push(
    ...otherRegions('certificateArn', certificateArns, regions),
    ...otherRegions('ownershipCertificateArn', ownershipCertificateArns, regions),
  );
  return problems;
}

/** For a deployment without a zone, in which one could be validated. */
export function missingCertificates({ regions, certificateArns }: Partial<DeploymentConfiguration>): readonly string[] {
  if (certificateArns === undefined || regions?.every((region) => certificateArns[region] !== undefined)) return [];
  const allowed = 'the ARN of an ACM certificate for each region, or else a hosted zone to validate one in';
  return [problem('certificateArn', Object.values(certificateArns).join(','), allowed)];
}

function outside(key: string, host: string | undefined, zone: HostedZone | undefined): readonly string[] {
  if (!zone || host === undefined || host === zone.zoneName || host.endsWith(`.${zone.zoneName}`)) return [];
  return [problem(key, host, `a host in the hosted zone ${zone.zoneName}`)];
}

function otherRegions(
  key: string,
  arns: Readonly<Record<string, string>> | undefined,
  regions: readonly string[],
): readonly string[] {
  if (regions.length === 0) return [];
  return Object.entries(arns ?? {})
    .filter(([region]) => !regions.includes(region))
    .map(([, arn]) => problem(key, arn, `a certificate in ${regions.join(', ')}`));
}
