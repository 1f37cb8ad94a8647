/** Registered clients: RFC 7591 metadata from a file, or known by a certificate; disabled and enabled at any time. */
import type { Client } from '../oauth/client.ts';
import { parseClientMetadata } from '../oauth/client-metadata.ts';
import type { AuditStore, ClientMetadata, ClientStore, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import type { Tenant } from '../oauth/tenant.ts';
import { fail, ok } from '../result.ts';
import {
  epochSeconds,
  type Operator,
  type Problem,
  type Refusable,
  recorded,
  refuse,
  registeredTenant,
} from './change.ts';
import { gatewayCautions, subjectProblems, updateClientEntries } from './client-certificates.ts';
import { unusedMembers } from './unused-metadata.ts';

export type ClientPorts = {
  readonly tenants: Pick<TenantStore, 'find' | 'list'>;
  readonly clients: ClientStore;
  readonly truststore: TruststoreStore;
  readonly audit: Pick<AuditStore, 'change'>;
};

export type ClientOptions = {
  /** A client that is registered already gets the new metadata. One that is disabled stays so. */
  readonly replace: boolean;
};

export type AddedClients = { readonly clients: readonly ClientMetadata[]; readonly cautions: readonly string[] };

/** RFC 7591 §2: registers the metadata of one client or of several, all of them or, where one is refused, none. */
export async function addClients(
  name: string,
  metadata: unknown,
  { replace }: ClientOptions,
  operator: Operator,
  ports: ClientPorts,
): Promise<Refusable<AddedClients>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const known = await ports.clients.list(name);
  const given = Array.isArray(metadata) ? metadata : [metadata];
  const taken = new Set(replace ? [] : byId(known).keys());
  const judged = given.map((each) => judge(each, tenant.value, taken));
  const problems = [...judged.flatMap((each) => (each.ok ? [] : each.failure)), ...twice(given)];
  if (given.length === 0) problems.push({ what: 'clients', problem: 'the list is empty', remedy: 'name a client' });
  const sound = judged.flatMap((one) => (one.ok ? [one.value] : []));
  if (problems.length === 0) problems.push(...(await subjectProblems(name, sound, operator.at, ports)));
  if (problems.length > 0) return fail(problems);
  const added: ClientMetadata[] = [];
  const knownById = byId(known);
  for (const each of sound) {
    const earlier = knownById.get(each.client_id);
    const stored = merged(each, earlier, operator.at);
    const change = { action: earlier ? 'client.replace' : 'client.add', subject: each.client_id };
    const write = () => ports.clients.save(name, stored);
    if (JSON.stringify(stored) !== JSON.stringify(earlier)) await recorded(name, operator, change, ports, write);
    added.push(stored);
  }
  await updateClientEntries(name, known, operator, ports);
  const holders = holdersOfSubjects([...known, ...added]);
  const cautions = added.flatMap((one) => [
    ...sharedSubject(one, holders),
    ...gatewayCautions(one),
    ...unusedMembers(one),
  ]);
  return ok({ clients: added, cautions });
}

/** RFC 7591 §3.2.1 `client_id_issued_at`. Metadata from a file does not enable whom an operator has disabled. */
function merged(metadata: ClientMetadata, earlier: ClientMetadata | undefined, at: Date): ClientMetadata {
  return {
    client_id_issued_at: earlier?.['client_id_issued_at'] ?? epochSeconds(at),
    ...metadata,
    ...(earlier?.['disabled'] === true && { disabled: true }),
  };
}

/** Characters as JSON; a row of DynamoDB has 400 KB. */
const maximumMetadata = 100_000;

/** The metadata, valid and within what the tenant offers. */
function judge(
  metadata: unknown,
  tenant: Pick<Tenant, 'name' | 'scopes_supported'>,
  taken: ReadonlySet<string>,
): Refusable<ClientMetadata> {
  const parsed = parseClientMetadata(metadata);
  if (!parsed.ok) {
    const { member, problem } = parsed.failure;
    const remedy = 'mend the metadata (docs/clients.md); nothing is changed';
    return refuse({ what: 'client', value: claimedId(metadata), problem: `${member} ${problem}`, remedy });
  }
  const { client_id, scope } = parsed.value;
  if (JSON.stringify(metadata).length > maximumMetadata) {
    const problem = `the metadata is longer than ${maximumMetadata} characters`;
    return refuse({ what: 'client', value: client_id, problem, remedy: 'shorten it; nothing is changed' });
  }
  const foreign = scope.filter(
    (value) => tenant.scopes_supported.length > 0 && !tenant.scopes_supported.includes(value),
  );
  if (foreign.length > 0) {
    const problem = `scope ${foreign.join(' ')} is not offered by tenant ${tenant.name}`;
    const remedy = `offered are ${tenant.scopes_supported.join(' ')}; see «policy set scopes_supported=…»`;
    return refuse({ what: 'client', value: client_id, problem, remedy });
  }
  if (taken.has(client_id)) {
    return refuse({ what: 'client', value: client_id, problem: 'is registered already', remedy: 'see --replace' });
  }
  return ok({ ...Object(metadata), client_id });
}

