/** INIT work of the functions that judge certificates: the first parsing, the first path and the first signature, on the tenant's own. */
import { X509Certificate } from 'node:crypto';
import type { TenantSnapshot } from '../oauth/ports.ts';
import { parseCertificatePem } from '../pki/certificate/certificate.ts';
import { validatePath } from '../pki/path/validation.ts';

/**
 * Takes an entry of the truststore as a client's certificate, an intermediate where there is one, since it has a path. The
 * verdict is nobody's: what counts is that code, curve and issuer are ready when a client comes.
 */
export function firstPath({ truststore }: Pick<TenantSnapshot, 'truststore'>): void {
  const { entries } = truststore;
  const entry = entries.find(({ type }) => type === 'intermediate') ?? entries[0];
  if (entry === undefined) return;
  const der = 'der' in entry ? entry.der : entry.certificate.der;
  const parsed = parseCertificatePem(new X509Certificate(der).toString());
  if (parsed.ok) validatePath(parsed.value, { truststore, at: new Date() });
}
