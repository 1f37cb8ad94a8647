/** Certificates that nobody is asked about (RFC 9608, RFC 5280 §6.1.1 (d)). */
import type { CertificateStatus } from './certificate-status.ts';
import type { Level } from './level.ts';
import { hasNoRevocation } from './sources.ts';

/** Why the certificate's status need not be asked for; undefined where it must be. */
export function exemptionOf({ certificate, index, policy, override }: Level): CertificateStatus['exemption'] {
  if (policy.mode === 'off' || (policy.depth === 'leaf' && index > 0)) return 'policy';
  if (override.revocation === 'none') return 'entry';
  if (hasNoRevocation(certificate)) return 'no_rev_avail';
  const lifetime = (certificate.notAfter.getTime() - certificate.notBefore.getTime()) / 1000;
  return policy.shortLived !== undefined && lifetime <= policy.shortLived ? 'short_lived' : undefined;
}
