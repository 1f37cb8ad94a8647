/** A client's certificate, judged: first its certification path (RFC 5280 §6.1), then the status of every certificate on it. */

import type { Certificate } from '../pki/certificate/certificate.ts';
import type { Truststore } from '../pki/path/truststore.ts';
import { type VerifiedPath, validatePath } from '../pki/path/validation.ts';
import type { PathFailure } from '../pki/reason.ts';
import { fail, ok, type Result } from '../result.ts';
import type { Blocks } from './blocks.ts';
import type { StatusPorts } from './ports.ts';
import type { StatusFailure } from './reason.ts';
import { type CertificateStatus, checkStatus, type StatusPolicy, type StatusVerdict } from './revocation.ts';

export type VerifiedClientCertificate = { readonly path: VerifiedPath; readonly status: StatusVerdict };

export type VerificationOptions = {
  readonly truststore: Truststore;
  readonly policy: StatusPolicy;
  readonly at: Date;
  /** Untrusted certificates that may help to build the path, such as the chain stored at registration. */
  readonly helpers?: readonly Certificate[];
  /** Statuses found before, which save the network while they are fresh. */
  readonly known?: readonly CertificateStatus[];
  readonly blocks?: Blocks;
  /** When the request began by `StatusPorts.now`: all that it asks shares its time. */
  readonly began?: number | undefined;
};

/**
 * Path, then status; nothing is fetched before the path is valid, because the addresses come from the certificate. Says
 * nothing about whose certificate it is: matching it with a client is the caller's. Never throws.
 */
export async function verifyClientCertificate(
  certificate: Certificate,
  options: VerificationOptions,
  ports: StatusPorts,
): Promise<Result<VerifiedClientCertificate, PathFailure | StatusFailure>> {
  const path = validatePath(certificate, options);
  if (!path.ok) return path;
  if (options.blocks?.find(path.value.certificates) !== undefined) {
    return fail({ reason: 'certificate_blocked', certificate: certificate.thumbprint, statuses: [] });
  }
  const status = await checkStatus(path.value, options, ports);
  return status.ok ? ok({ path: path.value, status: status.value }) : status;
}
