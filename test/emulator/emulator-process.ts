/** An emulator of AWS for the time of the tests: one that runs already, or a command that is started on a free port. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export type Emulator = { readonly endpoint: string; readonly stop: () => Promise<void> };

/** What is looked for: `CERTBOUND_EMULATOR`, the command of another emulator that listens on GATEWAY_PORT. */
const command = process.env['CERTBOUND_EMULATOR'] ?? 'ministack';

/** What was looked for and not found, in words; the emulator otherwise. */
export async function findEmulator(): Promise<Emulator | string> {
  const running = process.env['AWS_ENDPOINT_URL'];
  if (running !== undefined) return { endpoint: running, stop: async () => {} };
  if (spawnSync(command, ['--help']).error !== undefined) {
    return `no emulator: AWS_ENDPOINT_URL is not set and «${command}» is no command here; pip install ministack cryptography`;
  }
  return startEmulator();
}

async function startEmulator(): Promise<Emulator> {
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), 'certbound-emulator-'));
  const child = spawn(command, {
    stdio: 'ignore',
    env: {
      ...process.env,
      // The functions run on the first `node` in the path.
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      STATE_DIR: state,
    },
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(state, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 150; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
    const answered = await fetch(endpoint).catch(() => undefined);
    if (answered !== undefined) return { endpoint, stop };
    await pause(200);
  }
  await stop();
  throw new Error(`${command} did not answer at ${endpoint} within 30 seconds`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
