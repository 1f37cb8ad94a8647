/** A domain name is given another truststore version, looked at until it has it, and given the earlier one back. */
import { type HeldLease, lookEvery } from './lease.ts';
import type { DomainName, DomainNames } from './ports.ts';

export type DomainPorts = {
  readonly domains: DomainNames;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
};

export type DomainUpdate =
  | { readonly done: true; readonly warnings: readonly string[] }
  | { readonly done: false; readonly reasons: readonly string[]; readonly restored: boolean };

/** API Gateway takes 60 to 90 seconds; after this many looks it is not waited for any longer. */
const looks = 36;

/** Somebody else in the account updates domain names too: CloudFormation, for example. */
const maxThrottled = 3;

/** What a domain name is in while an update is under way. */
const underWay: ReadonlySet<string> = new Set(['UPDATING', 'PENDING']);

/**
 * Sets the version; when API Gateway refuses it or does not come to rest with it, sets the one that was there. Throws
 * only where nothing was asked for yet: the lease was lost, the time was up.
 */
export async function updateDomain(
  domain: string,
  version: string,
  before: DomainName,
  held: HeldLease,
  signal: AbortSignal,
  ports: DomainPorts,
): Promise<DomainUpdate> {
  await held.beforeUpdate();
  const first = await attempt(domain, version, held, signal, ports);
  if (first.done) return first;
  const restored = await restore(domain, before, held, signal, ports).catch(() => false);
  return { ...first, restored };
}

type Attempt = Extract<DomainUpdate, { done: true }> | { readonly done: false; readonly reasons: readonly string[] };

async function attempt(
  domain: string,
  version: string,
  held: HeldLease,
  signal: AbortSignal,
  ports: DomainPorts,
): Promise<Attempt> {
  try {
    for (let throttled = 0; !(await ports.domains.setTruststoreVersion(domain, version, signal)); throttled++) {
      if (throttled === maxThrottled) return { done: false, reasons: ['API Gateway allows no update for now'] };
      await held.beforeUpdate();
    }
    const settled = await settledDomain(domain, signal, ports);
    if (settled?.status === 'AVAILABLE' && settled.truststoreVersion === version) {
      return { done: true, warnings: settled.truststoreWarnings };
    }
    return { done: false, reasons: [restingWith(settled)] };
  } catch (error) {
    return { done: false, reasons: [error instanceof Error ? error.message : String(error)] };
  }
}

/** Whether the domain name has the version that it had before. */
async function restore(
  domain: string,
  { truststoreVersion }: DomainName,
  held: HeldLease,
  signal: AbortSignal,
  ports: DomainPorts,
): Promise<boolean> {
  const now = await settledDomain(domain, signal, ports);
  if (now?.truststoreVersion === truststoreVersion) return true;
  if (truststoreVersion === undefined) return false;
  await held.beforeUpdate();
  return (await attempt(domain, truststoreVersion, held, signal, ports)).done;
}

/** The domain name when nothing is under way any more, or after all looks. */
export async function settledDomain(
  domain: string,
  signal: AbortSignal,
  { domains, wait }: DomainPorts,
): Promise<DomainName | undefined> {
  let found = await domains.find(domain, signal);
  for (let look = 1; look < looks && underWay.has(found?.status ?? ''); look++) {
    await wait(lookEvery, signal);
    found = await domains.find(domain, signal);
  }
  return found;
}

function restingWith(found: DomainName | undefined): string {
  if (found === undefined) return 'the domain name is gone';
  const message = found.statusMessage === undefined ? '' : `: ${found.statusMessage}`;
  return `the domain name is ${found.status} with truststore version ${found.truststoreVersion ?? 'none'}${message}`;
}
