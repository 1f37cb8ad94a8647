/**
 * The table of endpoints. The constructs read it for routes, functions and IAM grants, the local gateway for
 * dispatch, the metadata document for the endpoint URLs (RFC 8414 §2) and `mtls_endpoint_aliases` (RFC 8705 §5).
 */

/** The kinds of rows a function may touch; each is the first part of a partition key (docs/storage.md). */
export type Kind =
  | 'tenants'
  | 'versions'
  | 'truststore'
  | 'blocks'
  | 'clients'
  | 'keys'
  | 'introspectionKeys'
  | 'publications'
  | 'publicationRequests'
  | 'changes'
  | 'tokens'
  | 'certificates'
  | 'assertions'
  | 'evidence'
  | 'crls'
  | 'crlSources'
  | 'refusals';
/** Who removes rows reads and writes them too. */
export type Access = 'read' | 'write' | 'read-write' | 'remove';
export type Needs = Readonly<Partial<Record<Kind, Access>>>;

/** `public` serves no client certificate, `mtls` demands one for every request. */
export type Host = 'public' | 'mtls';

/** What a function may do with private signing keys: `sign` is to open them, and to make the first one. */
export type Signing = Readonly<Partial<Record<'access_token' | 'introspection', 'sign' | 'make'>>>;

export type HttpRoute = {
  readonly trigger: 'http';
  /** The file in `lambdas/`. */
  readonly lambda: string;
  /** RFC 9110 §15.5.6: any other method is answered 405 with these in `Allow`. */
  readonly methods: readonly string[];
  readonly path: string;
  /** RFC 8414 §3: the tenant's part follows the well-known path instead of preceding it. */
  readonly tenantFollows?: true;
  readonly hosts: readonly Host[];
  /** The member of the metadata document that names this endpoint. */
  readonly metadata?: string;
  readonly needs: Needs;
  readonly signing?: Signing;
};

/** A function that runs when rows of the registry change, by the clock too, and for CloudFormation. */
export type StreamRoute = {
  readonly trigger: 'stream';
  readonly lambda: string;
  /** The kinds of rows whose changes start it. */
  readonly of: readonly Kind[];
  /** Minutes between two runs without a change. */
  readonly every: number;
  readonly needs: Needs;
};

/** A function that runs by the clock. */
export type ScheduleRoute = {
  readonly trigger: 'schedule';
  readonly lambda: string;
  /** Minutes between two runs. */
  readonly every: number;
  readonly needs: Needs;
  readonly signing?: Signing;
};

export type Route = HttpRoute | StreamRoute | ScheduleRoute;

const both: readonly Host[] = ['public', 'mtls'];
const snapshot: Needs = { tenants: 'read', versions: 'read', truststore: 'read', blocks: 'read' };
/** What is kept of who was refused (lib/oauth/refusals.ts). */
const refusals: Needs = { refusals: 'write' };
/** What judging a certificate takes: its row, answers about its status, and which CRLs somebody keeps. */
const status: Needs = { certificates: 'read-write', evidence: 'read-write', crls: 'read', crlSources: 'write' };

