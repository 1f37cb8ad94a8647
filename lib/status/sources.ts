/** Where a certificate says that its status is to be had (RFC 5280 §4.2.1.13, §4.2.2.1; RFC 9608). */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { DistributionPoint } from '../pki/certificate/distribution-point.ts';
import type { GeneralName } from '../pki/certificate/general-name.ts';

/** id-ad-ocsp. */
const ocspMethod = '1.3.6.1.5.5.7.48.1';

/** The names that are addresses which can be fetched; `ldap:` and the like are not for us. */
const httpAddresses = (names: readonly GeneralName[]): readonly string[] =>
  names.flatMap(({ type, value }) =>
    type === 'uniformResourceIdentifier' && /^https?:\/\//i.test(value) ? [value] : [],
  );

/** RFC 5280 §4.2.2.1: http(s) addresses of OCSP responders, in the order of the certificate, none twice. */
export function ocspAddresses({ authorityInfoAccess = [] }: Certificate): readonly string[] {
  const responders = authorityInfoAccess.filter(({ accessMethod }) => accessMethod === ocspMethod);
  return [...new Set(httpAddresses(responders.map(({ accessLocation }) => accessLocation)))];
}

/** RFC 5280 §4.2.1.13: http(s) addresses of the CRL of one distribution point; relative names have none. */
export const crlAddresses = ({ name }: DistributionPoint): readonly string[] =>
  name && 'fullName' in name ? httpAddresses(name.fullName) : [];

/**
 * RFC 9608 §3: an end entity certificate whose issuer never publishes its status. One that is of a CA or names a source
 * all the same contradicts itself, and is checked as if it said nothing.
 */
export const hasNoRevocation = (certificate: Certificate): boolean =>
  certificate.noRevAvail === true &&
  certificate.basicConstraints?.cA !== true &&
  certificate.cRLDistributionPoints === undefined &&
  certificate.freshestCRL === undefined &&
  ocspAddresses(certificate).length === 0;
