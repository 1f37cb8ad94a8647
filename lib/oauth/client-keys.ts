/** The keys of a client by value or from its `jwks_uri` (RFC 7591 §2): fetched seldom, once more for what is not known. */

import { fail, ok, type Result } from '../result.ts';
import { fetchBudget } from '../status/budget.ts';
import { obtain, type Question, questionKey } from '../status/evidence.ts';
import type { RegisteredKeys } from './client.ts';
import { type JwkProblem, keysOf } from './client-jwk.ts';
import type { TenantSnapshot } from './ports.ts';

/** Bytes of a JWK Set: twenty keys with their certificates. */
const maxSetBytes = 65_536;

/** Seconds for which a set is not asked for again: as long a key lives on that its client has taken away. */
const setLifetime = 300;

/** Seconds for which a set is used while its client's server does not answer. */
const longestSetLife = 900;

/** Seconds without a further attempt after one failed, or found nothing new: a flood makes one fetch. */
const pause = 30;

type Keys<K> = readonly K[];

/** What is looked for among the keys; undefined where it is not there. */
export type Choose<K, T> = (keys: Keys<K>) => Promise<T | undefined> | T | undefined;

export type FindKey<K> = <T>(
  registered: RegisteredKeys<K>,
  choose: Choose<K, T>,
  snapshot: TenantSnapshot,
  at: Date,
) => Promise<T | undefined>;

/**
 * Finds among the keys of a client, read by `parse`. What a set does not have is looked for in a newer one, so that a
 * new key works at once; a key in a set that cannot be read stands for nothing and harms no other. Never throws.
 */
export function keyFinder<K>(use: 'tls' | 'jws', parse: (jwk: unknown) => Result<K, JwkProblem>): FindKey<K> {
  // A set is parsed once for as long as its bytes are kept.
  const parsed = new WeakMap<Uint8Array, Keys<K>>();
  const read = (der: Uint8Array): Result<Keys<K>, string> => {
    const known = parsed.get(der);
    if (known !== undefined) return ok(known);
    const keys = readSet(der, parse);
    if (keys.ok) parsed.set(der, keys.value);
    return keys;
  };
  return async (registered, choose, snapshot, at) => {
    if (registered.kind === 'jwks') return choose(registered.keys);
    const question = setQuestion(use, registered.uri, read);
    const known = await askSet(question, snapshot, at);
    const found = known && (await choose(known.keys));
    if (found !== undefined || known === undefined) return found;
    return known.fetched ? notePause(question.key, snapshot, at) : askOnceMore(question, choose, snapshot, at);
  };
}

/** Seconds for which a set is as new as it can be. */
const newest = 1;

/** Attempts: one that joins whoever only reads what is kept has asked for nothing. */
const attempts = 3;

/** What the set that is kept does not have may be in a newer one; what is in none is not asked for again for a while. */
async function askOnceMore<K, T>(
  question: Question<Keys<K>>,
  choose: Choose<K, T>,
  snapshot: TenantSnapshot,
  at: Date,
): Promise<T | undefined> {
  if (await isPaused(question.key, snapshot, at)) return undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const newer = await askSet({ ...question, lifetime: () => newest }, snapshot, at);
    const found = newer && (await choose(newer.keys));
    if (found !== undefined || newer === undefined) return found;
    if (newer.fetched) return notePause(question.key, snapshot, at);
  }
  return undefined;
}

async function notePause(key: string, { status }: TenantSnapshot, at: Date): Promise<undefined> {
  const unavailableUntil = new Date(at.getTime() + pause * 1000);
  await status.cache.save(unknownKey(key), { unavailableUntil, detail: 'nothing new' });
  return undefined;
}

function setQuestion<K>(
  use: string,
  uri: string,
  read: (der: Uint8Array) => Result<Keys<K>, string>,
): Question<Keys<K>> {
  return {
    // Those who ask for one key share what was read: one URI may be that of clients of both uses.
    key: questionKey(`jwks-${use}`, uri),
    request: (timeout) => ({
      url: uri,
      method: 'GET',
      accept: 'application/jwk-set+json, application/json',
      maxBytes: maxSetBytes,
      timeout,
    }),
    verify: async (der) => {
      const keys = read(der);
      return keys.ok ? keys : fail({ status: 'unavailable', detail: keys.failure });
    },
    lifetime: () => setLifetime,
    // A set has no date of its own: what was fetched last is what holds.
    thisUpdate: () => new Date(0),
  };
}

async function askSet<K>(question: Question<Keys<K>>, { status }: TenantSnapshot, at: Date) {
  const reply = await obtain(question, { at, negativeAge: pause, budget: fetchBudget(status.now) }, status);
  const { answer } = reply;
  if (answer === undefined || at.getTime() - answer.fetchedAt.getTime() > longestSetLife * 1000) return undefined;
  return { keys: answer.value, fetched: !answer.cached };
}

const unknownKey = (key: string): string => `${key}.unknown`;

async function isPaused(key: string, { status: { cache } }: TenantSnapshot, at: Date): Promise<boolean> {
  const own = await cache.find(unknownKey(key));
  const noted = own ?? (await cache.findShared?.(unknownKey(key)));
  return noted !== undefined && 'unavailableUntil' in noted && noted.unavailableUntil > at;
}

function readSet<K>(der: Uint8Array, parse: (jwk: unknown) => Result<K, JwkProblem>): Result<Keys<K>, string> {
  const keys = keysOf(parseJson(der));
  if (!keys.ok) return fail(`${keys.failure.member} ${keys.failure.problem}`);
  return ok(
    keys.value.flatMap((jwk) => {
      const key = parse(jwk);
      return key.ok ? [key.value] : [];
    }),
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
