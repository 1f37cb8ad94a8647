/** Publishing one at a time: the lease that the queue's consumer, the clock's and CloudFormation's runs share. */
import type { Lease, LeaseStore } from './ports.ts';

/** One for all domain names: API Gateway counts the updates of an account and region together. */
export const leaseName = 'truststore';

/** Seconds after which the lease of a run that died may be taken; longer than any run lives. */
export const leaseSeconds = 900;

/** Seconds between two updates of domain names: API Gateway allows one in 30 for an account. */
export const updateSpacing = 35;

/** Milliseconds between two looks at something that somebody else is about to change. */
export const lookEvery = 5_000;

export type LeasePorts = {
  readonly leases: LeaseStore;
  /** Unlike that of any other run. */
  readonly holder: string;
  readonly now: () => Date;
  /** Rejects when the signal is aborted, before or meanwhile. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

export type HeldLease = {
  /** Waits for the next update that API Gateway allows, and writes it down. Throws when the lease is lost. */
  readonly beforeUpdate: () => Promise<void>;
};

/** Waits for the lease until the signal is aborted, and gives it back whatever happens. */
export async function withLease<T>(
  signal: AbortSignal,
  ports: LeasePorts,
  work: (held: HeldLease) => Promise<T>,
): Promise<T> {
  const lease = await taken(signal, ports);
  try {
    return await work(held(lease, signal, ports));
  } finally {
    // Whatever ended the run is to be told, not this: the lease ends by itself.
    await ports.leases.release(leaseName, ports.holder).catch(() => undefined);
  }
}

async function taken(signal: AbortSignal, { leases, holder, now, wait }: LeasePorts): Promise<Lease> {
  for (;;) {
    const at = seconds(now());
    const lease = await leases.take(leaseName, holder, at + leaseSeconds, at);
    if (lease !== undefined) return lease;
    await wait(lookEvery, signal);
  }
}

function held(lease: Lease, signal: AbortSignal, { leases, holder, now, wait }: LeasePorts): HeldLease {
  let last = lease.updated_at;
  return {
    async beforeUpdate() {
      const early = last + updateSpacing - seconds(now());
      // A clock that was set back must not hold publication up for longer than one spacing.
      if (early > 0) await wait(Math.min(early, updateSpacing) * 1000, signal);
      last = seconds(now());
      if (!(await leases.touch(leaseName, holder, last))) throw new Error('The lease on publication was lost');
    },
  };
}

/** Epoch seconds. */
export const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);
