/** JWS compact serialization (RFC 7515 §7.1) of our own tokens: three algorithms, a header of three members, no more. */
import { constants, type KeyObject, verify } from 'node:crypto';
import { fail, ok, type Result } from '../result.ts';
import { derSignature } from './ecdsa-signature.ts';

/** RFC 7518 §3.4, §3.5, RFC 8037 §3.1. */
export type SigningAlgorithm = 'ES256' | 'PS256' | 'EdDSA';

export type JwsHeader = { readonly typ: string; readonly alg: SigningAlgorithm; readonly kid: string };

export type Members = Readonly<Record<string, unknown>>;

/** A token taken apart; nothing in it is proved yet. */
export type UnverifiedJws = {
  readonly header: JwsHeader;
  readonly payload: Members;
  readonly signingInput: string;
  readonly signature: Uint8Array;
};

/** Characters. What is longer fits into no Authorization header that API Gateway takes (10,240 bytes in all). */
export const maxJwsLength = 8192;

/** Characters of the encoded header; ours are below 130. */
const maxHeaderLength = 512;

/** Whether the text has the form of a JWS; an opaque token never has it. */
export const isCompactJws = (text: string): boolean => text.includes('.');

/** A signature in the form of RFC 7518 §3.1, RFC 8037 §3.1, by a key that is known only to who made this function. */
export type Sign = (data: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** RFC 7515 §5.1. */
export async function signJws(header: JwsHeader, payload: Members, sign: Sign): Promise<string> {
  const signingInput = `${encode(header)}.${encode(payload)}`;
  const signature = await sign(Buffer.from(signingInput));
  return `${signingInput}.${Buffer.from(signature).toString('base64url')}`;
}

/**
 * RFC 7515 §5.2, steps 1 to 5. The header must be one that `signJws` writes: `jku`, `jwk`, `x5u`, `x5c` or `crit` in
 * it (RFC 7515 §4.1) is refused unread, so no key is ever taken from a token. A failure says what is wrong.
 */
export function readJws(text: string): Result<UnverifiedJws, string> {
  if (text.length > maxJwsLength) return fail('longer than any token of ours');
  const parts = text.split('.');
  const [protectedHeader = '', encodedPayload = '', encodedSignature = ''] = parts;
  if (parts.length !== 3 || protectedHeader.length > maxHeaderLength) return fail('not three parts');
  const header = headerIn(members(protectedHeader));
  const payload = members(encodedPayload);
  const signature = octets(encodedSignature);
  if (header === undefined) return fail('the header is none of ours');
  if (payload === undefined || signature === undefined) return fail('not base64url, or no JSON object');
  return ok({ header, payload, signingInput: `${protectedHeader}.${encodedPayload}`, signature });
}

/** RFC 7515 §5.2, step 8, by a key that was found by `kid` in our own store, never by what the token carries. */
export function verifyJws({ header, signingInput, signature }: UnverifiedJws, key: KeyObject): boolean {
  const data = Buffer.from(signingInput);
  if (header.alg === 'ES256') {
    const der = derSignature(signature);
    return der !== undefined && verify('sha256', data, key, der);
  }
  return header.alg === 'PS256'
    ? verify('sha256', data, { key, ...pss }, signature)
    : verify(null, data, key, signature);
}

/** RFC 7518 §3.5: the salt is as long as the hash. */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** RFC 7515 §2: base64url without padding; one encoding for one value, so that no token has a second form. */
function octets(text: string): Buffer | undefined {
  const value = Buffer.from(text, 'base64url');
  return text !== '' && value.toString('base64url') === text ? value : undefined;
}

function members(text: string): Members | undefined {
  const value = octets(text);
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Members) : undefined;
  } catch {
    return undefined;
  }
}

function headerIn(given: Members | undefined): JwsHeader | undefined {
  if (given === undefined || Object.keys(given).length !== 3) return undefined;
  const { typ, alg, kid } = given;
  if (typeof typ !== 'string' || typeof kid !== 'string') return undefined;
  return alg === 'ES256' || alg === 'PS256' || alg === 'EdDSA' ? { typ, alg, kid } : undefined;
}
