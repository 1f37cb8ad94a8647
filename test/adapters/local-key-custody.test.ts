import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { context, keyCustodyContract } from '../contracts/key-custody.ts';

const key = randomBytes(32);
const custody = localKeyCustody(key);

keyCustodyContract('local', async () => custody);

test('SP 800-38D §7: what was made is opened by every process that has the wrapping key', async () => {
  const { privateKey, publicKey } = await custody.generate(context);
  const sign = await localKeyCustody(Uint8Array.from(key)).open(privateKey, { ...context });
  assert.equal((await sign(Buffer.from('data'))).length, 64);
  assert.equal(createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' }).asymmetricKeyType, 'ec');
});

test('SP 800-38D §7.2: another wrapping key is refused, and has another name', async () => {
  const other = localKeyCustody(randomBytes(32));
  const { privateKey } = await custody.generate(context);
  await assert.rejects(other.open(privateKey, context), /cannot be opened/);
  assert.notEqual(other.name, custody.name);
  assert.equal(localKeyCustody(key).name, custody.name);
});

test('SP 800-38D §7.2: a ciphertext with any bit changed, cut or made longer is refused', async () => {
  const { privateKey: wrapped } = await custody.generate(context);
  for (let i = 0; i < wrapped.length; i++) {
    const changed = Uint8Array.from(wrapped);
    changed[i] = (changed[i] ?? 0) ^ 1;
    await assert.rejects(custody.open(changed, context));
    await assert.rejects(custody.open(wrapped.subarray(0, i), context));
  }
  await assert.rejects(custody.open(Uint8Array.of(...wrapped, 0), context));
});

test('config: a wrapping key of another length is an Error', () => {
  for (const size of [0, 16, 31, 33, 64]) assert.throws(() => localKeyCustody(new Uint8Array(size)), /32 bytes/);
});
