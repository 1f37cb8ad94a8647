/** The fetch that a request waits for (RFC 6960 Appendix A, RFC 5280 §4.2.1.13): short, small, without conditions. */
import type { Fetch } from '../../status/ports.ts';
import { type GuardOptions, guardedExchange, readBody } from './exchange.ts';

/** `maxTimeout` is 2500 ms where it is absent. */
export type GuardedFetchOptions = Omit<GuardOptions, 'maxTimeout'> & Partial<Pick<GuardOptions, 'maxTimeout'>>;

/** Never throws; every limit of lib/adapters/http/exchange.ts holds. */
export function guardedFetch(options: GuardedFetchOptions): Fetch {
  const guard = { maxTimeout: 2_500, ...options };
  return (request) => guardedExchange({ ...request, read: readBody }, guard);
}
