/** Where the status of a tenant's certificates comes from: memory, then what the functions share (RFC 6960, RFC 5280 §6.3). */
import type { CrlSourceStore, EvidenceStore, KeptCrlStore } from '../oauth/ports.ts';
import type { CrlStore, EvidenceCache } from '../status/ports.ts';

/** Larger evidence, a CRL, stays in memory: what all functions know of CRLs is kept by the schedule. */
export const largestSharedEvidence = 65_536;

/** Told what a store could not do. The verdict does without; the operator wants to know. */
export type OnFault = (fault: unknown) => void;

/** Evidence of one tenant in memory, and in the store for the other functions. */
export function sharedEvidence(
  tenant: string,
  memory: EvidenceCache,
  store: EvidenceStore,
  onFault: OnFault,
): EvidenceCache {
  return {
    find: (key) => memory.find(key),
    async findShared(key) {
      const evidence = await orUndefined(store.find(tenant, key), onFault);
      if (evidence !== undefined) await memory.save(key, evidence);
      return evidence;
    },
    async save(key, evidence) {
      await memory.save(key, evidence);
      if ('der' in evidence && evidence.der.byteLength > largestSharedEvidence) return;
      await orUndefined(store.save(tenant, key, evidence), onFault);
    },
  };
}

/** The kept CRLs of one tenant, and the way to ask that one be kept. */
export function keptCrls(
  tenant: string,
  crls: Pick<KeptCrlStore, 'reader'>,
  sources: CrlSourceStore,
  onFault: OnFault,
): CrlStore {
  const { findHead, findShard } = crls.reader(tenant);
  return {
    findHead: (crl) => orUndefined(findHead(crl), onFault),
    findShard: (crl, shard) => orUndefined(findShard(crl, shard), onFault),
    want: (source) => orUndefined(sources.want(tenant, source), onFault),
  };
}

async function orUndefined<T>(promise: Promise<T>, onFault: OnFault): Promise<T | undefined> {
  try {
    return await promise;
  } catch (fault) {
    onFault(fault);
    return undefined;
  }
}
