/** The configuration of a deployment: the file of an environment and context keys, typed and checked (docs/deploy.md). */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Host } from '../routes.ts';
import { parseTruststoreBundle, type TruststoreBundle } from '../truststore-bundle.ts';
import { configurationKeys } from './configuration-file.ts';
import type { Signer } from './signing-keys.ts';

export type DeploymentConfiguration = {
  /** How the stacks are called: `<name>-Data-<region>` and `<name>-App-<region>`. */
  readonly name: string;
  /** The account; whichever the credentials belong to where it is absent. */
  readonly account?: string;
  /** The first is the home region, where the tables are made. */
  readonly regions: readonly string[];
  /** The public host; `https://` before it is the issuer (RFC 8414 §2). */
  readonly domainName: string;
  /** The host that demands a certificate for every request (RFC 8705 §5). */
  readonly mtlsDomainName: string;
  /** The public hosted zone of both hosts; the records are the operator's where it is absent. */
  readonly zone?: HostedZone;
  /** By region, an ACM certificate for the hosts; one is made and validated in the zone where there is none. */
  readonly certificateArns: Readonly<Record<string, string>>;
  /** API Gateway: a public ACM certificate for the mTLS host, needed where that of its region is an imported one. */
  readonly ownershipCertificateArns: Readonly<Record<string, string>>;
  /** What Route 53 asks for in each region, where there are several. */
  readonly healthCheckPath: string;
  readonly truststore: { readonly path: string; readonly bundle: TruststoreBundle };
  /** How private signing keys are kept (docs/keys.md). */
  readonly signer: Signer;
  /** The kind of API behind each host; a REST API has a WAF before it. */
  readonly apis: Readonly<Record<Host, ApiKind>>;
  /** Requests of one address in five minutes that the WAF of a REST API lets through. */
  readonly wafRateLimit: number;
  readonly logRetentionDays: RetentionDays;
  /** Who is told of alarms; whoever subscribes to the topic where it is absent. */
  readonly alarmEmail?: string;
  /** `host:port` of OCSP and CRL servers in private networks that the functions may ask all the same. */
  readonly statusAllowHosts: readonly string[];
  /** Seconds for which functions use the registry as they have read it. */
  readonly registryMaxAge: number;
  /** Requests per second, and how many at once, that each host lets through. */
  readonly throttling: { readonly rate: number; readonly burst: number };
};

export type ApiKind = 'http' | 'rest';

export type HostedZone = { readonly hostedZoneId: string; readonly zoneName: string };

const name = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;
const host = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const region = /^[a-z]{2}(-[a-z]+)+-[0-9]$/;
const certificate = /^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate\/[A-Za-z0-9-]+$/;
const certificatesAllowed = 'the ARN of an ACM certificate, one for each region';
const metadataPath = '/.well-known/oauth-authorization-server';
const hostAndPort = /^(\[[0-9a-f:]+\]|[a-z0-9.-]{1,253}):[0-9]{1,5}$/;
const email = /^[^\s@]{1,64}@(?=.{4,253}$)[A-Za-z0-9.-]+\.[A-Za-z]{2,63}$/;
const signers: readonly Signer[] = ['data-key-pair', 'kms'];
const apiKinds: readonly ApiKind[] = ['http', 'rest'];
const retentions = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/**
 * Reads the configuration from all context keys and the file that `config` names; `readFile` reads that file and the
 * truststore of the first deployment. Throws one Error that lists every problem: the key, its value, what is allowed.
 */