function claimedId(metadata: unknown): string {
  const id = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'client_id') : undefined;
  return typeof id === 'string' ? id : '(without client_id)';
}

function twice(metadata: readonly unknown[]): readonly Problem[] {
  const all = Map.groupBy(metadata.map(claimedId), (id) => id);
  const repeated = [...all].filter(([id, { length }]) => length > 1 && id !== '(without client_id)');
  return repeated.map(([value]) => ({
    what: 'client',
    value,
    problem: 'stands twice in the list',
    remedy: 'keep one',
  }));
}

/** The clients of each registered name; there may be many, so that each is read once. */
function holdersOfSubjects(all: readonly ClientMetadata[]): ReadonlyMap<string | undefined, readonly string[]> {
  const groups = Map.groupBy(byId(all).values(), subjectOf);
  return new Map(Array.from(groups, ([subject, clients]) => [subject, clients.map(({ client_id }) => client_id)]));
}

/** Whoever holds the certificate may then be either. */
function sharedSubject(
  metadata: ClientMetadata,
  holders: ReadonlyMap<string | undefined, readonly string[]>,
): readonly string[] {
  const subject = subjectOf(metadata);
  const others = (holders.get(subject) ?? []).filter((client_id) => client_id !== metadata.client_id);
  if (subject === undefined || others.length === 0) return [];
  const named = others.slice(0, 5).join(', ') + (others.length > 5 ? ` and ${others.length - 5} others` : '');
  return [`${metadata.client_id}: has the same registered name as ${named}, so one certificate can be any of them`];
}

/** Of two with one client_id the later. */
const byId = (all: readonly ClientMetadata[]): ReadonlyMap<string, ClientMetadata> =>
  new Map(all.map((each) => [each.client_id, each]));

function subjectOf(metadata: ClientMetadata): string | undefined {
  const parsed = parseClientMetadata(metadata);
  if (!parsed.ok || parsed.value.token_endpoint_auth_method !== 'tls_client_auth') return undefined;
  const { subject } = parsed.value;
  const value = subject.kind === 'tls_client_auth_subject_dn' ? subject.name.key : subject.value.toLowerCase();
  return `${subject.kind} ${value}`;
}

export async function listClients(
  name: string,
  ports: Pick<ClientPorts, 'tenants' | 'clients'>,
): Promise<Refusable<readonly ClientMetadata[]>> {
  const tenant = await registeredTenant(name, ports);
  return tenant.ok ? ok(await ports.clients.list(name)) : tenant;
}

/** The metadata as registered. */
export async function showClient(
  name: string,
  client_id: string,
  ports: Pick<ClientPorts, 'tenants' | 'clients'>,
): Promise<Refusable<ClientMetadata>> {
  const all = await listClients(name, ports);
  if (!all.ok) return all;
  const found = all.value.find((each) => each.client_id === client_id);
  if (found !== undefined) return ok(found);
  const remedy = `see «client list --tenant ${name}»`;
  return refuse({ what: 'client', value: client_id, problem: `is not registered in tenant ${name}`, remedy });
}

/** Removes a client: its tokens are inactive within `registryMaxAge`, and active again if it is registered anew while they live. */
export async function removeClient(
  name: string,
  client_id: string,
  operator: Operator,
  ports: ClientPorts,
): Promise<Refusable<ClientMetadata>> {
  const found = await showClient(name, client_id, ports);
  if (!found.ok) return found;
  const change = { action: 'client.remove', subject: client_id };
  await recorded(name, operator, change, ports, () => ports.clients.remove(name, client_id));
  await updateClientEntries(name, [found.value], operator, ports);
  return found;
}

/** A disabled client is refused and its tokens are inactive, until it is enabled again. */
export async function setDisabled(
  name: string,
  client_id: Client['client_id'],
  disabled: boolean,
  operator: Operator,
  ports: ClientPorts,
): Promise<Refusable<{ readonly client: ClientMetadata; readonly changed: boolean }>> {
  const found = await showClient(name, client_id, ports);
  if (!found.ok) return found;
  if ((found.value['disabled'] === true) === disabled) return ok({ client: found.value, changed: false });
  const { disabled: _, ...rest } = found.value;
  const client: ClientMetadata = { ...rest, client_id, ...(disabled && { disabled }) };
  const change = { action: disabled ? 'client.disable' : 'client.enable', subject: client_id };
  await recorded(name, operator, change, ports, () => ports.clients.save(name, client));
  return ok({ client, changed: true });
}
