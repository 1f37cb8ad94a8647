/** The issuing distribution point: which certificates and reasons a CRL is about (RFC 5280 §5.2.5). */
import {
  close,
  constructedTag,
  contextTag,
  DerError,
  type Element,
  encoding,
  enter,
  takeIf,
} from '../certificate/der.ts';
import { readBoolean, readNamedBits } from '../certificate/der-value.ts';
import { type DistributionPointName, readDistributionPointName } from '../certificate/distribution-point.ts';

export type IssuingDistributionPoint = {
  readonly name?: DistributionPointName;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCACerts: boolean;
  readonly onlySomeReasons?: ReadonlySet<number>;
  readonly indirectCRL: boolean;
  readonly onlyContainsAttributeCerts: boolean;
  /** A delta CRL has the same scope as its base when this is the same, octet by octet. */
  readonly der: Uint8Array;
};

/** RFC 5280 §5.2.5: never empty, and at most one kind of certificate only. Throws `DerError`. */
export function readIssuingDistributionPoint(element: Element): IssuingDistributionPoint {
  const cursor = enter(element);
  const name = takeIf(cursor, constructedTag(0));
  const user = readFlag(takeIf(cursor, contextTag(1)), 1);
  const authority = readFlag(takeIf(cursor, contextTag(2)), 2);
  const reasons = takeIf(cursor, contextTag(3));
  const indirectCRL = readFlag(takeIf(cursor, contextTag(4)), 4);
  const attribute = readFlag(takeIf(cursor, contextTag(5)), 5);
  close(cursor);
  if (!name && !reasons && !user && !authority && !indirectCRL && !attribute)
    throw new DerError('empty', element.start);
  if ([user, authority, attribute].filter(Boolean).length > 1) throw new DerError('nothing is in scope', element.start);
  return {
    ...(name && { name: readDistributionPointName(name) }),
    onlyContainsUserCerts: user,
    onlyContainsCACerts: authority,
    ...(reasons && { onlySomeReasons: readNamedBits(reasons, contextTag(3)) }),
    indirectCRL,
    onlyContainsAttributeCerts: attribute,
    der: encoding(element),
  };
}

const readFlag = (element: Element | undefined, tag: number): boolean =>
  element !== undefined && readBoolean(element, contextTag(tag));
