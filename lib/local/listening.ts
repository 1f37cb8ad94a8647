/** Binding a port and letting it go, with errors that fit on one line. */
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

type Server = HttpServer | HttpsServer;

export type Binding = {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The command line flag that chooses the port, for the message. */
  readonly flag?: string;
};

/** Binds the server and answers with its port. Rejects with one line that names the port and the flag. */
export function listen(server: Server, { host, port, flag }: Binding): Promise<number> {
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

/** Milliseconds that exchanges under way get to end before their connections are cut. */
const grace = 2_000;

/** Stops listening, lets exchanges under way end for a moment, then cuts what is left. */
export async function shut(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), grace);
  await closed;
  clearTimeout(cut);
}
