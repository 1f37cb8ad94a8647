/** Private keys in this process (RFC 7518 §3): made, read from PKCS #8, and used for signatures. */
import { constants, createPrivateKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { rawSignature } from './ecdsa-signature.ts';
import type { Sign, SigningAlgorithm } from './jws.ts';

/** The public key as SubjectPublicKeyInfo, the private one as PKCS #8; whoever asked wipes it. */
export type EncodedPair = { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array };

export async function generatePair(alg: SigningAlgorithm): Promise<EncodedPair> {
  const { publicKey, privateKey } = await pair(alg);
  return {
    publicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }),
  };
}

/** Reads a private key and wipes its encoding. Throws an Error where it is none. */
export function signByPkcs8(pkcs8: Uint8Array, alg: SigningAlgorithm): Sign {
  try {
    const key = Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length);
    return signBy(createPrivateKey({ key, format: 'der', type: 'pkcs8' }), alg);
  } finally {
    pkcs8.fill(0);
  }
}

/** RFC 7518 §3.4, §3.5, RFC 8037 §3.1. */
export function signBy(key: KeyObject, alg: SigningAlgorithm): Sign {
  if (alg === 'ES256') return (data) => rawSignature(sign('sha256', data, key));
  return alg === 'PS256' ? (data) => sign('sha256', data, { key, ...pss }) : (data) => sign(null, data, key);
}

/** RFC 7518 §3.5: the salt is as long as the hash. */
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

function pair(alg: SigningAlgorithm): Promise<Pair> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) =>
      error === null ? resolve({ publicKey, privateKey }) : reject(error);
    if (alg === 'ES256') generateKeyPair('ec', { namedCurve: 'P-256' }, done);
    else if (alg === 'PS256') generateKeyPair('rsa', { modulusLength: 2048 }, done);
    else generateKeyPair('ed25519', {}, done);
  });
}
