/** Answers from memory or from their source: verified each time, asked for once at a time, and not again while silent. */
import { hash } from 'node:crypto';
import type { Refused } from '../pki/status/finding.ts';
import { plusSeconds, skew } from '../pki/status/freshness.ts';
import { fail, ok, type Result } from '../result.ts';
import { type Budget, fetchTimeout } from './budget.ts';
import type { Evidence, EvidenceCache, FetchRequest, StatusPorts } from './ports.ts';
import { noteFetch, noteQuestion, restOf } from './silent-address.ts';

export type Silence = Refused & { readonly retryAt: Date };

export type Question<A> = {
  /** Names the source and all that the verification depends on, so that no answer serves another question. */
  readonly key: string;
  /** Names the address, and whose it is, where questions about many things go to one. */
  readonly address?: string;
  readonly request: (timeout: number) => FetchRequest;
  /** `fetched`: straight from the source, so that what was sent along (a nonce) can be compared. */
  readonly verify: (der: Uint8Array, fetched: boolean) => Promise<Result<A, Refused>>;
  /** Seconds for which the answer is not asked for again; without end for one that holds for good. */
  readonly lifetime: (answer: A) => number;
  readonly thisUpdate: (answer: A) => Date;
  /** Of an answer that has expired and is remembered for what it may say all the same. */
  readonly hasExpired?: (answer: A) => boolean;
};

export type Answered<A> = { readonly value: A; readonly fetchedAt: Date; readonly cached: boolean };

/** `silence` says why nothing newer could be had; the answer then is an older one that still holds, if there is any. */
export type Reply<A> = { readonly answer?: Answered<A>; readonly silence?: Silence };

export type Asking = {
  readonly at: Date;
  /** Seconds that a source which gave nothing usable is left alone. */
  readonly negativeAge: number;
  readonly budget: Budget;
};

type Flight = { readonly at: Date; readonly reply: Promise<unknown> };

/** Requests in progress, per cache object: tenants have caches of their own, so no tenant joins another's. */
const flights = new WeakMap<EvidenceCache, Map<string, Flight>>();

/** Nobody joins a request that has been under way for longer: it may be one that a frozen process left behind. */
const maximumFlight = 10;

/** A cache key of 43 to 64 characters for a question named by these parts. */
export const questionKey = (kind: string, ...parts: readonly string[]): string =>
  `${kind}.${hash('sha256', parts.join('\n'), 'base64url')}`;

/** Answers a question; those who ask the same at the same time share one fetch and one verification. */
export function obtain<A>(question: Question<A>, asking: Asking, ports: StatusPorts): Promise<Reply<A>> {
  const underWay = flights.get(ports.cache) ?? new Map<string, Flight>();
  flights.set(ports.cache, underWay);
  const other = underWay.get(question.key);
  // One key, one kind of question: whoever made the flight had the same `A`.
  if (other && plusSeconds(other.at, maximumFlight) >= asking.at) return other.reply as Promise<Reply<A>>;
  const reply = answer(question, asking, ports);
  const flight = { at: asking.at, reply };
  underWay.set(question.key, flight);
  return reply.finally(() => {
    if (underWay.get(question.key) === flight) underWay.delete(question.key);
  });
}

async function answer<A>(question: Question<A>, asking: Asking, ports: StatusPorts): Promise<Reply<A>> {
  const older = await newestKept(question, asking.at, ports.cache);
  if (older && isFresh(older, question, asking.at)) return { answer: older };
  const silence = await rememberedSilence(question.key, asking, ports.cache);
  if (silence) return older ? { answer: older, silence } : { silence };
  const asked = await ask(question, asking, older, ports);
  if (!asked.ok) return older ? { answer: older, silence: asked.failure } : { silence: asked.failure };
  return { answer: await keepNewest(asked.value, older, question, asking.at, ports.cache) };
}

type Kept<A> = Answered<A> & { readonly der: Uint8Array };

/** The answer that this process has or, where that is not fresh, what others have found since. */
async function newestKept<A>(question: Question<A>, at: Date, cache: EvidenceCache): Promise<Kept<A> | undefined> {
  const own = await recall(question, await cache.find(question.key));
  if (own && isFresh(own, question, at)) return own;
  const shared = await recall(question, await cache.findShared?.(question.key));
  if (shared === undefined || (own && own.fetchedAt >= shared.fetchedAt)) return own;
  // What was seen stays: a store that lags must not take back what this process knows.
  return own && isOlder(shared, own, question) ? own : shared;
}

/** Whether `a` takes back what `b` said: a replay, or a mirror that lags. What holds for good is true however old it is. */
function isOlder<A>(a: Pick<Answered<A>, 'value'>, b: Pick<Answered<A>, 'value'>, question: Question<A>): boolean {
  if (question.lifetime(a.value) === Number.POSITIVE_INFINITY) return false;
  return question.thisUpdate(a.value) < question.thisUpdate(b.value);
}

