/** The signature algorithms by their identifiers (RFC 4055 §3 and §5, RFC 5758 §3.2, RFC 8410 §3, RFC 8692 not). */
import { close, constructedTag, type Element, encoding, enter, more, take, takeOnly, takeOptional } from './der.ts';
import { readCount, readNull, readOid } from './der-value.ts';

/** What a signature may be made with. Weaker ones exist for old test vectors alone; nothing in the product sets them. */
export type SignatureAlgorithms = { readonly hashes: readonly string[]; readonly minimumRsaBits: number };

export const strictAlgorithms: SignatureAlgorithms = Object.freeze({
  hashes: Object.freeze(['sha256', 'sha384', 'sha512']),
  minimumRsaBits: 2048,
});

export type AlgorithmIdentifier = {
  readonly oid: string;
  readonly parameters: Element | undefined;
  /** The whole AlgorithmIdentifier, for the comparison of RFC 5280 §4.1.1.2. */
  readonly der: Uint8Array;
};

/** How to verify: the hash is undefined where the algorithm has its own (EdDSA). */
export type SignatureScheme = {
  readonly key: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';
  readonly label: string;
  readonly hash?: string;
  readonly saltLength?: number;
};

/** RFC 5280 §4.1.1.2. */
export function readAlgorithmIdentifier(element: Element): AlgorithmIdentifier {
  const cursor = enter(element);
  const oid = readOid(take(cursor));
  const parameters = more(cursor) ? take(cursor) : undefined;
  close(cursor);
  return { oid, parameters, der: encoding(element) };
}

const rsa = (label: string, hash: string): SignatureScheme => ({ key: 'rsa', label, hash });
const ecdsa = (label: string, hash: string): SignatureScheme => ({ key: 'ec', label, hash });

const schemes = new Map<string, SignatureScheme>([
  ['1.2.840.113549.1.1.11', rsa('sha256WithRSAEncryption', 'sha256')],
  ['1.2.840.113549.1.1.12', rsa('sha384WithRSAEncryption', 'sha384')],
  ['1.2.840.113549.1.1.13', rsa('sha512WithRSAEncryption', 'sha512')],
  ['1.2.840.10045.4.3.2', ecdsa('ecdsa-with-SHA256', 'sha256')],
  ['1.2.840.10045.4.3.3', ecdsa('ecdsa-with-SHA384', 'sha384')],
  ['1.2.840.10045.4.3.4', ecdsa('ecdsa-with-SHA512', 'sha512')],
  ['1.3.101.112', { key: 'ed25519', label: 'Ed25519' }],
  ['1.3.101.113', { key: 'ed448', label: 'Ed448' }],
  // Known by name, to be refused by name; their hashes are in no allow-list of the product.
  ['1.2.840.113549.1.1.4', rsa('md5WithRSAEncryption', 'md5')],
  ['1.2.840.113549.1.1.5', rsa('sha1WithRSAEncryption', 'sha1')],
  ['1.2.840.113549.1.1.14', rsa('sha224WithRSAEncryption', 'sha224')],
  ['1.2.840.10045.4.1', ecdsa('ecdsa-with-SHA1', 'sha1')],
  ['1.2.840.10045.4.3.1', ecdsa('ecdsa-with-SHA224', 'sha224')],
]);

const hashes = new Map([
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', octets: 32 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', octets: 48 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', octets: 64 }],
]);

const rsassaPss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';

/** The scheme that the identifier names, its parameters checked; undefined where there is none. Throws `DerError`. */
export function readSignatureScheme(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  if (algorithm.oid === rsassaPss) return readPssScheme(algorithm.parameters);
  const scheme = schemes.get(algorithm.oid);
  if (scheme === undefined || algorithm.parameters === undefined) return scheme;
  // RFC 4055 §5: NULL or absent. RFC 5758 §3.2 and RFC 8410 §3: absent.
  if (scheme.key !== 'rsa') return undefined;
  readNull(algorithm.parameters);
  return scheme;
}

/**
 * RFC 4055 §3.1: RSASSA-PSS-params. Both hashes are named and the same, the salt is at least as long as the hash (RFC
 * 8017 §9.1 lets it be anything; a shorter one weakens the proof), the trailer field is 1. The defaults mean SHA-1.
 */
function readPssScheme(parameters: Element | undefined): SignatureScheme | undefined {
  if (parameters === undefined) return undefined;
  const [hash, mask, salt, trailer] = takeOptional(parameters, [0, 1, 2, 3].map(constructedTag));
  if (hash === undefined || mask === undefined || salt === undefined) return undefined;
  if (trailer !== undefined && readCount(takeOnly(trailer, constructedTag(3))) !== 1) return undefined;
  const digest = readHash(takeOnly(hash, constructedTag(0)));
  const generation = readAlgorithmIdentifier(takeOnly(mask, constructedTag(1)));
  if (digest === undefined || generation.oid !== mgf1 || generation.parameters === undefined) return undefined;
  const saltLength = readCount(takeOnly(salt, constructedTag(2)));
  if (readHash(generation.parameters) !== digest || saltLength < digest.octets) return undefined;
  return { key: 'rsa-pss', label: `RSASSA-PSS with ${digest.name}`, hash: digest.name, saltLength };
}

/** RFC 4055 §2.1: the parameters of a hash are NULL or absent. */
function readHash(element: Element) {
  const algorithm = readAlgorithmIdentifier(element);
  if (algorithm.parameters !== undefined) readNull(algorithm.parameters);
  return hashes.get(algorithm.oid);
}

export const algorithmLabel = (oid: string): string =>
  oid === rsassaPss ? 'RSASSA-PSS with these parameters' : (schemes.get(oid)?.label ?? oid);
