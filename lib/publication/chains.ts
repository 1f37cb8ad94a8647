/** Which certificates of a truststore lead to a self-signed one in it, by at most the four that API Gateway follows. */
import type { X509Certificate } from 'node:crypto';
import { isSelfSigned, issued, maxAuthorities, oneLine } from '../truststore-bundle.ts';

export type ChainProblem = 'no_issuer' | 'chain_too_long';

export type FoundProblem = { readonly reason: ChainProblem; readonly detail: string };

/** Looks once, and tells for each of the certificates what is wrong with its chain; undefined where nothing is. */
export function chainProblem(
  certificates: readonly X509Certificate[],
): (certificate: X509Certificate) => FoundProblem | undefined {
  const lengths = chainLengths(certificates);
  return (certificate) => {
    const length = lengths.get(certificate);
    if (length === undefined) {
      return {
        reason: 'no_issuer',
        detail: `no chain from its issuer ${oneLine(certificate.issuer).slice(0, 200)} to a root is in the truststore`,
      };
    }
    if (length <= maxAuthorities) return undefined;
    return {
      reason: 'chain_too_long',
      detail: `its chain has ${length} CA certificates; API Gateway follows ${maxAuthorities}`,
    };
  };
}

/** How many certificates the shortest chain to a self-signed one has, both ends counted. */
function chainLengths(certificates: readonly X509Certificate[]): ReadonlyMap<X509Certificate, number> {
  const byIssuer = Map.groupBy(certificates, ({ issuer }) => issuer ?? '');
  const lengths = new Map<X509Certificate, number>();
  let level = certificates.filter(isSelfSigned);
  for (let length = 1; level.length > 0; length++) {
    for (const each of level) lengths.set(each, length);
    level = level
      .filter(({ ca }) => ca)
      .flatMap((issuer) => (byIssuer.get(issuer.subject ?? '') ?? []).filter((each) => issued(issuer, each)))
      .filter((each, index, all) => !lengths.has(each) && all.indexOf(each) === index);
  }
  return lengths;
}
