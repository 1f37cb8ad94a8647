/** The signing keys of the tenants in use (RFC 7517): read once a registry version, opened once a process. */
import type { KeyObject } from 'node:crypto';
import type { Sign } from './jws.ts';
import { defaultKeySettings, plannedKey } from './key-schedule.ts';
import { newSigningKey } from './new-signing-key.ts';
import type { KeyCustodies, KeyCustody, Memory, SigningKeyStore, TenantSnapshot } from './ports.ts';
import { jwkThumbprint, publicKey } from './public-jwk.ts';
import { activeKey, type KeyPurpose, keyContext, keyPurposes, keyState, type SigningKey } from './signing-key.ts';

/** A key that signs; `remove_at` bounds the life of what it signs. */
export type Signer = { readonly key: SigningKey; readonly sign: Sign };

export type Verifier = { readonly key: SigningKey; readonly publicKey: KeyObject };

export interface SigningKeys {
  /** Whether anybody keeps private keys: without that nothing is signed. */
  readonly available: boolean;
  /** RFC 7517 §5: every key that is published, and not removed. */
  published(snapshot: TenantSnapshot, at: Date): Promise<readonly SigningKey[]>;
  /** Undefined for a `kid` that no key of this purpose has. The caller holds the algorithm against what it has. */
  find(kid: string, purpose: KeyPurpose, snapshot: TenantSnapshot, at: Date): Promise<Verifier | undefined>;
  /** The active key of the purpose, made now where there is none. Rejects with an Error where none can be had. */
  signer(purpose: KeyPurpose, snapshot: TenantSnapshot, at: Date): Promise<Signer>;
}

export type SigningKeysPorts = {
  readonly store: Pick<SigningKeyStore, 'list' | 'create'>;
  readonly custody: KeyCustodies | undefined;
  /** Private keys by tenant and `kid`. */
  readonly opened: Memory<Promise<Sign>>;
};

/** The keys of one tenant as they were read. */
type Ring = { readonly readAt: number; readonly verifiers: readonly Verifier[] };

type Held = { ring: Promise<Ring> | undefined; making: Promise<Signer> | undefined };

type Tenants = WeakMap<TenantSnapshot, Held>;

/** Milliseconds before keys are read again because one is missing: whoever makes up a `kid` costs one read a second. */
const unknownKidPatience = 1_000;

/** Seconds by which the clocks of two functions may differ. */
export const clockSkew = 60;

