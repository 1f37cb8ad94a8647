/** Making a signing key (RFC 7518 §3): generated here, wrapped before anything else sees it. */
import { generateKeyPair, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from './jws.ts';
import type { PlannedKey } from './key-schedule.ts';
import type { KeyWrap } from './ports.ts';
import { jwkThumbprint, publicJwk } from './public-jwk.ts';
import type { SigningKey } from './signing-key.ts';

/** The planned key with a pair of its own, not stored yet. */
export async function newSigningKey(plan: PlannedKey, tenant: string, wrap: KeyWrap): Promise<SigningKey> {
  const { publicKey, privateKey } = await pair(plan.alg);
  const public_jwk = publicJwk(publicKey);
  const kid = jwkThumbprint(public_jwk);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const private_key = await wrap.wrap(pkcs8, { tenant, kid, purpose: plan.purpose });
  pkcs8.fill(0);
  return { ...plan, kid, public_jwk, private_key, wrapped_by: wrap.name };
}

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
