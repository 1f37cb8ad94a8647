/** The endpoints over stores in memory, a real CA with real OCSP answers, and a clock that the test moves. */

import type { RequestLine } from '../../lib/adapters/api-gateway/log.ts';
import { type EdgeServer, serve } from '../../lib/adapters/api-gateway/serve.ts';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { registry } from '../../lib/adapters/memory/registry.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { createAuthority, issueLeaf, type LeafRequest } from '../../lib/local/authority.ts';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { openLedger } from '../../lib/local/ledger.ts';
import { answerOcsp } from '../../lib/local/ocsp-responder.ts';
import { introspection } from '../../lib/oauth/endpoints/introspection.ts';
import { jwks, metadata } from '../../lib/oauth/endpoints/metadata.ts';
import { revocation } from '../../lib/oauth/endpoints/revocation.ts';
import { token } from '../../lib/oauth/endpoints/token.ts';
import type { ClientMetadata } from '../../lib/oauth/ports.ts';
import { keepRefusal } from '../../lib/oauth/refusals.ts';
import { signingKeys } from '../../lib/oauth/signing-keys.ts';
import { newTenant, type Tenant } from '../../lib/oauth/tenant.ts';
import { fail, ok } from '../../lib/result.ts';
import type { Fetch } from '../../lib/status/ports.ts';

export const start = new Date('2026-06-01T12:00:00Z');

export type Reply = 'answers' | 'silent' | 'garbage';

export type Settings = {
  readonly tenant?: Partial<Tenant>;
  /** Seconds for which an OCSP answer is good. */
  readonly validity?: number;
  /** Whether there is anything that wraps signing keys. */
  readonly keyWrap?: boolean;
  /** Instead of those in memory. */
  readonly stores?: Stores;
  /** Instead of the CA’s responder and `pages`. */
  readonly fetch?: Fetch;
  /** The monotonic clock, in milliseconds. */
  readonly elapsed?: () => number;
  /** That of another process: its stores, its CA, its clock. */
  readonly world?: World;
  /** What requests without a certificate are sent to, and those with one. */
  readonly hosts?: { readonly public: string; readonly mtls: string };
  readonly tenantHosts?: Readonly<Record<string, string>>;
};

const sharedHosts = { public: 'auth.example', mtls: 'mtls.auth.example' };

type World = Awaited<ReturnType<typeof newWorld>>;

/** What processes of one deployment have in common. */
async function newWorld({ tenant = {}, validity = 3600, stores = memoryStores() }: Settings) {
  const clock = { now: start };
  const responder: { reply: Reply; asked: number } = { reply: 'answers', asked: 0 };
  const authority = await createAuthority({ statusUrl: 'http://status.example', at: start });
  const ledger = await openLedger(undefined);
  await ledger.record({ serial: authority.intermediate.serial, issuer: 'root', request: { subject: 'CN=I' } });

  /** What a GET of these URLs finds; an entry that gives undefined is a server that does not answer. */
  const pages = new Map<string, () => unknown>();
  const fetched: string[] = [];
  const fetch: Fetch = async ({ url, body }) => {
    const page = pages.get(url);
    if (page !== undefined) {
      fetched.push(url);
      const found = page();
      if (found === undefined) return fail({ reason: 'network', detail: 'connection refused' });
      return ok(Buffer.from(typeof found === 'string' ? found : JSON.stringify(found)));
    }
    responder.asked++;
    if (responder.reply === 'silent') return fail({ reason: 'timeout', detail: 'status.example did not answer' });
    if (responder.reply === 'garbage') return ok(Uint8Array.of(0x30, 0x03, 0x0a, 0x01, 0x00));
    const nextUpdate = new Date(clock.now.getTime() + validity * 1000);
    return ok(answerOcsp(body ?? new Uint8Array(), { at: clock.now, nextUpdate }, authority, ledger));
  };

  await stores.tenants.save(
    newTenant({
      name: 'default',
      issuer: 'https://auth.example',
      mtls_base_uri: 'https://mtls.auth.example',
      ...tenant,
    }),
  );
  for (const [type, { der }] of [
    ['anchor', authority.root],
    ['intermediate', authority.intermediate],
  ] as const) {
    await stores.truststore.add('default', { type, certificate: der });
  }

  return { clock, responder, pages, fetched, authority, ledger, fetch, stores };
}

