/** Why a certificate was refused: what its path says, then what is known of its status (RFC 6960, RFC 5280 §6.3). */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import { describe as describePath, oneLine, type PathFailure } from '../pki/reason.ts';
import type { CertificateStatus } from './certificate-status.ts';

export type StatusReason =
  | 'certificate_revoked'
  | 'issuer_revoked'
  | 'certificate_on_hold'
  /** By the operator: `blocks.ts`. */
  | 'certificate_blocked'
  | 'status_unknown'
  | 'no_status_source'
  | 'revocation_unavailable'
  | 'status_untrusted';

/** `retryAfter` in seconds, where trying again can help. */
export type StatusFailure = {
  readonly reason: StatusReason;
  readonly certificate: Thumbprint;
  readonly statuses: readonly CertificateStatus[];
  readonly retryAfter?: number;
  readonly detail?: string;
};

/** One sentence for operators, in one line. */
export function describe(failure: PathFailure | StatusFailure): string {
  if (!('statuses' in failure)) return describePath(failure);
  const { reason, certificate, detail } = failure;
  return oneLine(`${statusSentences[reason]} (certificate ${certificate})${detail ? `: ${detail}` : ''}.`);
}

const statusSentences: Readonly<Record<StatusReason, string>> = {
  certificate_revoked: 'The certificate is revoked',
  issuer_revoked: 'A certificate authority of the path is revoked',
  certificate_on_hold: 'The certificate is on hold',
  certificate_blocked: 'The certificate or a certificate authority of its path is blocked by the operator',
  status_unknown: 'The responder does not know the certificate',
  no_status_source: 'The certificate names no source of its revocation status and none is configured',
  revocation_unavailable: 'No source gave a fresh answer on the revocation status',
  status_untrusted: 'The answer on the revocation status has a bad signature or signer',
};
