/** What runs by the clock: every CRL that a tenant's certificates name is kept up to date (RFC 5280 §6.3, docs/storage.md). */
import type { Truststore } from '../pki/path/truststore.ts';
import type { Result } from '../result.ts';
import type { StatusPolicy } from '../status/policy.ts';
import type { ConditionalFetch, CrlSource, CrlWriter } from '../status/ports.ts';
import type { CrlSourceStore, KeptCrlStore, Memory, Registry, TenantSnapshot, TenantStore } from './ports.ts';

/** lib/status/crl-refresh.ts: one list. `fresh` is one that was not due. Rejects where it cannot be kept. */
export type RefreshCrl = (
  source: CrlSource,
  options: { readonly truststore: Truststore; readonly policy: StatusPolicy; readonly at: Date },
  ports: { readonly fetch: ConditionalFetch; readonly crls: CrlWriter },
) => Promise<Result<'refreshed' | 'not_modified' | 'fresh', { readonly reason: string; readonly detail: string }>>;

/** One run at a time, in whichever process: two would keep pieces of two versions of one list. */
export interface RefreshTurn {
  /** One conditional write: false while another run has the turn. It ends by itself at `until`. */
  take(at: Date, until: Date): Promise<boolean>;
  /** Does nothing where the turn has ended. */
  giveBack(at: Date): Promise<void>;
}

export type CrlRefreshPorts = {
  readonly turn: RefreshTurn;
  readonly tenants: Pick<TenantStore, 'list'>;
  readonly registry: Registry;
  readonly sources: Pick<CrlSourceStore, 'list'>;
  readonly crls: Pick<KeptCrlStore, 'writer'>;
  readonly fetch: ConditionalFetch;
  readonly refresh: RefreshCrl;
  /** What became of the lists in earlier runs of this process, by tenant and list. */
  readonly attempts: Memory<Attempt>;
  readonly now: () => Date;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed: () => number;
};

export type Attempt = {
  /** The run in which the list was last tried. */
  readonly run: number;
  /** How often in a row it could not be had. */
  readonly failures: number;
};

export type CrlRefreshSummary = {
  readonly refreshed: number;
  /** Not due, or the server has nothing newer (RFC 9110 §15.4.5). */
  readonly unchanged: number;
  /** Not tried: the time was up, or the list failed before and waits. */
  readonly left: number;
  readonly failures: number;
  /** The first of them: a line of the log has an end. */
  readonly failed: readonly CrlRefreshFailure[];
  /** Nothing was there to do. */
  readonly idle: boolean;
};

export type CrlRefreshFailure = {
  readonly tenant: string;
  readonly url?: string;
  readonly reason: string;
  readonly detail: string;
};

/** Lists, and tenants, that are worked on at once. */
const concurrency = 4;
/** Milliseconds of a run after which no list is begun, and after which no fetch lasts: the function has 60 s. */
const beginsWithin = 40_000;
const endsWithin = 50_000;
/** Seconds after which the turn of a run that died may be taken. */
const turnSeconds = 65;
/** Runs that a list which failed again and again is left out at most. */
const longestWait = 8;
const mostFailuresTold = 50;

type Wanted = { readonly snapshot: TenantSnapshot; readonly source: CrlSource; readonly attempt: Attempt };
type Outcome = 'refreshed' | 'unchanged' | 'left' | CrlRefreshFailure;

/**
 * One run a call; none where another run goes on. What is due and was not reached comes first in the next run; what failed comes
 * after the others and is left out 1, 3, 7 runs, so that silent servers cost no one else's lists their minute. Rejects
 * only where the turn cannot be taken or given back, or the tenants cannot be listed.
 */
export function crlRefresh(ports: CrlRefreshPorts): () => Promise<CrlRefreshSummary> {
  const { turn, now } = ports;
  const runInTurn = runs(ports);
  return async () => {
    const at = now();
    if (!(await turn.take(at, new Date(at.getTime() + turnSeconds * 1000)))) return summary([]);
    return runInTurn().finally(() => turn.giveBack(now()));
  };
}

