/** Addresses that do not answer, whichever certificate is asked about: left alone for a while (RFC 6960 §5, docs/policies.md). */

import { earlierOf, plusSeconds } from '../pki/status/freshness.ts';
import type { EvidenceCache } from './ports.ts';

/** `failures` in a row. */
type Trouble = { readonly failures: number; readonly restsUntil: Date };

type Moment = { readonly at: Date; readonly negativeAge: number };

/** By cache object, which is a tenant's, and by the address as one CA names it: no CA can silence the responder of another. */
const troubles = new WeakMap<EvidenceCache, Map<string, Trouble>>();

/** What may befall one question befalls no three in a row. */
const patience = 3;
const maximumAddresses = 1_000;

const troublesOf = (cache: EvidenceCache): Map<string, Trouble> => {
  const known = troubles.get(cache) ?? new Map<string, Trouble>();
  troubles.set(cache, known);
  return known;
};

/** Until when the address is left alone; undefined where it may be asked. */
export function restOf(address: string, { at, negativeAge }: Moment, cache: EvidenceCache): Date | undefined {
  const trouble = troublesOf(cache).get(address);
  if (trouble === undefined || trouble.failures < patience || trouble.restsUntil <= at) return undefined;
  return earlierOf(trouble.restsUntil, plusSeconds(at, negativeAge));
}

/** After a rest one question is let through; the others wait for what becomes of it. */
export function noteQuestion(address: string, { at, negativeAge }: Moment, cache: EvidenceCache): void {
  const known = troublesOf(cache);
  const trouble = known.get(address);
  if (trouble !== undefined) known.set(address, { ...trouble, restsUntil: plusSeconds(at, negativeAge) });
}

/** What became of a fetch: any answer, be it an error, ends the trouble. */
export function noteFetch(address: string, silent: boolean, { at, negativeAge }: Moment, cache: EvidenceCache): void {
  const known = troublesOf(cache);
  const { failures = 0 } = known.get(address) ?? {};
  known.delete(address);
  if (!silent) return;
  known.set(address, { failures: failures + 1, restsUntil: plusSeconds(at, negativeAge) });
  const [oldest] = known.keys();
  if (known.size > maximumAddresses && oldest !== undefined) known.delete(oldest);
}
