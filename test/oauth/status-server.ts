/** The endpoints over stores in memory and the guarded fetch, a hostile responder on loopback, a clock that the test moves. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { RequestLine } from '../../lib/adapters/api-gateway/log.ts';
import { type EdgeServer, serve } from '../../lib/adapters/api-gateway/serve.ts';
import { type GuardedFetchOptions, guardedFetch } from '../../lib/adapters/http/fetch.ts';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { registry } from '../../lib/adapters/memory/registry.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { introspection } from '../../lib/oauth/endpoints/introspection.ts';
import { token } from '../../lib/oauth/endpoints/token.ts';
import { keepRefusal } from '../../lib/oauth/refusals.ts';
import { signingKeys } from '../../lib/oauth/signing-keys.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { defaultStatusPolicy, type StatusPolicy } from '../../lib/status/policy.ts';
import type { Fetch } from '../../lib/status/ports.ts';
import { type HostileResponder, startHostileResponder } from '../e2e/hostile-responder.ts';
import { type HostileAnswer, ocspAnswer } from '../e2e/hostile-responder-answers.ts';
import { type HostilePki, hostilePki } from '../e2e/hostile-responder-pki.ts';
import { type Issue, type Issued, issueIntermediate, ocspAccess } from '../pki/issue.ts';

export const start = new Date('2026-06-01T12:00:00Z');

type Beginning = {
  /** By the name of the tenant; without it one, `default`, with the default policy. */
  readonly tenants?: Readonly<Record<string, Partial<StatusPolicy>>>;
  /** Instead of those in memory. */
  readonly stores?: Stores;
};

export type Settings = Beginning & {
  readonly fetch?: Partial<GuardedFetchOptions>;
  /** Another process of the same deployment: its stores, CAs, responder and clock, and a memory of its own. */
  readonly beside?: Awaited<ReturnType<typeof newWorld>>;
};

type Said = Parameters<typeof ocspAnswer>[1];
export type Answered = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly line: RequestLine;
};

export type StatusServer = Awaited<ReturnType<typeof statusServer>>;

const clients = [
  { client_id: 'client', tls_client_auth_subject_dn: 'CN=client' },
  { client_id: 'jwt-client', tls_client_auth_subject_dn: 'CN=client', access_token_format: 'jwt' },
  { client_id: 'api', tls_client_auth_subject_dn: 'CN=api', resource_server_for: ['urn:api'] },
];

/** Closed with the test. */
export async function statusServer(t: Pick<TestContext, 'after'>, settings: Settings = {}) {
  const { clock, pki, stores, responder } = settings.beside ?? (await newWorld(t, settings));
  const asked: string[] = [];
  const patience = { short: false };
  const options = { allowHosts: [responder.host], ...settings.fetch };
  const [patient, impatient] = [guardedFetch(options), guardedFetch({ ...options, maxTimeout: 50 })];
  const counting: Fetch = (request) => {
    asked.push(request.url);
    return (patience.short ? impatient : patient)(request);
  };
  const now = () => clock.now;
  let counter = 0;
  const local = localKeyCustody(new Uint8Array(32));
  const custody = { access_token: local, introspection: local };
  const server: EdgeServer = {
    ...stores,
    keys: signingKeys({ store: stores.keys, custody, opened: boundedMemory(100) }),
    registry: registry(stores, { maxAge: 1, now, fetch: counting }),
    keepRefusal: keepRefusal(stores.audit, boundedMemory(100)),
    now,
    randomBytes: (size) => Buffer.alloc(size, ++counter),
  };
  const lines = new Map<string, RequestLine>();
  const log = (line: RequestLine) => lines.set(line.request_id, line);
  const handler = serve({ token, introspection }, { tenantHosts: {}, log }, server);

  let requests = 0;
  async function post(tenant: string, path: string, leaf: Issued, form: Record<string, string>): Promise<Answered> {
    const awsRequestId = String(++requests);
    const rawPath = tenant === 'default' ? path : `/t/${tenant}${path}`;
    const { statusCode, headers, body } = await handler(eventOf(rawPath, leaf, form), { awsRequestId });
    const line = lines.get(awsRequestId);
    assert.ok(line);
    lines.delete(awsRequestId);
    return { status: statusCode, headers, body, json: JSON.parse(body), line };
  }

  return {
    clock,
    pki,
    stores,
    responder,
    /** The URLs that were asked for, before any guard. */
    asked,
    /** `short`: a responder has 50 ms. For those that never answer. */
    patience,
    pass: (seconds: number) => {
      clock.now = new Date(clock.now.getTime() + seconds * 1_000);
    },
    api: pki.client('CN=api', {}, { issuer: pki.stranger }),
    ...issuing(clock, pki, responder),
    token: (leaf: Issued, form: Record<string, string> = {}, tenant = 'default') =>
      post(tenant, '/token', leaf, { grant_type: 'client_credentials', client_id: 'client', ...form }),
    introspect: (accessToken: string, api: Issued, form: Record<string, string> = {}, tenant = 'default') =>
      post(tenant, '/introspect', api, { token: accessToken, client_id: 'api', ...form }),
    /** The policy of a tenant from now on; the registry looks again after a second. */
    setPolicy: async (policy: Partial<StatusPolicy>, tenant = 'default') => {
      const row = await stores.tenants.find(tenant);
      assert.ok(row);
      await stores.tenants.save({ ...row, status_policy: { ...row.status_policy, ...policy } });
      clock.now = new Date(clock.now.getTime() + 2_000);
    },
  };
}

