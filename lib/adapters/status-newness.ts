/** Which of two findings about a certificate a store keeps (RFC 5280 §5.3.1). */
import type { CertificateStatus } from '../status/certificate-status.ts';

export const isRevoked = ({ status }: CertificateStatus): boolean => status === 'revoked';

/** Later than any date. */
const forGood = 8_640_000_000_000_001;

/**
 * When a status was fetched, epoch milliseconds. «Revoked» is newer than whatever comes: it is for good, and «good»
 * fetched after it is a replay.
 */
export const newness = (status: CertificateStatus): number =>
  isRevoked(status) ? forGood : status.fetchedAt.getTime();
