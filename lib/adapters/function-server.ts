/** What a function stands on: the stores, the registry in memory, the guarded fetch, the clock. One page of wiring. */
import type { Config } from '../config.ts';
import type { Server } from '../oauth/ports.ts';
import { jsonLog } from './api-gateway/log.ts';
import type { EdgeOptions } from './api-gateway/serve.ts';
import { dynamoClient } from './dynamodb/client.ts';
import { dynamoStores } from './dynamodb/stores.ts';
import { guardedFetch } from './http/fetch.ts';
import { registry } from './memory/registry.ts';
import { randomBytesPool } from './random-bytes.ts';

const now = () => new Date();
const randomBytes = randomBytesPool();

/** The ports of a function, answered by DynamoDB and the network. */
export function functionServer(config: Config): Server {
  const { tokens, holders, certificates, ...stores } = dynamoStores(dynamoClient(), config);
  return {
    tokens,
    holders,
    certificates,
    registry: registry(stores, {
      maxAge: config.registryMaxAge,
      now,
      fetch: guardedFetch({ allowHosts: config.statusAllowHosts }),
      randomBytes,
      elapsed: () => performance.now(),
    }),
    now,
    randomBytes,
  };
}

/** What the edge of a function needs besides its endpoints. */
export function edgeOptions({ tenantHosts, logLevel }: Config): EdgeOptions {
  return { tenantHosts, log: jsonLog(logLevel, (line) => process.stdout.write(line), now) };
}
