/** What RFC 5280 §4 forbids a certificate to say and a verifier can do without, so that a path with it is refused. */
import type { Certificate } from '../certificate/certificate.ts';

/** Serials that are not positive exist in old vectors (PKITS 4.4.14); nothing in the product allows them. */
export type SerialNumbers = 'positive' | 'any';

/** A rule that is broken, in words that follow «certificate …», and when. */
type Rule = readonly [problem: string, broken: (certificate: Certificate) => boolean];

const isCa = ({ basicConstraints }: Certificate) => basicConstraints?.cA === true;
const isEmpty = ({ rdns }: Certificate['subject']) => rdns.length === 0;

/** RFC 5280 §4.1.2.2. */
const positiveSerial: Rule = ['has a serial number that is not positive', (one) => /^(?:-|0$)/.test(one.serialNumber)];

const rules: readonly Rule[] = [
  // RFC 5280 §4.1.2.2, the sign octet not counted.
  ['has a serial number of more than 20 octets', ({ serial }) => serial.length > (serial[0] === 0 ? 21 : 20)],
  // RFC 5280 §4.1.2.4, §4.1.2.6.
  ['has an empty issuer name', ({ issuer }) => isEmpty(issuer)],
  ['is a CA with an empty subject', (one) => isCa(one) && isEmpty(one.subject)],
  [
    'has an empty subject without a critical subjectAltName',
    ({ subject, extensions }) => isEmpty(subject) && extensions.get('2.5.29.17')?.critical !== true,
  ],
];

/** RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.10: for CAs only. Of an issuer that is none, §6.1.4 (k) says so more plainly. */
const endEntityRules: readonly Rule[] = [
  ['has keyCertSign and is not a CA', (one) => !isCa(one) && one.keyUsage?.has('keyCertSign') === true],
  [
    'has a pathLenConstraint and is not a CA',
    (one) => !isCa(one) && one.basicConstraints?.pathLenConstraint !== undefined,
  ],
  ['has nameConstraints and is not a CA', (one) => !isCa(one) && one.nameConstraints !== undefined],
];

/** The first rule that the certificate breaks. */
export function nonconformity(certificate: Certificate, final: boolean, serials: SerialNumbers): string | undefined {
  const all = [...(serials === 'positive' ? [positiveSerial] : []), ...rules, ...(final ? endEntityRules : [])];
  return all.find(([, broken]) => broken(certificate))?.[0];
}
