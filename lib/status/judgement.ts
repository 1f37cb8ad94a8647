/** The verdict on the statuses of a certification path: a pure function of evidence, policy and time (RFC 5280 §6.1.3 (a)(3)). */

import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import { earlierOf, isCurrent, maxAgeWithoutNextUpdate, plusSeconds, skew } from '../pki/status/freshness.ts';
import { fail, ok, type Result } from '../result.ts';
import type { CertificateStatus, StatusVerdict } from './certificate-status.ts';
import { negativeAgeOf, type StatusPolicy, softFailLife } from './policy.ts';
import type { StatusFailure, StatusReason } from './reason.ts';

type Refusal = {
  readonly status: CertificateStatus;
  readonly refused: StatusReason;
  readonly policy: StatusPolicy;
};
type Acceptance = { readonly status: CertificateStatus; readonly freshUntil: Date; readonly expiresAt?: Date };
type Finding = Refusal | Acceptance;

/** What is said of several refused certificates: what no retry will mend comes first. */
const ranked: readonly StatusReason[] = [
  'certificate_revoked',
  'issuer_revoked',
  'certificate_on_hold',
  'status_unknown',
  'no_status_source',
  'status_untrusted',
  'revocation_unavailable',
];

/**
 * Judges the statuses of a path, leaf first, none for the anchor. Closed by default: whatever is not good, fresh and
 * asked for is refused, and `revoked` is refused under every policy. An empty list is `no_status_source`: where nobody is
 * asked each certificate is `not_checked`.
 */
export function judgeStatus(
  statuses: readonly CertificateStatus[],
  policy: StatusPolicy,
  at: Date,
): Result<StatusVerdict, StatusFailure> {
  return judgeStatuses(
    statuses.map((status) => [status, policy] as const),
    at,
  );
}

/** As `judgeStatus`, each by the policy that holds for it. */
export function judgeStatuses(
  statuses: readonly (readonly [CertificateStatus, StatusPolicy])[],
  at: Date,
): Result<StatusVerdict, StatusFailure> {
  const findings = statuses.map(([status, policy], index) => judgeOne(status, index, policy, at));
  const judged = findings.map((finding) => finding.status);
  const refusal = mostSpecific(findings);
  if (refusal !== undefined) return fail(failureOf(refusal, judged, at));
  const accepted = findings.filter((finding) => 'freshUntil' in finding);
  const [first, ...others] = accepted.map(({ freshUntil }) => freshUntil);
  if (first === undefined) return fail(nothingKnown);
  return ok({
    statuses: judged,
    freshUntil: others.reduce(earlierOf, first),
    ...earliestEnd(accepted.flatMap(({ expiresAt }) => expiresAt ?? [])),
    softFailed: judged.some(({ softFailed }) => softFailed),
    stale: judged.some(({ stale }) => stale),
  });
}

/** There is a leaf in every path, so this is a fault of the caller; it must not pass for a checked path. */
const nothingKnown: StatusFailure = {
  reason: 'no_status_source',
  certificate: '' as Thumbprint,
  statuses: [],
  detail: 'no status at all',
};

/** Refused in every mode: soft-fail tolerates silence, not an answer. */
const refusals = new Map<CertificateStatus['status'], StatusReason>([
  ['unknown', 'status_unknown'],
  ['no_source', 'no_status_source'],
  ['untrusted', 'status_untrusted'],
]);

function judgeOne(status: CertificateStatus, index: number, policy: StatusPolicy, at: Date): Finding {
  const { status: found } = status;
  if (found === 'revoked') return { status, policy, refused: index === 0 ? 'certificate_revoked' : 'issuer_revoked' };
  if (found === 'on_hold') return { status, policy, refused: index === 0 ? 'certificate_on_hold' : 'issuer_revoked' };
  if (!isDemanded(status, index, policy)) return { status, freshUntil: plusSeconds(at, policy.maxStatusAge) };
  if (found === 'good') return judgeGood(status, policy, at);
  const refused = refusals.get(found);
  return refused === undefined ? withoutAnswer(status, policy, at) : { status, policy, refused };
}

/** Whether the policy as it is now asks for this status; one recorded under a laxer policy does not count as checked. */
function isDemanded({ status, exemption }: CertificateStatus, index: number, policy: StatusPolicy): boolean {
  if (policy.mode === 'off' || (policy.depth === 'leaf' && index > 0)) return false;
  if (status !== 'not_checked') return true;
  if (exemption === 'short_lived') return policy.shortLived === undefined;
  return exemption !== 'no_rev_avail' && exemption !== 'entry';
}

function judgeGood(status: CertificateStatus, policy: StatusPolicy, at: Date): Finding {
  const { thisUpdate, nextUpdate, source, fetchedAt } = status;
  if (thisUpdate === undefined || source === 'none') return withoutAnswer(status, policy, at);
  if (!isCurrent({ thisUpdate, nextUpdate }, maxAgeWithoutNextUpdate[source], at)) {
    return withoutAnswer(status, policy, at);
  }
  const due = plusSeconds(earlierOf(fetchedAt, at), policy.maxStatusAge);
  const stale = status.stale || due < at;
  const askAgain = stale ? retryAt(status, policy, at) : due;
  if (nextUpdate === undefined) {
    const end = plusSeconds(thisUpdate, maxAgeWithoutNextUpdate[source]);
    return { status: { ...status, stale }, freshUntil: earlierOf(askAgain, end) };
  }
  const expiresAt = plusSeconds(nextUpdate, skew);
  return { status: { ...status, stale }, freshUntil: earlierOf(askAgain, expiresAt), expiresAt };
}

function withoutAnswer(status: CertificateStatus, policy: StatusPolicy, at: Date): Finding {
  if (policy.mode !== 'soft-fail') return { status, policy, refused: 'revocation_unavailable' };
  return {
    status: { ...status, softFailed: true },
    freshUntil: retryAt(status, policy, at),
    expiresAt: plusSeconds(at, softFailLife),
  };
}

/** The rest of the negative cache; its whole length where the status does not tell. */
function retryAt({ retryAt: told }: CertificateStatus, policy: StatusPolicy, at: Date): Date {
  const latest = plusSeconds(at, negativeAgeOf(policy));
  return told !== undefined && told > at ? earlierOf(told, latest) : latest;
}

function mostSpecific(findings: readonly Finding[]): Refusal | undefined {
  const refusals = findings.filter((finding) => 'refused' in finding);
  return ranked.flatMap((reason) => refusals.filter(({ refused }) => refused === reason))[0];
}

function failureOf(
  { status, refused, policy }: Refusal,
  statuses: readonly CertificateStatus[],
  at: Date,
): StatusFailure {
  const retryable = refused === 'revocation_unavailable' || refused === 'status_untrusted';
  const seconds = Math.ceil((retryAt(status, policy, at).getTime() - at.getTime()) / 1000);
  return {
    reason: refused,
    certificate: status.certificate,
    statuses,
    ...(retryable ? { retryAfter: Math.max(1, seconds) } : {}),
    ...(status.detail === undefined ? {} : { detail: status.detail }),
  };
}

function earliestEnd([first, ...rest]: readonly Date[]): { readonly expiresAt?: Date } {
  return first === undefined ? {} : { expiresAt: rest.reduce(earlierOf, first) };
}
