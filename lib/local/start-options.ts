/** The flags of `npm start` and the files they name → options, or every problem at once in one clear line each. */
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseJson, readInput } from '../adapters/operator-files.ts';
import { fail, ok, type Result } from '../result.ts';
import { defaultTenant } from '../routes.ts';
import { type Deployment, parseDeployment } from './deployment.ts';
import { type PolicyOptions, parseTenantsFile } from './tenants-file.ts';

export type TenantOptions = {
  readonly tenant: string;
  /** A bundle of the tenant's anchors and intermediates; the development CA's where it is absent. */
  readonly truststore?: Uint8Array;
  /** RFC 7591 metadata, not yet judged. */
  readonly clients: readonly unknown[];
  readonly scopes: readonly string[];
  readonly policy: PolicyOptions;
};

export type StartOptions = {
  readonly host: string;
  readonly port: number;
  readonly mtlsPort: number;
  readonly stateDirectory: string;
  readonly fresh: boolean;
  readonly demo: boolean;
  /** `host:port`. */
  readonly allowFetch: readonly string[];
  /** PEM. */
  readonly server?: { readonly certificate: string; readonly key: string };
  readonly tenants: readonly TenantOptions[];
  /** Functions and tables on an emulator of AWS, in place of this process's own. */
  readonly deployment?: Deployment;
};

export const usage = `npm start -- [flags]

  --port 8443              public host: issuer, metadata, JWKS
  --mtls-port 9443         mutual TLS host: token, introspection, revocation
  --host 127.0.0.1         address to listen on; anything but loopback shows a development server to the network
  --state-dir .certbound   where keys, clients and tokens are kept
  --fresh                  begin anew: forget the state
  --truststore FILE.pem    the tenant's anchors and intermediates in place of the development CA's
                           (self-issued CA certificates are anchors, other CA certificates intermediates)
  --clients FILE.json      an array of RFC 7591 client metadata with client_id, registered at start
  --scopes a,b             the scope values the tenant offers
  --tenants FILE.json      an array of { tenant, truststore, clients, scopes, policy }
  --allow-fetch HOST:PORT  an OCSP or CRL host to let through, besides the development responder; repeatable
  --status hard-fail       hard-fail | soft-fail | off: what happens when a certificate's status cannot be had
  --max-status-age 2       seconds after which a status is asked for again
  --server-cert FILE       certificate of both hosts, with
  --server-key FILE        its key, in place of one of the development CA's
  --deployment FILE.json   what «cdk deploy --outputs-file» wrote: the gateway stands in front of that deployment, with
  --aws-endpoint URL       the emulator that it is deployed to, such as http://127.0.0.1:4566
  --no-demo                no demo clients, no demo API
  --help                   this text

--truststore, --clients and --scopes speak of the tenant \`default\`. What «npm run certbound -- policy set» has set in an
earlier run stays, except where a flag says otherwise.
`;

