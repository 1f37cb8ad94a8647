/** One certificate of a path whose status is wanted, and the statuses that its sources lead to. */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { SignerOptions } from '../pki/status/crl-signer.ts';
import type { Finding } from '../pki/status/finding.ts';
import type { Budget } from './budget.ts';
import type { CertificateStatus } from './certificate-status.ts';
import type { Answered, Reply, Silence } from './evidence.ts';
import { negativeAgeOf, type StatusOverride, type StatusPolicy } from './policy.ts';
import type { StatusPorts } from './ports.ts';

export type Level = SignerOptions & {
  readonly certificate: Certificate;
  /** The first of `authorities`. */
  readonly issuer: Certificate;
  /** 0 is the end entity. */
  readonly index: number;
  /** Whose path this is; undefined for a certificate that is not of the path, such as a responder's. */
  readonly endEntity?: Certificate | undefined;
  /** What the operator said about this issuer's certificates. */
  readonly override: StatusOverride;
  /** What holds for this certificate. */
  readonly policy: StatusPolicy;
  readonly at: Date;
  readonly budget: Budget;
  readonly ports: StatusPorts;
};

export const askingOf = ({ at, policy, budget }: Level) => ({ at, negativeAge: negativeAgeOf(policy), budget });

/**
 * Seconds for which a finding is not asked for again: revoked is for good (RFC 5280 §5.3.1), and «unknown» is asked again
 * soon, since it is what a responder says of a certificate that was issued a moment ago.
 */
export function lifetimeOf({ status }: Pick<Finding, 'status'>, policy: StatusPolicy): number {
  if (status === 'revoked') return Number.POSITIVE_INFINITY;
  return status === 'unknown' ? Math.min(negativeAgeOf(policy), policy.maxStatusAge) : policy.maxStatusAge;
}

/** The status that a source's reply amounts to: its answer, else its silence. */
export function statusOf(level: Level, source: 'ocsp' | 'crl', reply: Reply<Finding>): CertificateStatus {
  const { answer, silence } = reply;
  if (answer !== undefined) return answeredStatus(level, source, answer, silence);
  return silentStatus(level, source, silence ?? { status: 'unavailable', detail: 'no answer' });
}

function answeredStatus(
  { certificate }: Level,
  source: 'ocsp' | 'crl',
  { value, fetchedAt, cached }: Answered<Finding>,
  silence: Silence | undefined,
): CertificateStatus {
  const { status, thisUpdate, nextUpdate, revokedAt, revocationReason } = value;
  return {
    certificate: certificate.thumbprint,
    source,
    status,
    fetchedAt,
    cached,
    stale: silence !== undefined,
    softFailed: false,
    ...(thisUpdate && { thisUpdate }),
    ...(nextUpdate && { nextUpdate }),
    ...(revokedAt && { revokedAt }),
    ...(revocationReason && { revocationReason }),
    ...(silence && { detail: silence.detail, retryAt: silence.retryAt }),
  };
}

export function silentStatus(
  { certificate, at }: Level,
  source: 'ocsp' | 'crl',
  { status, detail, retryAt }: Omit<Silence, 'retryAt'> & Partial<Silence>,
): CertificateStatus {
  return {
    certificate: certificate.thumbprint,
    source,
    status,
    fetchedAt: at,
    cached: false,
    stale: false,
    softFailed: false,
    detail,
    ...(retryAt && { retryAt }),
  };
}

/** A status for which nobody was asked. */
export const unaskedStatus = (
  { certificate, at }: Pick<Level, 'certificate' | 'at'>,
  status: 'not_checked' | 'no_source',
  exemption?: CertificateStatus['exemption'],
): CertificateStatus => ({
  certificate: certificate.thumbprint,
  source: 'none',
  status,
  fetchedAt: at,
  cached: false,
  stale: false,
  softFailed: false,
  ...(exemption && { exemption }),
});
