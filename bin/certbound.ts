/** `npm run certbound`: the operator's commands, on an account or on a local server. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sdkClient, sdkRegion } from '../lib/adapters/dynamodb/sdk-client.ts';
import { dynamoStores } from '../lib/adapters/dynamodb/stores.ts';
import { AskedWrongly, type DevelopmentCa, type OpenRegistry } from '../lib/command-line/command.ts';
import { type OpenSession, run, type SessionOptions } from '../lib/command-line/run.ts';
import { parseConfig } from '../lib/config.ts';
import { isRevocationReason, revocationReasons } from '../lib/local/issuer-forms.ts';
import { openLocalRegistry } from '../lib/local/local-registry.ts';
import { controlOf } from '../lib/local/responder-control.ts';
import { findEndpoint } from '../lib/local/state-directory.ts';

const openSession: OpenSession = (options) => {
  let opened: Promise<OpenRegistry> | undefined;
  return {
    operator: { actor: userInfo().username, at: new Date() },
    now: () => new Date(),
    wait: (milliseconds) => wait(milliseconds),
    tell: (line) => console.error(line),
    registry() {
      opened ??= openRegistry(options);
      return opened;
    },
    developmentCa: () => developmentCa(resolve(options.stateDirectory)),
    close: async () => (await opened)?.close(),
  };
};

const tablesNeeded = 'name both tables; the outputs of the stack Data do';

/** Tables that are named, by flag or environment, are an account's; else the state directory is meant. */
async function openRegistry(options: SessionOptions): Promise<OpenRegistry> {
  // Here the flags take the place of single variables, before they are read.
  const { env } = process;
  const named = [options.registryTable ?? env['REGISTRY_TABLE'], options.grantsTable ?? env['GRANTS_TABLE']];
  const [REGISTRY_TABLE, GRANTS_TABLE] = named;
  if (REGISTRY_TABLE === undefined && GRANTS_TABLE === undefined) {
    if (options.region !== undefined) throw new AskedWrongly(`--region is that of an account: ${tablesNeeded}`);
    return openLocal(resolve(options.stateDirectory));
  }
  if (REGISTRY_TABLE === undefined || GRANTS_TABLE === undefined) {
    throw new AskedWrongly(`--registry and --grants belong together: ${tablesNeeded}`);
  }
  const config = parseConfig({ ...env, REGISTRY_TABLE, GRANTS_TABLE });
  const region = options.region ?? env['AWS_REGION'] ?? (await sdkRegion());
  if (region === undefined) throw new AskedWrongly('--region is needed: neither AWS_REGION nor the profile names one');
  const client = sdkClient({ region });
  const { statusAllowHosts } = config;
  return {
    stores: dynamoStores(client, config, region),
    statusAllowHosts,
    published: true,
    close: async () => client.close(),
  };
}

async function openLocal(state: string): Promise<OpenRegistry> {
  const found = await openLocalRegistry(state);
  if (found !== undefined) return found;
  throw new AskedWrongly(
    `No server runs on ${state} and none left its state; start one with npm start, or name the tables of an account with --registry and --grants`,
  );
}

async function developmentCa(state: string): Promise<DevelopmentCa> {
  const endpoint = await findEndpoint(state);
  if (endpoint === undefined) throw new AskedWrongly(`No server runs on ${state}; start one with npm start`);
  const { issuer, mtls, store, responder } = endpoint;
  const control = controlOf(endpoint);
  return {
    address: { issuer, mtls, store, responder },
    revocationReasons: Object.keys(revocationReasons),
    issue: (subject) => control.issue(subject),
    async revoke(certificate, reason) {
      if (!isRevocationReason(reason)) throw new AskedWrongly(`${reason} is no reason for a revocation`);
      await control.revoke(certificate, reason);
    },
  };
}

const { out, error, exit } = await run(process.argv.slice(2), openSession);
for (const line of out) console.log(line);
for (const line of error) console.error(line);
process.exitCode = exit;
