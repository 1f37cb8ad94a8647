/**
 * The development CA: certificates signed by `@peculiar/x509`, which is imported here and nowhere else. It issues
 * whatever it is asked for, wrong certificates included: what a certificate must be is judged by `lib/pki`.
 */
import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import {
  AuthorityInfoAccessExtension,
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { parseCertificate } from '../pki/certificate/certificate.ts';
import { makeName, parseName } from '../pki/certificate/name.ts';
import { ok } from '../result.ts';

/** A certificate and its private key. */
export type KeyedCertificate = {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8, PEM. */
  readonly key: string;
  readonly der: Uint8Array;
  /** The serial number in lower-case hex. */
  readonly serial: string;
};

/** RFC 5280 §4.2.1.6. */
export type AlternativeName = {
  readonly type: 'dNSName' | 'uniformResourceIdentifier' | 'iPAddress' | 'rfc822Name';
  readonly value: string;
};

export type KeyType = 'P-256' | 'P-384' | 'P-521' | 'P-224' | 'RSA-1024' | 'RSA-2048' | 'RSA-3072' | 'Ed25519';

export type CertificateRequest = {
  /** RFC 4514 text, the most specific RDN first: `CN=billing,O=Example,C=DE`. */
  readonly subject: string;
  readonly subjectAltName?: readonly AlternativeName[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** RFC 5280 §4.2.1.12: names of `extendedKeyUsages` or dotted OIDs; no extension where it is empty or absent. */
  readonly eku?: readonly string[];
  /** RFC 5280 §4.2.1.9: a CA certificate, with keyCertSign and cRLSign in place of digitalSignature. */
  readonly ca?: { readonly pathLength?: number };
  /** An existing key, PKCS #8 PEM, in place of a new one. */
  readonly key?: string;
  /** The kind of the new key; P-256 without it. */
  readonly keyType?: KeyType;
  /** SHA-256 without it; SHA-1 for tests. */
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  /** RFC 5280 §4.2.1.13, §4.2.2.1: where the status of this certificate is told. */
  readonly status?: { readonly ocsp?: string; readonly crl?: string };
  readonly extensions?: readonly { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array }[];
};

export const extendedKeyUsages: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
};

/**
 * Signs a certificate, by its own key where there is no issuer. The serial number is 16 random bytes (RFC 5280 §4.1.2.2).
 * Throws an `Error` when the request cannot be encoded: a subject that is no RFC 4514 text, an unknown name type.
 */
export async function issueCertificate(
  issuer: KeyedCertificate | undefined,
  request: CertificateRequest,
): Promise<KeyedCertificate> {
  const key = request.key === undefined ? await newKey(request.keyType ?? 'P-256') : createPrivateKey(request.key);
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const subject = encodeName(request.subject);
  const signer = issuer === undefined ? key : createPrivateKey(issuer.key);
  const { signingKey, signingAlgorithm } = signing(signer, request.hash ?? 'SHA-256');
  const serial = newSerial();
  const signed = await X509CertificateGenerator.create({
    serialNumber: serial,
    subject,
    issuer: issuer === undefined ? subject : subjectOf(issuer),
    notBefore: wholeSeconds(request.notBefore),
    notAfter: wholeSeconds(request.notAfter),
    publicKey,
    signingKey,
    signingAlgorithm,
    extensions: await extensionsOf(request, publicKey, signer),
  });
  const certificate = new X509Certificate(Buffer.from(signed.rawData));
  return { certificate: certificate.toString(), key: keyPem, der: new Uint8Array(certificate.raw), serial };
}

async function extensionsOf(request: CertificateRequest, publicKey: Buffer, signer: KeyObject): Promise<Extension[]> {
  const { ca, eku = [], status, subject, subjectAltName = [] } = request;
  const signerKey = createPublicKey(signer).export({ type: 'spki', format: 'der' });
  const usage = ca ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
  return [
    new BasicConstraintsExtension(ca !== undefined, ca?.pathLength, true),
    new KeyUsagesExtension(usage, true),
    await SubjectKeyIdentifierExtension.create(publicKey),
    await AuthorityKeyIdentifierExtension.create(signerKey),
    ...(eku.length > 0 ? [new ExtendedKeyUsageExtension(eku.map((usage) => extendedKeyUsages[usage] ?? usage))] : []),
    ...(subjectAltName.length > 0
      ? [new SubjectAlternativeNameExtension(subjectAltName.map(jsonName), subject === '')]
      : []),
    ...(status?.ocsp === undefined ? [] : [new AuthorityInfoAccessExtension({ ocsp: status.ocsp })]),
    ...(status?.crl === undefined ? [] : [new CRLDistributionPointsExtension([status.crl])]),
    ...(request.extensions ?? []).map(({ oid, critical, value }) => new Extension(oid, critical, copyOf(value))),
  ];
}

const jsonNameTypes = {
  dNSName: 'dns',
  uniformResourceIdentifier: 'url',
  iPAddress: 'ip',
  rfc822Name: 'email',
} as const;
const jsonName = ({ type, value }: AlternativeName) => ({ type: jsonNameTypes[type], value });

/** RFC 5280 §4.1.2.6: the empty name, where the certificate speaks by its subjectAltName alone. */
const emptyName = ok(makeName([]));

function encodeName(text: string): Name {
  const name = text === '' ? emptyName : parseName(text);
  if (!name.ok) throw new Error(`${JSON.stringify(text)} is no distinguished name: ${name.failure.problem}`);
  return new Name(copyOf(name.value.der));
}

function subjectOf({ der }: KeyedCertificate): Name {
  const issuer = parseCertificate(der);
  if (!issuer.ok) throw new Error(`the issuer's certificate cannot be parsed: ${JSON.stringify(issuer.failure)}`);
  return new Name(copyOf(issuer.value.subject.der));
}

/** 16 random bytes that are a positive INTEGER in as many octets. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const generate = promisify(generateKeyPair);

async function newKey(type: KeyType): Promise<KeyObject> {
  if (type === 'Ed25519') return (await generate('ed25519')).privateKey;
  const [family, size] = type.split('-');
  if (family === 'RSA') return (await generate('rsa', { modulusLength: Number(size) })).privateKey;
  return (await generate('ec', { namedCurve: type })).privateKey;
}

/** The signing key in the form of Web Cryptography, with the algorithm that its kind implies. */
function signing(key: KeyObject, hash: string) {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'ed25519') {
    const algorithm = { name: 'Ed25519' };
    return { signingKey: key.toCryptoKey(algorithm, false, ['sign']), signingAlgorithm: algorithm };
  }
  if (asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash };
    return { signingKey: key.toCryptoKey(algorithm, false, ['sign']), signingAlgorithm: algorithm };
  }
  const namedCurve = webCurves[asymmetricKeyDetails?.namedCurve ?? ''];
  if (namedCurve === undefined) throw new Error(`a key of kind ${asymmetricKeyType} cannot sign certificates here`);
  const signingKey = key.toCryptoKey({ name: 'ECDSA', namedCurve }, false, ['sign']);
  return { signingKey, signingAlgorithm: { name: 'ECDSA', hash } };
}

const webCurves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

/** RFC 5280 §4.1.2.5: certificates know no fractions of a second. */
const wholeSeconds = (at: Date) => new Date(Math.floor(at.getTime() / 1000) * 1000);

const copyOf = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
