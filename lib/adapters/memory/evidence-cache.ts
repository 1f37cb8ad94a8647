/** Status evidence of one tenant in memory (RFC 6960 Appendix A, RFC 5280 §6.3), bounded in entries and in bytes. */
import type { Evidence, EvidenceCache } from '../../status/ports.ts';

export type EvidenceLimits = {
  readonly entries: number;
  /** Of DER, all entries together. */
  readonly bytes: number;
};

const defaultLimits: EvidenceLimits = { entries: 1_000, bytes: 16 * 1024 * 1024 };

/** What was saved longest ago goes first; what alone is over the limit is not kept. */
export function memoryEvidenceCache(limits: EvidenceLimits = defaultLimits): EvidenceCache {
  const kept = new Map<string, Evidence>();
  let bytes = 0;
  const remove = (key: string) => {
    bytes -= sizeOf(kept.get(key));
    kept.delete(key);
  };
  return {
    async find(key) {
      return kept.get(key);
    },
    async save(key, evidence) {
      remove(key);
      if (sizeOf(evidence) > limits.bytes) return;
      kept.set(key, evidence);
      bytes += sizeOf(evidence);
      for (const oldest of kept.keys()) {
        if (kept.size <= limits.entries && bytes <= limits.bytes) return;
        remove(oldest);
      }
    },
  };
}

const sizeOf = (evidence: Evidence | undefined) =>
  evidence !== undefined && 'der' in evidence ? evidence.der.byteLength : 0;
