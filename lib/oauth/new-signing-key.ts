/** Making a signing key (RFC 7518 §3) by whoever keeps private keys: here only its public part is ever seen. */
import { createPublicKey } from 'node:crypto';
import type { SigningAlgorithm } from './jws.ts';
import type { PlannedKey } from './key-schedule.ts';
import type { KeyCustody } from './ports.ts';
import { jwkThumbprint, type PublicJwk, publicJwk } from './public-jwk.ts';
import { keyContext, type SigningKey } from './signing-key.ts';

/** The planned key with a pair of its own, not stored yet. Rejects with an Error where the custody makes another key. */
export async function newSigningKey(plan: PlannedKey, tenant: string, custody: KeyCustody): Promise<SigningKey> {
  const place = { ...plan, region: custody.region };
  const { publicKey, privateKey } = await custody.generate(keyContext(tenant, place));
  const public_jwk = publicJwk(createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }));
  if (public_jwk.kty !== keyType[plan.alg]) throw new Error(`${custody.name} made a key that is none for ${plan.alg}`);
  const kid = jwkThumbprint(public_jwk);
  return { ...place, kid, public_jwk, private_key: privateKey, wrapped_by: custody.name };
}

/** RFC 7518 §3.1, RFC 8037 §2. */
const keyType: Readonly<Record<SigningAlgorithm, PublicJwk['kty']>> = { ES256: 'EC', PS256: 'RSA', EdDSA: 'OKP' };
