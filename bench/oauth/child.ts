/** A server under test: a process of its own that serves mutual TLS on loopback and tells what it has used. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { World } from './world.ts';

export type Usage = {
  /** Microseconds of CPU since the start, user and system. */
  readonly cpu: number;
  /** Calls of DynamoDB by name, and request units, since the start. */
  readonly store: Readonly<Record<string, number>>;
};

export type Listener = (request: IncomingMessage, response: ServerResponse) => void;

type Made = { readonly listener: Listener; readonly store?: Readonly<Record<string, number>> };

/** Waits for the world, serves what `make` makes of it, answers each message with its usage, ends with its parent. */
export function serveChild(make: (world: World, origin: string) => Promise<Made>): void {
  process.once('message', async (world: World) => {
    let listener: Listener = (_, response) => response.writeHead(503).end();
    const server = createServer(
      {
        cert: world.server.certificate,
        key: world.server.key,
        ca: world.truststore.map(({ pem }) => pem),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => listener(request, response),
    );
    server.listen(0, '127.0.0.1', async () => {
      const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
      const made = await make(world, origin);
      listener = made.listener;
      process.on('message', () => {
        const { user, system } = process.cpuUsage();
        process.send?.({ cpu: user + system, store: { ...made.store } } satisfies Usage);
      });
      process.send?.(origin);
    });
  });
  process.once('disconnect', () => process.exit(0));
}

const pems = new WeakMap<object, string>();

/** The client's certificate, made into PEM once a connection, as a gateway hands it over. */
export function peerPem(socket: TLSSocket): string {
  const known = pems.get(socket) ?? socket.getPeerX509Certificate()?.toString() ?? '';
  pems.set(socket, known);
  return known;
}

export function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}
