/** Bundles of certificates as people have them: PEM (RFC 7468), DER, and PKCS#7 in either (RFC 5652 §5.1). */
import { type Certificate, parseCertificate } from '../certificate/certificate.ts';
import {
  close,
  constructedTag,
  decode,
  type Element,
  encoding,
  enter,
  root,
  tags,
  take,
  takeAll,
  takeIf,
  takeOnly,
} from '../certificate/der.ts';
import { readCount, readOid } from '../certificate/der-value.ts';
import { type PemBlock, parsePem } from '../certificate/pem.ts';

/** Where a problem is: a line of PEM text (from 1), a byte of DER (from 0), a certificate of a PKCS#7 (from 1). */
export type BundlePosition = { readonly line?: number; readonly byte?: number; readonly certificate?: number };
export type BundleProblem = BundlePosition & { readonly problem: string };
export type Bundle = { readonly certificates: readonly Certificate[]; readonly problems: readonly BundleProblem[] };

/** API Gateway's own limit for a truststore is 1000 certificates and 1 MB. */
const maximumBytes = 4 * 1024 * 1024;

type Part = { readonly der: Uint8Array; readonly position: BundlePosition } | BundleProblem;

/** Every certificate of the bundle once, in its order, and everything that is wrong with the rest. */
export function parseBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > maximumBytes)
    return { certificates: [], problems: [{ problem: 'the bundle is larger than 4 MB' }] };
  const certificates = new Map<string, { certificate: Certificate; position: BundlePosition }>();
  const problems: BundleProblem[] = [];
  for (const part of bytes[0] === tags.sequence ? derParts(bytes, {}) : pemParts(bytes)) {
    if ('problem' in part) {
      problems.push(part);
      continue;
    }
    const { position } = part;
    const parsed = parseCertificate(part.der);
    if (!parsed.ok) {
      problems.push({ ...position, problem: `the certificate cannot be parsed: ${parsed.failure.problem}` });
      continue;
    }
    const known = certificates.get(parsed.value.thumbprint);
    if (known === undefined) certificates.set(parsed.value.thumbprint, { certificate: parsed.value, position });
    else
      problems.push({
        ...position,
        problem: `the same certificate stands at ${printPosition(known.position)} already`,
      });
  }
  return { certificates: Array.from(certificates.values(), ({ certificate }) => certificate), problems };
}

const printPosition = ({ line, byte, certificate }: BundlePosition): string =>
  [
    line === undefined ? [] : `line ${line}`,
    byte === undefined ? [] : `byte ${byte}`,
    certificate === undefined ? [] : `certificate ${certificate}`,
  ]
    .flat()
    .join(', ');

function pemParts(bytes: Uint8Array): readonly Part[] {
  const blocks = parsePem(
    Buffer.from(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, ''),
  );
  if (blocks.length > 0) return blocks.flatMap(blockParts);
  return [{ line: 1, problem: 'neither PEM (no line "-----BEGIN CERTIFICATE-----"), nor DER, nor PKCS#7' }];
}

function blockParts({ label, line, der, problem }: PemBlock): readonly Part[] {
  const position = { line };
  if (/PRIVATE KEY/.test(label)) {
    return [{ ...position, problem: 'a private key: remove it, and replace it if anybody else has seen this file' }];
  }
  if (der === undefined) return [{ ...position, problem: problem ?? 'not PEM' }];
  switch (label) {
    case 'CERTIFICATE':
    case 'X509 CERTIFICATE':
      return [{ der, position }];
    case 'PKCS7':
    case 'CMS':
    case 'PKCS #7 SIGNED DATA':
      return derParts(der, position);
    default:
      return [{ ...position, problem: `the block is ${JSON.stringify(label)}, not a certificate` }];
  }
}

const signedData = '1.2.840.113549.1.7.2';

/** A certificate begins with a SEQUENCE in a SEQUENCE, a PKCS#7 with an OBJECT IDENTIFIER. */
function derParts(der: Uint8Array, position: BundlePosition): readonly Part[] {
  const read = decode(() => {
    const content = root(der);
    const cursor = enter(content);
    const first = take(cursor);
    return first.tag === tags.oid ? readSignedData(content) : [encoding(content)];
  });
  const offset = position.line === undefined;
  if (!read.ok) {
    const { problem, at } = read.failure;
    return [{ ...position, ...(offset && { byte: at }), problem: `not DER: ${problem}` }];
  }
  if (read.value.length === 0) return [{ ...position, problem: 'the PKCS#7 has no certificates' }];
  const several = read.value.length > 1;
  return read.value.map((certificate, index) => ({
    der: certificate,
    position: {
      ...position,
      ...(offset && { byte: certificate.byteOffset - der.byteOffset }),
      ...(several && { certificate: index + 1 }),
    },
  }));
}

/** RFC 5652 §3 and §5.1: the certificates of a SignedData, whatever it signs; nobody trusts them for being in it. */
function readSignedData(content: Element): readonly Uint8Array[] {
  const info = enter(content);
  const type = readOid(take(info));
  const value = take(info);
  close(info);
  if (type !== signedData) return [];
  const data = enter(takeOnly(value, constructedTag(0)));
  readCount(take(data));
  take(data, tags.set);
  take(data, tags.sequence);
  const certificates = takeIf(data, constructedTag(0));
  takeIf(data, constructedTag(1));
  take(data, tags.set);
  close(data);
  return certificates === undefined ? [] : takeAll(certificates, constructedTag(0)).map(encoding);
}
