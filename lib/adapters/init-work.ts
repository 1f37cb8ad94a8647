/**
 * What a function does before its first request, while Lambda gives it more CPU than it has later: the first connection and
 * the default tenant into memory. The entry awaits it (lib/constructs/function-bundles.ts).
 */
import type { Registry, TenantSnapshot } from '../oauth/ports.ts';
import { defaultTenant } from '../routes.ts';

export type InitWorkOptions = {
  /** Told what could not be done: the first request will do it, or fail by itself. */
  readonly onFault: (fault: unknown) => void;
  /** Done with the tenant, where there is one. */
  readonly first?: ((snapshot: TenantSnapshot) => void) | undefined;
  /** Milliseconds that INIT waits at most; default 2000, of the ten seconds that Lambda gives it. */
  readonly timeout?: number;
};

/** Never rejects. */
export async function initWork(registry: Registry, options: InitWorkOptions): Promise<void> {
  const { onFault, first, timeout = 2_000 } = options;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeout, new Error(`INIT waited ${timeout} ms for the registry, and went on`));
  });
  try {
    // The rows that most first requests want, of kinds that every endpoint may read.
    const snapshot = await Promise.race([registry.snapshot(defaultTenant), late]);
    if (snapshot !== undefined) first?.(snapshot);
  } catch (fault) {
    onFault(fault);
  } finally {
    clearTimeout(timer);
  }
}
