/** When signing keys come and go: pure, over the rows of one tenant (RFC 7517 §4.5 calls it key rollover). */
import { inSlot, type KeyPurpose, type KeySlot, type KeyTimes, keyState, type SigningKey } from './signing-key.ts';

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

/** Seconds before it must be that a successor is made: so many runs of the schedule may fail. */
const margin = day;

/** A key that is to be made. */
export type PlannedKey = KeySlot & KeyTimes & { readonly number: number };

export type Rotation = {
  readonly create: readonly PlannedKey[];
  /** Rows with other times than they had. */
  readonly change: readonly SigningKey[];
  readonly remove: readonly SigningKey[];
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
 * What is to be done at `at`, epoch seconds, for what the tenant wants to sign. A purpose of which no key is left to
 * sign gets one that signs at once; one whose last key retires soon, or is of another algorithm, gets a successor, and
 * the last key signs until that one has been published for `publishAhead`. A purpose that is not wanted gets none.
 */
export function rotate(
  keys: readonly SigningKey[],
  wanted: readonly KeySlot[],
  at: number,
  settings: KeySettings,
): Rotation {
  const kept = keys.filter((key) => keyState(key, at) !== 'removed');
  const steps = wanted.map((slot) => succession(kept, keys, slot, at, settings));
  return {
    create: steps.flatMap(({ create }) => create ?? []),
    change: steps.flatMap(({ amend }) => amend ?? []),
    remove: keys.filter((key) => !kept.includes(key)),
  };
}

type Succession = { readonly create?: PlannedKey; readonly amend?: SigningKey };

function succession(
  kept: readonly SigningKey[],
  all: readonly SigningKey[],
  slot: KeySlot,
  at: number,
  settings: KeySettings,
): Succession {
  const line = living(kept, slot.purpose, at);
  const [last] = line;
  if (last === undefined) return { create: plannedKey(all, slot, { at, active_at: at }, settings) };
  const waits = last.active_at > at;
  if (waits && !line.some((key) => key.active_at <= at)) return { amend: { ...last, active_at: at } };
  const earliest = at + settings.publishAhead;
  const active_at = inSlot(last, slot)
    ? Math.max(earliest, last.retire_at)
    : // A successor of the algorithm that was wanted before signs from its day to this one's, or never.
      Math.max(earliest, waits ? last.active_at : 0);
  if (inSlot(last, slot) && (waits || last.retire_at > earliest + margin)) return {};
  const create = plannedKey(all, slot, { at, active_at }, settings);
  return active_at === last.retire_at ? { create } : { create, amend: retiring(last, active_at, settings) };
}

/** Keys of a purpose that sign or will, the last one first. */
function living(keys: readonly SigningKey[], purpose: KeyPurpose, at: number): readonly SigningKey[] {
  return keys
    .filter((key) => key.purpose === purpose && key.retire_at > at)
    .toSorted((a, b) => b.retire_at - a.retire_at || b.active_at - a.active_at);
}

const retiring = (key: SigningKey, retire_at: number, { longestToken }: KeySettings): SigningKey => ({
  ...key,
  retire_at,
  remove_at: retire_at + longestToken,
});

/** Purposes whose last key retires before a successor could have been published for `publishAhead`: the schedule is late. */
export function latePurposes(
  keys: readonly SigningKey[],
  wanted: readonly KeySlot[],
  at: number,
  { publishAhead }: KeySettings,
): readonly KeyPurpose[] {
  const isLate = (purpose: KeyPurpose) => {
    const [last] = living(keys, purpose, at);
    return last === undefined ? keys.some((key) => key.purpose === purpose) : last.retire_at < at + publishAhead;
  };
  return wanted.map(({ purpose }) => purpose).filter(isLate);
}

/**
 * The rows with the times that bring the next key of a purpose: its last key retires as soon as a successor that is made
 * now may sign, and the schedule makes that one. None where a successor waits already, or nothing signs. Each custody
 * has a last key of its own.
 */
export function hastened(
  keys: readonly SigningKey[],
  purpose: KeyPurpose,
  at: number,
  settings: KeySettings,
): readonly SigningKey[] {
  const earliest = at + settings.publishAhead;
  const lines = Object.values(Object.groupBy(keys, ({ wrapped_by }) => wrapped_by));
  return lines.flatMap((line = []) => {
    const [last] = living(line, purpose, at);
    if (last === undefined || last.active_at > at || last.retire_at <= earliest) return [];
    return [retiring(last, earliest, settings)];
  });
}

/**
 * The rows with the times that end a key which others may have, at once and with everything it signed. Where a successor
 * waits and nobody else signs, that one does from now on; where none does, the next one is made when it is needed.
 */
export function withdrawn(keys: readonly SigningKey[], kid: string, at: number): readonly SigningKey[] {
  const key = keys.find((each) => each.kid === kid);
  if (key === undefined || keyState(key, at) === 'removed') return [];
  const ended = {
    ...key,
    published_at: Math.min(key.published_at, at),
    active_at: Math.min(key.active_at, at),
    retire_at: Math.min(key.retire_at, at),
    remove_at: at,
  };
  const same = keys.filter((each) => each.kid !== kid && each.wrapped_by === key.wrapped_by);
  const rest = living(same, key.purpose, at);
  const next = rest.some((each) => each.active_at <= at) ? undefined : rest.at(-1);
  return next === undefined ? [ended] : [ended, { ...next, active_at: at }];
}