function runs(ports: CrlRefreshPorts): () => Promise<CrlRefreshSummary> {
  let run = 0;
  return async () => {
    run += 1;
    const began = ports.elapsed();
    const spent = () => ports.elapsed() - began;
    const { wanted, failed } = await wantedLists(ports);
    const due = wanted.filter(({ attempt }) => isDue(attempt, run)).sort(byTurn);
    const outcomes = await concurrently(due, async (each) => {
      if (spent() >= beginsWithin) return 'left' as const;
      const outcome = await refreshOne(each, withinTime(ports.fetch, spent), ports);
      ports.attempts.set(keyOf(each), { run, failures: typeof outcome === 'string' ? 0 : each.attempt.failures + 1 });
      return outcome;
    });
    return summary([...failed, ...outcomes, ...Array<Outcome>(wanted.length - due.length).fill('left')]);
  };
}

const keyOf = ({ snapshot, source }: Pick<Wanted, 'snapshot' | 'source'>) => `${snapshot.tenant.name} ${source.crl}`;

const isDue = ({ failures, run: last }: Attempt, run: number): boolean =>
  failures === 0 || run - last >= Math.min(2 ** failures, longestWait);

const byTurn = (a: Wanted, b: Wanted): number =>
  Number(a.attempt.failures > 0) - Number(b.attempt.failures > 0) || a.attempt.run - b.attempt.run;

async function wantedLists(ports: CrlRefreshPorts): Promise<{ wanted: Wanted[]; failed: CrlRefreshFailure[] }> {
  const wanted: Wanted[] = [];
  const failed: CrlRefreshFailure[] = [];
  await concurrently(await ports.tenants.list(), async ({ name }) => {
    try {
      const sources = await ports.sources.list(name, ports.now());
      const snapshot = sources.length === 0 ? undefined : await ports.registry.snapshot(name);
      if (snapshot === undefined) return;
      for (const source of sources) {
        const attempt = ports.attempts.get(keyOf({ snapshot, source })) ?? { run: 0, failures: 0 };
        wanted.push({ snapshot, source, attempt });
      }
    } catch (error) {
      failed.push({ tenant: name, reason: 'store_unavailable', detail: messageOf(error) });
    }
  });
  return { wanted, failed };
}

/** Another tenant's list, or the next one, is never the worse for this one: nothing is thrown. */
async function refreshOne(
  { snapshot, source }: Wanted,
  fetch: ConditionalFetch,
  ports: CrlRefreshPorts,
): Promise<Outcome> {
  const { tenant, truststore } = snapshot;
  const failure = { tenant: tenant.name, url: source.url };
  try {
    const options = { truststore, policy: tenant.status_policy, at: ports.now() };
    const result = await ports.refresh(source, options, { fetch, crls: ports.crls.writer(tenant.name) });
    if (!result.ok) return { ...failure, reason: result.failure.reason, detail: result.failure.detail };
    return result.value === 'refreshed' ? 'refreshed' : 'unchanged';
  } catch (error) {
    return { ...failure, reason: 'store_unavailable', detail: messageOf(error) };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

function withinTime(fetch: ConditionalFetch, spent: () => number): ConditionalFetch {
  return (request) => fetch({ ...request, timeout: Math.min(request.timeout, Math.max(1, endsWithin - spent())) });
}

function summary(outcomes: readonly Outcome[]): CrlRefreshSummary {
  const count = (outcome: Outcome) => outcomes.filter((each) => each === outcome).length;
  const failed = outcomes.filter((each) => typeof each !== 'string');
  return {
    refreshed: count('refreshed'),
    unchanged: count('unchanged'),
    left: count('left'),
    failures: failed.length,
    failed: failed.slice(0, mostFailuresTold),
    idle: outcomes.every((each) => each === 'unchanged'),
  };
}

/** What `work` makes of each item, in their order; it must not reject. */
async function concurrently<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const worker = async () => {
    for (const [index, item] of entries) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