const flags = {
  port: { type: 'string', default: '8443' },
  'mtls-port': { type: 'string', default: '9443' },
  host: { type: 'string', default: '127.0.0.1' },
  'state-dir': { type: 'string', default: '.certbound' },
  fresh: { type: 'boolean', default: false },
  truststore: { type: 'string' },
  clients: { type: 'string' },
  scopes: { type: 'string', default: '' },
  tenants: { type: 'string' },
  'allow-fetch': { type: 'string', multiple: true, default: [] as string[] },
  status: { type: 'string' },
  'max-status-age': { type: 'string' },
  'server-cert': { type: 'string' },
  'server-key': { type: 'string' },
  deployment: { type: 'string' },
  'aws-endpoint': { type: 'string' },
  'no-demo': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const statusModes = ['hard-fail', 'soft-fail', 'off'] as const;

/** Reads the flags and their files. A failure lists every problem, each in one line. */
export function parseStartOptions(args: readonly string[]): Result<StartOptions | 'help', readonly string[]> {
  const problems: string[] = [];
  const values = parsed(args, problems);
  if (values === undefined) return fail(problems);
  if (values.help) return ok('help');
  const read = (flag: string, file: string | undefined) =>
    file === undefined ? undefined : inputOf(flag, resolve(file), problems);
  const certificate = read('--server-cert', values['server-cert']);
  const key = read('--server-key', values['server-key']);
  if ((values['server-cert'] === undefined) !== (values['server-key'] === undefined)) {
    problems.push('--server-cert and --server-key belong together');
  }
  const deployment = deploymentIn(values.deployment, values['aws-endpoint'], problems);
  const policy: PolicyOptions = {
    ...(values.status !== undefined && { mode: oneOf('--status', values.status, statusModes, problems) }),
    ...(values['max-status-age'] !== undefined && {
      maxStatusAge: wholeNumber('--max-status-age', values['max-status-age'], 86_400, problems),
    }),
  };
  const truststore = read('--truststore', values.truststore);
  const first: TenantOptions = {
    tenant: defaultTenant,
    clients: jsonArray('--clients', read('--clients', values.clients), problems),
    scopes: values.scopes.split(/[ ,]+/).filter((scope) => scope !== ''),
    policy,
    ...(truststore !== undefined && { truststore }),
  };
  const others = values.tenants === undefined ? [] : tenantsIn(values.tenants, policy, problems);
  const options: StartOptions = {
    host: values.host,
    port: wholeNumber('--port', values.port, 65_535, problems),
    mtlsPort: wholeNumber('--mtls-port', values['mtls-port'], 65_535, problems),
    stateDirectory: resolve(values['state-dir']),
    fresh: values.fresh,
    demo: !values['no-demo'],
    allowFetch: values['allow-fetch'].map((text) => hostAndPort(text, problems)),
    tenants: [first, ...others],
    ...(deployment !== undefined && { deployment }),
    ...(certificate !== undefined &&
      key !== undefined && { server: { certificate: utf8(certificate), key: utf8(key) } }),
  };
  return problems.length > 0 ? fail(problems) : ok(options);
}

function parsed(args: readonly string[], problems: string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    problems.push(`${(error as Error).message.split(/\. |\n/)[0]}; see npm start -- --help`);
    return undefined;
  }
}

function deploymentIn(file: string | undefined, endpoint: string | undefined, problems: string[]) {
  if (file === undefined && endpoint === undefined) return undefined;
  if (file === undefined || endpoint === undefined) {
    problems.push('--deployment and --aws-endpoint belong together');
    return undefined;
  }
  const outputs = inputOf('--deployment', resolve(file), problems);
  const deployment = outputs && parseDeployment(utf8(outputs), endpoint);
  if (deployment?.ok === false) problems.push(deployment.failure);
  return deployment?.ok ? deployment.value : undefined;
}

function tenantsIn(file: string, policy: PolicyOptions, problems: string[]): readonly TenantOptions[] {
  const path = resolve(file);
  const rows = jsonArray('--tenants', inputOf('--tenants', path, problems), problems);
  return parseTenantsFile(
    rows,
    { folder: dirname(path), policy, read: (name) => inputOf('--tenants', name, problems) },
    problems,
  );
}

function inputOf(flag: string, path: string, problems: string[]): Uint8Array | undefined {
  return orProblem(() => readInput(path), flag, problems);
}

function orProblem<T>(act: () => T, flag: string, problems: string[]): T | undefined {
  try {
    return act();
  } catch (error) {
    problems.push(`${flag} ${(error as Error).message}`);
    return undefined;
  }
}

function jsonArray(flag: string, bytes: Uint8Array | undefined, problems: string[]): readonly unknown[] {
  const value = bytes && orProblem(() => parseJson('file', bytes), flag, problems);
  if (Array.isArray(value)) return value;
  if (value !== undefined) problems.push(`${flag}: the file must hold a JSON array`);
  return [];
}

function wholeNumber(flag: string, text: string, most: number, problems: string[]): number {
  if (!/^[0-9]{1,6}$/.test(text) || Number(text) > most) {
    problems.push(`${flag} ${text}: must be a whole number from 0 to ${most}`);
  }
  return Number(text);
}

function oneOf<const T extends string>(flag: string, text: string, allowed: readonly T[], problems: string[]): T {
  const found = allowed.find((each) => each === text);
  if (found === undefined) problems.push(`${flag} ${text}: must be one of ${allowed.join(', ')}`);
  return found as T;
}

function hostAndPort(text: string, problems: string[]): string {
  if (!/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/.test(text)) {
    problems.push(`--allow-fetch ${text}: must be HOST:PORT`);
  }
  return text.toLowerCase();
}

const utf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
