/** The whole server on a laptop: the CA and its responder, the embedded store, the tenants, both hosts. */
import { sdkClient } from '../adapters/dynamodb/sdk-client.ts';
import { dynamoStores } from '../adapters/dynamodb/stores.ts';
import { type TableNames, tables } from '../adapters/dynamodb/tables.ts';
import { type Config, toEnvironment } from '../config.ts';
import type { StoredEntry } from '../oauth/ports.ts';
import { createAuthority } from './authority.ts';
import { findStatusUrl, loadAuthority, saveAuthority } from './authority-files.ts';
import { type Demo, prepareDemo } from './demo.ts';
import { serverCaFile } from './demo-files.ts';
import { deployedFunctions } from './deployed-functions.ts';
import type { Deployment } from './deployment.ts';
import { type EmbeddedStore, startEmbeddedStore } from './embedded-store.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { loadKeyWrap } from './key-wrap-file.ts';
import type { LambdaHandler } from './lambda.ts';
import { storeAccess, tableNames } from './local-tables.ts';
import { entriesOf, registerTenant } from './registration.ts';
import { type Responder, startResponder } from './responder.ts';
import { startSchedule } from './schedule.ts';
import { checkServerCertificate, serverCaOf } from './server-certificate.ts';
import type { StartOptions, TenantOptions } from './start-options.ts';
import { type Endpoint, openStateDirectory, type StateDirectory, writePrivate } from './state-directory.ts';
import { joinBundles } from './truststore-check.ts';
import { localPublisher } from './truststore-publisher.ts';

export type LocalServer = {
  readonly endpoint: Endpoint;
  /** Absolute. */
  readonly state: string;
  /** The demo's clients are there, so that its commands work. */
  readonly demo: boolean;
  close(): Promise<void>;
};

export type LocalServerPorts = {
  /** Brings the environment into being and the handlers with it, by the name of the file in `lambdas/`. */
  readonly loadHandlers: (environment: Record<string, string>) => Promise<Readonly<Record<string, LambdaHandler>>>;
  /** Told in one line each what is being done and what was refused. */
  readonly report: (line: string) => void;
};

/** Milliseconds that count as a minute of the schedule: the status of a certificate is asked again after seconds here. */
const localMinute = 5_000;

/** Milliseconds between two looks for a changed truststore. */
const publicationPause = 1_000;

/** What is running, last started first: so it is stopped, also when a later part cannot start. */
type Running = (() => Promise<void>)[];

