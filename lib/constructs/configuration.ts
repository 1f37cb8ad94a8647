/** The configuration of a deployment: the file of an environment and context keys, typed and checked (docs/deploy.md). */
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Host } from '../routes.ts';
import { parseTruststoreBundle, type TruststoreBundle } from '../truststore-bundle.ts';
import { configurationKeys } from './configuration-file.ts';
import { missingCertificates, relationProblems } from './configuration-relations.ts';
import {
  type ApiKind,
  apiKinds,
  logLevels,
  matching,
  oneOf,
  parseAddressLimit,
  parseCertificates,
  parseCount,
  parseFlag,
  parseHosts,
  parseRegions,
  parseRetention,
  problem,
  retentions,
  signers,
} from './configuration-values.ts';
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

export type HostedZone = { readonly hostedZoneId: string; readonly zoneName: string };

const name = /^[A-Za-z][A-Za-z0-9-]{0,30}$/;
const host = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const certificatesAllowed = 'the ARN of an ACM certificate, one for each region';
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
  const context = configurationKeys(given, readFile);
  const problems: string[] = [];
  const known: string[] = [];
  const read = <T>(key: string, fallback: unknown, allowed: string, parse: (value: unknown) => T | undefined) => {
    known.push(key);
    const given = context[key];
    // An empty text is what `-c key=` gives: it takes back what a file says.
    const text = given === '' ? fallback : (given ?? fallback);
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined) problems.push(problem(key, text, allowed));
    return value as T;
  };
  const optional = (key: string, allowed: string, pattern: RegExp) =>
    read(key, '', allowed, (value) => (value === '' ? '' : matching(pattern)(value))) || undefined;
  // The first is the default.
  const choice = <T extends string>(key: string, values: readonly T[]) =>
    read(key, values[0], `one of ${values.join(', ')}`, oneOf(values));

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
