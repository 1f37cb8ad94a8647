/**
 * API Gateway on a laptop: a public and a mutual TLS host over the same Lambda handlers. It refuses what API Gateway
 * refuses and nothing else (truststore-check.ts), so that what the functions must check is seen to be checked by them.
 */
import { constants, randomUUID, type X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Host } from '../routes.ts';
import { type PayloadVersion, toEvent } from './api-gateway-event.ts';
import { type ExtraRoute, type RoutedTo, routeOf } from './gateway-dispatch.ts';
import { forwardedHeaders, type GatewayRequest, parseTarget, readBody, type Target } from './gateway-request.ts';
import { type GatewayStatus, gatewayMessages, messageBody, refuse, writeResult } from './gateway-response.ts';
import { invoke, type LambdaHandler } from './lambda.ts';
import { listen, shut } from './listening.ts';
import { findPaths, type GatewayPath, isValidAt, oneLine, parseGatewayTruststore } from './truststore-check.ts';

export type GatewayOptions = {
  /** The address both hosts listen on. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly publicPort: number;
  readonly mtlsPort: number;
  /** The server certificate with its chain, and its key, PEM. */
  readonly certificate: string;
  readonly key: string;
  /** The truststore file of the mutual TLS host, PEM; see `parseGatewayTruststore`. */
  readonly truststore: string;
  /** By the name of the file in `lambdas/`. */
  readonly handlers: Readonly<Record<string, LambdaHandler>>;
  /** Hosts that belong to one tenant alone: host name → tenant. */
  readonly tenantHosts?: Readonly<Record<string, string>>;
  readonly extra?: readonly ExtraRoute[];
  /** `2.0`, the default, as HTTP APIs send; `1.0` as REST APIs do. */
  readonly payload?: PayloadVersion;
  /** Milliseconds a handler may take: 30,000 at HTTP APIs, the default. */
  readonly handlerTimeout?: number;
  readonly now?: () => Date;
  /** Told in one line what the gateway refused by itself, which no function's log shows. */
  readonly report?: (line: string) => void;
};

export type Gateway = {
  /** The ports in use. */
  address(): { readonly public: number; readonly mtls: number };
  /** Replaces the truststore for connections made from now on; throws, and changes nothing, when it breaks a rule. */
  setTruststore(pem: string): void;
  close(): Promise<void>;
};

/** What was found about a connection's client, once, when it was made. */
type Peer = { readonly certificate: X509Certificate; readonly paths: readonly GatewayPath[] };

type Settings = Required<Omit<GatewayOptions, 'truststore'>>;

