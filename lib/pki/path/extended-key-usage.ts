/** Whether a path is good for authenticating a TLS client (RFC 5280 §4.2.1.12). */
import type { Certificate } from '../certificate/certificate.ts';
import type { PathEvidence } from '../reason.ts';
import type { ExtendedKeyUsagePolicy } from './truststore.ts';

const clientAuth = '1.3.6.1.5.5.7.3.2';
const serverAuth = '1.3.6.1.5.5.7.3.1';
const anyExtendedKeyUsage = '2.5.29.37.0';

/** The purposes of which one will do, and how they are told to an operator. */
const accepted: Readonly<Record<ExtendedKeyUsagePolicy, { purposes: readonly string[]; wanted: string }>> = {
  'required-if-present': { purposes: [clientAuth, anyExtendedKeyUsage], wanted: 'clientAuth or anyExtendedKeyUsage' },
  required: { purposes: [clientAuth], wanted: 'an extendedKeyUsage with clientAuth' },
  'allow-server-auth-only': {
    purposes: [clientAuth, serverAuth, anyExtendedKeyUsage],
    wanted: 'clientAuth, serverAuth or anyExtendedKeyUsage',
  },
};

const hint =
  ' (public CAs no longer issue clientAuth: the entry of such a CA can be given the policy "allow-server-auth-only")';

/** RFC 5280 §4.2.1.12: the purposes of the end entity, by the policy. */
export function refuseExtendedKeyUsage(
  { extendedKeyUsage }: Certificate,
  policy: ExtendedKeyUsagePolicy,
): PathEvidence | undefined {
  if (extendedKeyUsage === undefined && policy !== 'required') return undefined;
  return refuse(extendedKeyUsage ?? [], policy);
}

/**
 * Purposes of a CA bind what it issues: not RFC 5280's word, but that of every public CA's contract and of the validators in
 * TLS stacks. anyExtendedKeyUsage in a CA leaves everything open, whatever the policy for end entities.
 */
export function refuseIssuerExtendedKeyUsage(
  { extendedKeyUsage }: Certificate,
  policy: ExtendedKeyUsagePolicy,
): PathEvidence | undefined {
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes(anyExtendedKeyUsage)) return undefined;
  return refuse(extendedKeyUsage, policy);
}

function refuse(extendedKeyUsage: readonly string[], policy: ExtendedKeyUsagePolicy): PathEvidence | undefined {
  const { purposes, wanted } = accepted[policy];
  if (extendedKeyUsage.some((purpose) => purposes.includes(purpose))) return undefined;
  const serverOnly = extendedKeyUsage.includes(serverAuth);
  return { reason: 'eku_client_auth_missing', extendedKeyUsage, wanted: serverOnly ? wanted + hint : wanted };
}
