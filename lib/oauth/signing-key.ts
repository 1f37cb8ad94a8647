/** The signing keys of a tenant (RFC 7517, RFC 7518): what each is for, and the state that its four times put it in. */
import type { SigningAlgorithm } from './jws.ts';
import type { PublicJwk } from './public-jwk.ts';

/** One key never serves two purposes: an introspection answer cannot pass for an access token (RFC 9701 §8.1). */
export type KeyPurpose = 'access_token' | 'introspection';

export const keyPurposes: readonly KeyPurpose[] = ['access_token', 'introspection'];

/** Keys that take each other's place. */
export type KeySlot = { readonly purpose: KeyPurpose; readonly alg: SigningAlgorithm };

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
    /** From 1 within the slot: of two processes that make the next key at once, one succeeds. */
    readonly number: number;
    readonly public_jwk: PublicJwk;
    /** PKCS #8, as `wrapped_by` wrapped it. */
    readonly private_key: Uint8Array;
    /** The name of the `KeyWrap` that can unwrap it. */
    readonly wrapped_by: string;
  };

export type KeyState = 'published' | 'active' | 'retiring' | 'removed';

/** The state at a time in epoch seconds. Derived, so that no function has to run for a key to advance. */
export function keyState(key: KeyTimes, at: number): KeyState {
  if (at >= key.remove_at) return 'removed';
  if (at >= key.retire_at) return 'retiring';
  return at >= key.active_at ? 'active' : 'published';
}

export const inSlot = (key: KeySlot, { purpose, alg }: KeySlot): boolean => key.purpose === purpose && key.alg === alg;

/** The key that signs now: of several active ones the one that was activated last. */
export function activeKey(keys: readonly SigningKey[], slot: KeySlot, at: number): SigningKey | undefined {
  return keys
    .filter((key) => inSlot(key, slot) && keyState(key, at) === 'active')
    .reduce<SigningKey | undefined>(
      (last, key) => (last === undefined || key.active_at > last.active_at ? key : last),
      undefined,
    );
}