/** Starts both hosts. Rejects with one line when a port cannot be had or the truststore breaks API Gateway's rules. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const settings: Settings = { ...defaults, ...options };
  let truststore = parseGatewayTruststore(options.truststore);
  const peers = new WeakMap<object, Peer>();

  const mtlsServer = server('mtls', settings, (request) => peers.get(request.socket));
  mtlsServer.prependListener('secureConnection', (socket) => {
    const certificate = peerCertificate(socket);
    // API Gateway ends a handshake without a certificate; here TLS 1.3 has told the client already that it is done.
    if (certificate === undefined) socket.destroy();
    else peers.set(socket, { certificate, paths: findPaths(certificate, truststore) });
  });
  const publicServer = server('public', settings, () => undefined);

  const { host } = options;
  const publicPort = await listen(publicServer, { host, port: options.publicPort, flag: '--port' });
  const mtlsPort = await listen(mtlsServer, { host, port: options.mtlsPort, flag: '--mtls-port' }).catch(
    async (error: unknown) => {
      await shut(publicServer);
      throw error;
    },
  );
  return {
    address: () => ({ public: publicPort, mtls: mtlsPort }),
    setTruststore: (pem) => {
      truststore = parseGatewayTruststore(pem);
    },
    close: async () => {
      await Promise.all([shut(publicServer), shut(mtlsServer)]);
    },
  };
}

const defaults = {
  tenantHosts: {},
  extra: [],
  payload: '2.0',
  handlerTimeout: 30_000,
  now: () => new Date(),
  report: () => undefined,
} satisfies Partial<GatewayOptions>;

function server(name: Host, settings: Settings, peerOf: (request: IncomingMessage) => Peer | undefined): Server {
  const answering = new WeakSet<Duplex>();
  const created = createServer({ ...tlsOptions(name, settings), ...limits }, (request, response) => {
    answering.add(request.socket);
    response.once('close', () => answering.delete(request.socket));
    answer(name, request, response, settings, peerOf(request)).catch((error: unknown) => {
      // The client hung up, or a fault of this twin: either way there is nobody to tell but the log.
      settings.report(`${name} gateway: ${oneLine(String(error))}`);
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  });
  created.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // In the middle of an answer another one would be taken for its body.
    if (socket.writable && !answering.has(socket)) socket.end(rawAnswer(statusOf(error)));
    else socket.destroy();
  });
  return created;
}

function tlsOptions(name: Host, { certificate, key }: Settings): ServerOptions {
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

async function answer(
  name: Host,
  message: IncomingMessage,
  response: ServerResponse,
  settings: Settings,
  peer: Peer | undefined,
): Promise<void> {
  response.on('error', () => response.destroy());
  const id = randomUUID();
  response.setHeader('apigw-requestid', id);
  const receivedAt = settings.now();
  if (name === 'mtls' && !isTrusted(peer, receivedAt)) {
    settings.report(`mtls gateway: 403, ${whyNot(peer)}`);
    return refuse(response, 403);
  }
  const target = parseTarget(message);
  if (target === undefined) return refuse(response, 400);
  const routed = routeOf(name, target, settings);
  if (routed === undefined) return refuse(response, 404);
  const body = await readBody(message);
  if (body === undefined) return refuse(response, 413);
  const request = { ...received(message, target, routed), id, receivedAt, body, ...certificateOf(peer) };
  await serve(request, routed, response, settings);
}

async function serve(request: GatewayRequest, routed: RoutedTo, response: ServerResponse, settings: Settings) {
  const invocation = await invoke(routed.handler, toEvent(request, settings.payload), {
    functionName: routed.functionName,
    requestId: request.id,
    timeout: settings.handlerTimeout,
  });
  if (invocation.outcome === 'timeout') {
    settings.report(`${routed.functionName}: no result within ${settings.handlerTimeout} ms`);
    return refuse(response, 503);
  }
  if (invocation.outcome === 'rejected')
    settings.report(`${routed.functionName}: ${oneLine(String(invocation.error))}`);
  if (invocation.outcome === 'rejected' || !writeResult(response, invocation.result)) refuse(response, 500);
}

function received(message: IncomingMessage, target: Target, { routePath, pathParameters }: RoutedTo) {
  return {
    ...target,
    method: message.method ?? '',
    protocol: `HTTP/${message.httpVersion}`,
    headers: forwardedHeaders(message),
    sourceIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    routePath,
    pathParameters,
  };
}

const certificateOf = (peer: Peer | undefined) => (peer === undefined ? {} : { clientCertificate: peer.certificate });

/** The path was found once; dates go by while a connection lives. */
function isTrusted(peer: Peer | undefined, at: Date): boolean {
  return peer !== undefined && isValidAt(peer.paths, at);
}

function whyNot(peer: Peer | undefined): string {
  if (peer === undefined) return 'no certificate';
  const reason =
    peer.paths.length === 0 ? 'no path of strong certificates to the truststore' : 'a date is out of range';
  return `${JSON.stringify(oneLine(peer.certificate.subject))}: ${reason}`;
}

function peerCertificate(socket: TLSSocket): X509Certificate | undefined {
  try {
    return socket.getPeerX509Certificate();
  } catch {
    return undefined;
  }
}

function statusOf({ code }: NodeJS.ErrnoException): GatewayStatus {
  if (code === 'HPE_HEADER_OVERFLOW') return 431;
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
}

function rawAnswer(status: GatewayStatus): string {
  const body = messageBody(status);
  const fields = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  return `HTTP/1.1 ${status} ${gatewayMessages[status]}\r\n${fields}\r\n\r\n${body}`;
}
