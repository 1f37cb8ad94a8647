/** One function as Lambda runs it: its bundle in a process of its own, under a Runtime API on loopback. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** As Lambda's runtime reports it. */
export type Reported = { readonly errorType: string; readonly errorMessage: string };

export type Invoked =
  | { readonly outcome: 'response'; readonly value: unknown }
  | { readonly outcome: 'error'; readonly error: Reported };

export type FunctionProcess = {
  /** Resolves when the function has asked for its first invocation, or has reported why it never will. */
  readonly ready: Promise<Reported | undefined>;
  invoke(event: unknown): Promise<Invoked>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Its exit code, once it has ended by itself. */
  readonly exited: Promise<number | null>;
  end(): Promise<void>;
};

const client = join(import.meta.dirname, 'runtime-client.cjs');

/** Milliseconds that an invocation may take, as its deadline says. */
const deadline = 30_000;

type Pending = { readonly event: string; readonly settle: (invoked: Invoked) => void };

/** Starts the function of these files; `environment` is all that it has besides what Lambda gives it. */
export async function functionProcess(files: Files, environment: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'certbound-function-'));
  for (const [name, contents] of Object.entries(files)) writeFileSync(join(folder, name), contents);
  const queue: Pending[] = [];
  const running = new Map<string, Pending>();
  let waiting: ServerResponse | undefined;
  let settleReady: (reported: Reported | undefined) => void = () => {};
  const ready = new Promise<Reported | undefined>((resolve) => {
    settleReady = resolve;
  });

  function deliver(): void {
    const next = waiting === undefined ? undefined : queue.shift();
    if (waiting === undefined || next === undefined) return;
    const id = randomUUID();
    running.set(id, next);
    waiting
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': id,
        'lambda-runtime-deadline-ms': String(Date.now() + deadline),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:000000000000:function:function',
      })
      .end(next.event);
    waiting = undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      settleReady(undefined);
      waiting = response;
      deliver();
      return;
    }
    const body = await bodyOf(request);
    response.writeHead(202).end('{"status":"OK"}');
    if (path === 'init/error') return settleReady(JSON.parse(body) as Reported);
    const [, id = '', what] = path.split('/');
    const { settle } = running.get(id) ?? {};
    running.delete(id);
    if (what === 'response') settle?.({ outcome: 'response', value: JSON.parse(body) });
    else settle?.({ outcome: 'error', error: JSON.parse(body) as Reported });
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const child = spawn(process.execPath, [client], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_FUNCTION_NAME: 'function',
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
    },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const exited = once(child, 'close').then(([code]) => code as number | null);
  void exited.then((code) => {
    settleReady({ errorType: 'Runtime.ExitError', errorMessage: `exited with ${code}: ${output.stderr}` });
    for (const { settle } of [...queue, ...running.values()]) {
      settle({ outcome: 'error', error: { errorType: 'Runtime.ExitError', errorMessage: `exited with ${code}` } });
    }
  });
  return {
    ready,
    invoke: (event) =>
      new Promise<Invoked>((settle) => {
        queue.push({ event: JSON.stringify(event), settle });
        deliver();
      }),
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    async end() {
      child.kill('SIGKILL');
      await exited;
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  } satisfies FunctionProcess;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}
