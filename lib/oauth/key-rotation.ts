/** Rotation of a tenant's signing keys (RFC 7517 §4.5, FAPI 2.0 §5.4.2): what the schedule says, carried out. */
import { type KeySettings, type RotationRequest, rotate } from './key-schedule.ts';
import { newSigningKey } from './new-signing-key.ts';
import type { KeyWrap, SigningKeyStore, TenantStore, VersionStore } from './ports.ts';
import { type KeySlot, keyPurposes, type SigningKey } from './signing-key.ts';
import type { Tenant } from './tenant.ts';

export type RotationPorts = {
  readonly keys: SigningKeyStore;
  readonly versions: Pick<VersionStore, 'bump'>;
  readonly wrap: KeyWrap;
};

/** The `kid`s of the keys that were made, got other times, or were removed. */
export type RotationSummary = Readonly<Record<'created' | 'changed' | 'removed', readonly string[]>>;

/**
 * Brings a tenant's keys to where they should be at `at`; doing it again does nothing. Keys are made for the purposes
 * that have keys already, and with a request for access tokens at least. Rejects with an Error when the store does;
 * what was written until then stands, and the next run goes on from there.
 */
export async function rotateKeys(
  tenant: Tenant,
  at: Date,
  settings: KeySettings,
  request: RotationRequest,
  { keys, versions, wrap }: RotationPorts,
): Promise<RotationSummary> {
  const lists = await Promise.all(keyPurposes.map((purpose) => keys.list(tenant.name, purpose)));
  const rows = lists.flat();
  const plan = rotate(rows, slotsOf(tenant, rows, request), Math.floor(at.getTime() / 1000), settings, request);
  const created: string[] = [];
  // Successors first: whatever fails afterwards, nobody is left without a key.
  for (const planned of plan.create) {
    const key = await newSigningKey(planned, tenant.name, wrap);
    if (await keys.create(tenant.name, key)) created.push(key.kid);
  }
  for (const key of plan.change) await keys.replace(tenant.name, key);
  for (const key of plan.remove) await keys.remove(tenant.name, key);
  const summary = { created, changed: plan.change.map(kidOf), removed: plan.remove.map(kidOf) };
  if (didSomething(summary)) await versions.bump(tenant.name);
  return summary;
}

/** What a run over all tenants did: `failures` tenants could not be rotated, each told by name. */
export type RotationRun = {
  readonly failures: number;
  readonly idle: boolean;
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
  for (const tenant of await tenants.list()) {
    try {
      const summary = await rotateKeys(tenant, at, settings, {}, ports);
      if (didSomething(summary)) done[tenant.name] = summary;
    } catch (fault) {
      failures += 1;
      done[tenant.name] = { fault: String(fault) };
    }
  }
  return { failures, idle: Object.keys(done).length === 0, tenants: done };
}

const didSomething = (summary: RotationSummary) => Object.values(summary).some((kids) => kids.length > 0);

const kidOf = ({ kid }: SigningKey) => kid;

function slotsOf(tenant: Tenant, rows: readonly SigningKey[], { early = false }: RotationRequest): readonly KeySlot[] {
  const used = new Set(rows.map(({ purpose }) => purpose));
  return keyPurposes
    .filter((purpose) => used.has(purpose) || (early && purpose === 'access_token'))
    .map((purpose) => ({ purpose, alg: tenant.access_token_signing_alg }));
}
