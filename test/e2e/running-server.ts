/** `npm start` as a child process on free ports, with a state directory of its own, for the time of a test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadAuthority } from '../../lib/local/authority-files.ts';
import { type DemoClient, demoIdentity, serverCaFile } from '../../lib/local/demo-files.ts';
import { type Deployment, parseDeployment } from '../../lib/local/deployment.ts';
import { type Answer, exchange, type Identity } from '../../lib/local/mutual-tls-client.ts';
import { type Endpoint, findEndpoint } from '../../lib/local/state-directory.ts';

const start = resolve(import.meta.dirname, '../../bin/start.ts');

export type RunningServer = {
  readonly endpoint: Endpoint;
  readonly state: string;
  /** PEM: what the hosts' certificate is trusted under. */
  readonly ca: string;
  /** The log line of the request that got this answer; it may arrive after the answer. */
  readonly logOf: (answer: Answer) => Promise<Record<string, unknown>>;
  /** The first line of the log with this in it; it may be yet to come. */
  readonly lineWith: (text: string) => Promise<Record<string, unknown>>;
  readonly output: () => string;
  /** Ends it as Ctrl-C would and resolves with its exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  readonly identity: (client: DemoClient) => Identity;
  readonly token: (identity: Identity, form?: Readonly<Record<string, string>>, path?: string) => Promise<Answer>;
  readonly post: (path: string, identity: Identity, form: Readonly<Record<string, string>>) => Promise<Answer>;
};

export type Folder = {
  readonly path: string;
  readonly write: (name: string, content: string) => string;
  readonly remove: () => void;
};

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'certbound-test-'));
  return {
    path,
    write: (name, content) => {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

const children = new Set<ChildProcess>();

/** Ends what a failed test left running, so that the failure is told and not waited for. */
export function endServers(): void {
  for (const child of children) child.kill('SIGKILL');
}

const {
  CERTBOUND_DEPLOYMENT: outputs,
  CERTBOUND_DEPLOYMENT_STATE: prepared,
  CERTBOUND_DEPLOYMENT_ENDPOINT: emulator,
} = process.env;

/** With these in the environment servers stand in front of a deployment on an emulator (test/emulator/emulator.ts). */
export function deploymentInFront(): Deployment | undefined {
  if (outputs === undefined || emulator === undefined) return undefined;
  const deployment = parseDeployment(readFileSync(outputs, 'utf8'), emulator);
  if (!deployment.ok) throw new Error(deployment.failure);
  return deployment.value;
}

function deploymentFlags(state: string): readonly string[] {
  if (outputs === undefined || emulator === undefined || prepared === undefined) return [];
  // The functions may ask one responder alone: a new state begins with its CA.
  if (!existsSync(state)) cpSync(prepared, state, { recursive: true });
  return ['--deployment', outputs, '--aws-endpoint', emulator];
}

/** Resolves when the server says that it is ready; rejects with its output when it ends instead. */
export async function runServer(state: string, ...flags: string[]): Promise<RunningServer> {
  const args = [start, '--port', '0', '--mtls-port', '0', '--state-dir', state, ...deploymentFlags(state), ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('close', () => children.delete(child));
  let output = '';
  // Not `exit`: what it wrote last is still on its way then.
  const ended = new Promise<number | null>((done) => child.once('close', done));
  await new Promise<void>((ready, failed) => {
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\nReady')) ready();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('exit', () => failed(new Error(`The server ended:\n${output}`)));
  });
  const endpoint = await findEndpoint(state);
  if (endpoint === undefined) throw new Error(`No endpoint in ${state}:\n${output}`);
  const ca = readFileSync(serverCaFile(state), 'utf8');
  const lineWith: RunningServer['lineWith'] = async (text) => {
    for (;;) {
      const line = output.split('\n').find((each) => each.startsWith('{') && each.endsWith('}') && each.includes(text));
      if (line !== undefined) return JSON.parse(line);
      await once(child.stdout, 'data');
    }
  };
  const post: RunningServer['post'] = (path, identity, form) =>
    exchange({ url: `${endpoint.mtls}${path}`, ca, identity, form });
  return {
    endpoint,
    state,
    ca,
    post,
    output: () => output,
    lineWith,
    logOf: ({ headers }) => lineWith(`"request_id":"${headers['apigw-requestid']}"`),
    stop: (signal = 'SIGINT') => {
      child.kill(signal);
      return ended;
    },
    identity: (client) => demoIdentity(state, client),
    token: (identity, form = {}, path = '/token') =>
      post(path, identity, { grant_type: 'client_credentials', client_id: 'demo-client-1', ...form }),
  };
}

/** The development CA of a server, to issue what its control interface would not. */
export async function authorityOf(state: string) {
  const authority = await loadAuthority(join(state, 'ca'));
  if (authority === undefined) throw new Error(`No authority in ${state}`);
  return authority;
}