export function parseConfiguration(
  given: Readonly<Record<string, unknown>>,
  readFile: (path: string) => string,
): DeploymentConfiguration {
  const context = configurationKeys(given, readFile);
  const problems: string[] = [];
  const known: string[] = [];
  const read = <T>(key: string, fallback: unknown, allowed: string, parse: (value: unknown) => T | undefined) => {
    known.push(key);
    const text = context[key] ?? fallback;
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined) problems.push(problem(key, text, allowed));
    return value as T;
  };
  // An empty text is what `-c key=` gives: it takes back what cdk.json says.
  const optional = (key: string, allowed: string, pattern: RegExp) =>
    read(key, '', allowed, (value) => (value === '' ? '' : matching(pattern)(value))) || undefined;

  const hostedZoneId = optional('hostedZoneId', 'the id of a Route 53 hosted zone, Z…', /^Z[A-Z0-9]{1,31}$/);
  const zoneName = optional('hostedZoneName', 'the name of that hosted zone, in lower case', host);
  const path = read('initialTruststore', undefined, 'the path of a PEM file', matching(/^.+$/));
  const configuration = {
    name: read('name', 'Certbound', 'a letter, then at most 30 letters, digits and hyphens', matching(name)),
    account: optional('account', 'twelve digits', /^[0-9]{12}$/),
    regions: read('regions', undefined, 'one to five AWS regions, each once', parseRegions),
    domainName: read('domainName', undefined, 'a host name in lower case', matching(host)),
    mtlsDomainName: read('mtlsDomainName', undefined, 'a host name in lower case', matching(host)),
    zone: hostedZoneId && zoneName ? { hostedZoneId, zoneName } : undefined,
    certificateArns: read('certificateArn', [], certificatesAllowed, parseCertificates),
    ownershipCertificateArns: read('ownershipCertificateArn', [], certificatesAllowed, parseCertificates),
    healthCheckPath: read('healthCheckPath', metadataPath, 'a path of the public host', matching(/^\/[\w./-]{1,200}$/)),
    alarmEmail: optional('alarmEmail', 'an e-mail address', email),
    signer: read('signer', 'data-key-pair', `one of ${signers.join(', ')}`, parseSigner),
    apis: {
      public: read('publicApi', 'http', `one of ${apiKinds.join(', ')}`, parseApi),
      mtls: read('mtlsApi', 'http', `one of ${apiKinds.join(', ')}`, parseApi),
    },
    wafRateLimit: read('wafRateLimit', 30_000, 'requests in five minutes from 10 to 2000000', parseAddressLimit),
    logRetentionDays: read('logRetentionDays', 365, `one of ${retentions.join(', ')}`, parseRetention),
    statusAllowHosts: read('statusAllowHosts', [], 'a list of host:port', parseHosts),
    registryMaxAge: read('registryMaxAge', 30, 'whole seconds from 1 to 300', parseCount(300)),
    throttling: {
      rate: read('throttlingRate', 1000, 'requests per second from 1 to 10000', parseCount(10_000)),
      burst: read('throttlingBurst', 500, 'requests from 1 to 5000', parseCount(5_000)),
    },
    truststore: { path, bundle: readBundle(path, readFile, problems) },
  };
  problems.push(...unknownKeys(context, known), ...relationProblems(configuration));
  if ((hostedZoneId === undefined) !== (zoneName === undefined)) {
    problems.push('hostedZoneId, hostedZoneName: a hosted zone needs both, or neither');
  }
  if (!context['hostedZoneId']) problems.push(...missingCertificates(configuration));
  if (problems.length > 0) {
    throw new Error(`The configuration of the deployment has problems:\n  ${problems.join('\n  ')}`);
  }
  return configuration;
}

const problem = (key: string, given: unknown, allowed: string) => `${key}=${JSON.stringify(given ?? '')}: ${allowed}`;

/** Any member may be undefined here: its own problem has been told already. */
function relationProblems(configuration: Partial<DeploymentConfiguration>): readonly string[] {
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

function missingCertificates({ regions, certificateArns }: Partial<DeploymentConfiguration>): readonly string[] {
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

/** A key of ours that is spelled wrong would otherwise be a default. Those of the CDK have a colon or a hyphen. */
function unknownKeys(context: Readonly<Record<string, unknown>>, known: readonly string[]): readonly string[] {
  return Object.keys(context)
    .filter((key) => /^[A-Za-z]+$/.test(key) && !known.includes(key))
    .map((key) => problem(key, context[key], `no key of the configuration; there are ${known.join(', ')}`));
}

function readBundle(
  path: string | undefined,
  readFile: (path: string) => string,
  problems: string[],
): TruststoreBundle {
  const refuse = (reasons: readonly string[]) => {
    problems.push(...reasons.map((reason) => problem('initialTruststore', path, reason)));
    return undefined as never;
  };
  if (path === undefined) return undefined as never;
  try {
    const bundle = parseTruststoreBundle(readFile(path));
    return bundle.ok ? bundle.value : refuse(bundle.failure);
  } catch (error) {
    return refuse([`a file that can be read (${error instanceof Error ? error.message : String(error)})`]);
  }
}

const matching = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;

function parseRegions(value: unknown): readonly string[] | undefined {
  const regions = listed(value);
  const found = new Set(regions.map(matching(region)).filter((each) => each !== undefined));
  return found.size > 0 && found.size <= 5 && found.size === regions.length ? [...found] : undefined;
}

/** On the command line a list is one text with commas. */
const listed = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : String(value).split(',').filter(Boolean);

/** One for each region, which the ARN says. */
function parseCertificates(value: unknown): Readonly<Record<string, string>> | undefined {
  const arns = listed(value).map((arn) => (typeof arn === 'string' ? certificate.exec(arn) : null));
  const found = Object.fromEntries(arns.map((match) => [match?.[1] ?? '', match?.[0] ?? '']));
  return Object.keys(found).length === arns.length && !('' in found) ? found : undefined;
}

function parseHosts(value: unknown): readonly string[] | undefined {
  const hosts = listed(value);
  const found = hosts.map(matching(hostAndPort)).filter((each) => each !== undefined);
  return found.length === hosts.length ? found : undefined;
}

function parseRetention(value: unknown): RetentionDays | undefined {
  return retentions.find((days) => String(days) === String(value));
}

const parseCount = (most: number) => (value: unknown) =>
  /^[1-9][0-9]{0,5}$/.test(String(value)) && Number(value) <= most ? Number(value) : undefined;

/** AWS WAF: a limit is ten or more. */
function parseAddressLimit(value: unknown): number | undefined {
  const limit = /^[1-9][0-9]{1,6}$/.test(String(value)) ? Number(value) : 0;
  return limit >= 10 && limit <= 2_000_000 ? limit : undefined;
}

const parseApi = (value: unknown): ApiKind | undefined => apiKinds.find((kind) => kind === value);

const parseSigner = (value: unknown): Signer | undefined => signers.find((signer) => signer === value);
