/** `.certbound/`: what a local server keeps between two runs, for its user alone. */
import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TableNames } from '../adapters/dynamodb/tables.ts';
import { isRunning, takeLock } from './lock.ts';

/** How the CLI and the demo find a running server. */
export type Endpoint = {
  readonly pid: number;
  /** The issuer of tenant `default`, an https origin. */
  readonly issuer: string;
  /** RFC 8705 §5: the mutual TLS origin. */
  readonly mtls: string;
  /** The embedded store, an http origin. */
  readonly store: string;
  /** The responder and its control API, an http origin. */
  readonly responder: string;
  /** RFC 6750: the bearer secret of the control API. It stands nowhere else. */
  readonly secret: string;
  /** `host:port` of OCSP and CRL servers that the functions let through. */
  readonly statusAllowHosts?: readonly string[];
  /** The tables of a deployment on an emulator, which have other names than the embedded store's. */
  readonly deployment?: { readonly region: string } & TableNames;
};

export type StateDirectory = {
  /** Absolute. */
  readonly path: string;
  /** Where a named part of the state lies: `ca`, `store`, `responder.json`. */
  file(...names: readonly string[]): string;
  /** Publishes the running server, readable by its user alone. */
  publish(endpoint: Endpoint): Promise<void>;
  /** Takes the endpoint back and gives up the lock. */
  close(): Promise<void>;
};

const marker = 'certbound-state.json';
const lockFile = 'lock';
const endpointFile = 'endpoint.json';

/**
 * Opens the directory for this process alone; `fresh` first removes what an earlier run left. Rejects with one line
 * when a running process has it, or when it holds files and no marker of ours: such a directory is never touched.
 */
export async function openStateDirectory(options: {
  readonly path: string;
  readonly fresh?: boolean;
}): Promise<StateDirectory> {
  await mkdir(options.path, { recursive: true, mode: 0o700 });
  const path = await realpath(options.path);
  await claim(path);
  const lock = await takeLock(join(path, lockFile));
  const file = (...names: readonly string[]) => join(path, ...names);
  try {
    if (options.fresh === true) await empty(path);
    await rm(file(endpointFile), { force: true });
  } catch (error) {
    await lock.release();
    throw error;
  }
  return {
    path,
    file,
    publish: (endpoint) => writePrivate(file(endpointFile), `${JSON.stringify(endpoint, null, 2)}\n`),
    close: async () => {
      await rm(file(endpointFile), { force: true });
      await lock.release();
    },
  };
}

/** The server that runs on this state directory; undefined where there is none. */
export async function findEndpoint(path: string): Promise<Endpoint | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(path, endpointFile), 'utf8'));
    return isEndpoint(value) && isRunning(value.pid) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Writes a file that only its user may read: whole, or not at all. */
export async function writePrivate(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function claim(path: string): Promise<void> {
  if (!(await isDirectory(path))) throw new Error(`${path} is not a directory`);
  const names = await readdir(path);
  if (!names.includes(marker)) {
    if (names.length > 0) throw new Error(`${path} holds files that are not Certbound's; choose another --state-dir`);
    await writeFile(join(path, marker), `${JSON.stringify({ certbound: 'local state' })}\n`, { mode: 0o600 });
  }
  await chmod(path, 0o700);
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}

async function empty(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== marker && name !== lockFile) await rm(join(path, name), { recursive: true, force: true });
  }
}

function isEndpoint(value: unknown): value is Endpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, statusAllowHosts: hosts = [], deployment = {}, ...texts } = value as Record<string, unknown>;
  const names = ['issuer', 'mtls', 'store', 'responder', 'secret'];
  const hasHosts = Array.isArray(hosts) && hosts.every((host) => typeof host === 'string');
  const inFront = typeof deployment === 'object' && deployment !== null;
  return Number.isSafeInteger(pid) && hasHosts && inFront && names.every((name) => typeof texts[name] === 'string');
}
