/**
 * The truststore file of an API Gateway custom domain name: what API Gateway refuses to import, and what it imports but
 * then accepts no client by. It follows no RFC; it imitates "Configuring mutual TLS authentication for an HTTP API".
 */
import { createHash, X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from './result.ts';

export type TruststoreBundle = {
  /** The certificates and nothing else, in the order of the file, encoded anew. */
  readonly pem: string;
  /** Of `pem`, lower-case hex. */
  readonly sha256: string;
  readonly certificates: readonly X509Certificate[];
};

/** A truststore is smaller than 1000 KB. */
export const maxTruststoreBytes = 1_000_000;

/** API Gateway: a chain has at most four certificates besides the client's. */
export const maxAuthorities = 4;

const label = /-----BEGIN ([^-\r\n]*)-----/g;
const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;

/** Reads a truststore file (PEM). The failure names everything that API Gateway would refuse it for. */
export function parseTruststoreBundle(text: string): Result<TruststoreBundle, readonly string[]> {
  const { certificates, problems } = readTruststoreBundle(text);
  const all = [...problems, ...subjectProblems(certificates)];
  if (all.length > 0) return fail(all);
  const pem = certificates.map((certificate) => certificate.toString()).join('');
  return ok({ pem, sha256: createHash('sha256').update(pem).digest('hex'), certificates });
}

/** The certificates of a truststore file, whatever their subjects, and what is wrong with the file itself. */
export function readTruststoreBundle(
  text: string,
): Pick<TruststoreBundle, 'certificates'> & { problems: readonly string[] } {
  const bytes = Buffer.byteLength(text);
  if (bytes >= maxTruststoreBytes) {
    const problem = `it has ${bytes} bytes; a truststore is smaller than ${maxTruststoreBytes} bytes`;
    return { certificates: [], problems: [problem] };
  }
  const blocks = (text.match(block) ?? []).map(parseBlock);
  const unparsable = blocks.flatMap((each, index) =>
    each === undefined ? [`certificate ${index + 1} cannot be parsed`] : [],
  );
  return {
    certificates: blocks.filter((each) => each !== undefined),
    problems: [...labelProblems(text, blocks.length), ...unparsable],
  };
}

/** What API Gateway imports without complaint, or with a warning, although clients under it get a 403. */
export function truststoreWarnings(certificates: readonly X509Certificate[], at: Date): readonly string[] {
  return certificates.flatMap((certificate) =>
    [
      isCurrent(certificate, at) ? '' : `is valid from ${certificate.validFrom} to ${certificate.validTo} only`,
      isStrong(certificate) ? '' : 'has a key weaker than RSA-2048 or ECDSA-256',
      certificate.ca ? '' : 'is no CA certificate: only the holder of its own key can connect by it',
      isSelfSigned(certificate) || certificates.some((issuer) => issued(issuer, certificate))
        ? ''
        : 'has no issuer in the truststore, which needs the complete chain up to the root',
    ]
      .filter((problem) => problem !== '')
      .map((problem) => `${oneLine(certificate.subject)} ${problem}`),
  );
}

function parseBlock(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function labelProblems(text: string, found: number): readonly string[] {
  const labels = [...text.matchAll(label)].map((match) => match[1] ?? '');
  // Above all a private key: what is published here is read by others.
  const foreign = labels.filter((each) => each !== 'CERTIFICATE');
  const certificates = labels.length - foreign.length;
  if (labels.length === 0) return ['it holds no certificate in PEM form'];
  return [
    ...foreign.map((each) => `it holds a "${each.slice(0, 40)}"; a truststore holds CERTIFICATE blocks only`),
    ...(certificates === found ? [] : [`${certificates - found} of ${certificates} CERTIFICATE blocks are malformed`]),
  ];
}

/** API Gateway refuses a truststore in which two certificates have one subject, even of different keys. */
export function subjectProblems(certificates: readonly X509Certificate[]): readonly string[] {
  const first = new Map<string, number>();
  return certificates.flatMap(({ subject }, index) => {
    const position = first.get(subject ?? '');
    if (position === undefined) first.set(subject ?? '', index + 1);
    return position === undefined
      ? []
      : [`certificates ${position} and ${index + 1} have the same subject ${oneLine(subject)}`];
  });
}

const isCurrent = ({ validFromDate, validToDate }: X509Certificate, at: Date) =>
  validFromDate <= at && at <= validToDate;

/** API Gateway: RSA-2048 or stronger, ECDSA-256 or stronger. */
export function isStrong(certificate: X509Certificate): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    return (
      asymmetricKeyType === 'ec' &&
      ['prime256v1', 'secp384r1', 'secp521r1'].includes(asymmetricKeyDetails?.namedCurve ?? '')
    );
  } catch {
    return false;
  }
}

/** API Gateway: SHA-256 or stronger. RSASSA-PSS names its hash in parameters; it is not on API Gateway's list. */
export const hasStrongHash = ({ signatureAlgorithmOid }: X509Certificate): boolean =>
  strongSignatures.has(signatureAlgorithmOid ?? '');

const strongSignatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11', // sha256WithRSAEncryption
  '1.2.840.113549.1.1.12', // sha384WithRSAEncryption
  '1.2.840.113549.1.1.13', // sha512WithRSAEncryption
  '1.2.840.10045.4.3.2', // ecdsa-with-SHA256
  '1.2.840.10045.4.3.3', // ecdsa-with-SHA384
  '1.2.840.10045.4.3.4', // ecdsa-with-SHA512
]);

/** Without a look at keyUsage, which forbids most self-signed leaves to sign anything. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

/** By name and signature. */
export function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
  } catch {
    // A key that OpenSSL does not know.
    return false;
  }
}

/** As node:crypto prints it, one RDN a line, in one line. */
export const oneLine = (distinguishedName: string | undefined) => (distinguishedName ?? '').replaceAll('\n', ',');