export const routes = {
  token: {
    trigger: 'http',
    lambda: 'token',
    methods: ['POST'],
    path: '/token',
    hosts: both,
    metadata: 'token_endpoint',
    needs: {
      ...snapshot,
      ...status,
      ...refusals,
      clients: 'read',
      assertions: 'write',
      tokens: 'write',
      keys: 'read-write',
    },
    signing: { access_token: 'sign' },
  },
  introspection: {
    trigger: 'http',
    lambda: 'introspection',
    methods: ['POST'],
    path: '/introspect',
    hosts: both,
    metadata: 'introspection_endpoint',
    needs: {
      ...snapshot,
      ...status,
      ...refusals,
      clients: 'read',
      assertions: 'write',
      tokens: 'read',
      keys: 'read',
      introspectionKeys: 'read-write',
    },
    signing: { introspection: 'sign' },
  },
  revocation: {
    trigger: 'http',
    lambda: 'revocation',
    methods: ['POST'],
    path: '/revoke',
    hosts: both,
    metadata: 'revocation_endpoint',
    needs: {
      ...snapshot,
      ...status,
      ...refusals,
      clients: 'read',
      assertions: 'write',
      tokens: 'read-write',
      keys: 'read',
    },
  },
  authorizationServerMetadata: {
    trigger: 'http',
    lambda: 'metadata',
    methods: ['GET', 'HEAD'],
    path: '/.well-known/oauth-authorization-server',
    tenantFollows: true,
    hosts: both,
    needs: snapshot,
  },
  openidConfiguration: {
    trigger: 'http',
    lambda: 'metadata',
    methods: ['GET', 'HEAD'],
    path: '/.well-known/openid-configuration',
    hosts: both,
    needs: snapshot,
  },
  jwks: {
    trigger: 'http',
    lambda: 'metadata',
    methods: ['GET', 'HEAD'],
    path: '/jwks',
    hosts: both,
    metadata: 'jwks_uri',
    needs: { ...snapshot, keys: 'read', introspectionKeys: 'read' },
  },
  crlRefresh: {
    trigger: 'schedule',
    lambda: 'crl-refresh',
    every: 1,
    needs: { ...snapshot, crlSources: 'read', crls: 'read-write' },
  },
  keyRotation: {
    trigger: 'schedule',
    lambda: 'key-rotation',
    every: 60,
    needs: { tenants: 'read', versions: 'read-write', keys: 'remove', introspectionKeys: 'remove' },
    signing: { access_token: 'make', introspection: 'make' },
  },
  truststorePublisher: {
    trigger: 'stream',
    lambda: 'truststore-publisher',
    of: ['tenants', 'truststore', 'publicationRequests'],
    every: 15,
    needs: { tenants: 'read', truststore: 'read', publicationRequests: 'read', publications: 'read-write' },
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

export const httpRoutes: readonly (readonly [RouteName, HttpRoute])[] = Object.entries(routes).filter(
  (row): row is [RouteName, (typeof routes)[RouteName] & HttpRoute] => row[1].trigger === 'http',
);

export const scheduleRoutes: readonly (readonly [RouteName, ScheduleRoute])[] = Object.entries(routes).filter(
  (row): row is [RouteName, (typeof routes)[RouteName] & ScheduleRoute] => row[1].trigger === 'schedule',
);

/** The first tenant of a deployment; it lives at the root, every other one under `/t/{tenant}`. */
export const defaultTenant = 'default';

/** What a tenant may be called. */
export const tenantName = /^[a-z0-9-]{1,63}$/;

/** The paths of a route at the gateway: the default tenant's, and the template for all others. */
export function gatewayPaths(route: HttpRoute): readonly [root: string, tenants: string] {
  const tenants = route.tenantFollows === true ? `${route.path}/t/{tenant}` : `/t/{tenant}${route.path}`;
  return [route.path, tenants];
}

/** The path of a route for one tenant, as its metadata document spells it. */
export function pathFor(route: HttpRoute, tenant: string, atRoot: boolean): string {
  const [root, tenants] = gatewayPaths(route);
  return atRoot ? root : tenants.replace('{tenant}', tenant);
}

export type Address = { readonly tenant: string; readonly name: RouteName; readonly route: HttpRoute };

/**
 * Maps (host, path) to the tenant and the route that the request addresses; undefined where there is neither.
 * A host in `tenantHosts` belongs to its tenant alone: no other tenant is reachable there, and its tenant nowhere else, so
 * that its CAs need not open the host that tenants share.
 */
export function addressed(
  host: string,
  path: string,
  tenantHosts: Readonly<Record<string, string>>,
): Address | undefined {
  const owner = Object.hasOwn(tenantHosts, host) ? tenantHosts[host] : undefined;
  for (const [name, route] of httpRoutes) {
    const tenant = path === route.path ? (owner ?? defaultTenant) : tenantIn(path, route);
    if (tenant === undefined) continue;
    const isReachable = owner === undefined ? !Object.values(tenantHosts).includes(tenant) : owner === tenant;
    return isReachable ? { tenant, name, route } : undefined;
  }
  return undefined;
}

function tenantIn(path: string, route: HttpRoute): string | undefined {
  const [before = '', after = ''] = gatewayPaths(route)[1].split('{tenant}');
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const tenant = path.slice(before.length, path.length - after.length);
  // The default tenant has one address, the root: a second one would be a second issuer.
  return tenantName.test(tenant) && tenant !== defaultTenant ? tenant : undefined;
}
