/** Signers of CRLs that are not on a certificate's path, found in the truststore (RFC 5280 §6.3.3 (f)). */
import type { Certificate } from '../certificate/certificate.ts';
import type { Truststore } from '../path/truststore.ts';
import { type PathOptions, validatePath } from '../path/validation.ts';
import type { Crl } from './crl.ts';
import type { SignerPath } from './crl-signer.ts';

/** Each namesake is the leaf of a path validation of its own. */
const maximumNamesakes = 8;

/**
 * Finds the truststore's certificates with the name of a CRL's issuer, each with its valid path. The path must end at the
 * anchor of the certificate that is judged: two authorities of one truststore may bear the same name.
 */
export function signerPathsIn(
  truststore: Truststore,
  authorities: readonly Certificate[],
  options: Omit<PathOptions, 'truststore' | 'purpose' | 'helpers'>,
): (crl: Crl) => readonly SignerPath[] {
  const onPath = new Set(authorities.map(({ thumbprint }) => thumbprint));
  const anchor = authorities.at(-1)?.thumbprint;
  return ({ issuer }) =>
    [...truststore.candidates(issuer)]
      .flat()
      .map(({ certificate }) => certificate)
      .filter(({ thumbprint, keyUsage }) => !onPath.has(thumbprint) && keyUsage?.has('cRLSign') !== false)
      .slice(0, maximumNamesakes)
      .flatMap((signer): readonly SignerPath[] => {
        const path = validatePath(signer, { ...options, truststore, purpose: 'any' });
        if (!path.ok || path.value.anchor.thumbprint !== anchor) return [];
        return [[signer, ...path.value.certificates.slice(1)]];
      });
}
