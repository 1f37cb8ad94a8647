/** X.509 certificates (RFC 5280 §4.1): parsed once, strictly, to a frozen value. Parsing says nothing about trust. */
import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import { fail, type Result } from '../../result.ts';
import type { CertificateFailure } from '../reason.ts';
import {
  type Cursor,
  close,
  constructedTag,
  contextTag,
  DerError,
  decode,
  type Element,
  encoding,
  enter,
  root,
  take,
  takeIf,
  takeOnly,
  takePair,
} from './der.ts';
import { readTime } from './der-time.ts';
import { readBitString, readCount, readInteger } from './der-value.ts';
import { type Extension, type KnownExtensions, readExtensions } from './extensions.ts';
import type { GeneralName } from './general-name.ts';
import { matchName, type Name, readName } from './name.ts';
import { parsePem } from './pem.ts';
import { type PublicKeyInfo, readPublicKeyInfo } from './public-key.ts';
import { type Signed, takeSameAlgorithm, takeSigned } from './signature.ts';
import { type Thumbprint, thumbprint } from './thumbprint.ts';

export type { CertificateFailure };

export type Certificate = Omit<KnownExtensions, 'subjectAltName'> & {
  readonly der: Uint8Array;
  readonly thumbprint: Thumbprint;
  readonly version: 1 | 2 | 3;
  /** Lower-case hexadecimal without leading zeros, `-` before a negative one. */
  readonly serialNumber: string;
  /** The contents octets of the INTEGER: what CRLs and OCSP compare. */
  readonly serial: Uint8Array;
  readonly subject: Name;
  readonly issuer: Name;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Empty where there is none. */
  readonly subjectAltName: readonly GeneralName[];
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly publicKeyInfo: PublicKeyInfo;
  /** Loaded when first asked for; undefined for keys that node:crypto cannot load, which no path accepts. */
  readonly publicKey: KeyObject | undefined;
  /** base64url of the SHA-256 of the SubjectPublicKeyInfo. */
  readonly spkiSha256: string;
  readonly signed: Signed;
  /** RFC 5280 §6.1: subject and issuer are the same name. */
  readonly selfIssued: boolean;
};

/** Certificates of people are 1 to 2 KB; the largest known with hundreds of names is below 16 KB. */
export const maximumCertificateBytes = 16_384;

/** RFC 5280 §4.1, DER: a certificate of any version, to the last byte; OpenSSL must be able to read it as well. */
export function parseCertificate(der: Uint8Array): Result<Certificate, CertificateFailure> {
  return parse(der, (openssl) => openssl());
}

/** As `parseCertificate`, without OpenSSL's second opinion: for certificates that were parsed before they were stored. */
export function parseTrustedEncoding(der: Uint8Array): Result<Certificate, CertificateFailure> {
  return parse(der, () => undefined);
}

/** OpenSSL's reading of the same bytes, made when first asked for; also the fastest way to load the key. */
type OpensslReading = () => X509Certificate;

function parse(
  input: Uint8Array,
  confirm: (openssl: OpensslReading) => unknown,
): Result<Certificate, CertificateFailure> {
  if (input.length > maximumCertificateBytes) return refuse(`more than ${maximumCertificateBytes} bytes`);
  // A copy: what was parsed must not change under the certificate, nor keep a whole bundle in memory.
  const der = Uint8Array.from(input);
  let reading: X509Certificate | undefined;
  const openssl: OpensslReading = () => {
    reading ??= new X509Certificate(der);
    return reading;
  };
  const parsed = decode(() => readCertificate(root(der), openssl));
  if (!parsed.ok) return refuse(parsed.failure.problem, parsed.failure.at);
  try {
    confirm(openssl);
  } catch {
    return refuse('OpenSSL cannot read it');
  }
  return parsed;
}

