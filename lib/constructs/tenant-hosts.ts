/** Tenants with hosts of their own in the configuration: the key `tenantHosts`, an object of tenant to its two hosts. */
import { defaultTenant, tenantName } from '../routes.ts';
import type { Keys } from './configuration-file.ts';
import { problem } from './configuration-values.ts';
import { type HostConfiguration, readHosts } from './host-configuration.ts';
import { keyReader } from './key-reader.ts';

export type TenantHosts = HostConfiguration & { readonly tenant: string };

/** What the functions are told of them: host name → tenant. */
export const hostOwners = (all: readonly TenantHosts[]): Record<string, string> =>
  Object.fromEntries(
    all.flatMap(({ tenant, domainName, mtlsDomainName }) => [
      [domainName, tenant],
      [mtlsDomainName, tenant],
    ]),
  );

/** The environment of the publisher has 4 KB, of which each truststore takes about 330 bytes. */
export const maxTenantHosts = 6;

/** The value of the key; on the command line it would be a text. */
export const tenantHostsAllowed =
  'an object of tenant names, each with domainName, mtlsDomainName and initialTruststore, in a configuration file';

/** Undefined where it is no object. */
export const parseObject = (value: unknown): Keys | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Keys) : undefined;

/** Adds to `problems` whatever is wrong with any of them, but for hosts that somebody else has. */
export function readTenantHosts(
  rows: Keys,
  { regions, zone }: { readonly regions: readonly string[] } & Pick<HostConfiguration, 'zone'>,
  readFile: (path: string) => string,
  problems: string[],
): readonly TenantHosts[] {
  const names = Object.keys(rows);
  if (names.length > maxTenantHosts) {
    problems.push(problem('tenantHosts', names, `at most ${maxTenantHosts} tenants with hosts of their own`));
  }
  return names.flatMap((tenant) => {
    const path = `tenantHosts.${tenant}`;
    const keys = parseObject(rows[tenant]);
    const refused =
      refuseTenant(tenant) ?? (keys === undefined ? 'an object with the hosts of that tenant' : undefined);
    if (keys === undefined || refused !== undefined) {
      problems.push(problem(path, rows[tenant], refused ?? ''));
      return [];
    }
    const reader = keyReader(keys, path);
    const hosts = readHosts(reader, regions, readFile);
    reader.refuseUnread();
    problems.push(...reader.problems);
    // The health checks of its records are those of the shared public host.
    if (hosts.zone && regions.length > 1 && zone === undefined) {
      const allowed = 'no zone in several regions, unless hostedZoneId names one for domainName, where health is asked';
      problems.push(problem(`${path}.hostedZoneId`, hosts.zone.hostedZoneId, allowed));
    }
    return [{ ...hosts, tenant }];
  });
}

function refuseTenant(tenant: string): string | undefined {
  if (!tenantName.test(tenant)) return 'a tenant name is 1 to 63 characters of a-z, 0-9 and -';
  return tenant === defaultTenant ? 'the hosts of that tenant are domainName and mtlsDomainName' : undefined;
}
