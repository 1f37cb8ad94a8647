/** The environment contract: what the constructs write and the functions read. Nothing else reads `process.env`. */
import { type AwsEnvironment, parseAwsEnvironment } from './aws-environment.ts';
import { tenantName } from './routes.ts';

export type LogLevel = 'info' | 'error' | 'silent';

export type Config = {
  /** DynamoDB table of tenants, truststore entries, clients, keys. */
  readonly registryTable: string;
  /** DynamoDB table of tokens and certificate rows. */
  readonly grantsTable: string;
  /** Hosts that belong to one tenant alone: host name → tenant. */
  readonly tenantHosts: Readonly<Record<string, string>>;
  /** Seconds for which registry rows held in memory are used before the tenant's version is read again. */
  readonly registryMaxAge: number;
  /** `host:port` of OCSP and CRL servers that the fetch guard lets through although it would refuse their address or port. */
  readonly statusAllowHosts: readonly string[];
  readonly logLevel: LogLevel;
  /** The CloudWatch namespace of the metrics inside log lines; without it there are none. */
  readonly metricsNamespace?: string;
  /** The truststores that the publisher keeps; absent for every other function. */
  readonly truststores?: readonly TruststoreTarget[];
  /** Who keeps private signing keys; without it there are no JWT access tokens and no signed answers. */
  readonly keyWrap?: KeyWrapConfig;
};

export type KeyWrapConfig =
  /** AES-256-GCM with a key of 32 bytes, base64url: a secret in the environment, for a laptop and for tests. */
  | { readonly kind: 'local'; readonly key: string }
  /** ARNs of symmetric KMS keys, one for each purpose: private keys are stored as ciphertext. */
  | { readonly kind: 'kms'; readonly access_token: string; readonly introspection: string }
  /** A key of KMS for each signing key, by the tag of the deployment; each signature is a call. */
  | { readonly kind: 'kms-sign'; readonly region: string; readonly deployment: string };

type ObjectAddress = { readonly bucket: string; readonly key: string };

/** The truststore of one custom domain name with mutual TLS. */
export type TruststoreTarget = {
  readonly domain: string;
  /** Where API Gateway reads it. */
  readonly object: ObjectAddress;
  /** A file of certificates that are always in it, PEM. */
  readonly initial?: ObjectAddress;
  /** Whose entries are in it: those of all tenants where it is absent. */
  readonly tenants?: readonly string[];
  /** Whose entries are never in it. */
  readonly except?: readonly string[];
};

export type Environment = Readonly<Record<string, string | undefined>>;

const tableName = /^[A-Za-z0-9_.-]{3,255}$/;
const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const hostAndPort = /^(\[[0-9a-f:]+\]|[a-z0-9.-]{1,253}):[0-9]{1,5}$/;
/** Variables whose value is told to nobody. */
const secrets: ReadonlySet<string> = new Set(['KEY_WRAP']);
const keyWrapForms =
  'empty, or local: and 32 bytes in base64url, or kms: and two ARNs of keys, or kms-sign: and region,deployment';