/** Starts everything and resolves when requests are served. Rejects with one line, and leaves nothing running. */
export async function startLocalServer(options: StartOptions, ports: LocalServerPorts): Promise<LocalServer> {
  const running: Running = [];
  const close = async () => {
    for (const stop of running.splice(0).reverse()) await stop();
  };
  try {
    return { ...(await start(options, ports, running)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: StartOptions, { loadHandlers, report }: LocalServerPorts, running: Running) {
  if (options.server !== undefined) checkServerCertificate(options.server);
  const directory = await openStateDirectory({ path: options.stateDirectory, fresh: options.fresh });
  running.push(() => directory.close());

  const responder = await startDevelopmentCa(directory, report);
  running.push(() => responder.close());
  report(`development CA and responder at ${responder.url}`);

  const ownTruststore = options.tenants[0]?.truststore !== undefined;
  const demo = options.demo ? await prepareDemo(directory.path, ownTruststore, responder) : undefined;
  const tenants = options.tenants.map((tenant, index) =>
    withEntries(tenant, index === 0 && demo !== undefined ? demo.anchor : '', responder),
  );
  const problems = tenants.flatMap((tenant) => tenant.problems);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const statusAllowHosts = [new URL(responder.url).host, ...options.allowFetch];
  const { store, names, handlers } =
    options.deployment === undefined
      ? await embedded(directory, statusAllowHosts, { loadHandlers, report }, running)
      : deployed(options.deployment, report);
  const certificate = options.server ?? responder.authority.server;
  const serverCa = serverCaOf(options.server, responder.authority);
  await writePrivate(serverCaFile(directory.path), serverCa);
  const gateway = await startGateway({
    host: options.host,
    publicPort: options.port,
    mtlsPort: options.mtlsPort,
    certificate: certificate.certificate,
    key: certificate.key,
    truststore: joinBundles(tenants.map(({ pem }) => pem)),
    handlers,
    extra: demo?.routes ?? [],
    report,
  });
  running.push(() => gateway.close());
  const schedule = startSchedule({ handlers, minute: localMinute, report });
  running.push(() => schedule.close());

  const endpoint = {
    ...endpointOf(gateway, store.endpoint, responder),
    statusAllowHosts,
    ...(options.deployment && { deployment: { region: store.region, ...names } }),
  };
  const client = sdkClient(store);
  running.push(async () => client.close());
  const stores = dynamoStores(client, names);
  await register(tenants, endpoint, stores, demo, report);
  const publisher = await localPublisher({
    path: directory.file('objects'),
    stores,
    setTruststore: (pem) => gateway.setTruststore(pem),
    report,
  });
  running.push(() => publisher.close());
  publisher.start(publicationPause);
  demo?.open(endpoint, serverCa);
  await directory.publish(endpoint);
  return { endpoint, state: directory.path, demo: demo !== undefined && !ownTruststore };
}

/** What answers requests, and where it keeps what it knows. */
type Backend = {
  readonly store: Pick<EmbeddedStore, 'endpoint' | 'region' | 'credentials'>;
  readonly names: TableNames;
  readonly handlers: Readonly<Record<string, LambdaHandler>>;
};

/** This process's own: the embedded store and the handlers of `lambdas/`. */
async function embedded(
  directory: StateDirectory,
  statusAllowHosts: readonly string[],
  { loadHandlers, report }: LocalServerPorts,
  running: Running,
): Promise<Backend> {
  const store = await startEmbeddedStore({ path: directory.file('store'), tables: tables(tableNames) });
  running.push(() => store.close());
  report(`embedded DynamoDB at ${store.endpoint}`);
  const keyWrap = await loadKeyWrap(directory.file('key-wrap'));
  const handlers = await loadHandlers(environmentOf(store, { statusAllowHosts, keyWrap }));
  return { store, names: tableNames, handlers };
}

/** Those of a deployment on an emulator; its functions were given their environment when they were deployed. */
function deployed(deployment: Deployment, report: LocalServerPorts['report']): Backend {
  const { endpoint, region } = deployment;
  report(`functions and tables deployed at ${endpoint}`);
  return {
    store: { endpoint, region, credentials: storeAccess.credentials },
    names: { registryTable: deployment.registryTable, grantsTable: deployment.grantsTable },
    handlers: deployedFunctions(deployment, (line) => process.stdout.write(`${line}\n`)),
  };
}

/** The CA of an earlier run keeps its responder's port: its certificates name it. */
async function startDevelopmentCa(directory: StateDirectory, report: (line: string) => void): Promise<Responder> {
  const folder = directory.file('ca');
  const earlier = await findStatusUrl(folder);
  return startResponder({
    port: earlier === undefined ? 0 : Number(new URL(earlier).port),
    ledgerFile: directory.file('ledger.json'),
    report,
    authority: async (statusUrl) => {
      const known = await loadAuthority(folder);
      if (known !== undefined) return known;
      const created = await createAuthority({ statusUrl });
      await saveAuthority(folder, created);
      return created;
    },
  });
}

type PreparedTenant = {
  readonly options: TenantOptions;
  readonly entries: readonly StoredEntry[];
  readonly problems: readonly string[];
  /** For the gateway's union. */
  readonly pem: string;
};

function withEntries(options: TenantOptions, anchor: string, { authority }: Responder): PreparedTenant {
  const bundle = options.truststore ?? Buffer.from(authority.truststore);
  const own = entriesOf(bundle, `truststore of tenant ${options.tenant}`);
  const added = anchor === '' ? [] : entriesOf(Buffer.from(anchor), 'the demo').entries;
  const entries = [...own.entries, ...added];
  return {
    options,
    entries,
    problems: own.problems,
    pem: entries.map(({ certificate }) => pemOf(certificate)).join(''),
  };
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function environmentOf(
  { endpoint, region, credentials }: Awaited<ReturnType<typeof startEmbeddedStore>>,
  settings: Pick<Config, 'statusAllowHosts' | 'keyWrap'>,
): Record<string, string> {
  return {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    ...toEnvironment({ ...tableNames, tenantHosts: {}, registryMaxAge: 1, logLevel: 'info', ...settings }),
  };
}

function endpointOf(gateway: Gateway, store: string, { url, secret }: Responder): Endpoint {
  const { public: port, mtls } = gateway.address();
  return {
    pid: process.pid,
    issuer: `https://localhost:${port}`,
    mtls: `https://localhost:${mtls}`,
    store,
    responder: url,
    secret,
  };
}

async function register(
  tenants: readonly PreparedTenant[],
  origins: Endpoint,
  stores: ReturnType<typeof dynamoStores>,
  demo: Demo | undefined,
  report: (line: string) => void,
): Promise<void> {
  for (const [index, { options, entries }] of tenants.entries()) {
    const clients =
      index === 0 && demo !== undefined ? [...demo.clients(origins.issuer), ...options.clients] : options.clients;
    for (const refusal of await registerTenant({ ...options, clients }, entries, origins, stores)) report(refusal);
    report(`tenant ${options.tenant}: ${entries.length} truststore entries, ${clients.length} clients named`);
  }
}
