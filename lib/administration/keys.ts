/** The signing keys of a tenant, as an operator sees and changes them: their times alone; functions make and remove keys. */
import { defaultKeySettings, hastened, withdrawn } from '../oauth/key-schedule.ts';
import type { AuditStore, SigningKeyStore, TenantStore, VersionStore } from '../oauth/ports.ts';
import { type KeyPurpose, type KeyState, keyPurposes, keyState, type SigningKey } from '../oauth/signing-key.ts';
import { ok } from '../result.ts';
import { epochSeconds, type Operator, type Refusable, recorded, refuse, registeredTenant } from './change.ts';

export type KeyPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly keys: Pick<SigningKeyStore, 'list' | 'replace'>;
  readonly versions: Pick<VersionStore, 'bump'>;
  readonly audit: Pick<AuditStore, 'change'>;
};

/** A key without its private part. */
export type ShownKey = Omit<SigningKey, 'private_key'> & { readonly state: KeyState };

/** Every key, removed ones that no run has deleted yet included; by purpose, the one that signs last first. */
export async function listKeys(name: string, at: Date, ports: KeyPorts): Promise<Refusable<readonly ShownKey[]>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const keys = (await Promise.all(keyPurposes.map((purpose) => ports.keys.list(name, purpose)))).flat();
  const order = (key: SigningKey) => keyPurposes.indexOf(key.purpose);
  const sorted = keys.toSorted((a, b) => order(a) - order(b) || b.active_at - a.active_at);
  return ok(sorted.map((key) => shown(key, at)));
}

/**
 * Brings the next key of the purposes early: the keys that sign retire in a day, and the next run of the rotation publishes
 * their successors. Returns the keys whose times changed: none where a successor waits already. Refused where nothing signs.
 */
export async function rotateEarly(
  name: string,
  purposes: readonly KeyPurpose[],
  operator: Operator,
  ports: KeyPorts,
): Promise<Refusable<readonly ShownKey[]>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const at = epochSeconds(operator.at);
  const keys = (await Promise.all(purposes.map((purpose) => ports.keys.list(name, purpose)))).flat();
  if (!keys.some((key) => keyState(key, at) === 'active')) {
    const remedy = 'the first key is made by the next run of the key rotation, or with the first token that needs one';
    return refuse({ what: 'tenant', value: name, problem: `has no key for ${purposes.join(' or ')} yet`, remedy });
  }
  const changes = purposes.flatMap((purpose) => hastened(keys, purpose, at, defaultKeySettings));
  return change(name, 'keys.rotate', keys, changes, operator, ports);
}

/** Ends a key that others may have, with everything that it signed. Returns the keys whose times changed: the ended one first. */
export async function retireKey(
  name: string,
  kid: string,
  operator: Operator,
  ports: KeyPorts,
): Promise<Refusable<readonly ShownKey[]>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const keys = (await Promise.all(keyPurposes.map((purpose) => ports.keys.list(name, purpose)))).flat();
  if (!keys.some((key) => key.kid === kid)) {
    return refuse({ what: 'key', value: kid, problem: `is none of tenant ${name}`, remedy: 'see «keys list»' });
  }
  return change(name, 'keys.retire', keys, withdrawn(keys, kid, epochSeconds(operator.at)), operator, ports);
}

async function change(
  tenant: string,
  action: string,
  keys: readonly SigningKey[],
  changes: readonly SigningKey[],
  operator: Operator,
  ports: KeyPorts,
): Promise<Refusable<readonly ShownKey[]>> {
  for (const key of changes) {
    const was = keys.find(({ kid }) => kid === key.kid) ?? key;
    const detail = `signs from ${iso(key.active_at)} to ${iso(key.retire_at)}, is removed at ${iso(key.remove_at)}`;
    const replace = () => ports.keys.replace(tenant, key, was);
    if (!(await recorded(tenant, operator, { action, subject: key.kid, detail }, ports, replace))) {
      const problem = 'was changed by somebody else at the same moment';
      return refuse({ what: 'key', value: key.kid, problem, remedy: 'see «keys list», and repeat the command' });
    }
  }
  if (changes.length > 0) await ports.versions.bump(tenant);
  return ok(changes.map((key) => shown(key, operator.at)));
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

function shown({ private_key: _never, ...key }: SigningKey, at: Date): ShownKey {
  return { ...key, state: keyState(key, at.getTime() / 1000) };
}
