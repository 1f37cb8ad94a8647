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
 * may share a fetch: single flight is per cache object. No method throws; what cannot be read is undefined.
 */
export interface EvidenceCache {
  find(key: string): Promise<Evidence | undefined>;
  /** What other processes may have saved since: asked where `find` has nothing, or nothing fresh. */
  findShared?(key: string): Promise<Evidence | undefined>;
  save(key: string, evidence: Evidence): Promise<void>;
}

/**
 * What was verified and kept of complete CRLs too large or too many to be fetched for a request (RFC 5280 §6.3). `crl` is
 * the key of a list (≤ 64 characters); what head and shards say is `status/crl-shard.ts`'s to know. `find…` never throw:
 * what cannot be read is undefined.
 */
export interface CrlStore {
  findHead(crl: string): Promise<string | undefined>;
  /** `shard`: at most 16 KB, by a name of `status/crl-shard.ts`. */
  findShard(crl: string, shard: string): Promise<Uint8Array | undefined>;
  /** Remembers that certificates name this list, so that it is kept. Does not throw. */
  want(source: CrlSource): Promise<void>;
}

/** A list that certificates name: enough to fetch and verify it again. */
export type CrlSource = {
  readonly crl: string;
  /** DER of an end entity whose path leads to the list. */
  readonly certificate: Uint8Array;
  /** Which certificate of that path names it; 0 is the end entity. */
  readonly index: number;
  readonly url: string;
  /** Epoch seconds after which nobody may want it any more. */
  readonly exp: number;
};

/** The side of `CrlStore` that only the scheduled function and the operator have. Rejects when it cannot write. */
export interface CrlWriter extends Pick<CrlStore, 'findHead' | 'findShard'> {
  saveHead(crl: string, head: string, exp: number): Promise<void>;
  saveShard(crl: string, shard: string, bytes: Uint8Array, exp: number): Promise<void>;
}

/** What a server said of the version it sent (RFC 9110 §8.8), to be asked whether it still stands. */
export type Validators = { readonly etag?: string; readonly lastModified?: string };

/** As `Fetch`, with a condition (RFC 9110 §13.1): a 304 is `not_modified`. Never throws. */
export type ConditionalFetch = (
  request: FetchRequest & { readonly validators?: Validators },
) => Promise<Result<{ readonly body: Uint8Array; readonly validators: Validators } | 'not_modified', FetchFailure>>;

export interface StatusPorts {
  readonly fetch: Fetch;
  readonly cache: EvidenceCache;
  /** CRLs that somebody keeps up to date; asked before the network. */
  readonly crls?: CrlStore;
  /** RFC 9654 §2.1: the nonce, where the policy asks for one. */
  readonly randomBytes?: (size: number) => Uint8Array;
  /** Milliseconds of a monotonic clock: what is left of a request's time. Without it a fetch counts when it timed out. */
  readonly now?: () => number;
}