/** What a cache has, if it still verifies: a cache is no trust root. */
async function recall<A>(question: Question<A>, evidence: Evidence | undefined): Promise<Kept<A> | undefined> {
  if (evidence === undefined || !('der' in evidence)) return undefined;
  const verdict = await question.verify(evidence.der, false);
  if (!verdict.ok) return undefined;
  return { value: verdict.value, fetchedAt: evidence.fetchedAt, cached: true, der: evidence.der };
}

function isFresh<A>({ value, fetchedAt }: Answered<A>, question: Question<A>, at: Date): boolean {
  if (fetchedAt > plusSeconds(at, skew)) return false;
  return at.getTime() - fetchedAt.getTime() <= question.lifetime(value) * 1000;
}

const silenceKey = (key: string): string => `${key}.silent`;

async function rememberedSilence(key: string, { at, negativeAge }: Asking, cache: EvidenceCache) {
  const known = await cache.find(silenceKey(key));
  const evidence = isSilent(known, at) ? known : await cache.findShared?.(silenceKey(key));
  if (evidence === undefined || 'der' in evidence || evidence.unavailableUntil <= at) return undefined;
  const retryAt = new Date(Math.min(evidence.unavailableUntil.getTime(), plusSeconds(at, negativeAge).getTime()));
  return readSilence(evidence.detail, retryAt);
}

const isSilent = (evidence: Evidence | undefined, at: Date): boolean =>
  evidence !== undefined && !('der' in evidence) && evidence.unavailableUntil > at;

/** The status is kept within the text, so that remembering does not turn a forged answer into mere silence. */
const writeSilence = ({ status, detail, retryAt }: Silence): Evidence => ({
  unavailableUntil: retryAt,
  detail: `${status}: ${detail}`,
});

function readSilence(text: string, retryAt: Date): Silence {
  const status = text.startsWith('untrusted: ') ? 'untrusted' : 'unavailable';
  return { status, detail: text.replace(`${status}: `, ''), retryAt };
}

async function ask<A>(
  question: Question<A>,
  asking: Asking,
  older: Kept<A> | undefined,
  ports: StatusPorts,
): Promise<Result<{ value: A; der: Uint8Array }, Silence>> {
  const { at, negativeAge, budget } = asking;
  const rest = question.address && restOf(question.address, asking, ports.cache);
  if (rest) return fail({ status: 'unavailable', detail: 'the address is left alone: it was silent', retryAt: rest });
  const retryAt = plusSeconds(at, negativeAge);
  const timeout = budget.next();
  if (timeout === undefined) return fail({ status: 'unavailable', detail: 'no time or address left', retryAt });
  const silent = async (refused: Refused) => {
    const silence = { ...refused, retryAt };
    await ports.cache.save(silenceKey(question.key), writeSilence(silence));
    return fail(silence);
  };
  if (question.address) noteQuestion(question.address, asking, ports.cache);
  const fetched = await ports.fetch(question.request(timeout));
  if (question.address) noteFetch(question.address, silenceOf(fetched, timeout), asking, ports.cache);
  if (!fetched.ok) {
    const { reason, detail } = fetched.failure;
    if (reason === 'timeout') budget.spend(timeout);
    return silent({ status: 'unavailable', detail: `${reason}: ${detail}` });
  }
  const verdict = await question.verify(fetched.value, true);
  if (!verdict.ok) return silent(verdict.failure);
  if (older && question.hasExpired?.(verdict.value) && isOlder(verdict, older, question)) {
    return silent({ status: 'unavailable', detail: 'an answer that has expired, and is older than the one before' });
  }
  return ok({ value: verdict.value, der: fetched.value });
}

/** Whether the address was silent: it had its whole time, or no connection could be had at all. */
const silenceOf = (fetched: Awaited<ReturnType<StatusPorts['fetch']>>, timeout: number): boolean =>
  !fetched.ok &&
  (fetched.failure.reason === 'network' || (fetched.failure.reason === 'timeout' && timeout === fetchTimeout));

/** What was seen stays, unless what was asked for now is newer, or for good. */
async function keepNewest<A>(
  asked: { readonly value: A; readonly der: Uint8Array },
  older: Kept<A> | undefined,
  question: Question<A>,
  at: Date,
  cache: EvidenceCache,
): Promise<Answered<A>> {
  const kept = older && isOlder(asked, older, question) ? older : asked;
  await cache.save(question.key, { der: kept.der, fetchedAt: at });
  return { value: kept.value, fetchedAt: at, cached: false };
}
