/**
 * Private keys as data key pairs of KMS: made by GenerateDataKeyPairWithoutPlaintext, so that whoever makes one never sees
 * it, stored as ciphertext under a symmetric key, and opened once a process by Decrypt with the same encryption context.
 */
import type { SigningAlgorithm } from '../../oauth/jws.ts';
import type { KeyContext, KeyCustody } from '../../oauth/ports.ts';
import { signByPkcs8 } from '../../oauth/private-key.ts';
import { asked, base64, type KmsCall, octetsIn } from './call.ts';

/** KMS DataKeyPairSpec, RFC 7518 §3.1, RFC 8037 §3.1. */
const keyPairSpecs: Readonly<Record<SigningAlgorithm, string>> = {
  ES256: 'ECC_NIST_P256',
  PS256: 'RSA_2048',
  EdDSA: 'ECC_NIST_EDWARDS25519',
};

const keyArn = /^arn:[a-z-]+:kms:(?<region>[a-z0-9-]+):[0-9]{12}:key\/(?<id>[A-Za-z0-9-]+)$/;

/** `arn`: the symmetric key. Throws an Error where it is the ARN of no KMS key. */
export function dataKeyPairs(arn: string, call: KmsCall): KeyCustody {
  const { region, id } = keyArn.exec(arn)?.groups ?? {};
  if (region === undefined || id === undefined) throw new Error(`${JSON.stringify(arn)} is the ARN of no KMS key`);
  return {
    // Without its region: the replicas of a multi-Region key have one id, and open what any of them made.
    name: `kms:${id}`,
    region,
    async generate(context) {
      const parameters = { KeyId: arn, KeyPairSpec: keyPairSpecs[context.alg], EncryptionContext: contextOf(context) };
      const answer = await asked(call, 'GenerateDataKeyPairWithoutPlaintext', parameters);
      return { publicKey: octetsIn(answer, 'PublicKey'), privateKey: octetsIn(answer, 'PrivateKeyCiphertextBlob') };
    },
    async open(privateKey, context) {
      const parameters = { KeyId: arn, CiphertextBlob: base64(privateKey), EncryptionContext: contextOf(context) };
      return signByPkcs8(octetsIn(await asked(call, 'Decrypt', parameters), 'Plaintext'), context.alg);
    },
  };
}

/** KMS takes texts; it is shown in CloudTrail, so nothing secret may stand in it. */
const contextOf = ({ tenant, purpose, alg, number, region }: KeyContext) => ({
  tenant,
  purpose,
  alg,
  number: String(number),
  region,
});
