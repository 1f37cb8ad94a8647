/** The certificate row: once per (tenant, leaf), what was found about a certificate, for all tokens bound to it. */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { CertificateStatus } from '../status/certificate-status.ts';
import { type CertificateVerdict, statusesOf } from './certificate-verdict.ts';
import type { Server, TenantSnapshot } from './ports.ts';

export type CertificateRow = {
  readonly thumbprint: Thumbprint;
  /** The leaf, DER. */
  readonly certificate: Uint8Array;
  /** The certification path, leaf first, anchor last. */
  readonly path: readonly Thumbprint[];
  /** The version of the tenant's registry rows under which `path` was valid. */
  readonly truststore_version: string;
  /** RFC 5280 §6.1: one entry for each certificate of the path but the anchor, leaf first. */
  readonly statuses: readonly CertificateStatus[];
  /** Epoch seconds: the end of the path's validity; the row is of no use afterwards. */
  readonly exp: number;
};

/**
 * Writes what was found anew into the row, so that introspection finds it everywhere at once; nothing to do where the
 * row says so already. A certificate that was refused is written only over a row that tokens stand on.
 */
export async function keepVerdict(
  verdict: CertificateVerdict,
  previous: CertificateRow | undefined,
  snapshot: TenantSnapshot,
  { certificates }: Pick<Server, 'certificates'>,
): Promise<void> {
  const row = verdict.recorded ? undefined : rowOf(verdict, previous, snapshot.version);
  if (row === undefined) return;
  await certificates.save(snapshot.tenant.name, row);
  snapshot.verdicts.set(verdict.certificate.thumbprint, { ...verdict, recorded: true });
}

function rowOf(
  { certificate, outcome }: CertificateVerdict,
  previous: CertificateRow | undefined,
  truststore_version: string,
): CertificateRow | undefined {
  const statuses = statusesOf(outcome);
  if (!outcome.ok) return previous !== undefined && statuses.length > 0 ? { ...previous, statuses } : undefined;
  const { path } = outcome.value;
  return {
    thumbprint: certificate.thumbprint,
    certificate: certificate.der,
    path: path.certificates.map((each) => each.thumbprint),
    truststore_version,
    statuses,
    exp: Math.floor(path.notAfter.getTime() / 1000),
  };
}
