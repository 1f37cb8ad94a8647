/**
 * Signatures over certificates, CRLs and OCSP responses (RFC 5280 §4.1.1.3), from an allow-list: RSA PKCS#1 and PSS with
 * SHA-256/384/512 and 2048 bit or more, ECDSA on P-256/384/521, Ed25519 and Ed448. SHA-1, MD5, DSA and explicit curves are
 * refused, and so is an algorithm that does not go with the key.
 */
import { constants, type KeyObject, verify } from 'node:crypto';
import { fail, ok, type Result } from '../../result.ts';
import { type Cursor, DerError, decode, type Element, encoding, tags, take } from './der.ts';
import { readBitStringOctets } from './der-value.ts';
import { isStrongKey, type PublicKeyInfo } from './public-key.ts';
import {
  type AlgorithmIdentifier,
  algorithmLabel,
  readAlgorithmIdentifier,
  readSignatureScheme,
  type SignatureAlgorithms,
  type SignatureScheme,
  strictAlgorithms,
} from './signature-algorithms.ts';

/** What was signed, how, and the signature: the outer SEQUENCE of a certificate, CRL or BasicOCSPResponse. */
export type Signed = {
  readonly signed: Uint8Array;
  readonly algorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
};

/** RFC 5280 §4.1.1, §5.1.1, RFC 6960 §4.2.1: the first three elements of such a SEQUENCE, `data` being what was signed. */
export function takeSigned(cursor: Cursor): { readonly data: Element; readonly proof: Signed } {
  const data = take(cursor, tags.sequence);
  const algorithm = readAlgorithmIdentifier(take(cursor));
  return { data, proof: { signed: encoding(data), algorithm, signature: readBitStringOctets(take(cursor)) } };
}

/** RFC 5280 §4.1.1.2, §5.1.1.2: the identifier that is not signed must be the one that is. Throws `DerError`. */
export function takeSameAlgorithm(cursor: Cursor, { algorithm }: Signed): void {
  const inner = take(cursor, tags.sequence);
  if (Buffer.compare(encoding(inner), algorithm.der) !== 0) {
    throw new DerError('the two signature algorithms differ', inner.start);
  }
}

export type SignatureFailure =
  | { readonly reason: 'weak_signature'; readonly algorithm: string }
  | { readonly reason: 'weak_key'; readonly key: string }
  | { readonly reason: 'signature_invalid' };

/** RFC 5280 §6.1.3 (a)(1): verifies a signature with the signer's key. Nothing here knows who the signer is. */
export function verifySignature(
  { signed, algorithm, signature }: Signed,
  key: PublicKeyInfo,
  algorithms: SignatureAlgorithms = strictAlgorithms,
): Result<true, SignatureFailure> {
  const read = decode(() => readSignatureScheme(algorithm));
  const scheme = read.ok ? read.value : undefined;
  if (scheme === undefined || (scheme.hash !== undefined && !algorithms.hashes.includes(scheme.hash))) {
    return fail({ reason: 'weak_signature', algorithm: algorithmLabel(algorithm.oid) });
  }
  if (!isStrongKey(key, algorithms)) return fail({ reason: 'weak_key', key: key.label });
  const agrees = scheme.key === key.type || (scheme.key === 'rsa-pss' && key.type === 'rsa');
  const keyObject = agrees ? key.keyObject : undefined;
  if (keyObject === undefined || !isVerified(signed, scheme, keyObject, signature)) {
    return fail({ reason: 'signature_invalid' });
  }
  return ok(true);
}

/** An rsa-pss key may restrict hash and salt (RFC 4055 §1.2); OpenSSL enforces it by an exception, which is a no. */
function isVerified(signed: Uint8Array, scheme: SignatureScheme, key: KeyObject, signature: Uint8Array): boolean {
  const { saltLength } = scheme;
  const options = saltLength === undefined ? key : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
  try {
    return verify(scheme.hash, signed, options, signature);
  } catch {
    return false;
  }
}
