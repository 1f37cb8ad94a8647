/** What a tenant demands of certificate status (RFC 6960, RFC 5280 §6.3). */

import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { CertIdHash } from '../pki/status/cert-id.ts';

export type StatusPolicy = {
  /** `soft-fail` tolerates unavailability and nothing else; `off` asks nobody. */
  readonly mode: 'hard-fail' | 'soft-fail' | 'off';
  readonly order: 'ocsp-crl' | 'crl-ocsp' | 'ocsp' | 'crl';
  readonly depth: 'chain' | 'leaf';
  /** Seconds since an answer was fetched after which it is asked for again. */
  readonly maxStatusAge: number;
  /** RFC 9654: `prefer` takes an answer without a nonce, `require` does not; one that differs is never taken. */
  readonly nonce: 'off' | 'prefer' | 'require';
  /** RFC 6960 §4.3: the hash of CertID; SHA-1 (default) is what responders find their pre-produced answers by. */
  readonly certIdHash?: CertIdHash;
  /** RFC 6960 Appendix A.1: `get` sends requests of up to 255 bytes by GET, so that caches can answer; default `post`. */
  readonly ocspMethod?: 'post' | 'get';
  /** Seconds: a certificate whose whole life is not longer is never asked about; default none. */
  readonly shortLived?: number;
  /** Seconds that a source which gave no usable answer is left alone; default 30. */
  readonly negativeAge?: number;
  /**
   * `host` or `host:port` of the responders and distribution points that may be asked; absent: any public one. The
   * addresses of an override are the operator's own and need not be here.
   */
  readonly hosts?: readonly string[];
  /** What the operator said about the certificates that a CA issued, by the CA certificate's thumbprint. */
  readonly overrides?: Readonly<Record<Thumbprint, StatusOverride>>;
};

/** What an entry may say in place of the tenant's policy; the entry nearest to the certificate speaks first. */
export type StatusSettings = Pick<
  StatusPolicy,
  'mode' | 'order' | 'depth' | 'maxStatusAge' | 'nonce' | 'ocspMethod' | 'shortLived' | 'negativeAge'
>;

/** Addresses, certificates and CRLs hold for what this very CA issued; the settings for everything below it. */
export type StatusOverride = Partial<StatusSettings> & {
  /** Asked instead of the addresses in the certificate. */
  readonly responderUrl?: string;
  /** DER: signs answers without being issued by the CA (RFC 6960 §4.2.2.2, the locally configured responder). */
  readonly responderCertificate?: Uint8Array;
  /** Asked instead of the distribution points in the certificate. */
  readonly crlUrl?: string;
  /** DER: an uploaded CRL, used where nothing newer can be had. */
  readonly crl?: Uint8Array;
  /** An uploaded CRL is kept in the `CrlStore`, however large. */
  readonly uploadedCrl?: boolean;
  /** The CA runs no status service: its certificates are not checked. */
  readonly revocation?: 'none';
  readonly certIdHash?: CertIdHash;
};

export const defaultStatusPolicy: StatusPolicy = {
  mode: 'hard-fail',
  order: 'ocsp-crl',
  depth: 'chain',
  maxStatusAge: 300,
  nonce: 'off',
};

/** Seconds that a certificate without any answer is accepted for under `soft-fail`. */
export const softFailLife = 300;

const defaultNegativeAge = 30;

/** Seconds until a source that failed is asked again. */
export const negativeAgeOf = (policy: StatusPolicy): number => policy.negativeAge ?? defaultNegativeAge;
