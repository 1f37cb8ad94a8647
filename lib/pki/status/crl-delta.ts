/** The delta CRL that brings a complete CRL up to date (RFC 5280 §5.2.4, §6.3.3 (c) and (h)). */
import type { Certificate } from '../certificate/certificate.ts';
import { matchName } from '../certificate/name.ts';
import type { SignatureAlgorithms } from '../certificate/signature-algorithms.ts';
import type { Crl } from './crl.ts';
import { signatureProblem } from './crl-signer.ts';
import { isCurrent, maxAgeWithoutNextUpdate } from './freshness.ts';

/** The newest current delta for the complete CRL, signed with the same key; undefined where there is none. */
export function findDelta(
  complete: Crl,
  signer: Certificate,
  { crls, at, algorithms }: { crls: readonly Crl[]; at: Date; algorithms?: SignatureAlgorithms | undefined },
): Crl | undefined {
  return crls
    .filter((delta) => isDeltaOf(delta, complete) && isCurrent(delta, maxAgeWithoutNextUpdate.crl, at))
    .toSorted((a, b) => Number((b.crlNumber ?? 0n) - (a.crlNumber ?? 0n)))
    .find((delta) => signatureProblem(delta, signer, algorithms) === undefined);
}

/** (c)(1), (2) and §5.2.4: same issuer, same scope, base not later than the complete CRL, itself later. */
function isDeltaOf(delta: Crl, complete: Crl): boolean {
  if (delta.baseCrlNumber === undefined || delta.crlNumber === undefined || complete.crlNumber === undefined)
    return false;
  return (
    delta.baseCrlNumber <= complete.crlNumber &&
    complete.crlNumber < delta.crlNumber &&
    matchName(delta.issuer, complete.issuer) &&
    haveSameScope(delta, complete)
  );
}

function haveSameScope({ issuingDistributionPoint: a }: Crl, { issuingDistributionPoint: b }: Crl): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a.der, b.der) === 0;
}
