/** What memory holds of each tenant, at most `maxAge` old; one version row tells whether it still stands. */
import type { Registry, StoredEntry, TenantSnapshot } from '../../oauth/ports.ts';
import type { Tenant } from '../../oauth/tenant.ts';
import { thumbprint } from '../../pki/certificate/thumbprint.ts';
import { buildTruststore, type StoredEntry as PathEntry } from '../../pki/path/truststore.ts';
import { tenantName } from '../../routes.ts';
import { buildBlocks } from '../../status/blocks.ts';
import type { Fetch, StatusPorts } from '../../status/ports.ts';
import { keptCrls, type OnFault, sharedEvidence } from '../status-evidence.ts';
import type { Stores } from '../stores.ts';
import { memoryEvidenceCache } from './evidence-cache.ts';
import { boundedMemory } from './memory.ts';

export type RegistryOptions = {
  /** Seconds; 0 reads the version for every request. */
  readonly maxAge: number;
  readonly now: () => Date;
  readonly fetch: Fetch;
  /** RFC 9654 §2.1: nonces. */
  readonly randomBytes?: (size: number) => Uint8Array;
  /** Milliseconds of a monotonic clock, for the time that one status check may take. */
  readonly elapsed?: () => number;
  /** Told what a store of evidence could not do: the request goes on without. */
  readonly onFault?: OnFault;
  readonly limits?: Partial<RegistryLimits>;
};

export type RegistryLimits = {
  /** Tenants held; what a tenant loses is read again. */
  readonly tenants: number;
  /** Names that no tenant has, remembered so that making them up costs no reads. */
  readonly unknown: number;
  /** Per tenant. */
  readonly clients: number;
  /** Per tenant: certificates parsed, and verdicts. */
  readonly certificates: number;
};

export type RegistryStores = {
  readonly tenants: Pick<Stores['tenants'], 'find'>;
  readonly truststore: Pick<Stores['truststore'], 'entries'>;
  readonly blocks: Pick<Stores['blocks'], 'list'>;
  readonly versions: Pick<Stores['versions'], 'current'>;
  /** What the functions share; a registry without them has its memory alone. */
  readonly evidence?: Stores['evidence'];
  readonly crls?: Pick<Stores['crls'], 'reader'>;
  readonly crlSources?: Stores['crlSources'];
};

const defaultLimits: RegistryLimits = { tenants: 500, unknown: 1_000, clients: 1_000, certificates: 1_000 };

type Held = { readonly snapshot: TenantSnapshot; readonly readAt: Date };

/** A tenant without a version has never been saved. A load that fails is thrown, and nothing of it is kept. */
export function registry(stores: RegistryStores, options: RegistryOptions): Registry {
  const limits = { ...defaultLimits, ...options.limits };
  const held = boundedMemory<Held>(limits.tenants);
  // Apart from the tenants: made-up names must not push out real ones.
  const unknown = boundedMemory<Date>(limits.unknown);
  const loading = new Map<string, Promise<TenantSnapshot | undefined>>();

  const isFresh = (readAt: Date) => {
    const age = options.now().getTime() - readAt.getTime();
    return age >= 0 && age < options.maxAge * 1000;
  };

  async function load(name: string): Promise<TenantSnapshot | undefined> {
    const readAt = options.now();
    const known = held.get(name)?.snapshot;
    const version = await stores.versions.current(name);
    const unchanged = known !== undefined && known.version === version;
    const snapshot = unchanged ? known : await read(name, version, known?.status);
    if (snapshot === undefined) {
      held.delete(name);
      unknown.set(name, readAt);
    } else {
      unknown.delete(name);
      held.set(name, { snapshot, readAt });
    }
    return snapshot;
  }

  /** The version is read before the rows: rows newer than their version are read again, older ones never stay. */
  async function read(name: string, version: string, status: StatusPorts | undefined) {
    if (version === '') return undefined;
    const [tenant, entries, blocks] = await Promise.all([
      stores.tenants.find(name),
      stores.truststore.entries(name),
      stores.blocks.list(name),
    ]);
    if (tenant === undefined) return undefined;
    return {
      tenant: withEntryStatus(tenant, entries),
      version,
      truststore: buildTruststore(entries.flatMap(trusted), version),
      blocks: buildBlocks(blocks),
      clients: boundedMemory(limits.clients),
      parsed: boundedMemory(limits.certificates),
      verdicts: boundedMemory(limits.certificates),
      // Evidence is verified whenever it is used, and a responder that is down stays down: it outlives the version.
      status: status ?? statusPorts(name, stores, options),
    } satisfies TenantSnapshot;
  }

  return {
    async snapshot(name) {
      if (!tenantName.test(name)) return undefined;
      const known = held.get(name);
      if (known !== undefined && isFresh(known.readAt)) return known.snapshot;
      const absent = unknown.get(name);
      if (absent !== undefined && isFresh(absent)) return undefined;
      const flight = loading.get(name) ?? load(name).finally(() => loading.delete(name));
      loading.set(name, flight);
      return flight;
    },
  };
}

/** A client's own certificate is for the gateway: no path goes through it. */
const trusted = ({ type, certificate, policy }: StoredEntry): readonly PathEntry[] =>
  type === 'client' ? [] : [{ type, der: certificate, ...(policy !== undefined && { policy }) }];

/** What entries say about the certificates that they issued, where the status is judged. */
function withEntryStatus(tenant: Tenant, entries: readonly StoredEntry[]): Tenant {
  const said = entries.flatMap(({ certificate, status }) =>
    status === undefined ? [] : [[thumbprint(certificate), status] as const],
  );
  if (said.length === 0) return tenant;
  const overrides = { ...tenant.status_policy.overrides, ...Object.fromEntries(said) };
  return { ...tenant, status_policy: { ...tenant.status_policy, overrides } };
}

function statusPorts(tenant: string, stores: RegistryStores, options: RegistryOptions): StatusPorts {
  const { fetch, randomBytes, elapsed, onFault = () => {} } = options;
  const { evidence, crls, crlSources } = stores;
  const memory = memoryEvidenceCache();
  return {
    fetch,
    cache: evidence === undefined ? memory : sharedEvidence(tenant, memory, evidence, onFault),
    ...(crls !== undefined && crlSources !== undefined && { crls: keptCrls(tenant, crls, crlSources, onFault) }),
    ...(randomBytes !== undefined && { randomBytes }),
    ...(elapsed !== undefined && { now: elapsed }),
  };
}
