/** The record of one request: filled on the way, written once at the end. It never holds a token or a secret. */
import type { CertificateStatus } from '../status/certificate-status.ts';
import type { ErrorCode } from './error.ts';
import type { Reason } from './reason.ts';

/** A change to a tenant, as it is kept: who did what to which row. */
export type ChangeRecord = {
  /** Epoch seconds. */
  readonly at: number;
  /** The operator as the operating system or AWS names them. */
  readonly actor: string;
  /** `client.disable`, `truststore.add`, `policy.set`, … */
  readonly action: string;
  /** The row: a `client_id`, a thumbprint, a block. */
  readonly subject: string;
  readonly detail?: string;
};

/** A refusal, as it is kept. */
export type RefusalRecord = {
  /** Epoch seconds. */
  readonly at: number;
  readonly client_id: string;
  readonly reason: Reason;
  readonly thumbprint?: string;
  readonly detail?: string;
};

/** What a record tells of the status of one certificate. */
export type ShownStatus = Pick<CertificateStatus, 'source' | 'status' | 'cached' | 'stale' | 'softFailed'> & {
  /** ISO 8601. */
  readonly fetchedAt: string;
};

export type RequestRecord = {
  endpoint?: string;
  tenant?: string;
  client_id?: string;
  /** RFC 7591 §2 `token_endpoint_auth_method`: how the client was authenticated. */
  authentication_method?: string;
  grant_type?: string;
  thumbprint?: string;
  /** The certificate of the connection ends within that many days; absent where it lives longer. */
  certificate_expires_in_days?: 7 | 30 | 60;
  subject?: string;
  issuer?: string;
  serial?: string;
  /** RFC 5280 §6.1. */
  path?: 'ok' | Reason;
  /** RFC 6960, RFC 5280 §6.3; leaf first. */
  certificate_status?: readonly ShownStatus[];
  /** RFC 8705 §2.1.2. */
  binding?: 'ok' | Reason;
  /** The identifier of the token, never the token. */
  jti?: string;
  /** The client of the token that is introspected or revoked. */
  token_client_id?: string;
  /** The certificate that token is bound to; `path` and `certificate_status` speak of it then. */
  token_thumbprint?: string;
  /** The certificate that the caller of introspection was shown together with the token. */
  presented_thumbprint?: string;
  active?: boolean;
  error?: ErrorCode;
  reason?: Reason;
  detail?: string;
  /** The refusal could not be kept besides this line. */
  refusal_not_kept?: boolean;
};
