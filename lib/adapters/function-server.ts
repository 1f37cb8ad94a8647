/** What a function stands on: the stores, the registry in memory, the guarded fetch, the clock. One page of wiring. */
import { type Config, functionAwsEnvironment, startedByLambda } from '../config.ts';
import { keepRefusal } from '../oauth/refusals.ts';
import { signingKeys } from '../oauth/signing-keys.ts';
import { jsonLog } from './api-gateway/log.ts';
import type { EdgeOptions, EdgeServer } from './api-gateway/serve.ts';
import { signedClient } from './dynamodb/signed-client.ts';
import { dynamoStores } from './dynamodb/stores.ts';
import { guardedFetch } from './http/fetch.ts';
import { type InitWorkOptions, initWork } from './init-work.ts';
import { keyCustodies } from './key-custodies.ts';
import { boundedMemory } from './memory/memory.ts';
import { registry } from './memory/registry.ts';
import { randomBytesPool } from './random-bytes.ts';

const now = () => new Date();
const randomBytes = randomBytesPool();

/** The ports of a function, answered by DynamoDB and the network. */
export function functionServer(config: Config): EdgeServer {
  const { tokens, clients, holders, certificates, assertions, keys, audit, ...stores } = dynamoStores(
    signedClient(functionAwsEnvironment()),
    config,
  );
  return {
    tokens,
    clients,
    holders,
    certificates,
    assertions,
    keys: signingKeys({ store: keys, custody: keyCustodies(config), opened: boundedMemory(1_000) }),
    registry: registry(stores, {
      maxAge: config.registryMaxAge,
      now,
      fetch: guardedFetch({ allowHosts: config.statusAllowHosts }),
      randomBytes,
      elapsed: () => performance.now(),
      onFault: faultLog(config),
    }),
    keepRefusal: keepRefusal(audit, boundedMemory(1_000)),
    now,
    randomBytes,
  };
}

/** INIT work, where Lambda starts the process; elsewhere nobody waits for it. Never rejects. */
export async function initialized(
  { registry }: Pick<EdgeServer, 'registry'>,
  config: Config,
  first?: InitWorkOptions['first'],
): Promise<void> {
  if (startedByLambda()) await initWork(registry, { onFault: faultLog(config), first });
}

/** A store that does not answer where a request can go on without fails nothing, and is told. */
function faultLog({ logLevel }: Config): (fault: unknown) => void {
  if (logLevel === 'silent') return () => {};
  return (fault) => {
    const cause = fault instanceof Error ? fault.cause : undefined;
    const told = { fault: String(fault), ...(cause !== undefined && { cause: String(cause) }) };
    process.stdout.write(`${JSON.stringify({ time: now().toISOString(), level: 'error', ...told })}\n`);
  };
}

/** What the edge of a function needs besides its endpoints. */
export function edgeOptions({ tenantHosts, logLevel: level, metricsNamespace }: Config): EdgeOptions {
  return { tenantHosts, log: jsonLog({ level, metricsNamespace }, (line) => process.stdout.write(line), now) };
}
