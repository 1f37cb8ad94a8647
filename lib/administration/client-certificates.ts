/** Registered self-signed certificates as truststore entries (RFC 8705 §2.2): the gateway lets in whom it finds there. */
import type { Client } from '../oauth/client.ts';
import { clientEntries, sharedSubject } from '../oauth/client-entries.ts';
import { parseClientMetadata } from '../oauth/client-metadata.ts';
import type {
  AuditStore,
  ClientMetadata,
  ClientStore,
  StoredEntry,
  TenantStore,
  TruststoreStore,
} from '../oauth/ports.ts';
import { thumbprint } from '../pki/certificate/thumbprint.ts';
import { type Operator, type Problem, recorded } from './change.ts';

export type EntryPorts = {
  readonly clients: Pick<ClientStore, 'list'>;
  readonly truststore: TruststoreStore;
  readonly audit: Pick<AuditStore, 'change'>;
};

/**
 * Brings the entries of a tenant's clients in line with what is registered now. `before` are the clients before the
 * change: an entry goes only where its certificate was registered by one of them and is by nobody any more, so that what
 * an operator added by hand stays.
 */
export async function updateClientEntries(
  tenant: string,
  before: readonly ClientMetadata[],
  operator: Operator,
  ports: EntryPorts,
): Promise<void> {
  const now = await ports.clients.list(tenant);
  const wanted = new Map(parsed(now).flatMap((client) => named(client, clientEntries(client, operator.at))));
  const known = new Set([...before, ...now].flatMap(registeredThumbprints));
  if (known.size === 0) return;
  const entries = await ports.truststore.entries(tenant);
  const present = new Set(entries.map(({ certificate }) => thumbprint(certificate)));
  for (const [id, { entry, client_id }] of wanted) {
    if (present.has(id)) continue;
    const change = { action: 'truststore.add', subject: id, detail: `client, of ${client_id}` };
    await recorded(tenant, operator, change, ports, () => ports.truststore.add(tenant, entry));
  }
  for (const { type, certificate } of entries) {
    const id = thumbprint(certificate);
    if (type !== 'client' || wanted.has(id) || !known.has(id)) continue;
    const change = { action: 'truststore.remove', subject: id, detail: 'client, registered no more' };
    await recorded(tenant, operator, change, ports, () => ports.truststore.remove(tenant, id));
  }
}

const named = ({ client_id }: Client, entries: readonly StoredEntry[]) =>
  entries.map((entry) => [thumbprint(entry.certificate), { entry, client_id }] as const);

/** Whatever their windows say. */
function registeredThumbprints(metadata: ClientMetadata): readonly string[] {
  const [client] = parsed([metadata]);
  if (client?.token_endpoint_auth_method !== 'self_signed_tls_client_auth') return [];
  const { certificates } = client;
  return certificates.kind === 'jwks' ? certificates.keys.map(({ certificate }) => certificate.thumbprint) : [];
}

function parsed(all: readonly ClientMetadata[]): readonly Client[] {
  return all.flatMap((metadata) => {
    const client = parseClientMetadata(metadata);
    return client.ok ? [client.value] : [];
  });
}

type OtherClients = {
  readonly tenants: Pick<TenantStore, 'list'>;
  readonly clients: Pick<ClientStore, 'list'>;
};

/** API Gateway's truststore is that of all tenants: which of these clients may not stand beside the others, and why. */
export async function subjectProblems(
  tenant: string,
  given: readonly ClientMetadata[],
  at: Date,
  { tenants, clients }: OtherClients,
): Promise<readonly Problem[]> {
  const own = parsed(given);
  if (!given.some((metadata) => registeredThumbprints(metadata).length > 0)) return [];
  const replaced = new Set(own.map(({ client_id }) => client_id));
  const others: Client[] = [];
  for (const { name } of await tenants.list()) {
    const registered = parsed(await clients.list(name));
    const foreign = (client: Client): Client => ({ ...client, client_id: `${client.client_id} of tenant ${name}` });
    others.push(
      ...(name === tenant ? registered.filter(({ client_id }) => !replaced.has(client_id)) : registered.map(foreign)),
    );
  }
  return own.flatMap((client) => {
    const problem = sharedSubject(client, [...others, ...own], at);
    const remedy = 'retire the other one (`exp` of its JWK), or have this one made with another subject';
    return problem === undefined ? [] : [{ what: 'client', value: client.client_id, problem, remedy }];
  });
}

/** What an operator has to do besides, since the gateway cannot know it. */
export function gatewayCautions(metadata: ClientMetadata): readonly string[] {
  const [client] = parsed([metadata]);
  if (client?.token_endpoint_auth_method !== 'self_signed_tls_client_auth') return [];
  const { client_id, certificates } = client;
  if (certificates.kind === 'jwks_uri') {
    return [
      `${client_id}: what stands behind jwks_uri passes the gateway only by its CA, or by «truststore add --type client»`,
    ];
  }
  const issued = certificates.keys.filter(({ certificate }) => !certificate.selfIssued).length;
  if (issued === 0) return [];
  return [
    `${client_id}: ${issued} of its certificates come from a CA, which must be in the truststore for them to pass`,
  ];
}
