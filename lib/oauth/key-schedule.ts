/** When signing keys come and go: pure, over the rows of one tenant (RFC 7517 §4.5 calls it key rollover). */
import { inSlot, type KeySlot, type KeyTimes, keyState, type SigningKey } from './signing-key.ts';

/** Seconds. */
export type KeySettings = {
  /** How long a key is in the JWKS before it signs: no less than anybody may keep a JWKS (`max-age` 300). */
  readonly publishAhead: number;
  /** How long a key signs. */
  readonly lifetime: number;
  /** The longest life of what a key signs, with the skew of clocks: no token outlives its key's publication. */
  readonly longestToken: number;
};

const day = 86_400;

/** A day ahead, thirty days of signing, tokens of a day at most. */
export const defaultKeySettings: KeySettings = { publishAhead: day, lifetime: 30 * day, longestToken: day + 60 };

/** A key that is to be made. */
export type PlannedKey = KeySlot & KeyTimes & { readonly number: number };

export type Rotation = {
  readonly create: readonly PlannedKey[];
  /** Rows with other times than they had. */
  readonly change: readonly SigningKey[];
  readonly remove: readonly SigningKey[];
};

/** What an operator asks beyond the schedule. */
export type RotationRequest = {
  /** A successor now, published as long ahead as any. */
  readonly early?: boolean;
  /** The `kid` of a key that others may have: out at once, with everything it signed, and its successor signs at once. */
  readonly compromised?: string;
};

/** The next key of a slot, to sign from `active_at` on. */
export function plannedKey(
  keys: readonly SigningKey[],
  slot: KeySlot,
  { at, active_at }: { readonly at: number; readonly active_at: number },
  { lifetime, longestToken }: KeySettings,
): PlannedKey {
  const retire_at = active_at + lifetime;
  const number = 1 + Math.max(0, ...keys.filter((key) => inSlot(key, slot)).map((key) => key.number));
  const times = { published_at: at, active_at, retire_at, remove_at: retire_at + longestToken };
  return { purpose: slot.purpose, alg: slot.alg, number, ...times };
}

/**
 * What is to be done at `at`, epoch seconds, for the slots that are in use. A slot of which no key is left to sign
 * gets one that signs at once; one whose last key retires soon gets a successor, and the key signs until that one may.
 */
export function rotate(
  keys: readonly SigningKey[],
  wanted: readonly KeySlot[],
  at: number,
  settings: KeySettings,
  request: RotationRequest = {},
): Rotation {
  const gone = keys.filter((key) => keyState(key, at) === 'removed');
  const kept = keys.filter((key) => keyState(key, at) !== 'removed');
  const retired = kept.map((key) => retirement(key, wanted, at, settings, request));
  const steps = wanted.map((slot) => succession(retired, keys, slot, at, settings, request));
  const amended = new Map(steps.flatMap(({ amend }) => (amend === undefined ? [] : [[amend.kid, amend]])));
  const result = retired.map((key) => amended.get(key.kid) ?? key);
  return {
    create: steps.flatMap(({ create }) => create ?? []),
    change: result.filter((key, index) => key !== kept[index]),
    remove: gone,
  };
}

/** A compromised key is out at once; one of a slot that is wanted no longer signs no more. */
function retirement(
  key: SigningKey,
  wanted: readonly KeySlot[],
  at: number,
  { longestToken }: KeySettings,
  { compromised }: RotationRequest,
): SigningKey {
  if (key.kid === compromised) return { ...key, active_at: Math.min(key.active_at, at), retire_at: at, remove_at: at };
  if (wanted.some((slot) => inSlot(key, slot)) || key.retire_at <= at) return key;
  return { ...key, active_at: Math.min(key.active_at, at), retire_at: at, remove_at: at + longestToken };
}

type Succession = { readonly create?: PlannedKey; readonly amend?: SigningKey };

function succession(
  kept: readonly SigningKey[],
  all: readonly SigningKey[],
  slot: KeySlot,
  at: number,
  settings: KeySettings,
  { early = false }: RotationRequest,
): Succession {
  const living = kept
    .filter((key) => inSlot(key, slot) && key.retire_at > at)
    .sort((a, b) => b.retire_at - a.retire_at);
  const [last] = living;
  if (last === undefined) return { create: plannedKey(all, slot, { at, active_at: at }, settings) };
  // The successor is there: it waits for its day, unless nobody else is left to sign.
  if (last.active_at > at) return living.length > 1 ? {} : { amend: { ...last, active_at: at } };
  const earliest = at + settings.publishAhead;
  if (last.retire_at > earliest + tick && !early) return {};
  const active_at = early ? earliest : Math.max(earliest, last.retire_at);
  const create = plannedKey(all, slot, { at, active_at }, settings);
  if (active_at === last.retire_at) return { create };
  return { create, amend: { ...last, retire_at: active_at, remove_at: active_at + settings.longestToken } };
}

/** Seconds: the schedule runs daily, so a successor is made up to a day before it must be. */
const tick = day;
