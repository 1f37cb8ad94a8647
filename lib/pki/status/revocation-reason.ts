/** Why a certificate was revoked, by name (RFC 5280 §5.3.1). */
import { contents, DerError, type Element, expectTag, tags } from '../certificate/der.ts';

/** In the order of their codes; 7 is not used. */
const names = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

export type RevocationReason = Exclude<(typeof names)[number], undefined>;

/** The reason with this code; undefined where none has it. */
export const reasonOfCode = (code: number): RevocationReason | undefined => names[code];

export const codeOfReason = (reason: RevocationReason): number => names.indexOf(reason);

/** CRLReason; a code that is not defined throws `DerError`. */
export function readRevocationReason(element: Element): RevocationReason {
  expectTag(element, tags.enumerated);
  const [code, ...rest] = contents(element);
  const name = code === undefined || rest.length > 0 ? undefined : reasonOfCode(code);
  if (name === undefined) throw new DerError('reason code not defined', element.start);
  return name;
}

/** RFC 5280 §5.3.1: on hold can end; every other reason is for good. */
export const statusOfReason = (reason: RevocationReason | undefined): 'revoked' | 'on_hold' =>
  reason === 'certificateHold' ? 'on_hold' : 'revoked';

/** Of several entries for one certificate the one that revokes for good counts, then certificateHold, then removeFromCRL. */
export function gravityOf(reason: RevocationReason | undefined): number {
  if (reason === 'removeFromCRL') return 0;
  return reason === 'certificateHold' ? 1 : 2;
}
