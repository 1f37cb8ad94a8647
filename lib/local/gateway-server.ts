/** One HTTPS server of the gateway: TLS as a custom domain name speaks it, API Gateway's limits, bad requests. */
import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Host } from '../routes.ts';
import { type GatewayStatus, gatewayMessages, messageBody } from './gateway-response.ts';

/** PEM; the certificate with its chain. */
export type ServerIdentity = { readonly certificate: string; readonly key: string };

/** A server that hands every request to `answer`, which must not reject. */
export function gatewayServer(
  name: Host,
  identity: ServerIdentity,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Server {
  /** Answers that a connection is owed: clients may send several requests without waiting (RFC 9112 §9.3.2). */
  const owed = new WeakMap<Duplex, number>();
  const server = createServer({ ...tlsOptions(name, identity), ...limits }, (request, response) => {
    const { socket } = request;
    owed.set(socket, (owed.get(socket) ?? 0) + 1);
    response.once('close', () => owed.set(socket, (owed.get(socket) ?? 1) - 1));
    void answer(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of an answer another one would be taken for its body.
    if (socket.writable && !owed.get(socket)) socket.end(rawAnswer(statusOf(error)));
    else socket.destroy();
  });
  return server;
}

function tlsOptions(name: Host, { certificate, key }: ServerIdentity): ServerOptions {
  return {
    cert: certificate,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    // RFC 9325 §4.2: forward secrecy and AEAD only; the first three are TLS 1.3's.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
    // A certificate exchanged later would not be the one that was judged.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: 10_000,
    // Whatever OpenSSL thinks of the certificate, the judge is truststore-check.ts: no CA is given, nothing refused.
    ...(name === 'mtls' && { requestCert: true, rejectUnauthorized: false, ca: [] }),
  };
}

/** API Gateway: request line and headers of at most 10,240 bytes. The times are this twin's. */
const limits: ServerOptions = {
  maxHeaderSize: 10_240,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};

function statusOf({ code }: NodeJS.ErrnoException): GatewayStatus {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

function rawAnswer(status: GatewayStatus): string {
  const body = messageBody(status);
  const fields = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  return `HTTP/1.1 ${status} ${gatewayMessages[status]}\r\n${fields}\r\n\r\n${body}`;
}
