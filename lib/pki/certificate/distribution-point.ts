/** Distribution points of CRLs, in certificates and in CRLs (RFC 5280 §4.2.1.13, §5.2.5). */
import { type RelativeName, readAttribute } from './attribute.ts';
import { constructedTag, contextTag, DerError, type Element, takeAll, takeOnly, takeOptional } from './der.ts';
import { readNamedBits } from './der-value.ts';
import { type GeneralName, readGeneralNames } from './general-name.ts';

/** RFC 5280 §4.2.1.13: a full name, or an RDN to append to the name of the CRL issuer. */
export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[] }
  | { readonly nameRelativeToCRLIssuer: RelativeName };

export type DistributionPoint = {
  readonly name?: DistributionPointName;
  /** Numbers of the bits of ReasonFlags; absent means all reasons. */
  readonly reasons?: ReadonlySet<number>;
  readonly cRLIssuer?: readonly GeneralName[];
};

/** RFC 5280 §4.2.1.13: CRLDistributionPoints, and the freshest CRL of §4.2.1.15. */
export const readDistributionPoints = (element: Element): readonly DistributionPoint[] =>
  takeAll(element, undefined, 1).map(readDistributionPoint);

function readDistributionPoint(element: Element): DistributionPoint {
  const [name, reasons, issuer] = takeOptional(element, [constructedTag(0), contextTag(1), constructedTag(2)]);
  // RFC 5280 §4.2.1.13: reasons alone are no distribution point.
  if (name === undefined && issuer === undefined)
    throw new DerError('distribution point without a name', element.start);
  return {
    ...(name && { name: readDistributionPointName(name) }),
    ...(reasons && { reasons: readNamedBits(reasons, contextTag(1)) }),
    ...(issuer && { cRLIssuer: readGeneralNames(issuer, constructedTag(2)) }),
  };
}

/** RFC 5280 §4.2.1.13: a CHOICE within an EXPLICIT [0]. */
export function readDistributionPointName(element: Element): DistributionPointName {
  const choice = takeOnly(element, constructedTag(0));
  if (choice.tag === constructedTag(0)) return { fullName: readGeneralNames(choice, constructedTag(0)) };
  return { nameRelativeToCRLIssuer: takeAll(choice, constructedTag(1), 1).map(readAttribute) };
}
