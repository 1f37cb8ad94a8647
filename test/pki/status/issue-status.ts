/** Issues any OCSP response and CRL, right or wrong, for tests: DER by hand, nothing validated. */
import { createHash } from 'node:crypto';
import type { Certificate } from '../../../lib/pki/certificate/certificate.ts';
import { constructedTag, contextTag, tags } from '../../../lib/pki/certificate/der.ts';
import {
  write,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../../../lib/pki/certificate/der-writer.ts';
import {
  after,
  at,
  type Extension,
  extension,
  type Issued,
  keyIdentifier,
  type SignatureName,
  signedSequence,
  writeExtensions,
  writeTime,
} from '../issue.ts';

const sha = (algorithm: string, bytes: Uint8Array): Uint8Array => createHash(algorithm).update(bytes).digest();
const keyHash = (algorithm: string, { certificate }: Pick<Issued, 'certificate'>) =>
  sha(algorithm, certificate.publicKeyInfo.bits);

const hashOids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  md5: '1.2.840.113549.2.5',
} as const;

/** What is said about one certificate; by default that it is good, from an hour ago until tomorrow. */
export type Answer = {
  readonly certificate: Pick<Certificate, 'serial'>;
  readonly issuer: Pick<Issued, 'subject' | 'certificate'>;
  readonly status?: 'good' | 'revoked' | 'unknown' | Uint8Array;
  /** RFC 5280 §5.3.1 code. */
  readonly reason?: number;
  readonly revokedAt?: Date;
  readonly hash?: keyof typeof hashOids;
  readonly serial?: Uint8Array;
  readonly issuerName?: Uint8Array;
  readonly issuerKeyHash?: Uint8Array;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly extensions?: readonly Extension[];
};

export type OcspResponseOptions = {
  readonly signer: Issued;
  readonly answers: readonly Answer[];
  readonly responderId?: 'name' | 'key' | Uint8Array;
  readonly producedAt?: Date;
  readonly certificates?: readonly Uint8Array[];
  readonly extensions?: readonly Extension[];
  readonly version?: number;
  readonly signature?: SignatureName;
  readonly rewriteData?: (data: Uint8Array) => Uint8Array;
  readonly rewriteBasic?: (basic: Uint8Array) => Uint8Array;
};

export const hour = 1 / 24;
export const minute = hour / 60;
export const nonce = (value: Uint8Array): Extension => extension('1.3.6.1.5.5.7.48.1.2', writeOctetString(value));
export const noCheck = extension('1.3.6.1.5.5.7.48.1.5', writeNull());

const generalized = (time: Date) => writeTime(time, 'generalized');

function writeAnswer(answer: Answer): Uint8Array {
  const { hash = 'sha1', issuer, thisUpdate = after(-hour), nextUpdate = after(1), extensions = [] } = answer;
  return writeSequence(
    writeSequence(
      writeSequence(writeOid(hashOids[hash]), writeNull()),
      writeOctetString(sha(hash, answer.issuerName ?? issuer.subject)),
      writeOctetString(answer.issuerKeyHash ?? keyHash(hash, issuer)),
      writeInteger(answer.serial ?? answer.certificate.serial),
    ),
    writeStatus(answer),
    generalized(thisUpdate),
    ...(nextUpdate === null ? [] : [write(constructedTag(0), generalized(nextUpdate))]),
    ...(extensions.length === 0 ? [] : [write(constructedTag(1), writeExtensions(extensions))]),
  );
}

function writeStatus({ status = 'good', reason, revokedAt = after(-10) }: Answer): Uint8Array {
  if (typeof status !== 'string') return status;
  if (status === 'good') return write(contextTag(0));
  if (status === 'unknown') return write(contextTag(2));
  const code = reason === undefined ? [] : [write(constructedTag(0), write(tags.enumerated, Uint8Array.of(reason)))];
  return write(constructedTag(1), generalized(revokedAt), ...code);
}

export function issueOcspResponse(options: OcspResponseOptions): Uint8Array {
  const { signer, answers, responderId = 'name', producedAt = after(-hour), certificates = [] } = options;
  const { extensions = [], version, rewriteData = (data) => data, rewriteBasic = (basic) => basic } = options;
  const responder =
    responderId === 'name'
      ? write(constructedTag(1), signer.subject)
      : write(constructedTag(2), writeOctetString(responderId === 'key' ? keyHash('sha1', signer) : responderId));
  const data = writeSequence(
    ...(version === undefined ? [] : [write(constructedTag(0), writeInteger(version))]),
    responder,
    generalized(producedAt),
    writeSequence(...answers.map(writeAnswer)),
    ...(extensions.length === 0 ? [] : [write(constructedTag(1), writeExtensions(extensions))]),
  );
  const chain = certificates.length === 0 ? [] : [write(constructedTag(0), writeSequence(...certificates))];
  const basic = rewriteBasic(signedSequence(signer.key, rewriteData(data), options.signature, ...chain));
  return wrapBasic(basic);
}

export const wrapBasic = (basic: Uint8Array, type = '1.3.6.1.5.5.7.48.1.1'): Uint8Array =>
  writeSequence(
    write(tags.enumerated, Uint8Array.of(0)),
    write(constructedTag(0), writeSequence(writeOid(type), writeOctetString(basic))),
  );

/** RFC 6960 §4.2.1: tryLater (3) and its kin. */
export const ocspError = (status: number): Uint8Array => writeSequence(write(tags.enumerated, Uint8Array.of(status)));

/** One entry of a CRL. */
export type Entry = {
  readonly serial: Uint8Array;
  readonly revokedAt?: Date;
  readonly reason?: number;
  /** GeneralNames of the certificateIssuer extension. */
  readonly certificateIssuer?: readonly Uint8Array[];
  readonly extensions?: readonly Extension[];
};

