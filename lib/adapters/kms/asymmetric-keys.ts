/** Private keys that never leave KMS: a key of its own for each signing key, and a call of Sign for each signature. */
import { createHash } from 'node:crypto';
import { rawSignature } from '../../oauth/ecdsa-signature.ts';
import type { Sign, SigningAlgorithm } from '../../oauth/jws.ts';
import type { KeyCustody } from '../../oauth/ports.ts';
import type { KeyPurpose } from '../../oauth/signing-key.ts';
import { asked, base64, type KmsCall, octetsIn } from './call.ts';

export type AsymmetricKeysOptions = {
  readonly region: string;
  /** The value of the tag that tells the keys of this deployment from others; IAM grants by it. */
  readonly deployment: string;
  readonly purpose: KeyPurpose;
};

/** Tags of each key; the conditions in lib/constructs/signing-keys.ts name them too. */
export const deploymentTag = 'certbound:deployment';
export const purposeTag = 'certbound:purpose';

type Algorithm = {
  readonly spec: string;
  readonly signing: string;
  readonly form: (signature: Uint8Array) => Uint8Array;
};

/** RFC 7518 §3.4, §3.5. No EdDSA: KMS signs for it the message itself, of 4096 bytes at most, and tokens may be longer. */
const algorithms: ReadonlyMap<SigningAlgorithm, Algorithm> = new Map([
  ['ES256', { spec: 'ECC_NIST_P256', signing: 'ECDSA_SHA_256', form: rawSignature }],
  ['PS256', { spec: 'RSA_2048', signing: 'RSASSA_PSS_SHA_256', form: (signature) => signature }],
]);

/** Days that KMS keeps a key whose deletion is scheduled: the fewest it takes. */
const pendingDays = 7;

const keyId = /^[A-Za-z0-9-]{1,64}$/;

export function asymmetricKeys({ region, deployment, purpose }: AsymmetricKeysOptions, call: KmsCall): KeyCustody {
  const discard = async (privateKey: Uint8Array) => {
    const parameters = { KeyId: keyIdIn(privateKey), PendingWindowInDays: pendingDays };
    await asked(call, 'ScheduleKeyDeletion', parameters).catch((error: Error) => {
      // It is gone already, or on its way.
      const { name } = error.cause as Error;
      if (name !== 'KMSInvalidStateException' && name !== 'NotFoundException') throw error;
    });
  };
  return {
    // With its region: a key of KMS is used where it was made.
    name: `kms-sign:${region}:${deployment}`,
    region,
    async generate({ tenant, alg }) {
      const { spec } = algorithmOf(alg);
      const id = await create(spec, tenant);
      const privateKey = new Uint8Array(Buffer.from(id));
      try {
        const publicKey = octetsIn(await asked(call, 'GetPublicKey', { KeyId: id }), 'PublicKey');
        return { publicKey, privateKey };
      } catch (error) {
        // Nobody would know of it.
        await discard(privateKey);
        throw error;
      }
    },
    open: async (privateKey, { alg }) => signBy(keyIdIn(privateKey), algorithmOf(alg), call),
    discard,
  };

  async function create(KeySpec: string, tenant: string): Promise<string> {
    const Tags = [
      { TagKey: deploymentTag, TagValue: deployment },
      { TagKey: purposeTag, TagValue: purpose },
    ];
    const Description = `Certbound ${deployment}: ${purpose} of tenant ${tenant}`;
    const answer = await asked(call, 'CreateKey', { KeySpec, KeyUsage: 'SIGN_VERIFY', Description, Tags });
    const { KeyId: id } = (answer['KeyMetadata'] ?? {}) as { readonly KeyId?: unknown };
    if (typeof id !== 'string' || !keyId.test(id)) throw new Error('KMS answers without KeyId');
    return id;
  }
}

function signBy(KeyId: string, { signing, form }: Algorithm, call: KmsCall): Sign {
  return async (data) => {
    const Message = base64(createHash('sha256').update(data).digest());
    const parameters = { KeyId, Message, MessageType: 'DIGEST', SigningAlgorithm: signing };
    return form(octetsIn(await asked(call, 'Sign', parameters), 'Signature'));
  };
}

function algorithmOf(alg: SigningAlgorithm): Algorithm {
  const algorithm = algorithms.get(alg);
  if (algorithm === undefined) throw new Error(`${alg} cannot be signed by KMS: let the tenant take ES256 or PS256`);
  return algorithm;
}

function keyIdIn(privateKey: Uint8Array): string {
  const id = Buffer.from(privateKey).toString();
  if (!keyId.test(id)) throw new Error('a signing key names no key of KMS');
  return id;
}
