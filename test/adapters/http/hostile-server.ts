import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export type HostileServer = {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** What each connection has sent, in order of connecting. */
  readonly received: string[];
  /** Resolves when every connection there has been is closed. */
  closed(): Promise<void>;
};

/** A TCP server on loopback that does `behave` once a request's headers are there; closed with the test. */
export async function hostileServer(t: TestContext, behave: (socket: Socket) => void): Promise<HostileServer> {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const server = createServer((socket) => {
    const index = sockets.push(socket) - 1;
    received[index] = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const before = received[index] ?? '';
      received[index] = before + data.toString('latin1');
      if (!before.includes('\r\n\r\n') && received[index]?.includes('\r\n\r\n')) behave(socket);
    });
  });
  const port = await listening(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const closed = async () => {
    await Promise.all(
      sockets.map((socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve))),
    );
  };
  return { address: `127.0.0.1:${port}`, received, closed };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A port of loopback on which nobody listens. */
export async function closedPort(): Promise<string> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
}

/** Writes `text` again and again, a little apart, as long as the connection lives. */
export function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 5);
  socket.on('close', () => clearInterval(timer));
}

/** Writes zeros as fast as they are taken, up to `size` bytes, each piece framed by `frame`; counts what was taken. */
export function pour(socket: Socket, size: number, frame: (piece: Buffer) => Buffer): { written: number } {
  const count = { written: 0 };
  const piece = frame(Buffer.alloc(65_536));
  const more = () => {
    while (!socket.destroyed && count.written < size) {
      count.written += piece.byteLength;
      if (!socket.write(piece)) break;
    }
  };
  socket.on('drain', more);
  more();
  return count;
}