export type CrlOptions = {
  readonly signer: Pick<Issued, 'subject' | 'key'>;
  readonly issuerName?: Uint8Array;
  readonly entries?: readonly Entry[];
  /** The contents of revokedCertificates, instead of `entries`. */
  readonly revoked?: Uint8Array;
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  readonly number?: number | null;
  /** BaseCRLNumber: makes a delta CRL. */
  readonly base?: number;
  readonly idp?: Parameters<typeof issuingDistributionPoint>[0];
  readonly extensions?: readonly Extension[];
  readonly version?: number | null;
  readonly signature?: SignatureName;
  readonly rewrite?: (tbs: Uint8Array) => Uint8Array;
};

export function writeEntry({ serial, revokedAt = after(-10), reason, certificateIssuer, extensions = [] }: Entry) {
  const all = [
    ...(reason === undefined ? [] : [extension('2.5.29.21', write(tags.enumerated, Uint8Array.of(reason)))]),
    ...(certificateIssuer ? [extension('2.5.29.29', writeSequence(...certificateIssuer), true)] : []),
    ...extensions,
  ];
  return writeSequence(writeInteger(serial), writeTime(revokedAt), ...(all.length === 0 ? [] : [writeExtensions(all)]));
}

/** Bits of ReasonFlags in an IMPLICIT tag. */
export function reasonFlags(tag: number, bits: readonly number[]): Uint8Array {
  const last = Math.max(...bits);
  const octets = new Uint8Array((last >> 3) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return write(contextTag(tag), Uint8Array.of(7 - (last & 7)), octets);
}

/** RFC 5280 §5.2.5. */
export function issuingDistributionPoint(point: {
  readonly names?: readonly Uint8Array[];
  readonly relative?: Uint8Array;
  readonly user?: boolean;
  readonly ca?: boolean;
  readonly reasons?: readonly number[];
  readonly indirect?: boolean;
  readonly attribute?: boolean;
}): Extension {
  const flag = (tag: number, value: boolean | undefined) =>
    value === undefined ? [] : [write(contextTag(tag), Uint8Array.of(value ? 0xff : 0))];
  const value = writeSequence(
    ...(point.names ? [write(constructedTag(0), write(constructedTag(0), ...point.names))] : []),
    ...(point.relative ? [write(constructedTag(0), write(constructedTag(1), point.relative))] : []),
    ...flag(1, point.user),
    ...flag(2, point.ca),
    ...(point.reasons ? [reasonFlags(3, point.reasons)] : []),
    ...flag(4, point.indirect),
    ...flag(5, point.attribute),
  );
  return extension('2.5.29.28', value, true);
}

/** RFC 5280 §4.2.1.13: points with all their members; `oid` 2.5.29.46 makes it freshestCRL. */
export function distributionPoints(
  points: readonly {
    readonly names?: readonly Uint8Array[];
    readonly relative?: Uint8Array;
    readonly reasons?: readonly number[];
    readonly crlIssuer?: readonly Uint8Array[];
  }[],
  oid = '2.5.29.31',
): Extension {
  return extension(
    oid,
    writeSequence(
      ...points.map(({ names, relative, reasons, crlIssuer }) =>
        writeSequence(
          ...(names ? [write(constructedTag(0), write(constructedTag(0), ...names))] : []),
          ...(relative ? [write(constructedTag(0), write(constructedTag(1), relative))] : []),
          ...(reasons ? [reasonFlags(1, reasons)] : []),
          ...(crlIssuer ? [write(constructedTag(2), ...crlIssuer)] : []),
        ),
      ),
    ),
  );
}

export function issueCrl(options: CrlOptions): Uint8Array {
  const { signer, entries = [], thisUpdate = after(-hour), nextUpdate = after(1), number = 1, version = 1 } = options;
  const extensions = [
    ...(number === null || version === null ? [] : [extension('2.5.29.20', writeInteger(number))]),
    ...(options.base === undefined ? [] : [extension('2.5.29.27', writeInteger(options.base), true)]),
    ...(version === null ? [] : [akid(signer)]),
    ...(options.idp ? [issuingDistributionPoint(options.idp)] : []),
    ...(options.extensions ?? []),
  ];
  const revoked = options.revoked ?? Buffer.concat(entries.map(writeEntry));
  // The inner AlgorithmIdentifier is taken from a signature over nothing: it depends on the key alone.
  const shape = signedSequence(signer.key, new Uint8Array(), options.signature);
  const tbs = writeSequence(
    ...(version === null ? [] : [writeInteger(version)]),
    algorithmOf(shape),
    options.issuerName ?? signer.subject,
    writeTime(thisUpdate),
    ...(nextUpdate === null ? [] : [writeTime(nextUpdate)]),
    ...(revoked.length === 0 ? [] : [writeSequence(revoked)]),
    ...(extensions.length === 0 ? [] : [write(constructedTag(0), writeExtensions(extensions))]),
  );
  return signedSequence(signer.key, (options.rewrite ?? ((same) => same))(tbs), options.signature);
}

const akid = ({ key }: Pick<Issued, 'key'>): Extension =>
  extension('2.5.29.35', writeSequence(write(contextTag(0), keyIdentifier(key))));

/** The second element of SEQUENCE { (nothing), algorithm, signature }. */
function algorithmOf(shape: Uint8Array): Uint8Array {
  const header = (shape[1] ?? 0) < 0x80 ? 2 : 2 + ((shape[1] ?? 0) & 0x7f);
  return shape.subarray(header, header + 2 + (shape[header + 1] ?? 0));
}

export { after, at };