const localKey = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const kmsKey = /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[A-Za-z0-9-]+$/;
const namespace = /^[A-Za-z0-9_./#-]{0,255}$/;
const logLevels: readonly string[] = ['info', 'error', 'silent'] satisfies LogLevel[];

/** Reads the configuration. Throws one Error that lists every problem: the variable, its value, what is allowed. */
export function parseConfig(environment: Environment): Config {
  const problems: string[] = [];
  const read = <T>(
    name: string,
    fallback: string | undefined,
    allowed: string,
    parse: (text: string) => T | undefined,
  ) => {
    const text = environment[name] ?? fallback;
    const value = text === undefined ? undefined : parse(text);
    if (value === undefined)
      problems.push(`${name}=${secrets.has(name) ? '…' : JSON.stringify(text ?? '')}: ${allowed}`);
    return value as T;
  };
  const config: Config = {
    registryTable: read('REGISTRY_TABLE', undefined, 'the name of a DynamoDB table', matching(tableName)),
    grantsTable: read('GRANTS_TABLE', undefined, 'the name of a DynamoDB table', matching(tableName)),
    tenantHosts: read('TENANT_HOSTS', '{}', 'a JSON object of host name to tenant name', parseTenantHosts),
    registryMaxAge: read('REGISTRY_MAX_AGE', '30', 'a whole number of seconds from 0 to 300', parseSeconds),
    statusAllowHosts: read('STATUS_ALLOW_HOSTS', '', 'host:port entries separated by commas', parseHosts),
    logLevel: read('LOG_LEVEL', 'info', `one of ${logLevels.join(', ')}`, (text) =>
      logLevels.includes(text) ? (text as LogLevel) : undefined,
    ),
  };
  const keyWrap = read('KEY_WRAP', '', keyWrapForms, parseKeyWrap);
  const metricsNamespace = read('METRICS_NAMESPACE', '', 'empty, or a namespace of metrics', matching(namespace));
  const truststores = read(
    'TRUSTSTORES',
    '[]',
    'a JSON list of domain, object, initial, tenants, except',
    parseTruststores,
  );
  if (problems.length > 0) throw new Error(`The configuration has problems:\n  ${problems.join('\n  ')}`);
  return {
    ...config,
    ...(metricsNamespace !== '' && { metricsNamespace }),
    ...(keyWrap !== 'none' && { keyWrap }),
    ...(truststores.length > 0 && { truststores }),
  };
}

/** What the constructs write; `parseConfig(toEnvironment(c))` equals `c`. */
export function toEnvironment(config: Config): Record<string, string> {
  return {
    REGISTRY_TABLE: config.registryTable,
    GRANTS_TABLE: config.grantsTable,
    TENANT_HOSTS: JSON.stringify(config.tenantHosts),
    REGISTRY_MAX_AGE: String(config.registryMaxAge),
    STATUS_ALLOW_HOSTS: config.statusAllowHosts.join(','),
    LOG_LEVEL: config.logLevel,
    ...(config.metricsNamespace !== undefined && { METRICS_NAMESPACE: config.metricsNamespace }),
    ...(config.truststores !== undefined && { TRUSTSTORES: JSON.stringify(config.truststores) }),
    ...(config.keyWrap !== undefined && { KEY_WRAP: keyWrapText(config.keyWrap) }),
  };
}

/** The configuration of the running function. */
export const functionConfig = (): Config => parseConfig(process.env);

/** What Lambda has put into the environment of the running function. */
export const functionAwsEnvironment = (): AwsEnvironment => parseAwsEnvironment(process.env);

/** Whether Lambda is starting this process, which it tells by saying how. */
export const startedByLambda = (): boolean => process.env['AWS_LAMBDA_INITIALIZATION_TYPE'] !== undefined;

function matching(pattern: RegExp) {
  return (text: string) => (pattern.test(text) ? text : undefined);
}

function parseSeconds(text: string): number | undefined {
  return /^[0-9]{1,3}$/.test(text) && Number(text) <= 300 ? Number(text) : undefined;
}

function parseKeyWrap(text: string): KeyWrapConfig | 'none' | undefined {
  if (text === '') return 'none';
  const [kind = '', rest = ''] = text.split(/:(.*)/s);
  const [first = '', second = '', ...others] = rest.split(',');
  if (kind === 'local') return localKey.test(rest) ? { kind, key: rest } : undefined;
  if (others.length > 0) return undefined;
  if (kind === 'kms') {
    const bothKeys = kmsKey.test(first) && kmsKey.test(second) && first !== second;
    return bothKeys ? { kind, access_token: first, introspection: second } : undefined;
  }
  const named = kind === 'kms-sign' && /^[a-z0-9-]{1,32}$/.test(first) && /^[A-Za-z0-9-]{1,64}$/.test(second);
  return named ? { kind, region: first, deployment: second } : undefined;
}

function keyWrapText(keyWrap: KeyWrapConfig): string {
  if (keyWrap.kind === 'local') return `local:${keyWrap.key}`;
  if (keyWrap.kind === 'kms') return `kms:${keyWrap.access_token},${keyWrap.introspection}`;
  return `kms-sign:${keyWrap.region},${keyWrap.deployment}`;
}

function parseHosts(text: string): readonly string[] | undefined {
  const hosts = text === '' ? [] : text.split(',');
  return hosts.every((host) => hostAndPort.test(host)) ? hosts : undefined;
}

function parseTruststores(text: string): readonly TruststoreTarget[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isTruststoreTarget) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTruststoreTarget(value: unknown): value is TruststoreTarget {
  if (typeof value !== 'object' || value === null) return false;
  const { domain, object, initial, tenants, except } = value as Record<string, unknown>;
  return (
    typeof domain === 'string' &&
    hostName.test(domain) &&
    isObjectAddress(object) &&
    (initial === undefined || isObjectAddress(initial)) &&
    (tenants === undefined || areTenants(tenants)) &&
    (except === undefined || areTenants(except))
  );
}

const areTenants = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && tenantName.test(name));

function isObjectAddress(value: unknown): value is ObjectAddress {
  if (typeof value !== 'object' || value === null) return false;
  const { bucket, key } = value as Record<string, unknown>;
  return typeof bucket === 'string' && bucket !== '' && typeof key === 'string' && key !== '';
}

function parseTenantHosts(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const rows = Object.entries(value);
    return rows.every(([host, name]) => hostName.test(host) && typeof name === 'string' && tenantName.test(name))
      ? Object.fromEntries(rows)
      : undefined;
  } catch {
    return undefined;
  }
}
