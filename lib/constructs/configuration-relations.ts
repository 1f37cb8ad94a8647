/** What the values of a configuration must be to each other: hosts, their zone, certificates of each region. */
import { problem } from './configuration-values.ts';
import type { HostConfiguration, HostedZone } from './host-configuration.ts';

/** Any member may be undefined here: its own problem has been told already. */
type Hosts = Partial<HostConfiguration>;
/** How a key is called where problems are told. */
type Named = (key: string) => string;

/** One line for each value that does not fit another of the same two hosts. */
export function hostProblems(hosts: Hosts, regions: readonly string[], named: Named): readonly string[] {
  const { domainName, mtlsDomainName, zone, certificateArns, ownershipCertificateArns } = hosts;
  return [
    ...outside(named('domainName'), domainName, zone),
    ...outside(named('mtlsDomainName'), mtlsDomainName, zone),
    ...otherRegions(named('certificateArn'), certificateArns, regions),
    ...otherRegions(named('ownershipCertificateArn'), ownershipCertificateArns, regions),
  ];
}

/** For hosts without a zone, in which one could be validated. */
export function missingCertificates(
  { certificateArns }: Hosts,
  regions: readonly string[],
  named: Named,
): readonly string[] {
  if (certificateArns === undefined || regions.every((region) => certificateArns[region] !== undefined)) return [];
  const allowed = 'the ARN of an ACM certificate for each region, or else a hosted zone to validate one in';
  return [problem(named('certificateArn'), Object.values(certificateArns).join(','), allowed)];
}

/** At the top of a zone there is no place for the hosts of each region. */
export function topOfZone(hosts: Hosts, regions: readonly string[]): readonly string[] {
  const { zone } = hosts;
  if (zone === undefined || regions.length < 2) return [];
  const allowed = 'a host below the zone, beside which a host of each region can be';
  return (['domainName', 'mtlsDomainName'] as const)
    .filter((key) => hosts[key] === zone.zoneName)
    .map((key) => problem(key, hosts[key], allowed));
}

/** One line for each host that is another key's already. */
export function repeatedHosts(hosts: readonly (readonly [key: string, host: string | undefined])[]): readonly string[] {
  const owners = new Map<string, string>();
  return hosts.flatMap(([key, host]) => {
    if (host === undefined) return [];
    const owner = owners.get(host);
    if (owner === undefined) owners.set(host, key);
    return owner === undefined ? [] : [problem(key, host, `another host than ${owner}`)];
  });
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