export async function authorizationServer(settings: Settings = {}) {
  const { keyWrap = true, world = await newWorld(settings), hosts = sharedHosts, tenantHosts = {} } = settings;
  const { clock, responder, pages, fetched, authority, ledger, fetch } = world;
  const calls: string[] = [];
  const stores = counted(world.stores, calls);
  const now = () => clock.now;
  const local = localKeyCustody(new Uint8Array(32));
  const custody = keyWrap ? { access_token: local, introspection: local } : undefined;
  let counter = 0;
  const server: EdgeServer = {
    ...stores,
    keys: signingKeys({ store: stores.keys, custody, opened: boundedMemory(100) }),
    registry: registry(stores, {
      maxAge: 1,
      now,
      fetch: settings.fetch ?? fetch,
      ...(settings.elapsed && { elapsed: settings.elapsed }),
    }),
    keepRefusal: keepRefusal(stores.audit, boundedMemory(100)),
    now,
    randomBytes: (size) => Buffer.alloc(size, ++counter),
  };
  const lines: RequestLine[] = [];
  const handler = serve(
    { token, introspection, revocation, authorizationServerMetadata: metadata, openidConfiguration: metadata, jwks },
    { tenantHosts, log: (line) => lines.push(line) },
    server,
  );

  type Request = {
    readonly method?: string;
    readonly body?: string;
    readonly clientCertPem?: string | undefined;
    readonly headers?: Readonly<Record<string, string>>;
  };

  async function send(path: string, { method = 'GET', body: sent = '', clientCertPem, headers: extra }: Request = {}) {
    const { statusCode, headers, body } = await handler(
      {
        version: '2.0',
        rawPath: path,
        rawQueryString: '',
        headers: { ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }), ...extra },
        body: sent,
        isBase64Encoded: false,
        requestContext: {
          domainName: clientCertPem === undefined ? hosts.public : hosts.mtls,
          http: { method },
          ...(clientCertPem !== undefined && { authentication: { clientCert: { clientCertPem } } }),
        },
      },
      { awsRequestId: 'test' },
    );
    return {
      status: statusCode,
      headers,
      body,
      json: () => JSON.parse(body) as Record<string, unknown>,
      line: lines.at(-1),
    };
  }

  /** A form as members, or as it is written where a name comes twice. */
  const post = (
    path: string,
    form: Readonly<Record<string, string>> | string,
    clientCertPem?: string,
    headers: Readonly<Record<string, string>> = {},
  ) => send(path, { method: 'POST', body: new URLSearchParams(form).toString(), clientCertPem, headers });

  return {
    world,
    clock,
    responder,
    pages,
    /** The URLs of `pages` that were asked for. */
    fetched,
    server,
    stores,
    /** What was asked of the stores, as `tokens.save`; a test empties it. */
    calls,
    authority,
    /** Moves the clock by seconds. */
    pass: (seconds: number) => {
      clock.now = new Date(clock.now.getTime() + seconds * 1000);
    },
    register: (metadata: ClientMetadata) => stores.clients.save('default', metadata),
    /** A certificate the responder knows as good. */
    issue: async (request: LeafRequest): Promise<KeyedCertificate> => {
      const leaf = await issueLeaf(authority, request, clock.now);
      await ledger.record({ serial: leaf.serial, issuer: 'intermediate', request: { subject: request.subject } });
      return leaf;
    },
    revoke: async ({ serial }: KeyedCertificate, reason: 'keyCompromise' | 'certificateHold' = 'keyCompromise') => {
      const entry = ledger.find(serial);
      if (entry === undefined) throw new Error('never issued');
      await ledger.record({ ...entry, revoked: { at: clock.now, reason } });
    },
    post,
    get: (path: string, clientCertPem?: string) => send(path, { clientCertPem }),
    /** The key that signs now. */
    signer: async (purpose: 'access_token' | 'introspection' = 'access_token') => {
      const snapshot = await server.registry.snapshot('default');
      if (snapshot === undefined) throw new Error('no tenant');
      return server.keys.signer(purpose, snapshot, clock.now);
    },
    token: ({ certificate }: KeyedCertificate, form: Record<string, string> = {}) =>
      post('/token', { grant_type: 'client_credentials', client_id: 'client', ...form }, certificate),
    introspect: (accessToken: unknown, { certificate }: KeyedCertificate, client_id = 'api') =>
      post('/introspect', { token: String(accessToken), client_id }, certificate),
  };
}

/** The stores, with each call written down. */
function counted<T extends object>(stores: T, calls: string[]): T {
  const entries = Object.entries(stores).map(([name, store]: [string, object]) => [
    name,
    new Proxy(store, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method);
        return typeof value === 'function'
          ? (...args: unknown[]) => calls.push(`${name}.${String(method)}`) && value(...args)
          : value;
      },
    }),
  ]);
  return Object.fromEntries(entries);
}

export type AuthorizationServer = Awaited<ReturnType<typeof authorizationServer>>;
