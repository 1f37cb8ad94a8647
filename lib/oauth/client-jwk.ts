/** The keys and certificates of clients as JWKs (RFC 7517): of each what client authentication takes, or what is wrong. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import { isStrongKey } from '../pki/certificate/public-key.ts';
import { fail, ok, type Result } from '../result.ts';
import { type AssertionAlgorithm, algorithmsFor } from './assertion-algorithms.ts';

/** When a key takes part, so that a new one can stand beside the old: epoch seconds, of our own (RFC 7517 §4). */
export type KeyWindow = {
  /** Not before. */
  readonly nbf?: number;
  /** Not at or after. */
  readonly exp?: number;
};

/** RFC 8705 §2.2.2: the certificate of `x5c[0]`, compared as a whole. */
export type RegisteredCertificate = KeyWindow & { readonly certificate: Certificate };

/** A key that verifies assertions. */
export type AssertionKey = KeyWindow & {
  readonly kid?: string;
  readonly key: KeyObject;
  /** What this key may verify: what fits its type and, where the JWK says it, its `alg`. */
  readonly algorithms: readonly AssertionAlgorithm[];
};

/** Names the member; the second speaks of it. */
export type JwkProblem = { readonly member: string; readonly problem: string };

type Members = Readonly<Record<string, unknown>>;

/** More are no rotation any more. */
export const maxKeys = 20;

/** RFC 7517 §5: the members of the set; each is judged for itself. */
export function keysOf(set: unknown): Result<readonly unknown[], JwkProblem> {
  const keys = isObject(set) ? set['keys'] : undefined;
  if (!Array.isArray(keys)) return refuse('keys', 'must be an array of JWKs (RFC 7517 §5)');
  if (keys.length === 0 || keys.length > maxKeys) return refuse('keys', `must hold 1 to ${maxKeys} keys`);
  return ok(keys);
}

/** RFC 8705 §2.2.2, RFC 7517 §4.7: a JWK that stands for a certificate. */
export function parseCertificateJwk(jwk: unknown): Result<RegisteredCertificate, JwkProblem> {
  const read = parseJwk(jwk);
  if (!read.ok) return read;
  const { certificate, window } = read.value;
  if (certificate === undefined) return refuse('x5c', 'is missing: the certificate is what is compared');
  // A CA in the gateway's truststore would let in whatever it issues; without basicConstraints OpenSSL goes by keyUsage.
  if (certificate.basicConstraints?.cA || certificate.keyUsage?.has('keyCertSign')) {
    return refuse('x5c', 'is the certificate of a CA, not of a client');
  }
  if (!isStrongKey(certificate.publicKeyInfo)) {
    return refuse('x5c', `has a key that is not allowed: ${certificate.publicKeyInfo.label}`);
  }
  return ok({ certificate, ...window });
}

/** RFC 7523 §3, RFC 7517 §4: a JWK that verifies assertions. */
export function parseAssertionJwk(jwk: unknown): Result<AssertionKey, JwkProblem> {
  const read = parseJwk(jwk);
  if (!read.ok) return read;
  const { members, key, window } = read.value;
  const { kid, alg } = members;
  const misused = refuseUse(members);
  if (misused !== undefined) return misused;
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > 256)) {
    return refuse('kid', 'must be a string of at most 256 characters');
  }
  const fitting = algorithmsFor(key);
  if (fitting.length === 0)
    return refuse('kty', 'is no RSA key of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519 key');
  const algorithms = alg === undefined ? fitting : fitting.filter((each) => each === alg);
  if (algorithms.length === 0) return refuse('alg', `must be one of ${fitting.join(', ')} for this key`);
  return ok({ key, algorithms, ...(kid !== undefined && { kid }), ...window });
}

/** RFC 7517 §4.2, §4.3: a key for something else verifies nothing. */
function refuseUse({ use, key_ops }: Members) {
  if (use !== undefined && use !== 'sig') return refuse('use', 'must be "sig" where it is given');
  const verifies = key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes('verify'));
  return verifies ? undefined : refuse('key_ops', 'must have "verify" where it is given');
}

type ReadJwk = {
  readonly members: Members;
  readonly key: KeyObject;
  readonly certificate: Certificate | undefined;
  readonly window: KeyWindow;
};

/** RFC 7518 §6.2.2, §6.3.2, §6.4: what nobody but the owner of a key may know. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

function parseJwk(jwk: unknown): Result<ReadJwk, JwkProblem> {
  if (!isObject(jwk)) return refuse('keys', 'must hold JWKs, each a JSON object');
  const secret = secretMembers.find((member) => Object.hasOwn(jwk, member));
  if (secret !== undefined)
    return refuse(secret, 'belongs to a private or symmetric key: that key is known now, make a new one');
  const key = publicKeyOf(jwk);
  if (key === undefined) return refuse('kty', 'and its members are no public key (RFC 7518 §6)');
  const certificate = certificateIn(jwk, key);
  if (!certificate.ok) return certificate;
  const window = windowIn(jwk);
  return window.ok ? ok({ members: jwk, key, certificate: certificate.value, window: window.value }) : window;
}

function publicKeyOf(jwk: Members): KeyObject | undefined {
  const { kty, crv, x, y, n, e } = jwk;
  try {
    return createPublicKey({ key: { kty, crv, x, y, n, e } as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** RFC 7517 §4.7: base64, not base64url; the first certificate holds the key of the JWK (§4.9 for its thumbprint). */
function certificateIn(jwk: Members, key: KeyObject): Result<Certificate | undefined, JwkProblem> {
  const { x5c, 'x5t#S256': x5t } = jwk;
  if (x5c === undefined) return x5t === undefined ? ok(undefined) : refuse('x5t#S256', 'needs x5c');
  const [first] = Array.isArray(x5c) ? (x5c as readonly unknown[]) : [];
  if (typeof first !== 'string') return refuse('x5c', 'must be an array of certificates in base64');
  const der = Buffer.from(first, 'base64');
  if (der.toString('base64') !== first) {
    const hint = /^[A-Za-z0-9_-]+$/.test(first) ? 'base64url' : 'something else';
    return refuse('x5c', `must be base64 of DER (RFC 7517 §4.7); the first is ${hint}`);
  }
  const parsed = parseCertificate(der);
  if (!parsed.ok) return refuse('x5c', `cannot be read: ${parsed.failure.problem}`);
  if (parsed.value.publicKey?.equals(key) !== true)
    return refuse('x5c', 'holds another public key than the JWK (RFC 7517 §4.7)');
  if (x5t !== undefined && x5t !== parsed.value.thumbprint) {
    return refuse('x5t#S256', 'is not the SHA-256 of the certificate in x5c (RFC 7517 §4.9)');
  }
  return ok(parsed.value);
}

function windowIn({ nbf, exp }: Members): Result<KeyWindow, JwkProblem> {
  if (nbf !== undefined && !isTime(nbf)) return refuse('nbf', 'must be a whole number of epoch seconds');
  if (exp !== undefined && !isTime(exp)) return refuse('exp', 'must be a whole number of epoch seconds');
  if (nbf !== undefined && exp !== undefined && exp <= nbf) return refuse('exp', 'must be later than nbf');
  return ok({ ...(nbf !== undefined && { nbf }), ...(exp !== undefined && { exp }) });
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refuse = (member: string, problem: string) => fail<JwkProblem>({ member, problem });
