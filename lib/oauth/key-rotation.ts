/** Rotation of the tenants' signing keys (RFC 7517 §4.5, FAPI 2.0 §5.4.2): what the schedule says, carried out. */
import { type KeySettings, latePurposes, rotate } from './key-schedule.ts';
import { newSigningKey } from './new-signing-key.ts';
import type { KeyCustodies, SigningKeyStore, TenantStore, VersionStore } from './ports.ts';
import { type KeyPurpose, keyPurposes, keyState, type SigningKey, wantedSlots } from './signing-key.ts';
import type { Tenant } from './tenant.ts';

export type RotationPorts = {
  readonly keys: SigningKeyStore;
  readonly versions: Pick<VersionStore, 'bump'>;
  readonly custody: KeyCustodies;
};

/** The `kid`s of the keys that were made, got other times, or were removed; the purposes that should have had them before. */
export type RotationSummary = Readonly<Record<'created' | 'changed' | 'removed', readonly string[]>> & {
  readonly late: readonly KeyPurpose[];
};

/**
 * Brings a tenant's keys to where they should be at `at`; doing it again does nothing. Rejects with an Error when a
 * port does; what was written until then stands, and the next run goes on from there.
 */
export async function rotateKeys(
  tenant: Tenant,
  at: Date,
  settings: KeySettings,
  { keys, versions, custody }: RotationPorts,
): Promise<RotationSummary> {
  const lists = await Promise.all(keyPurposes.map((purpose) => keys.list(tenant.name, purpose)));
  const rows = lists.flat();
  const seconds = Math.floor(at.getTime() / 1000);
  const wanted = wantedSlots(tenant);
  // Keys in another custody, such as another region's, are for that one's functions to sign with and to succeed.
  const own = rows.filter(({ purpose, wrapped_by }) => wrapped_by === custody[purpose].name);
  const plan = rotate(own, wanted, seconds, settings);
  const gone = rows.filter((key) => keyState(key, seconds) === 'removed');
  const created: string[] = [];
  // Successors first: whatever fails afterwards, nobody is left without a key.
  for (const planned of plan.create) {
    const keeper = custody[planned.purpose];
    const key = await newSigningKey(planned, tenant.name, keeper);
    if (await keys.create(tenant.name, key)) created.push(key.kid);
    else await keeper.discard?.(key.private_key);
  }
  const changed: string[] = [];
  for (const key of plan.change) {
    const was = rows.find(({ kid }) => kid === key.kid) ?? key;
    if (await keys.replace(tenant.name, key, was)) changed.push(key.kid);
  }
  for (const key of gone) await removeKey(tenant.name, key, keys, custody);
  const late = latePurposes(own, wanted, seconds, settings);
  const summary = { created, changed, removed: gone.map(({ kid }) => kid), late };
  if (didSomething(summary)) await versions.bump(tenant.name);
  return summary;
}

/** What keeps a private key ends it before its row goes: afterwards nobody would know of it. */
async function removeKey(tenant: string, key: SigningKey, keys: SigningKeyStore, custody: KeyCustodies): Promise<void> {
  const keeper = custody[key.purpose];
  if (key.wrapped_by === keeper.name) await keeper.discard?.(key.private_key);
  await keys.remove(tenant, key);
}

/** What a run over all tenants did: `failures` tenants could not be rotated, each told by name. */
export type RotationRun = {
  readonly failures: number;
  readonly idle: boolean;
  /** Tenants that had no successor in time: the run before this one, or several, did not happen. */
  readonly late: number;
  readonly tenants: Readonly<Record<string, RotationSummary | { readonly fault: string }>>;
};

/** Rotates every tenant by the schedule; one that fails stops no other, and is tried again with the next run. */
export async function rotateAllKeys(
  at: Date,
  settings: KeySettings,
  { tenants, ...ports }: RotationPorts & { readonly tenants: Pick<TenantStore, 'list'> },
): Promise<RotationRun> {
  const done: Record<string, RotationSummary | { readonly fault: string }> = {};
  let failures = 0;
  let late = 0;
  for (const tenant of await tenants.list()) {
    try {
      const summary = await rotateKeys(tenant, at, settings, ports);
      if (summary.late.length > 0) late += 1;
      if (didSomething(summary)) done[tenant.name] = summary;
    } catch (fault) {
      failures += 1;
      done[tenant.name] = { fault: faultText(fault) };
    }
  }
  return { failures, idle: Object.keys(done).length === 0, late, tenants: done };
}

const didSomething = (summary: RotationSummary) => Object.values(summary).some((each) => each.length > 0);

/** What lies under it says why. */
function faultText(fault: unknown): string {
  const cause = fault instanceof Error ? fault.cause : undefined;
  return cause === undefined ? String(fault) : `${String(fault)}: ${String(cause)}`;
}
