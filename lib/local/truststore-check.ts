/**
 * What API Gateway looks at in a client certificate, and nothing else: a path to a self-signed certificate of the
 * truststore, dates, key and hash strength. It reads no EKU, no keyUsage or CA flag of the leaf, no name constraints
 * and no revocation: those are the function's. It follows no RFC; it imitates "Configuring mutual TLS authentication".
 */
import type { X509Certificate } from 'node:crypto';
import {
  hasStrongHash,
  isSelfSigned,
  isStrong,
  issued,
  maxAuthorities,
  readTruststoreBundle,
  subjectProblems,
} from '../truststore-bundle.ts';

/** The truststore file of a custom domain name, parsed. */
export type GatewayTruststore = { readonly certificates: readonly X509Certificate[] };

/** Leaf first, self-signed certificate last. */
export type GatewayPath = readonly X509Certificate[];

/** Paths kept for one leaf; with unique subjects there is seldom more than one. */
const maxPaths = 8;

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads a truststore file under API Gateway's import rules: smaller than 1000 KB, certificates only, each with a subject
 * of its own. Throws one Error that names every certificate at fault. With `warn`, subjects that stand twice are told
 * and tolerated: somebody who tries two CAs of one name on a laptop learns that AWS would not have them, and goes on.
 */
export function parseGatewayTruststore(pem: string, warn?: (line: string) => void): GatewayTruststore {
  const { certificates, problems } = readTruststoreBundle(pem);
  const refused = 'API Gateway would refuse the truststore';
  const subjects = subjectProblems(certificates);
  const fatal = warn === undefined ? [...problems, ...subjects] : problems;
  if (fatal.length > 0) throw new Error(`${refused}: ${fatal.join('; ')}`);
  for (const problem of subjects) warn?.(`${refused}: ${problem}`);
  return { certificates };
}

/** The union of several bundles as one truststore file; a certificate that several hold stands in it once. */
export function joinBundles(bundles: readonly string[]): string {
  const blocks = bundles.flatMap((bundle) => bundle.match(pemBlock) ?? []);
  const byContent = new Map(blocks.map((block) => [block.replaceAll(/\s/g, ''), block]));
  return `${[...byContent.values()].join('\n')}\n`;
}

/**
 * All paths from the leaf to a self-signed certificate of the truststore, dates not looked at. A self-signed leaf needs
 * to be in the truststore itself. Issuers come from the truststore alone: a chain that the client sent is ignored.
 */
export function findPaths(leaf: X509Certificate, truststore: GatewayTruststore): readonly GatewayPath[] {
  if (!isStrong(leaf) || !hasStrongHash(leaf)) return [];
  const found: GatewayPath[] = [];
  extend([leaf], truststore, found);
  return found;
}

/** Whether one of the paths is inside the validity of all its certificates. */
export function isValidAt(paths: readonly GatewayPath[], at: Date): boolean {
  return paths.some((path) => path.every(({ validFromDate, validToDate }) => validFromDate <= at && at <= validToDate));
}

function extend(path: GatewayPath, truststore: GatewayTruststore, found: GatewayPath[]): void {
  const last = path.at(-1);
  if (last === undefined || found.length >= maxPaths) return;
  if (isSelfSigned(last)) {
    if (truststore.certificates.some((trusted) => isSame(trusted, last))) found.push(path);
    return;
  }
  if (path.length > maxAuthorities) return;
  for (const issuer of truststore.certificates) {
    const isUsable = issuer.ca && isStrong(issuer) && !path.some((above) => isSame(above, issuer));
    if (isUsable && issued(issuer, last) && (isSelfSigned(issuer) || hasStrongHash(issuer))) {
      extend([...path, issuer], truststore, found);
    }
  }
}

const isSame = (a: X509Certificate, b: X509Certificate) => a.raw.equals(b.raw);
