/** Binding a port and letting it go, with errors that fit on one line. */
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

type Server = HttpServer | HttpsServer;

export type Binding = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The command line flag that chooses the port, for the message. */
  readonly flag?: string;
};

export type Listening = {
  /** The port in use. */
  readonly port: number;
  /** Stops listening, lets exchanges under way end for a moment, then cuts what is left. A second call waits too. */
  close(): Promise<void>;
};

/** Milliseconds that exchanges under way get to end before their connections are cut. */
const grace = 1_000;

/** Binds the server. Rejects with one line that names the port and the flag. */
export async function listen(server: Server, binding: Binding): Promise<Listening> {
  const sockets = new Set<Socket>();
  // All of them: the server's own list lacks those that have not finished their TLS handshake.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await bind(server, binding);
  let closed: Promise<void> | undefined;
  return {
    port,
    close: () => {
      closed ??= shut(server, sockets);
      return closed;
    },
  };
}

async function shut(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, grace);
  await closed;
  clearTimeout(cut);
}

function bind(server: Server, { host, port, flag }: Binding): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => {
      const hint = flag === undefined ? '' : ` (${flag} chooses another)`;
      reject(new Error(`port ${port} of ${host} ${causeOf(error)}${hint}`, { cause: error }));
    };
    server.once('error', refused);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', refused);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function causeOf(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'is in use';
    case 'EACCES':
      return 'may not be bound by this user';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'cannot be bound: the host is no address of this machine';
    default:
      return `cannot be bound: ${error.code ?? error.message}`;
  }
}
