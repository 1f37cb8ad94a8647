/**
 * API Gateway on a laptop: a public and a mutual TLS host over the same Lambda handlers. It refuses what API Gateway
 * refuses and nothing else (truststore-check.ts), so that what the functions must check is seen to be checked by them.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Host } from '../routes.ts';
import { oneLine } from '../truststore-bundle.ts';
import { type PayloadVersion, toEvent } from './api-gateway-event.ts';
import { type ExtraRoute, type RoutedTo, routeOf } from './gateway-dispatch.ts';
import { forwardedHeaders, type GatewayRequest, parseTarget, readBody, type Target } from './gateway-request.ts';
import { refuse, writeResult } from './gateway-response.ts';
import { gatewayServer } from './gateway-server.ts';
import { invoke, type LambdaHandler } from './lambda.ts';
import { listen } from './listening.ts';
import { judgeConnections, type Peer, whyForbidden } from './mutual-tls.ts';
import { parseGatewayTruststore } from './truststore-check.ts';

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

type Settings = Required<Omit<GatewayOptions, 'truststore'>>;

/** Starts both hosts. Rejects with one line when a port cannot be had or the truststore breaks API Gateway's rules. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const settings: Settings = { ...defaults, ...options };
  let truststore = parseGatewayTruststore(options.truststore, settings.report);

  const publicServer = gatewayServer('public', options, (message, response) =>
    answered('public', message, response, settings, undefined),
  );
  const mtlsServer = gatewayServer('mtls', options, (message, response) =>
    answered('mtls', message, response, settings, peerOf(message.socket)),
  );
  const peerOf = judgeConnections(mtlsServer, () => truststore);

  const { host } = options;
  const publicHost = await listen(publicServer, { host, port: options.publicPort, flag: '--port' });
  const mtlsHost = await listen(mtlsServer, { host, port: options.mtlsPort, flag: '--mtls-port' }).catch(
    async (error: unknown) => {
      await publicHost.close();
      throw error;
    },
  );
  return {
    address: () => ({ public: publicHost.port, mtls: mtlsHost.port }),
    setTruststore: (pem) => {
      truststore = parseGatewayTruststore(pem);
    },
    close: async () => {
      await Promise.all([publicHost.close(), mtlsHost.close()]);
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

/** Never rejects. */
async function answered(
  name: Host,
  message: IncomingMessage,
  response: ServerResponse,
  settings: Settings,
  peer: Peer | undefined,
): Promise<void> {
  try {
    await answer(name, message, response, settings, peer);
  } catch (error) {
    // The client hung up, or a fault of this twin.
    settings.report(`${name} gateway: ${oneLine(String(error))}`);
    if (response.headersSent || message.socket.destroyed) response.destroy();
    else refuse(response, 500);
  }
}

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
  const forbidden = name === 'mtls' ? whyForbidden(peer, receivedAt) : undefined;
  if (forbidden !== undefined) {
    settings.report(`mtls gateway: 403, ${forbidden}`);
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
