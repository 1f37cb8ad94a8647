/** The edge of a function: the event in, one endpoint, the one `catch`, one log line, the result out (middy). */
import middy, { type MiddlewareObj } from '@middy/core';
import type { HttpRequest, HttpResponse } from '../../http.ts';
import type { RequestRecord } from '../../oauth/audit.ts';
import type { Call, Endpoint } from '../../oauth/call.ts';
import { OAuthError, renderError, showReason } from '../../oauth/error.ts';
import type { Server } from '../../oauth/ports.ts';
import type { KeepRefusal } from '../../oauth/refusals.ts';
import { addressed, type RouteName } from '../../routes.ts';
import { type ApiGatewayResult, parseEvent, toResult } from './event.ts';
import type { Log } from './log.ts';

/** One request on its way through the function. */
type Exchange = { readonly request: HttpRequest; readonly record: RequestRecord; readonly startedAt: number };

export type EdgeOptions = {
  readonly tenantHosts: Readonly<Record<string, string>>;
  readonly log: Log;
};

/** What the endpoints stand on, and what the edge keeps besides its log. */
export type EdgeServer = Server & { readonly keepRefusal: KeepRefusal };

type LambdaHandler = (event: unknown, context: { readonly awsRequestId: string }) => Promise<ApiGatewayResult>;

/** A Lambda handler that serves these routes of `lib/routes.ts`. */
export function serve(
  endpoints: Readonly<Partial<Record<RouteName, Endpoint>>>,
  options: EdgeOptions,
  server: EdgeServer,
): LambdaHandler {
  const handler = middy()
    .use(plainExchange)
    .use(oneLogLine(options.log))
    .use(oneCatch)
    .handler((exchange: unknown) => answer(exchange as Exchange, endpoints, options, server));
  return handler as unknown as LambdaHandler;
}

async function answer(
  { request, record, startedAt: began }: Exchange,
  endpoints: Readonly<Partial<Record<RouteName, Endpoint>>>,
  { tenantHosts }: EdgeOptions,
  server: EdgeServer,
): Promise<HttpResponse> {
  const address = addressed(request.host, request.path, tenantHosts);
  const endpoint = address && endpoints[address.name];
  if (address === undefined || endpoint === undefined) return notFound;
  record.endpoint = address.name;
  record.tenant = address.tenant;
  const { methods } = address.route;
  if (!methods.includes(request.method)) throw methodNotAllowed(methods);
  const snapshot = await server.registry.snapshot(address.tenant);
  if (snapshot === undefined) return notFound;
  const response = await orKeptRefusal(endpoint, { request, snapshot, record, at: server.now(), began }, server);
  return request.method === 'HEAD' ? { ...response, body: '' } : response;
}

/** Awaited, since a function is frozen once it has answered; a success never comes here. */
async function orKeptRefusal(endpoint: Endpoint, call: Call, server: EdgeServer): Promise<HttpResponse> {
  try {
    return await endpoint(call, server);
  } catch (error) {
    await server.keepRefusal(error, call);
    throw call.snapshot.tenant.show_reasons ? showReason(error) : error;
  }
}

/** As API Gateway says it for a path it does not know, so that a made-up tenant is like any other unknown path. */
const notFound: HttpResponse = {
  status: 404,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: '{"message":"Not Found"}',
};

/** RFC 9110 §15.5.6. */
const methodNotAllowed = (methods: readonly string[]) =>
  new OAuthError('invalid_request', 'The method is not allowed here', {
    status: 405,
    headers: { allow: methods.join(', ') },
  });

const plainExchange: MiddlewareObj = {
  before: (middyRequest) => {
    const exchange: Exchange = { request: parseEvent(middyRequest.event), record: {}, startedAt: performance.now() };
    middyRequest.event = exchange;
  },
  after: toGateway,
  onError: toGateway,
};

function toGateway(middyRequest: { response?: unknown }): void {
  middyRequest.response = toResult(middyRequest.response as HttpResponse);
}

const oneCatch: MiddlewareObj = {
  onError: (middyRequest) => {
    middyRequest.response = renderError(middyRequest.error);
  },
};

function oneLogLine(log: Log): MiddlewareObj {
  const write: MiddlewareObj['after'] = ({ event, context, response, error }) => {
    const exchange = event as Partial<Exchange>;
    log({
      request_id: exchange.request?.id ?? context.awsRequestId,
      method: exchange.request?.method,
      status: (response as HttpResponse).status,
      ms: exchange.startedAt === undefined ? undefined : Math.round(performance.now() - exchange.startedAt),
      ...exchange.record,
      ...errorMembers(error),
    });
  };
  return { after: write, onError: write };
}

/** The protocol's refusals are told by code and reason; anything else is a fault and told in full, to the log alone. */
function errorMembers(error: unknown) {
  if (error === null || error === undefined) return { level: 'info' as const };
  if (!(error instanceof OAuthError)) return { level: 'error' as const, error: 'server_error' as const, fault: error };
  return {
    level: 'info' as const,
    error: error.code,
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.detail !== undefined && { detail: error.detail }),
  };
}
