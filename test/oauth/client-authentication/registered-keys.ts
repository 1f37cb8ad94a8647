/** Self-signed certificates, JWKs and assertions as clients make them. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { SignJWT } from 'jose';
import {
  type CertificateRequest,
  issueCertificate,
  type KeyedCertificate,
} from '../../../lib/local/certificate-authority.ts';
import { start } from '../authorization-server.ts';

const day = 86_400_000;

export const selfSigned = (subject: string, changes: Partial<CertificateRequest> = {}): Promise<KeyedCertificate> =>
  issueCertificate(undefined, {
    subject,
    notBefore: new Date(start.getTime() - day),
    notAfter: new Date(start.getTime() + 90 * day),
    ...changes,
  });

/** RFC 8705 §2.2.2: the JWK that a client registers for its certificate. */
export function jwkOf({ der }: Pick<KeyedCertificate, 'der'>, changes: object = {}): Record<string, unknown> {
  const x5c = [Buffer.from(der).toString('base64')];
  return { ...new X509Certificate(der).publicKey.export({ format: 'jwk' }), x5c, ...changes };
}

export const selfSignedClient = (client_id: string, keys: readonly object[], changes: object = {}) => ({
  client_id,
  token_endpoint_auth_method: 'self_signed_tls_client_auth',
  jwks: { keys },
  ...changes,
});

export type SigningPair = { readonly privateKey: KeyObject; readonly jwk: Record<string, unknown> };

export function signingPair(alg = 'ES256', kid = 'k1'): SigningPair {
  const { privateKey, publicKey } = pairFor(alg);
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

function pairFor(alg: string) {
  if (/^[PR]S/.test(alg)) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (alg.startsWith('Ed')) return generateKeyPairSync('ed25519');
  const curve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[alg] ?? 'P-256';
  return generateKeyPairSync('ec', { namedCurve: curve });
}

export const pairOf = (key: string): SigningPair => {
  const privateKey = createPrivateKey(key);
  return { privateKey, jwk: { ...createPublicKey(privateKey).export({ format: 'jwk' }) } };
};

export const jwtClient = (client_id: string, keys: readonly object[], changes: object = {}) => ({
  client_id,
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys },
  ...changes,
});

let serial = 0;

/** RFC 7523 §3, rfc7523bis: an assertion as it should be, with what a test changes. */
export function assertion(
  { privateKey }: Pick<SigningPair, 'privateKey'>,
  at: Date,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(at.getTime() / 1000);
  const all = {
    iss: 'client',
    sub: 'client',
    aud: 'https://auth.example',
    iat: now,
    exp: now + 60,
    jti: `jti-${++serial}`,
    ...claims,
  };
  return new SignJWT(all)
    .setProtectedHeader({ alg: 'ES256', typ: 'client-authentication+jwt', kid: 'k1', ...header })
    .sign(privateKey);
}

export const asserted = (client_assertion: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion,
});
