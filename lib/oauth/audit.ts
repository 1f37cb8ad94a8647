/** The record of one request: filled on the way, written once at the end. It never holds a token or a secret. */
import type { CertificateStatus } from '../pki/status/certificate-status.ts';
import type { ErrorCode } from './error.ts';
import type { Reason } from './reason.ts';

export type RequestRecord = {
  endpoint?: string;
  tenant?: string;
  client_id?: string;
  grant_type?: string;
  thumbprint?: string;
  subject?: string;
  issuer?: string;
  serial?: string;
  /** RFC 5280 §6.1. */
  path?: 'ok' | Reason;
  /** RFC 6960, RFC 5280 §6.3; leaf first. */
  certificate_status?: readonly Pick<
    CertificateStatus,
    'source' | 'status' | 'fetchedAt' | 'cached' | 'stale' | 'softFailed'
  >[];
  /** RFC 8705 §2.1.2. */
  binding?: 'ok' | Reason;
  /** The identifier of the token, never the token. */
  jti?: string;
  /** The client of the token that is introspected or revoked. */
  token_client_id?: string;
  /** The certificate that token is bound to; `path` and `certificate_status` speak of it then. */
  token_thumbprint?: string;
  active?: boolean;
  error?: ErrorCode;
  reason?: Reason;
  detail?: string;
};
