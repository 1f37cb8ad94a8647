/** Whether a CRL speaks about a certificate at all (RFC 5280 §6.3.3 (b) to (e), §5.2.5). */
import type { Certificate } from '../certificate/certificate.ts';
import type { DistributionPoint, DistributionPointName } from '../certificate/distribution-point.ts';
import type { GeneralName } from '../certificate/general-name.ts';
import { makeName, matchName, type Name } from '../certificate/name.ts';
import type { Crl } from './crl.ts';
import type { IssuingDistributionPoint } from './issuing-distribution-point.ts';

/** Bit `n` of the number is bit `n` of ReasonFlags (RFC 5280 §4.2.1.13), of which 0 is not used. */
export type Reasons = number;

export const noReasons: Reasons = 0;
/** RFC 5280 §6.3.2: the special value all-reasons. */
export const allReasons: Reasons = 0x1fe;

export const isWithin = (some: Reasons, others: Reasons): boolean => (some & ~others) === 0;

/** What of a certificate the scope of a CRL depends on. */
export type ScopeTarget = Pick<Certificate, 'issuer' | 'version' | 'basicConstraints'>;

/** RFC 5280 §6.3.3: the points of the certificate, then its issuer as the name of a point without reasons and issuer. */
export function pointsOf({ issuer, cRLDistributionPoints = [] }: Certificate): readonly DistributionPoint[] {
  return [...cRLDistributionPoints, { name: { fullName: [{ type: 'directoryName', value: issuer }] } }];
}

/** RFC 5280 §6.3.3 (b): why the CRL does not speak for this point of the certificate; undefined where it does. */
export function outOfScope(crl: Crl, certificate: ScopeTarget, point: DistributionPoint): string | undefined {
  if (!isIssuer(crl, certificate, point)) return 'the CRL has another issuer';
  const idp = crl.issuingDistributionPoint;
  if (idp === undefined) return undefined;
  if (!isPoint(idp, crl, certificate, point)) return 'the CRL is for another distribution point';
  return outOfKind(idp, certificate);
}

/** Whether a complete CRL speaks for the certificate at all, by any of its points. */
export const isAbout = (crl: Crl, certificate: Certificate): boolean =>
  crl.baseCrlNumber === undefined &&
  pointsOf(certificate).some((point) => outOfScope(crl, certificate, point) === undefined);

/** (b)(1): the issuer that the point names, by an indirect CRL, or else the issuer of the certificate. */
function isIssuer(crl: Crl, certificate: ScopeTarget, { cRLIssuer }: DistributionPoint): boolean {
  if (cRLIssuer === undefined) return matchName(crl.issuer, certificate.issuer);
  return (
    crl.issuingDistributionPoint?.indirectCRL === true &&
    directoryNames(cRLIssuer).some((name) => matchName(crl.issuer, name))
  );
}

/** (b)(2)(i): one name of the CRL's point is one of the certificate's point, or of its CRL issuer where that has no name. */
function isPoint(idp: IssuingDistributionPoint, crl: Crl, certificate: ScopeTarget, point: DistributionPoint): boolean {
  if (idp.name === undefined) return true;
  const issued = namesOf(idp.name, crl.issuer);
  const wanted = point.name ? namesOf(point.name, crlIssuerOf(point, certificate)) : (point.cRLIssuer ?? []);
  return issued.some((a) => wanted.some((b) => isSame(a, b)));
}

/** (b)(2)(ii) to (iv). RFC 5280 §5.2.5: certificates before v3 cannot say what they are, so such CRLs are not about them. */
function outOfKind(idp: IssuingDistributionPoint, { version, basicConstraints }: ScopeTarget): string | undefined {
  const { onlyContainsUserCerts: user, onlyContainsCACerts: authority } = idp;
  if (idp.onlyContainsAttributeCerts) return 'the CRL is for attribute certificates';
  if ((user || authority) && version < 3) return `the CRL is not for v${version} certificates`;
  if (user && basicConstraints?.cA === true) return 'the CRL is for end entities';
  if (authority && basicConstraints?.cA !== true) return 'the CRL is for CAs';
  return undefined;
}

/** (d): the reasons that CRL and point have in common. */
export const reasonsOf = ({ issuingDistributionPoint }: Crl, { reasons }: DistributionPoint): Reasons =>
  flagsOf(issuingDistributionPoint?.onlySomeReasons) & flagsOf(reasons);

/** Bits beyond those that are defined mean nothing yet. */
const flagsOf = (bits: ReadonlySet<number> | undefined): Reasons =>
  bits === undefined
    ? allReasons
    : [...bits].reduce((flags, bit) => flags | (bit < 9 ? 1 << bit : 0), noReasons) & allReasons;

/** RFC 5280 §4.2.1.13: a relative name continues the name of the CRL issuer; there is then only one of those. */
function crlIssuerOf({ cRLIssuer = [] }: DistributionPoint, { issuer }: ScopeTarget): Name {
  return directoryNames(cRLIssuer)[0] ?? issuer;
}

function namesOf(name: DistributionPointName, issuer: Name): readonly GeneralName[] {
  if ('fullName' in name) return name.fullName;
  return [{ type: 'directoryName', value: makeName([...issuer.rdns, name.nameRelativeToCRLIssuer]) }];
}

const directoryNames = (names: readonly GeneralName[]): readonly Name[] =>
  names.flatMap((name) => (name.type === 'directoryName' ? [name.value] : []));

/** Names of points are identifiers: addresses are compared as they are written. */
function isSame(a: GeneralName, b: GeneralName): boolean {
  if (a.type === 'directoryName' && b.type === 'directoryName') return matchName(a.value, b.value);
  if (typeof a.value === 'string') return a.type === b.type && a.value === b.value;
  return (
    a.value instanceof Uint8Array &&
    b.value instanceof Uint8Array &&
    a.type === b.type &&
    Buffer.compare(a.value, b.value) === 0
  );
}
