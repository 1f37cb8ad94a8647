/** The certificate row: once per (tenant, leaf), what was found about a certificate, for all tokens bound to it. */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { CertificateStatus } from '../pki/status/revocation.ts';

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