export function signingKeys({ store, custody, opened }: SigningKeysPorts): SigningKeys {
  // By the snapshot, which goes with the version of the tenant: an operator's change of keys is seen with it.
  const purposes: Readonly<Record<KeyPurpose, Tenants>> = { access_token: new WeakMap(), introspection: new WeakMap() };

  function heldFor(purpose: KeyPurpose, snapshot: TenantSnapshot): Held {
    const held = purposes[purpose].get(snapshot) ?? { ring: undefined, making: undefined };
    purposes[purpose].set(snapshot, held);
    return held;
  }

  function read(purpose: KeyPurpose, snapshot: TenantSnapshot, at: Date): Promise<Ring> {
    const held = heldFor(purpose, snapshot);
    const ring = store.list(snapshot.tenant.name, purpose).then((keys) => ({
      readAt: at.getTime(),
      verifiers: keys.flatMap(loadable),
    }));
    held.ring = ring;
    ring.catch(() => {
      if (held.ring === ring) held.ring = undefined;
    });
    return ring;
  }

  /** What `wanted` finds in memory, else in the store, which is asked again after `patience` at most. */
  async function look<T>(
    wanted: (ring: Ring) => T | undefined,
    purpose: KeyPurpose,
    snapshot: TenantSnapshot,
    at: Date,
    patience: number,
  ): Promise<T | undefined> {
    const held = heldFor(purpose, snapshot);
    const known = held.ring;
    const ring = await (known ?? read(purpose, snapshot, at));
    const found = wanted(ring);
    if (found !== undefined || known === undefined || at.getTime() - ring.readAt < patience) return found;
    const latest = held.ring;
    const fresh = latest === known || latest === undefined ? read(purpose, snapshot, at) : latest;
    return wanted(await fresh);
  }

  /**
   * The published keys of a purpose. Where none signs that should, another function may have made the first one just
   * now, and whoever verifies with it asks once: then nothing in memory counts.
   */
  async function shown(purpose: KeyPurpose, snapshot: TenantSnapshot, at: Date): Promise<readonly SigningKey[]> {
    const seconds = at.getTime() / 1000;
    const kept = (ring: Ring) => keysOf(ring).filter((key) => keyState(key, seconds) !== 'removed');
    const own = custody === undefined ? () => true : usable(custody[purpose]);
    const whole = (ring: Ring) =>
      activeKey(kept(ring).filter(own), purpose, seconds) === undefined ? undefined : kept(ring);
    const used = custody !== undefined && (purpose === 'access_token' || snapshot.tenant.signed_introspection);
    const found = await look(whole, purpose, snapshot, at, used ? 0 : unknownKidPatience);
    return found ?? kept(await (heldFor(purpose, snapshot).ring ?? read(purpose, snapshot, at)));
  }

  /** Two that make the first key at once make one: the store takes one, and both read it. */
  async function make(purpose: KeyPurpose, snapshot: TenantSnapshot, at: Date, by: KeyCustody): Promise<Signer> {
    const { name: tenant, access_token_signing_alg: alg } = snapshot.tenant;
    const seconds = Math.floor(at.getTime() / 1000);
    const keys = keysOf(await read(purpose, snapshot, at));
    // A key that another function made a moment ago by a faster clock.
    const other = activeKey(keys.filter(usable(by)), purpose, seconds + clockSkew);
    if (other !== undefined) return open(other, tenant, by);
    const plan = plannedKey(keys, { purpose, alg }, { at: seconds, active_at: seconds }, defaultKeySettings);
    const key = await newSigningKey(plan, tenant, by);
    if (!(await store.create(tenant, key))) await by.discard?.(key.private_key);
    const stored = keysOf(await read(purpose, snapshot, at));
    const made = activeKey(stored.filter(usable(by)), purpose, seconds + clockSkew);
    if (made === undefined) throw new Error(`no signing key for ${purpose} could be made`);
    return open(made, tenant, by);
  }

  async function open(key: SigningKey, tenant: string, by: KeyCustody): Promise<Signer> {
    const name = `${tenant}#${key.kid}`;
    const known = opened.get(name);
    if (known !== undefined) return { key, sign: await known };
    const opening = by.open(key.private_key, keyContext(tenant, key));
    opened.set(name, opening);
    opening.catch(() => opened.delete(name));
    return { key, sign: await opening };
  }

  return {
    available: custody !== undefined,
    async published(snapshot, at) {
      const rings = keyPurposes.map((purpose) => shown(purpose, snapshot, at));
      return (await Promise.all(rings)).flat();
    },
    find: (kid, purpose, snapshot, at) =>
      look((ring) => ring.verifiers.find(({ key }) => key.kid === kid), purpose, snapshot, at, unknownKidPatience),
    async signer(purpose, snapshot, at) {
      if (custody === undefined) throw new Error('nobody keeps signing keys: KEY_WRAP is not configured');
      const by = custody[purpose];
      const held = heldFor(purpose, snapshot);
      const keys = keysOf(await (held.ring ?? read(purpose, snapshot, at)));
      const active = activeKey(keys.filter(usable(by)), purpose, Math.floor(at.getTime() / 1000));
      if (active !== undefined) return open(active, snapshot.tenant.name, by);
      held.making ??= make(purpose, snapshot, at, by).finally(() => {
        held.making = undefined;
      });
      return held.making;
    },
  };
}

const keysOf = (ring: Ring): readonly SigningKey[] => ring.verifiers.map(({ key }) => key);

/** A key in another custody stays good for what it signed, and another one signs. */
const usable = (by: KeyCustody) => (key: SigningKey) => key.wrapped_by === by.name;

/** A row whose members are no key, or another than its `kid` says (RFC 7638), verifies nothing. */
function loadable(key: SigningKey): readonly Verifier[] {
  if (jwkThumbprint(key.public_jwk) !== key.kid) return [];
  try {
    return [{ key, publicKey: publicKey(key.public_jwk) }];
  } catch {
    return [];
  }
}
