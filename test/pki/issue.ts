/** Issues any certificate, right or wrong, for tests: DER by hand, signatures by node:crypto, nothing validated. */
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { type Certificate, parseCertificate } from '../../lib/pki/certificate/certificate.ts';
import { constructedTag, contextTag, tags } from '../../lib/pki/certificate/der.ts';
import {
  write,
  writeBoolean,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
  writeSet,
} from '../../lib/pki/certificate/der-writer.ts';
import { parseName } from '../../lib/pki/certificate/name.ts';
import { describe } from '../../lib/pki/reason.ts';

/** The moment at which the tests live; certificates are by default valid from a day before to a year after. */
export const at = new Date('2026-06-15T12:00:00Z');
const day = 86_400_000;
export const after = (days: number): Date => new Date(at.getTime() + days * day);

export type KeyKind =
  | 'P-256'
  | 'P-384'
  | 'P-521'
  | 'secp256k1'
  | 'RSA-1024'
  | 'RSA-2048'
  | 'RSA-3072'
  | 'RSA-PSS'
  | 'Ed25519'
  | 'Ed448';
export type Key = { readonly privateKey: KeyObject; readonly spki: Uint8Array; readonly kind: KeyKind };

const rsa = (modulusLength: number) => () => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const ec = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve }).privateKey;
const generators: Readonly<Record<KeyKind, () => KeyObject>> = {
  'P-256': ec('P-256'),
  'P-384': ec('P-384'),
  'P-521': ec('P-521'),
  secp256k1: ec('secp256k1'),
  'RSA-1024': rsa(1024),
  'RSA-2048': rsa(2048),
  'RSA-3072': rsa(3072),
  'RSA-PSS': () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
  Ed448: () => generateKeyPairSync('ed448').privateKey,
};

/** A new key; `from` makes one of a private key at hand. */
export function newKey(kind: KeyKind = 'P-256', from: KeyObject = generators[kind]()): Key {
  return { kind, privateKey: from, spki: createPublicKey(from).export({ type: 'spki', format: 'der' }) };
}

export type SignatureName =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha512'
  | 'ecdsa-sha1'
  | 'rsa-sha256'
  | 'rsa-sha384'
  | 'rsa-sha512'
  | 'rsa-sha1'
  | 'rsa-md5'
  | 'pss-sha256'
  | 'pss-sha384'
  | 'pss-sha1'
  | 'ed25519'
  | 'ed448';

const hashOids = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1', sha384: '2.16.840.1.101.3.4.2.2' };

/** RSASSA-PSS-params with the salt as long as the hash unless told otherwise. */
export function pssParameters(hash: keyof typeof hashOids, saltLength: number, mask = hash): Uint8Array {
  const algorithm = (oid: string) => writeSequence(writeOid(oid), writeNull());
  return writeSequence(
    write(constructedTag(0), algorithm(hashOids[hash])),
    write(constructedTag(1), writeSequence(writeOid('1.2.840.113549.1.1.8'), algorithm(hashOids[mask]))),
    write(constructedTag(2), writeInteger(saltLength)),
  );
}

const saltLengths = { sha1: 20, sha256: 32, sha384: 48 };
const pss = (hash: keyof typeof hashOids) => ({
  hash,
  salt: saltLengths[hash],
  identifier: writeSequence(writeOid('1.2.840.113549.1.1.10'), pssParameters(hash, saltLengths[hash])),
});
const scheme = (oid: string, hash: string | null, parameters: readonly Uint8Array[] = []) => ({
  hash,
  identifier: writeSequence(writeOid(oid), ...parameters),
});
const withNull = [writeNull()];

