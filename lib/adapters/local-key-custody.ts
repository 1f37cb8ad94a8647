/** Private keys encrypted by one AES-256-GCM key (NIST SP 800-38D) that lies outside of the store: for a laptop and for tests. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { KeyContext, KeyCustody } from '../oauth/ports.ts';
import { generatePair, signByPkcs8 } from '../oauth/private-key.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** What comes first in a ciphertext, so that another form can follow this one. */
const form = Uint8Array.of(2);

/** Throws an Error unless the key has 32 bytes. */
export function localKeyCustody(key: Uint8Array): KeyCustody {
  if (key.length !== 32) throw new Error('the wrapping key must have 32 bytes');
  return {
    // Tells wrapping keys apart and says nothing of them: 32 random bytes cannot be guessed from their hash.
    name: `local:${createHash('sha256').update(form).update(key).digest('base64url').slice(0, 12)}`,
    region: 'local',
    async generate(context) {
      const { publicKey, privateKey } = await generatePair(context.alg);
      try {
        return { publicKey, privateKey: encrypted(privateKey, key, context) };
      } finally {
        privateKey.fill(0);
      }
    },
    open: async (privateKey, context) => signByPkcs8(decrypted(privateKey, key, context), context.alg),
  };
}

function encrypted(plaintext: Uint8Array, key: Uint8Array, context: KeyContext): Uint8Array {
  // SP 800-38D §8.2.2: random nonces are good for 2^32 wrappings; a deployment makes some keys a month.
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(context));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return new Uint8Array(Buffer.concat([form, nonce, cipher.getAuthTag(), ciphertext]));
}

function decrypted(wrapped: Uint8Array, key: Uint8Array, context: KeyContext): Uint8Array {
  const nonce = wrapped.subarray(1, 1 + nonceBytes);
  const tag = wrapped.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
  if (wrapped[0] !== form[0] || tag.length !== tagBytes) throw new Error('a signing key is kept in no known form');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(authenticated(context)).setAuthTag(tag);
  try {
    const plaintext = [decipher.update(wrapped.subarray(1 + nonceBytes + tagBytes)), decipher.final()];
    return new Uint8Array(Buffer.concat(plaintext));
  } catch (cause) {
    const { tenant, purpose, alg, number } = context;
    const named = `${purpose} ${alg} ${number} of tenant ${tenant}`;
    throw new Error(`the signing key ${named} cannot be opened: it was changed, or is another's`, { cause });
  }
}

/** A list in JSON: no two contexts have one text. */
const authenticated = ({ tenant, purpose, alg, number, region }: KeyContext) =>
  Buffer.from(JSON.stringify([tenant, purpose, alg, number, region]));
