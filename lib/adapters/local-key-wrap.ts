/** Wrapping of private keys by one AES-256-GCM key (NIST SP 800-38D) that lies outside of the store. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { KeyContext, KeyWrap } from '../oauth/ports.ts';

const nonceBytes = 12;
const tagBytes = 16;

/** What comes first in a ciphertext, so that another form can follow this one. */
const form = Uint8Array.of(1);

/** Throws an Error unless the key has 32 bytes. */
export function localKeyWrap(key: Uint8Array): KeyWrap {
  if (key.length !== 32) throw new Error('the wrapping key must have 32 bytes');
  return {
    // Tells wrapping keys apart and says nothing of them: 32 random bytes cannot be guessed from their hash.
    name: `local:${createHash('sha256').update(key).digest('base64url').slice(0, 12)}`,
    async wrap(plaintext, context) {
      // SP 800-38D §8.2.2: random nonces are good for 2^32 wrappings; a deployment makes some keys a month.
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return new Uint8Array(Buffer.concat([form, nonce, cipher.getAuthTag(), ciphertext]));
    },
    async unwrap(wrapped, context) {
      const nonce = wrapped.subarray(1, 1 + nonceBytes);
      const tag = wrapped.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      if (wrapped[0] !== form[0] || tag.length !== tagBytes)
        throw new Error('a signing key is wrapped in no known form');
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
      decipher.setAAD(authenticated(context)).setAuthTag(tag);
      try {
        const plaintext = [decipher.update(wrapped.subarray(1 + nonceBytes + tagBytes)), decipher.final()];
        return new Uint8Array(Buffer.concat(plaintext));
      } catch (cause) {
        throw new Error(`the signing key ${context.kid} cannot be unwrapped: it was changed, or is another's`, {
          cause,
        });
      }
    },
  };
}

/** A list in JSON: no two contexts have one text. */
const authenticated = ({ tenant, kid, purpose }: KeyContext) => Buffer.from(JSON.stringify([tenant, kid, purpose]));