const schemes: Readonly<Record<SignatureName, { hash: string | null; identifier: Uint8Array; salt?: number }>> = {
  'ecdsa-sha256': scheme('1.2.840.10045.4.3.2', 'sha256'),
  'ecdsa-sha384': scheme('1.2.840.10045.4.3.3', 'sha384'),
  'ecdsa-sha512': scheme('1.2.840.10045.4.3.4', 'sha512'),
  'ecdsa-sha1': scheme('1.2.840.10045.4.1', 'sha1'),
  'rsa-sha256': scheme('1.2.840.113549.1.1.11', 'sha256', withNull),
  'rsa-sha384': scheme('1.2.840.113549.1.1.12', 'sha384', withNull),
  'rsa-sha512': scheme('1.2.840.113549.1.1.13', 'sha512', withNull),
  'rsa-sha1': scheme('1.2.840.113549.1.1.5', 'sha1', withNull),
  'rsa-md5': scheme('1.2.840.113549.1.1.4', 'md5', withNull),
  'pss-sha256': pss('sha256'),
  'pss-sha384': pss('sha384'),
  'pss-sha1': pss('sha1'),
  ed25519: scheme('1.3.101.112', null),
  ed448: scheme('1.3.101.113', null),
};

const usual: Readonly<Record<KeyKind, SignatureName>> = {
  'P-256': 'ecdsa-sha256',
  'P-384': 'ecdsa-sha384',
  'P-521': 'ecdsa-sha512',
  secp256k1: 'ecdsa-sha256',
  'RSA-1024': 'rsa-sha256',
  'RSA-2048': 'rsa-sha256',
  'RSA-3072': 'rsa-sha256',
  'RSA-PSS': 'pss-sha256',
  Ed25519: 'ed25519',
  Ed448: 'ed448',
};

/** The signature over some bytes and its AlgorithmIdentifier. */
export function signWith(key: Key, bytes: Uint8Array, name: SignatureName = usual[key.kind]) {
  const { hash, identifier, salt } = schemes[name];
  const options = salt === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt };
  return { identifier, signature: new Uint8Array(signBytes(hash, bytes, { key: key.privateKey, ...options })) };
}

/** SEQUENCE { signed, algorithm, signature }: the outer shape of certificates, CRLs and BasicOCSPResponses. */
export function signedSequence(key: Key, signed: Uint8Array, name?: SignatureName, ...rest: Uint8Array[]): Uint8Array {
  const { identifier, signature } = signWith(key, signed, name);
  return writeSequence(signed, identifier, writeBitString(signature), ...rest);
}

export const writeBitString = (bytes: Uint8Array, unused = 0): Uint8Array =>
  write(tags.bitString, Uint8Array.of(unused), bytes);

/** UTCTime through 2049, GeneralizedTime after, unless told otherwise (RFC 5280 §4.1.2.5). */
export function writeTime(
  time: Date,
  form: 'utc' | 'generalized' = time.getUTCFullYear() < 2050 ? 'utc' : 'generalized',
) {
  const digits = time.toISOString().replace(/[-:T]|\.\d+/g, '');
  return form === 'utc'
    ? write(tags.utcTime, Buffer.from(digits.slice(2)))
    : write(tags.generalizedTime, Buffer.from(digits));
}

