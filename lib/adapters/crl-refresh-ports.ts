/** What the scheduled refresh of CRLs stands on: the stores, the tenants' truststores, the conditional fetch, the clock. */
import { type Config, functionAwsEnvironment } from '../config.ts';
import type { CrlRefreshPorts, RefreshCrl } from '../oauth/crl-refresh.ts';
import { dynamoRefreshTurn } from './dynamodb/refresh-turn.ts';
import { signedClient } from './dynamodb/signed-client.ts';
import { dynamoStores } from './dynamodb/stores.ts';
import { guardedConditionalFetch } from './http/conditional-fetch.ts';
import { guardedFetch } from './http/fetch.ts';
import { boundedMemory } from './memory/memory.ts';
import { registry } from './memory/registry.ts';

const now = () => new Date();
const elapsed = () => performance.now();

/** Answered by DynamoDB and the network. */
export function crlRefreshPorts(config: Config, refresh: RefreshCrl): CrlRefreshPorts {
  const aws = functionAwsEnvironment();
  const client = signedClient(aws);
  const { tenants, truststore, blocks, versions, crls, crlSources } = dynamoStores(client, config);
  const { registryMaxAge: maxAge, statusAllowHosts: allowHosts } = config;
  return {
    turn: dynamoRefreshTurn(client, config.grantsTable, aws.region),
    tenants,
    registry: registry({ tenants, truststore, blocks, versions }, { maxAge, now, fetch: guardedFetch({ allowHosts }) }),
    sources: crlSources,
    crls,
    fetch: guardedConditionalFetch({ allowHosts }),
    refresh,
    attempts: boundedMemory(10_000),
    now,
    elapsed,
  };
}
