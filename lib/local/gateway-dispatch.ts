/** Which function answers a path on a host: the rows of `lib/routes.ts`, each mapped as `ANY`, and what a caller adds. */
import { addressed, gatewayPaths, type Host } from '../routes.ts';
import type { LambdaHandler } from './lambda.ts';

/** A path that is no part of the authorization server: the demo API. */
export type ExtraRoute = {
  readonly path: string;
  readonly hosts: readonly Host[];
  readonly handler: LambdaHandler;
};

export type RoutedTo = {
  readonly handler: LambdaHandler;
  readonly functionName: string;
  readonly routePath: string;
  readonly pathParameters: Readonly<Record<string, string>>;
};

/** The function for a request; undefined where API Gateway says 404. Methods are the function's to judge. */
export function routeOf(
  name: Host,
  { host, path }: { readonly host: string; readonly path: string },
  {
    handlers,
    tenantHosts,
    extra,
  }: {
    readonly handlers: Readonly<Record<string, LambdaHandler>>;
    readonly tenantHosts: Readonly<Record<string, string>>;
    readonly extra: readonly ExtraRoute[];
  },
): RoutedTo | undefined {
  const added = extra.find((route) => route.path === path && route.hosts.includes(name));
  if (added !== undefined) {
    return { handler: added.handler, functionName: path.slice(1), routePath: path, pathParameters: {} };
  }
  const address = addressed(host, path, tenantHosts);
  if (address === undefined || !address.route.hosts.includes(name)) return undefined;
  const { tenant, route } = address;
  const handler = Object.hasOwn(handlers, route.lambda) ? handlers[route.lambda] : undefined;
  if (handler === undefined) return undefined;
  const [root, tenants] = gatewayPaths(route);
  const isRoot = path === root;
  return {
    handler,
    functionName: route.lambda,
    routePath: isRoot ? root : tenants,
    pathParameters: isRoot ? {} : { tenant },
  };
}
