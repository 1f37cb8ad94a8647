/** What RFC 5280 §4 forbids a certificate to say and a verifier can do without, so that a path with it is refused. */
import type { Certificate } from '../certificate/certificate.ts';

/** Serials that are not positive exist in old vectors (PKITS 4.4.14); nothing in the product allows them. */
export type SerialNumbers = 'positive' | 'any';

type Check = (certificate: Certificate, serialNumbers: SerialNumbers) => string | undefined;

const isCa = ({ basicConstraints }: Certificate) => basicConstraints?.cA === true;
const isEmpty = ({ rdns }: Certificate['subject']) => rdns.length === 0;

const checks: readonly Check[] = [
  // RFC 5280 §4.1.2.2: positive, 20 octets at most.
  ({ serialNumber }, allowed) =>
    allowed === 'positive' && /^(?:-|0$)/.test(serialNumber) ? 'has a serial number that is not positive' : undefined,
  ({ serial }) => (serial.length > 20 ? 'has a serial number of more than 20 octets' : undefined),
  // RFC 5280 §4.1.2.4, §4.1.2.6.
  ({ issuer }) => (isEmpty(issuer) ? 'has an empty issuer name' : undefined),
  (certificate) => (isCa(certificate) && isEmpty(certificate.subject) ? 'is a CA with an empty subject' : undefined),
  ({ subject, extensions }) =>
    isEmpty(subject) && extensions.get('2.5.29.17')?.critical !== true
      ? 'has an empty subject without a critical subjectAltName'
      : undefined,
  // RFC 5280 §4.2.1.3, §4.2.1.9: issuing is for CAs.
  (certificate) =>
    !isCa(certificate) && certificate.keyUsage?.has('keyCertSign') ? 'has keyCertSign and is not a CA' : undefined,
  (certificate) =>
    !isCa(certificate) && certificate.basicConstraints?.pathLenConstraint !== undefined
      ? 'has a pathLenConstraint and is not a CA'
      : undefined,
  // RFC 5280 §4.2.1.10.
  (certificate) =>
    !isCa(certificate) && certificate.nameConstraints !== undefined ? 'has nameConstraints and is not a CA' : undefined,
];

/** The first rule that the certificate breaks, in words that follow «certificate …». */
export function nonconformity(certificate: Certificate, serialNumbers: SerialNumbers): string | undefined {
  for (const check of checks) {
    const problem = check(certificate, serialNumbers);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
