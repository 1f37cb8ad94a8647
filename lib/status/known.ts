/** What earlier findings are still worth, and which of several findings on one certificate counts. */

import { isCurrent, maxAgeWithoutNextUpdate, plusSeconds, skew } from '../pki/status/freshness.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { type Level, lifetimeOf } from './level.ts';

type Answer = CertificateStatus & { readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown' };

const isAnswer = (status: CertificateStatus): status is Answer =>
  status.status === 'good' || status.status === 'revoked' || status.status === 'on_hold' || status.status === 'unknown';

/** Whether a finding answers without asking: while young and from a source the policy wants. Revoked does so always. */
export function reusable(known: CertificateStatus, level: Level): boolean {
  const { at, policy } = level;
  if (known.status === 'revoked') return true;
  if (!isAnswer(known) || known.stale || !holds(known, level)) return false;
  return known.fetchedAt <= plusSeconds(at, skew) && plusSeconds(known.fetchedAt, lifetimeOf(known, policy)) >= at;
}

function holds({ source, thisUpdate, nextUpdate }: Answer, { at, policy }: Level): boolean {
  if (source === 'none' || thisUpdate === undefined || !policy.order.includes(source)) return false;
  return isCurrent({ thisUpdate, nextUpdate }, maxAgeWithoutNextUpdate[source], at);
}

/** An earlier finding that still holds, to serve when nothing newer can be had; with what was said of the silence. */
export function fallbackOf(
  known: CertificateStatus | undefined,
  level: Level,
  found: readonly CertificateStatus[],
): readonly CertificateStatus[] {
  if (known === undefined || !isAnswer(known) || !holds(known, level)) return [];
  const { detail, retryAt } = found.find((status) => status.retryAt !== undefined) ?? {};
  return [{ ...known, cached: true, stale: true, ...(detail && { detail }), ...(retryAt && { retryAt }) }];
}

/** Whether no further source needs to be asked. */
export const isConclusive = ({ status, stale }: CertificateStatus): boolean =>
  status === 'revoked' || (!stale && (status === 'good' || status === 'on_hold'));

/**
 * Of several findings on one certificate, not empty: revoked for good counts above all; then good and on hold, those asked
 * for now before earlier ones; then «unknown», a forged answer, and silence. An answer that is older than a hold we know
 * of does not end it: it may be a replay.
 */
export function mostTelling(findings: readonly CertificateStatus[]): CertificateStatus {
  const [best, ...others] = findings.toSorted((a, b) => weight(b) - weight(a) || age(a) - age(b));
  const hold = others.find((other) => other.status === 'on_hold' && age(other) < age(best));
  return (best?.status === 'good' && hold) || (best as CertificateStatus);
}

const weights: Readonly<Record<CertificateStatus['status'], number>> = {
  revoked: 9,
  good: 7,
  on_hold: 7,
  unknown: 5,
  untrusted: 2,
  unavailable: 1,
  no_source: 0,
  not_checked: 0,
};

/** What was asked for now, «unknown» included, weighs more than any earlier finding but revoked. */
const weight = ({ status, stale }: CertificateStatus): number =>
  weights[status] - (stale && status !== 'revoked' ? 3 : 0);

const age = (status: CertificateStatus | undefined): number => -(status?.thisUpdate?.getTime() ?? 0);
