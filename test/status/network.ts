/** A small world to ask: addresses with answers that a test can exchange, a counting fetch, and a cache in memory. */
import { buildTruststore, type Truststore } from '../../lib/pki/path/truststore.ts';
import { type VerifiedPath, validatePath } from '../../lib/pki/path/validation.ts';
import { fail, ok } from '../../lib/result.ts';
import type { Evidence, EvidenceCache, FetchFailure, FetchRequest, StatusPorts } from '../../lib/status/ports.ts';
import { describe } from '../../lib/status/reason.ts';
import { at, type Issued } from '../pki/issue.ts';

export type Reply =
  | Uint8Array
  | FetchFailure['reason']
  | ((request: FetchRequest) => Uint8Array | FetchFailure['reason']);

export type Network = StatusPorts & {
  /** What is at an address; an address that has nothing is a network failure. */
  readonly answers: Map<string, Reply>;
  readonly requests: FetchRequest[];
  readonly cached: Map<string, Evidence>;
};

export function network(answers: Readonly<Record<string, Reply>> = {}, more: Partial<StatusPorts> = {}): Network {
  const requests: FetchRequest[] = [];
  const world = new Map(Object.entries(answers));
  const { cache, cached } = memoryCache();
  return {
    answers: world,
    requests,
    cached,
    cache,
    async fetch(request) {
      requests.push(request);
      const found = world.get(request.url) ?? 'network';
      const reply = typeof found === 'function' ? found(request) : found;
      if (typeof reply === 'string') return fail({ reason: reply, detail: `test: ${reply}` });
      return reply.length > request.maxBytes ? fail({ reason: 'too_large', detail: 'test' }) : ok(reply);
    },
    ...more,
  };
}

export function memoryCache(): { readonly cache: EvidenceCache; readonly cached: Map<string, Evidence> } {
  const cached = new Map<string, Evidence>();
  const cache: EvidenceCache = {
    find: async (key) => cached.get(key),
    save: async (key, evidence) => {
      cached.set(key, evidence);
    },
  };
  return { cache, cached };
}

/** The verified path of a certificate under these authorities; the last one is the anchor. */
export function pathOf(leaf: Issued, ...authorities: readonly Issued[]): VerifiedPath {
  const path = validatePath(leaf.certificate, { truststore: truststoreOf(...authorities), at });
  if (!path.ok) throw new Error(describe(path.failure));
  return path.value;
}

export function truststoreOf(...authorities: readonly Issued[]): Truststore {
  const entries = authorities.map(({ certificate }, index) => ({
    type: index === authorities.length - 1 ? ('anchor' as const) : ('intermediate' as const),
    certificate,
  }));
  return buildTruststore(entries, '1');
}
