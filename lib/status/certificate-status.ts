/** What is known of one certificate's status, as plain data that can be stored (RFC 6960 §2.2, RFC 5280 §6.3). */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';

export type CertificateStatus = {
  readonly certificate: Thumbprint;
  readonly source: 'ocsp' | 'crl' | 'none';
  /** `untrusted`: the only answer had a bad signature or signer. `unavailable`: no usable answer could be had. */
  readonly status:
    | 'good'
    | 'revoked'
    | 'on_hold'
    | 'unknown'
    | 'unavailable'
    | 'untrusted'
    | 'no_source'
    | 'not_checked';
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly fetchedAt: Date;
  /** Answered from memory or a store, without asking the source. */
  readonly cached: boolean;
  /** Older than `maxStatusAge`, and the source gave nothing newer. */
  readonly stale: boolean;
  readonly softFailed: boolean;
  readonly revokedAt?: Date;
  /** RFC 5280 §5.3.1: the reason code by name. */
  readonly revocationReason?: string;
  readonly detail?: string;
  /** When a source that failed will be asked again. */
  readonly retryAt?: Date;
  /** Why a status of `not_checked` needs none. */
  readonly exemption?: 'no_rev_avail' | 'short_lived' | 'entry' | 'policy';
};

export type StatusVerdict = {
  readonly statuses: readonly CertificateStatus[];
  /** The status is asked for again at this time. */
  readonly freshUntil: Date;
  /** What is issued on this verdict must end by then; none where the answers name no nextUpdate. */
  readonly expiresAt?: Date;
  readonly softFailed: boolean;
  readonly stale: boolean;
};
