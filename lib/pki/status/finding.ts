/** What OCSP and CRLs say of a certificate, as plain data (RFC 6960 §2.2, RFC 5280 §6.3). */

export type Finding = {
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly revokedAt?: Date;
  /** RFC 5280 §5.3.1: the reason code by name. */
  readonly revocationReason?: string;
};

/** Why an answer says nothing. `untrusted`: a bad signature or signer. */
export type Refused = { readonly status: 'unavailable' | 'untrusted'; readonly detail: string };
