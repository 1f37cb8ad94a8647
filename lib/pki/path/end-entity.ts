/** What the end entity of a path must be, beyond RFC 5280 §6.1, to authenticate a TLS client (RFC 8446 §4.4.2.2) or sign CRLs. */
import type { Certificate } from '../certificate/certificate.ts';
import type { PathEvidence } from '../reason.ts';
import { refuseExtendedKeyUsage } from './extended-key-usage.ts';
import type { ExtendedKeyUsagePolicy } from './truststore.ts';

/** A CA's certificate is nobody's client certificate, whatever key usages it has; a v1 certificate cannot say what it is. */
export function refuseClient(certificate: Certificate, policy: ExtendedKeyUsagePolicy): PathEvidence | undefined {
  const { version, basicConstraints, keyUsage } = certificate;
  if (version !== 3) return { reason: 'basic_constraints', problem: `is an X.509 v${version} certificate` };
  if (basicConstraints?.cA) return { reason: 'basic_constraints', problem: 'is the certificate of a CA' };
  // RFC 5280 §4.2.1.3: absent, the key may be used for anything.
  if (keyUsage?.has('digitalSignature') === false) return { reason: 'key_usage', missing: 'digitalSignature' };
  return refuseExtendedKeyUsage(certificate, policy);
}