/** A name in DER from RFC 4514 text; the empty text is the empty name. */
export function writeName(text: string): Uint8Array {
  if (text === '') return writeSequence();
  const parsed = parseName(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.failure.problem}`);
  return parsed.value.der;
}

export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };

export const extension = (oid: string, value: Uint8Array, critical = false): Extension => ({ oid, critical, value });

export const basicConstraints = (cA: boolean, pathLen?: number, critical = true): Extension =>
  extension(
    '2.5.29.19',
    writeSequence(...(cA ? [writeBoolean(true)] : []), ...(pathLen === undefined ? [] : [writeInteger(pathLen)])),
    critical,
  );

const usageBits = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type Usage = (typeof usageBits)[number];

/** Named bits as DER wants them: trailing zeros removed. */
export function writeNamedBits(bits: readonly number[]): Uint8Array {
  const last = Math.max(-1, ...bits);
  const octets = new Uint8Array(Math.ceil((last + 1) / 8));
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return Uint8Array.of(last < 0 ? 0 : 7 - (last & 7), ...octets);
}

export const keyUsage = (usages: readonly Usage[], critical = true): Extension =>
  extension('2.5.29.15', write(tags.bitString, writeNamedBits(usages.map((one) => usageBits.indexOf(one)))), critical);

export const purposes = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  any: '2.5.29.37.0',
} as const;

export const extendedKeyUsage = (oids: readonly string[], critical = false): Extension =>
  extension('2.5.29.37', writeSequence(...oids.map(writeOid)), critical);

/** One GeneralName in DER. */
export const generalName = {
  email: (text: string) => write(contextTag(1), Buffer.from(text, 'latin1')),
  dns: (text: string) => write(contextTag(2), Buffer.from(text, 'latin1')),
  uri: (text: string) => write(contextTag(6), Buffer.from(text, 'latin1')),
  ip: (...octets: readonly number[]) => write(contextTag(7), Uint8Array.from(octets)),
  directory: (text: string) => write(constructedTag(4), writeName(text)),
  other: (oid: string, value: Uint8Array) => write(constructedTag(0), writeOid(oid), write(constructedTag(0), value)),
  registeredId: (oid: string) => write(contextTag(8), writeOid(oid).subarray(2)),
};

export const subjectAltName = (names: readonly Uint8Array[], critical = false): Extension =>
  extension('2.5.29.17', writeSequence(...names), critical);

/** `minimum` and `maximum` are encoded where they are given. */
export const subtree = (base: Uint8Array, minimum?: number, maximum?: number): Uint8Array =>
  writeSequence(
    base,
    ...(minimum === undefined ? [] : [write(contextTag(0), writeInteger(minimum).subarray(2))]),
    ...(maximum === undefined ? [] : [write(contextTag(1), writeInteger(maximum).subarray(2))]),
  );

export type Subtrees = { readonly permitted?: readonly Uint8Array[]; readonly excluded?: readonly Uint8Array[] };

/** Bases of subtrees (`generalName`) or whole ones (`subtree`). */
export function nameConstraints({ permitted, excluded }: Subtrees, critical = true): Extension {
  const subtrees = (tag: number, bases: readonly Uint8Array[] | undefined) =>
    bases === undefined
      ? []
      : [write(constructedTag(tag), ...bases.map((base) => (base[0] === 0x30 ? base : subtree(base))))];
  return extension('2.5.29.30', writeSequence(...subtrees(0, permitted), ...subtrees(1, excluded)), critical);
}

export const anyPolicy = '2.5.29.32.0';
export const certificatePolicies = (oids: readonly string[], critical = false): Extension =>
  extension('2.5.29.32', writeSequence(...oids.map((oid) => writeSequence(writeOid(oid)))), critical);

export const policyMappings = (
  pairs: readonly (readonly [issuer: string, subject: string])[],
  critical = true,
): Extension =>
  extension('2.5.29.33', writeSequence(...pairs.map(([a, b]) => writeSequence(writeOid(a), writeOid(b)))), critical);

export const policyConstraints = (explicit?: number, mapping?: number, critical = true): Extension =>
  extension(
    '2.5.29.36',
    writeSequence(
      ...(explicit === undefined ? [] : [write(contextTag(0), writeInteger(explicit).subarray(2))]),
      ...(mapping === undefined ? [] : [write(contextTag(1), writeInteger(mapping).subarray(2))]),
    ),
    critical,
  );

export const inhibitAnyPolicy = (skip: number, critical = true): Extension =>
  extension('2.5.29.54', writeInteger(skip), critical);

/** RFC 5280 §4.2.1.2 method (1), from the key. */
export const keyIdentifier = (key: Key): Uint8Array => {
  const bits = key.spki.subarray(key.spki.length - subjectPublicKeyLength(key.spki));
  return new Uint8Array(createHash('sha1').update(bits).digest());
};

function subjectPublicKeyLength(spki: Uint8Array): number {
  const outer = (spki[1] ?? 0) < 0x80 ? 2 : 2 + ((spki[1] ?? 0) & 0x7f);
  const bits = outer + 2 + (spki[outer + 1] ?? 0);
  const header = (spki[bits + 1] ?? 0) < 0x80 ? 2 : 2 + ((spki[bits + 1] ?? 0) & 0x7f);
  return spki.length - bits - header - 1;
}

export const subjectKeyIdentifier = (identifier: Uint8Array, critical = false): Extension =>
  extension('2.5.29.14', writeOctetString(identifier), critical);
export const authorityKeyIdentifier = (identifier: Uint8Array, critical = false): Extension =>
  extension('2.5.29.35', writeSequence(write(contextTag(0), identifier)), critical);

const uriPoint = (url: string) =>
  writeSequence(write(constructedTag(0), write(constructedTag(0), generalName.uri(url))));
export const crlDistributionPoints = (urls: readonly string[], critical = false): Extension =>
  extension('2.5.29.31', writeSequence(...urls.map(uriPoint)), critical);
export const ocspAccess = (urls: readonly string[], critical = false): Extension =>
  extension(
    '1.3.6.1.5.5.7.1.1',
    writeSequence(...urls.map((url) => writeSequence(writeOid('1.3.6.1.5.5.7.48.1'), generalName.uri(url)))),
    critical,
  );

/** A certificate with the key that it certifies; `certificate` parses it and throws where it does not parse. */
export type Issued = {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly key: Key;
  /** The subject in DER. */
  readonly subject: Uint8Array;
  readonly certificate: Certificate;
};

/** All of it can be chosen; whatever is a Uint8Array goes into the certificate as it is. */
export type Issue = {
  /** Absent: self-signed. */
  readonly issuer?: Pick<Issued, 'subject' | 'key'>;
  readonly subject?: string | Uint8Array;
  readonly key?: Key;
  readonly version?: number;
  readonly serialNumber?: number | Uint8Array;
  readonly notBefore?: Date | Uint8Array;
  readonly notAfter?: Date | Uint8Array;
  readonly extensions?: readonly Extension[];
  readonly signature?: SignatureName;
  /** The name of the issuer where it shall not be that of `issuer`. */
  readonly issuerName?: string | Uint8Array;
  /** SubjectPublicKeyInfo where it shall not be that of `key`. */
  readonly spki?: Uint8Array;
  /** The AlgorithmIdentifier within the signed part where it shall differ from the one outside. */
  readonly innerAlgorithm?: Uint8Array;
  /** The AlgorithmIdentifier inside and outside. */
  readonly algorithm?: Uint8Array;
  /** Replaces the DER of the signed part before it is signed. */
  readonly rewrite?: (tbs: Uint8Array) => Uint8Array;
};

let serials = 1000;

export function issue(options: Issue): Issued {
  const { key = newKey(), version = 3, serialNumber = ++serials, extensions = [], rewrite = (tbs) => tbs } = options;
  const bytes = (name: string | Uint8Array) => (typeof name === 'string' ? writeName(name) : name);
  const subject = bytes(options.subject ?? 'CN=subject');
  const signer = options.issuer ?? { subject, key };
  const outer = options.algorithm ?? schemes[options.signature ?? usual[signer.key.kind]].identifier;
  const time = (value: Date | Uint8Array) => (value instanceof Date ? writeTime(value) : value);
  const tbs = rewrite(
    writeSequence(
      ...(version === 1 ? [] : [write(constructedTag(0), writeInteger(version - 1))]),
      writeInteger(serialNumber),
      options.innerAlgorithm ?? outer,
      options.issuerName === undefined ? signer.subject : bytes(options.issuerName),
      writeSequence(time(options.notBefore ?? after(-1)), time(options.notAfter ?? after(365))),
      subject,
      options.spki ?? key.spki,
      ...(extensions.length === 0 ? [] : [write(constructedTag(3), writeExtensions(extensions))]),
    ),
  );
  const { signature } = signWith(signer.key, tbs, options.signature);
  const der = new Uint8Array(writeSequence(tbs, outer, writeBitString(signature)));
  return issued(der, key, subject);
}

/** SEQUENCE OF Extension, as in certificates, CRLs and OCSP messages. */
export const writeExtensions = (extensions: readonly Extension[]): Uint8Array =>
  writeSequence(
    ...extensions.map(({ oid, critical, value }) =>
      writeSequence(writeOid(oid), ...(critical ? [writeBoolean(true)] : []), writeOctetString(value)),
    ),
  );

function issued(der: Uint8Array, key: Key, subject: Uint8Array): Issued {
  let parsed: Certificate | undefined;
  return {
    der,
    key,
    subject,
    pem: toPem(der),
    get certificate() {
      parsed ??= mustParse(der);
      return parsed;
    },
  };
}

export function mustParse(der: Uint8Array): Certificate {
  const result = parseCertificate(der);
  if (!result.ok) throw new Error(describe(result.failure));
  return result.value;
}

export const toPem = (der: Uint8Array, label = 'CERTIFICATE'): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** Replaces the extensions of the same type, or adds. */
export function withExtensions(base: readonly Extension[], changes: readonly Extension[]): readonly Extension[] {
  const changed = new Set(changes.map(({ oid }) => oid));
  return [...base.filter(({ oid }) => !changed.has(oid)), ...changes];
}

const authority = (key: Key): readonly Extension[] => [
  basicConstraints(true),
  keyUsage(['keyCertSign', 'cRLSign']),
  subjectKeyIdentifier(keyIdentifier(key)),
];

/** A root as it should be; `extensions` replace those of the same type. */
export function issueRoot(options: Issue = {}): Issued {
  const key = options.key ?? newKey();
  return issue({
    subject: 'CN=Root',
    ...options,
    key,
    extensions: withExtensions(authority(key), options.extensions ?? []),
  });
}

/** An intermediate as it should be; `extensions` replace those of the same type. */
export function issueIntermediate(issuer: Pick<Issued, 'subject' | 'key'>, options: Issue = {}): Issued {
  const key = options.key ?? newKey();
  const usual = [...authority(key), authorityKeyIdentifier(keyIdentifier(issuer.key))];
  const extensions = withExtensions(usual, options.extensions ?? []);
  return issue({ subject: 'CN=Intermediate', ...options, issuer, key, extensions });
}

/** A client's certificate as it should be; `extensions` replace those of the same type. */
export function issueClient(issuer: Pick<Issued, 'subject' | 'key'>, options: Issue = {}): Issued {
  const usual = [
    keyUsage(['digitalSignature']),
    extendedKeyUsage([purposes.clientAuth]),
    authorityKeyIdentifier(keyIdentifier(issuer.key)),
  ];
  const extensions = withExtensions(usual, options.extensions ?? []);
  return issue({ subject: 'CN=client,O=Example', ...options, issuer, extensions });
}

/** For names that RFC 4514 text cannot say: SETs of attributes in the order of the encoding. */
export const rawName = (...rdns: readonly (readonly (readonly [type: string, value: Uint8Array])[])[]): Uint8Array =>
  writeSequence(...rdns.map((rdn) => writeSet(...rdn.map(([type, value]) => writeSequence(writeOid(type), value)))));

export const text = {
  utf8: (value: string) => write(tags.utf8String, Buffer.from(value)),
  printable: (value: string) => write(tags.printableString, Buffer.from(value, 'latin1')),
  ia5: (value: string) => write(tags.ia5String, Buffer.from(value, 'latin1')),
  teletex: (value: string) => write(tags.teletexString, Buffer.from(value, 'latin1')),
  bmp: (value: string) => write(tags.bmpString, Buffer.from(value, 'utf16le').swap16()),
};
