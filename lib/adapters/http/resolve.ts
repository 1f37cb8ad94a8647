/** A name's addresses, asked for once (RFC 1034): what is checked is what is connected to. */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** The addresses of a host, IPv4 first; none where it has none. May reject; ends soon after `signal` is aborted. */
export type Resolve = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

/** What an operator allow-listed may stand in the hosts file. */
export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * The DNS alone. `lookup` would hold one of four threads, on which everything else waits, for as long as a name server
 * of somebody's choice is silent; a query by `Resolver` holds none and can be cancelled.
 */
export const dnsResolve: Resolve = async (host, signal) => {
  if (isIP(host) !== 0) return [host];
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const families = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []));
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};
