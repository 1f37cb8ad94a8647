/** What the gateway's tests speak with: node:https, any certificate, any headers. */

import { type Agent, request as httpsRequest } from 'node:https';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';

export type Identity = { readonly certificate: string; readonly key: string };

export type Call = {
  readonly port: number;
  readonly ca: string;
  readonly identity?: Identity;
  readonly path?: string;
  readonly method?: string;
  /** Pairs as sent: name, value, name, value. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
  readonly tls?: ConnectionOptions;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** RFC 8446 §2.2: whether the connection resumed an earlier session. */
  readonly resumed: boolean;
};

export function call({
  port,
  ca,
  identity,
  path = '/token',
  method = 'GET',
  headers,
  body,
  agent,
  tls,
}: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: 'localhost',
        port,
        path,
        method,
        ca,
        agent: agent ?? false,
        // A key of 1024 bits is too weak for OpenSSL's default level, at the client too.
        ciphers: 'DEFAULT@SECLEVEL=0',
        ...(headers && { headers }),
        ...(identity && { cert: identity.certificate, key: identity.key }),
        ...tls,
      },
      (response) => {
        const resumed = (response.socket as TLSSocket).isSessionReused();
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
            resumed,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends bytes as they are and answers with everything that comes back until the server closes. */
export function raw(options: ConnectionOptions, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket: TLSSocket = connect({ host: 'localhost', ...options }, () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
