/**
 * What the token endpoint and introspection would answer, by running them as they are, without a trace: no token, no
 * certificate row, no evidence, no memory that another request would see. Responders are asked as for a real request.
 */
import type { HttpRequest } from '../http.ts';
import type { RequestRecord } from '../oauth/audit.ts';
import type { Client } from '../oauth/client.ts';
import { token } from '../oauth/endpoints/token.ts';
import { OAuthError, renderError } from '../oauth/error.ts';
import { judgeHolder } from '../oauth/holder-verdict.ts';
import type { HolderStore, Memory, Server, TenantSnapshot } from '../oauth/ports.ts';
import type { Reason } from '../oauth/reason.ts';
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { Evidence, FetchRequest, StatusPorts } from '../status/ports.ts';

/** A request to a responder or distribution point, and what came of it. */
export type Asked = { readonly url: string; readonly method: FetchRequest['method']; readonly outcome: string };

/** With what was sent: of two certificates that share a responder, it tells which one was asked about. */
export type Sent = Asked & { readonly body: Uint8Array | undefined };

export type Stage = {
  /** The tenant as endpoints see it, with memories of its own. */
  readonly snapshot: TenantSnapshot;
  readonly holders: HolderStore;
  readonly at: Date;
  readonly asked: readonly Sent[];
};

export type TokenAnswer = {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly record: RequestRecord;
  /** The step that failed, for the operator. */
  readonly reason?: Reason;
  readonly detail?: string;
};

/** A stage on which endpoints can run and leave no trace. */
export function stageFor(snapshot: TenantSnapshot, holders: HolderStore, at: Date): Stage {
  const asked: Sent[] = [];
  const { fetch } = snapshot.status;
  return {
    at,
    asked,
    holders: opaqueHolders(holders),
    snapshot: {
      ...snapshot,
      clients: unshared(),
      parsed: unshared(),
      verdicts: overlay(snapshot.verdicts),
      status: {
        ...withoutTrace(snapshot.status),
        async fetch(request) {
          const answer = await fetch(request);
          const outcome = answer.ok
            ? `${answer.value.length} bytes`
            : `${answer.failure.reason}: ${answer.failure.detail}`;
          asked.push({ url: request.url, method: request.method, outcome, body: request.body });
          return answer;
        },
      },
    },
  };
}

/** RFC 6749 §4.4.2: the answer to `client_credentials` of this client over a connection with this certificate. */
export async function rehearseToken(client_id: string, pem: string, stage: Stage): Promise<TokenAnswer> {
  const record: RequestRecord = {};
  const { snapshot, at } = stage;
  try {
    const { status, body } = await token(
      { request: tokenRequest(client_id, pem), snapshot, record, at },
      actors(stage),
    );
    return { status, body: JSON.parse(body), record };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { status, body } = renderError(error);
    const { reason, detail } = error;
    return { status, body: JSON.parse(body), record, ...(reason && { reason }), ...(detail && { detail }) };
  }
}

/** RFC 7662 §2.2: why a token of this client that is bound to this certificate would be inactive; undefined: it is active. */
export async function rehearseIntrospection(
  client_id: string,
  certificate: Certificate,
  stage: Stage,
): Promise<Reason | undefined> {
  const { snapshot, at } = stage;
  const call = { request: tokenRequest(client_id, ''), snapshot, record: {}, at };
  const bound = { client_id, cnf: { 'x5t#S256': certificate.thumbprint } };
  const verdict = await judgeHolder(bound, call, { ...actors(stage), holders: withRow(certificate, stage.holders) });
  return verdict.ok ? undefined : verdict.failure;
}

const tokenRequest = (client_id: string, clientCertificate: string): HttpRequest => ({
  method: 'POST',
  host: '',
  path: '/token',
  query: '',
  headers: new Map([['content-type', 'application/x-www-form-urlencoded']]),
  body: new URLSearchParams({ grant_type: 'client_credentials', client_id }).toString(),
  clientCertificate,
});

/** Everybody an endpoint may ask; whoever would write does nothing. */
function actors({ holders, snapshot, at }: Stage): Server {
  return {
    holders,
    clients: { find: async () => undefined, resourceServers: async () => [] },
    // No assertion is shown in a rehearsal, and none may be used up.
    assertions: { use: async () => false },
    registry: { snapshot: async () => snapshot },
    certificates: { find: async () => undefined, save: async () => {} },
    tokens: {
      save: async () => {},
      find: async () => undefined,
      revoke: async () => 'unknown',
      deny: async () => {},
      deniedAt: async () => undefined,
    },
    keys: {
      available: false,
      published: async () => [],
      find: async () => undefined,
      signer: async () => Promise.reject(new Error('nothing is signed in a rehearsal')),
    },
    now: () => at,
    randomBytes: (size) => new Uint8Array(size),
  };
}

/** The form of a token changes nothing in the verdict, and a private key is not unwrapped for a rehearsal. */
const opaqueHolders = ({ find }: HolderStore): HolderStore => ({
  async find(...holder) {
    const found = await find(...holder);
    const client: Client | undefined = found.client && { ...found.client, access_token_format: 'opaque' };
    return { ...found, ...(client && { client }) };
  },
});

/** A token stands on a certificate row; where there is none yet, the one that it would have. */
const withRow = (certificate: Certificate, { find }: HolderStore): HolderStore => ({
  async find(tenant, client_id, thumbprint, at) {
    const found = await find(tenant, client_id, thumbprint, at);
    const exp = Math.floor(certificate.notAfter.getTime() / 1000);
    const row = { thumbprint, certificate: certificate.der, path: [], truststore_version: '', statuses: [], exp };
    return { certificate: row, ...found };
  },
});

function unshared<V>(): Memory<V> {
  const values = new Map<string, V>();
  return {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
  };
}

/** What was fetched before is known; what is fetched now, and which CRLs are named, is told to nobody. */
function withoutTrace({ cache, crls, ...ports }: StatusPorts): StatusPorts {
  const own = unshared<Evidence>();
  return {
    ...ports,
    cache: {
      find: async (key) => own.get(key) ?? cache.find(key),
      ...(cache.findShared !== undefined && { findShared: cache.findShared }),
      save: async (key, evidence) => own.set(key, evidence),
    },
    ...(crls !== undefined && {
      crls: {
        findHead: (crl) => crls.findHead(crl),
        findShard: (crl, shard) => crls.findShard(crl, shard),
        want: async () => {},
      },
    }),
  };
}

/** What was remembered is known; what is remembered now stays here. */
function overlay<V>(memory: Memory<V>): Memory<V> {
  const own = unshared<V>();
  return { ...own, get: (key) => own.get(key) ?? memory.get(key) };
}