async function newWorld(
  t: Pick<TestContext, 'after'>,
  { tenants = { default: {} }, stores = memoryStores() }: Beginning,
) {
  const responder = await startHostileResponder();
  t.after(() => responder.close());
  const pki = hostilePki(start);
  for (const [name, policy] of Object.entries(tenants)) await saveTenant(name, policy, pki, stores);
  return { clock: { now: start }, pki, stores, responder };
}

async function saveTenant(name: string, policy: Partial<StatusPolicy>, pki: HostilePki, stores: Stores): Promise<void> {
  const issuer = name === 'default' ? 'https://auth.example' : `https://auth.example/t/${name}`;
  const status_policy = { ...defaultStatusPolicy, ...policy };
  const address = { name, issuer, mtls_base_uri: 'https://mtls.auth.example' };
  await stores.tenants.save(newTenant({ ...address, default_resource: 'urn:api', status_policy }));
  await stores.truststore.add(name, { type: 'anchor', certificate: pki.ca.der });
  // The resource server is heard whatever becomes of the responder.
  await stores.truststore.add(name, {
    type: 'anchor',
    certificate: pki.stranger.der,
    status: { revocation: 'none' },
  });
  for (const client of clients) await stores.clients.save(name, client);
}

const eventOf = (rawPath: string, { pem }: Issued, form: Record<string, string>) => ({
  version: '2.0',
  rawPath,
  rawQueryString: '',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(form).toString(),
  isBase64Encoded: false,
  requestContext: {
    domainName: 'mtls.auth.example',
    http: { method: 'POST' },
    authentication: { clientCert: { clientCertPem: pem } },
  },
});

/** Certificates with an address of their own at the responder, which calls them good until it is told otherwise. */
function issuing(clock: { readonly now: Date }, pki: HostilePki, responder: HostileResponder) {
  const homes = new Map<Issued, { readonly path: string; readonly issuer: Issued }>();
  let count = 0;
  const validity = { notBefore: new Date(start.getTime() - 86_400_000), notAfter: new Date('2027-01-01T00:00:00Z') };
  const answer = (leaf: Issued, said?: Said) => {
    const home = homes.get(leaf);
    assert.ok(home);
    return ocspAnswer({ pki: { ...pki, ca: home.issuer }, leaf, now: clock.now }, said);
  };
  const say = (leaf: Issued, said?: Said) => responder.set(pathOf(leaf), () => answer(leaf, said));
  const pathOf = (leaf: Issued): string => {
    const home = homes.get(leaf);
    assert.ok(home);
    return home.path;
  };
  const settle = (make: (url: string) => Issued, issuer: Issued) => {
    const path = `/ocsp/${++count}`;
    const leaf = make(responder.url(path));
    homes.set(leaf, { path, issuer });
    say(leaf);
    return leaf;
  };
  return {
    pathOf,
    say,
    answer,
    /** Whatever a hostile responder does, from now on. */
    behave: (leaf: Issued, reply: HostileAnswer['reply']) => {
      const home = homes.get(leaf);
      assert.ok(home);
      const scene = { pki: { ...pki, ca: home.issuer }, leaf, canary: 'http://canary.example/' };
      responder.set(home.path, (asked) => reply({ ...scene, asked, now: clock.now }));
    },
    client: ({ issuer = pki.ca, subject = 'CN=client', ...options }: ClientOptions = {}) =>
      settle((url) => pki.client(subject, { ocsp: url }, { issuer, ...options }), issuer),
    intermediate: () =>
      settle(
        (url) =>
          issueIntermediate(pki.ca, { ...validity, subject: 'CN=Hostile Issuing CA', extensions: [ocspAccess([url])] }),
        pki.ca,
      ),
  };
}

type ClientOptions = Omit<Issue, 'issuer' | 'subject'> & { readonly issuer?: Issued; readonly subject?: string };

export const accessToken = ({ json, body }: Answered): string => {
  assert.equal(typeof json['access_token'], 'string', body);
  return String(json['access_token']);
};

export const inactive = '{"active":false}';
