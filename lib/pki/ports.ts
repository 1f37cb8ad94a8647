/** How certificate status reaches the outside: a bounded fetch and a memory of evidence (RFC 6960 Appendix A, RFC 5280 §6.3). */
import type { Result } from '../result.ts';

/** `timeout` in milliseconds; an answer longer than `maxBytes` is a failure, never a prefix. */
export type FetchRequest = {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: Uint8Array;
  readonly contentType?: string;
  readonly accept: string;
  readonly maxBytes: number;
  readonly timeout: number;
};

export type FetchFailure = {
  readonly reason: 'url_refused' | 'timeout' | 'too_large' | 'http_status' | 'network';
  readonly detail: string;
};

/** The body of a 200 answer. Never throws; where an address may be asked is the adapter's to decide. */
export type Fetch = (request: FetchRequest) => Promise<Result<Uint8Array, FetchFailure>>;

/** What was fetched, as it was fetched (to be verified again: a cache is no trust root), or how long not to ask again. */
export type Evidence =
  | { readonly der: Uint8Array; readonly fetchedAt: Date }
  | { readonly unavailableUntil: Date; readonly detail: string };

/**
 * Evidence by key (≤ 64 characters), of one tenant: the adapter keeps tenants apart. One object for as long as requests
 * may share a fetch: single flight is per cache object. Neither method throws; what cannot be read is undefined.
 */
export interface EvidenceCache {
  find(key: string): Promise<Evidence | undefined>;
  save(key: string, evidence: Evidence): Promise<void>;
}

export interface StatusPorts {
  readonly fetch: Fetch;
  readonly cache: EvidenceCache;
  /** RFC 9654 §2.1: the nonce, where the policy asks for one. */
  readonly randomBytes?: (size: number) => Uint8Array;
  /** Milliseconds of a monotonic clock: what is left of a request's time. Without it a fetch counts when it timed out. */
  readonly now?: () => number;
}
