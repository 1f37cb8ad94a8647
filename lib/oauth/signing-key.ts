/** The signing keys of a tenant (RFC 7517, RFC 7518): what each is for, and the state that its four times put it in. */
import type { SigningAlgorithm } from './jws.ts';
import type { KeyContext } from './ports.ts';
import type { PublicJwk } from './public-jwk.ts';
import type { Tenant } from './tenant.ts';

/** One key never serves two purposes: an introspection answer cannot pass for an access token (RFC 9701 §8.1). */
export type KeyPurpose = 'access_token' | 'introspection';

export const keyPurposes: readonly KeyPurpose[] = ['access_token', 'introspection'];

/** What a tenant wants to sign, and with what. */
export type KeySlot = { readonly purpose: KeyPurpose; readonly alg: SigningAlgorithm };

/** What a tenant signs, or may be asked to at any time. */
export const wantedSlots = ({ access_token_signing_alg: alg, signed_introspection }: Tenant): readonly KeySlot[] =>
  keyPurposes
    .filter((purpose) => purpose === 'access_token' || signed_introspection)
    .map((purpose) => ({ purpose, alg }));

/** Epoch seconds, in this order; each state begins with its second. */
export type KeyTimes = {
  /** From here in the JWKS. */
  readonly published_at: number;
  /** From here it signs. */
  readonly active_at: number;
  /** From here it signs no more; what it signed is still good. */
  readonly retire_at: number;
  /** From here it is out of the JWKS, and nothing it signed is good. */
  readonly remove_at: number;
};

export type SigningKey = KeySlot &
  KeyTimes & {
    /** RFC 7638, so that no two keys share it. */
    readonly kid: string;
    /** From 1 within the slot and region: of two processes that make the next key at once, one succeeds. */
    readonly number: number;
    /** Where it was made: two regions that make the next key at once do not overwrite each other's. */
    readonly region: string;
    readonly public_jwk: PublicJwk;
    /** As `wrapped_by` keeps it: ciphertext, or the name of a key that never leaves its place. */
    readonly private_key: Uint8Array;
    /** The name of the `KeyCustody` that can open it. */
    readonly wrapped_by: string;
  };

/** What names a row among the keys of a tenant. */
export type KeyPlace = Pick<SigningKey, 'purpose' | 'alg' | 'number' | 'region'>;

export const keyContext = (tenant: string, { purpose, alg, number, region }: KeyPlace): KeyContext => ({
  tenant,
  purpose,
  alg,
  number,
  region,
});

export type KeyState = 'published' | 'active' | 'retiring' | 'removed';

/** The state at a time in epoch seconds. Derived, so that no function has to run for a key to advance. */
export function keyState(key: KeyTimes, at: number): KeyState {
  if (at >= key.remove_at) return 'removed';
  if (at >= key.retire_at) return 'retiring';
  return at >= key.active_at ? 'active' : 'published';
}

export const inSlot = (key: KeySlot, { purpose, alg }: KeySlot): boolean => key.purpose === purpose && key.alg === alg;

/**
 * The key of a purpose that signs now, of whichever algorithm: of several active ones the one that was activated last,
 * so that a tenant's new algorithm is used when its first key has been published as long as any.
 */
export function activeKey(keys: readonly SigningKey[], purpose: KeyPurpose, at: number): SigningKey | undefined {
  const active = keys.filter((key) => key.purpose === purpose && keyState(key, at) === 'active');
  return active.toSorted((a, b) => b.active_at - a.active_at || (a.kid < b.kid ? -1 : 1))[0];
}
