/** An OCSP responder and CRL server that does whatever a test tells it, address by address, over real HTTP on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Asked = { readonly method: string; readonly path: string; readonly body: Uint8Array };

/** The bytes of a 200 answer, or something worse. */
export type Reply = Uint8Array | ((response: ServerResponse, socket: Socket) => void);
export type Behaviour = (asked: Asked) => Reply | Promise<Reply>;

export type HostileResponder = {
  /** `127.0.0.1:port`. */
  readonly host: string;
  url(path: string): string;
  /** What is said at a path from now on; what nobody set is 404. */
  set(path: string, behaviour: Behaviour): void;
  /** How often a path was asked; without one, how often any was. */
  asked(path?: string): number;
  /** How many connections there have been, whatever was sent over them. */
  connections(): number;
  /** Rejects with what a behaviour threw: that is a fault of the test, and no silence. */
  close(): Promise<void>;
};

export async function startHostileResponder(): Promise<HostileResponder> {
  const behaviours = new Map<string, Behaviour>();
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  const faults: unknown[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    response.on('error', () => {});
    const path = request.url ?? '';
    counts.set(path, (counts.get(path) ?? 0) + 1);
    answer(request, response, behaviours.get(path)).catch((error: unknown) => {
      if (!request.destroyed) faults.push(error);
      response.destroy();
    });
  });
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: (path) => `http://${host}${path}`,
    set: (path, behaviour) => {
      behaviours.set(path, behaviour);
    },
    asked: (path) =>
      path === undefined ? [...counts.values()].reduce((sum, count) => sum + count, 0) : (counts.get(path) ?? 0),
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
      if (faults.length > 0) throw faults[0];
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  behaviour: Behaviour | undefined,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const asked = { method: request.method ?? '', path: request.url ?? '', body: Buffer.concat(chunks) };
  const reply = await (behaviour ?? (() => httpStatus(404)))(asked);
  if (typeof reply === 'function') reply(response, request.socket);
  else response.writeHead(200, { 'content-length': reply.byteLength }).end(reply);
}

const mebibyte = 1024 * 1024;

export const httpStatus =
  (status: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) => {
    response.writeHead(status, { 'content-length': 0, ...headers }).end();
  };

/** 200 MiB, as fast as they are taken. */
export const endlessBody: Reply = (response) => {
  const piece = Buffer.alloc(65_536);
  let left = 200 * mebibyte;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= piece.byteLength;
      if (!response.write(piece)) return;
    }
    response.end();
  };
  response.on('drain', more);
  more();
};

/** A Content-Length of 200 MiB, and a few bytes. */
export const lyingLength: Reply = (response) => {
  response.writeHead(200, { 'content-length': 200 * mebibyte }).write('x');
};

/** Takes the request and says nothing. */
export const silence: Reply = () => {};

/** The status line, then a header now and then. */
export const slowHeaders: Reply = (_response, socket) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  drip(socket, 'x-slow: 1\r\n');
};

/** A good answer, as long as nobody waits for its end: a byte at a time. */
export const slowBody =
  (body: Uint8Array): Reply =>
  (response, socket) => {
    response.writeHead(200, { 'content-length': body.byteLength });
    response.flushHeaders();
    drip(socket, Buffer.from(body.subarray(0, 1)));
  };

function drip(socket: Socket, bytes: string | Buffer): void {
  const timer = setInterval(() => socket.write(bytes), 100);
  socket.once('close', () => clearInterval(timer));
}

export const reset: Reply = (_response, socket) => {
  socket.resetAndDestroy();
};

/** More and other bytes than HTTP has. */
export const noHttp: Reply = (_response, socket) => {
  socket.end('SSH-2.0-OpenSSH_9.9\r\n');
};