/** RFC 7468 §5: exactly one CERTIFICATE block and no other; text around it is skipped. */
export function parseCertificatePem(pem: string): Result<Certificate, CertificateFailure> {
  if (pem.length > 4 * maximumCertificateBytes) return refuse('the PEM text is too long');
  const [block, ...others] = parsePem(pem);
  if (block === undefined) return refuse('no PEM block');
  if (others.length > 0) return refuse('more than one PEM block');
  if (block.label !== 'CERTIFICATE')
    return refuse(`the PEM block is ${JSON.stringify(block.label)}, not "CERTIFICATE"`);
  return block.der === undefined ? refuse(block.problem ?? 'not PEM') : parseCertificate(block.der);
}

function refuse(problem: string, at?: number): Result<never, CertificateFailure> {
  return fail({ reason: 'certificate_unparsable', problem, ...(at !== undefined && { at }) });
}

/** RFC 5280 §4.1. Throws `DerError`. */
function readCertificate(element: Element, openssl: OpensslReading): Certificate {
  const outer = enter(element);
  const { data, proof } = takeSigned(outer);
  close(outer);

  const tbs = enter(data);
  const version = readVersion(tbs);
  const serial = readInteger(take(tbs));
  takeSameAlgorithm(tbs, proof);
  const issuer = readName(take(tbs));
  const [notBefore, notAfter] = takePair(take(tbs));
  const subject = readName(take(tbs));
  const publicKeyInfo = readPublicKeyInfo(take(tbs), () => openssl().publicKey);
  readUniqueIdentifiers(tbs, version);
  const { extensions, known } = readVersion3Extensions(tbs, version);
  close(tbs);

  const der = encoding(element);
  let spkiSha256: string | undefined;
  let selfIssued: boolean | undefined;
  return Object.freeze({
    subjectAltName: [],
    ...known,
    der,
    thumbprint: thumbprint(der),
    version,
    serialNumber: printSerial(serial),
    serial,
    issuer,
    subject,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    extensions,
    publicKeyInfo,
    signed: proof,
    get selfIssued(): boolean {
      selfIssued ??= matchName(subject, issuer);
      return selfIssued;
    },
    get publicKey() {
      return publicKeyInfo.keyObject;
    },
    get spkiSha256(): string {
      spkiSha256 ??= hash('sha256', publicKeyInfo.der, 'base64url');
      return spkiSha256;
    },
  });
}

/** RFC 5280 §4.1.2.1: absent is v1; an encoded v1 would be a default that DER forbids. */
function readVersion(tbs: Cursor): 1 | 2 | 3 {
  const explicit = takeIf(tbs, constructedTag(0));
  if (explicit === undefined) return 1;
  const version = readCount(takeOnly(explicit, constructedTag(0)));
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw new DerError('no such version', explicit.start);
}

/** RFC 5280 §4.1.2.8: read past; names are never reused by way of them. */
function readUniqueIdentifiers(tbs: Cursor, version: number): void {
  for (const tag of [contextTag(1), contextTag(2)]) {
    const identifier = takeIf(tbs, tag);
    if (identifier === undefined) continue;
    if (version === 1) throw new DerError('unique identifier in a v1 certificate', identifier.start);
    readBitString(identifier, tag);
  }
}

/** RFC 5280 §4.1.2.9: v3 only. */
function readVersion3Extensions(tbs: Cursor, version: number): ReturnType<typeof readExtensions> {
  const explicit = takeIf(tbs, constructedTag(3));
  if (explicit === undefined) return { extensions: new Map(), known: {} };
  if (version !== 3) throw new DerError('extensions in a certificate that is not v3', explicit.start);
  return readExtensions(takeOnly(explicit, constructedTag(3)));
}

/** RFC 5280 §4.1.2.2: any size and sign can be printed; whether it is allowed is for the path to say. */
function printSerial(serial: Uint8Array): string {
  const value = BigInt(`0x${Buffer.from(serial).toString('hex')}`);
  return BigInt.asIntN(serial.length * 8, value).toString(16);
}
