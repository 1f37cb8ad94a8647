/** The configuration of a deployment: the file of an environment and context keys, typed and checked (docs/deploy.md). */
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { addressed, type Host } from '../routes.ts';
import { configurationKeys } from './configuration-file.ts';
import { repeatedHosts, topOfZone } from './configuration-relations.ts';
import {
  type ApiKind,
  apiKinds,
  logLevels,
  matching,
  parseAddressLimit,
  parseCount,
  parseFlag,
  parseHosts,
  parseRegions,
  parseRetention,
  problem,
  retentions,
  signers,
} from './configuration-values.ts';
import { type HostConfiguration, isHost, readHosts, regionalHosts } from './host-configuration.ts';
import { keyReader } from './key-reader.ts';
import type { Signer } from './signing-keys.ts';
import { hostOwners, parseObject, readTenantHosts, type TenantHosts, tenantHostsAllowed } from './tenant-hosts.ts';

/** The hosts are those that tenants share. */
export type DeploymentConfiguration = HostConfiguration & {
  /** How the stacks are called: `<name>-Data-<region>` and `<name>-App-<region>`. */
  readonly name: string;
  /** The account; whichever the credentials belong to where it is absent. */
  readonly account?: string;
  /** The first is the home region, where the tables are made. */
  readonly regions: readonly string[];
  /** What Route 53 asks for in each region, where there are several. */
  readonly healthCheckPath: string;
  /** Tenants that are reachable at hosts of their own, and at those alone. */
  readonly tenantHosts: readonly TenantHosts[];
  /** How private signing keys are kept (docs/keys.md). */
  readonly signer: Signer;
  /** The kind of API behind each host; a REST API has a WAF before it. */
  readonly apis: Readonly<Record<Host, ApiKind>>;
  /** Requests of one address in five minutes that the WAF of a REST API lets through. */
  readonly wafRateLimit: number;
  readonly logRetentionDays: RetentionDays;
  /** `error`: requests leave no line but faults, so that there are no metrics of requests. */
  readonly logLevel: (typeof logLevels)[number];
  /** Whether AWS X-Ray is told of requests. */
  readonly tracing: boolean;
  /** Instances of the token and of the introspection function, each, that are kept ready. */
  readonly provisionedConcurrency: number;
  /** Whether there is a dashboard in CloudWatch. */
  readonly dashboard: boolean;
  /** Who is told of alarms; whoever subscribes to the topic where it is absent. */
  readonly alarmEmail?: string;
  /** `host:port` of OCSP and CRL servers in private networks that the functions may ask all the same. */
  readonly statusAllowHosts: readonly string[];
  /** Seconds for which functions use the registry as they have read it. */
  readonly registryMaxAge: number;
  /** Requests per second, and how many at once, that each host lets through. */
  readonly throttling: { readonly rate: number; readonly burst: number };
};

const name = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;
const metadataPath = '/.well-known/oauth-authorization-server';
const email = /^[^\s@]{1,64}@(?=.{4,253}$)[A-Za-z0-9.-]+\.[A-Za-z]{2,63}$/;

/**
 * Reads the configuration from all context keys and the file that `config` names; `readFile` reads that file and the
 * truststore of the first deployment. Throws one Error that lists every problem: the key, its value, what is allowed.
 */
export function parseConfiguration(
  given: Readonly<Record<string, unknown>>,
  readFile: (path: string) => string,
): DeploymentConfiguration {
  const reader = keyReader(configurationKeys(given, readFile));
  const { read, optional, choice, problems } = reader;
  const regions = read('regions', undefined, 'one to five AWS regions, each once', parseRegions);
  const hosts = readHosts(reader, regions ?? [], readFile);
  const rows = read('tenantHosts', {}, tenantHostsAllowed, parseObject);
  const tenantHosts = readTenantHosts(rows ?? {}, { regions: regions ?? [], zone: hosts.zone }, readFile, problems);
  const configuration = {
    ...hosts,
    regions,
    tenantHosts,
    name: read('name', 'Certbound', 'a letter, then at most 30 letters, digits and hyphens', matching(name)),
    account: optional('account', 'twelve digits', /^[0-9]{12}$/),
    healthCheckPath: read('healthCheckPath', metadataPath, 'a path of the public host', matching(/^\/[\w./-]{1,200}$/)),
    alarmEmail: optional('alarmEmail', 'an e-mail address', email),
    signer: choice('signer', signers),
    apis: { public: choice('publicApi', apiKinds), mtls: choice('mtlsApi', apiKinds) },
    wafRateLimit: read('wafRateLimit', 30_000, 'requests in five minutes from 10 to 2000000', parseAddressLimit),
    logRetentionDays: read('logRetentionDays', 365, `one of ${retentions.join(', ')}`, parseRetention),
    logLevel: choice('logLevel', logLevels),
    dashboard: read('dashboard', true, 'true or false', parseFlag),
    tracing: read('tracing', false, 'true or false', parseFlag),
    provisionedConcurrency: read('provisionedConcurrency', 0, 'instances from 0 to 1000', parseCount(1000, 0)),
    statusAllowHosts: read('statusAllowHosts', [], 'a list of host:port', parseHosts),
    registryMaxAge: read('registryMaxAge', 30, 'whole seconds from 1 to 300', parseCount(300)),
    throttling: {
      rate: read('throttlingRate', 1000, 'requests per second from 1 to 10000', parseCount(10_000)),
      burst: read('throttlingBurst', 500, 'requests from 1 to 5000', parseCount(5_000)),
    },
  };
  reader.refuseUnread();
  problems.push(...allHostProblems(configuration));
  if (problems.length > 0) {
    throw new Error(`The configuration of the deployment has problems:\n  ${problems.join('\n  ')}`);
  }
  return configuration;
}

/** Every host of every region once, and each of them a host. */
function allHostProblems(configuration: DeploymentConfiguration): readonly string[] {
  const { domainName, mtlsDomainName, zone, regions, tenantHosts } = configuration;
  const own = tenantHosts.flatMap((each) =>
    (['domainName', 'mtlsDomainName'] as const).map((key) => [`tenantHosts.${each.tenant}.${key}`, each[key]] as const),
  );
  const hosts = [['domainName', domainName] as const, ['mtlsDomainName', mtlsDomainName] as const];
  const areTwo = domainName !== undefined && mtlsDomainName !== undefined && domainName !== mtlsDomainName;
  const regional = (areTwo && zone && regions?.length > 1 ? regions : []).flatMap((region) => {
    const names = regionalHosts(configuration, region);
    return [[`domainName in ${region}`, names.public] as const, [`mtlsDomainName in ${region}`, names.mtls] as const];
  });
  // A tenant with hosts of its own is no path of the host that Route 53 asks.
  const { healthCheckPath } = configuration;
  const isAway = addressed('', healthCheckPath ?? '', {}) && !addressed('', healthCheckPath, hostOwners(tenantHosts));
  const wrong = regional.filter(([, host]) => !isHost(host));
  return [
    ...topOfZone(configuration, regions ?? []),
    ...repeatedHosts([...hosts, ...regional, ...own]),
    ...(isAway ? [problem('healthCheckPath', healthCheckPath, 'a path of a tenant without hosts of its own')] : []),
    ...wrong.map(([key, host]) => problem(key, host, 'a host name, to which each region adds its name')),
  ];
}
