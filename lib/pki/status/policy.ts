/** What a tenant demands of certificate status, and the limits of freshness (RFC 6960 §4.2.2.1, RFC 5280 §6.3.3). */
import type { Thumbprint } from '../certificate/thumbprint.ts';

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

export type CertIdHash = 'sha1' | 'sha256';

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

/** Seconds that the clocks of a responder and ours may differ. */
export const skew = 300;

/** Seconds that an answer without nextUpdate may be old: there is no promise when newer information will be had. */
export const maxAgeWithoutNextUpdate = { ocsp: 86_400, crl: 7 * 86_400 } as const;

/** Seconds that a certificate without any answer is accepted for under `soft-fail`. */
export const softFailLife = 300;

const defaultNegativeAge = 30;

/** Seconds until a source that failed is asked again. */
export const negativeAgeOf = (policy: StatusPolicy): number => policy.negativeAge ?? defaultNegativeAge;

export const plusSeconds = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);

export const earlierOf = (a: Date, b: Date): Date => (a <= b ? a : b);

export type Times = { readonly thisUpdate: Date; readonly nextUpdate?: Date | undefined };

/**
 * Whether an answer holds at `at`: `thisUpdate ≤ at + 300 s`, `at − 300 s ≤ nextUpdate`; without nextUpdate it holds
 * `maxAge` seconds (RFC 6960 §4.2.2.1, RFC 5280 §5.1.2.4–5).
 */
export function isCurrent({ thisUpdate, nextUpdate }: Times, maxAge: number, at: Date): boolean {
  if (thisUpdate > plusSeconds(at, skew)) return false;
  if (nextUpdate === undefined) return plusSeconds(thisUpdate, maxAge) >= at;
  return nextUpdate >= thisUpdate && nextUpdate >= plusSeconds(at, -skew);
}
