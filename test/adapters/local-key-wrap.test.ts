import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { localKeyWrap } from '../../lib/adapters/local-key-wrap.ts';
import type { KeyContext } from '../../lib/oauth/ports.ts';

const key = randomBytes(32);
const wrap = localKeyWrap(key);
const context: KeyContext = { tenant: 'default', kid: 'kid', purpose: 'access_token' };
const secret = new Uint8Array(randomBytes(138));

test('SP 800-38D §7: what was wrapped is unwrapped, by every process that has the wrapping key', async () => {
  const wrapped = await wrap.wrap(secret, context);
  assert.deepEqual(await localKeyWrap(Uint8Array.from(key)).unwrap(wrapped, { ...context }), secret);
});

test('SP 800-38D §8: no two wrappings are alike, and none shows what is in it', async () => {
  const [one, other] = [await wrap.wrap(secret, context), await wrap.wrap(secret, context)];
  assert.notDeepEqual(one, other);
  assert.equal(Buffer.from(one).includes(Buffer.from(secret.subarray(0, 8))), false);
});

for (const other of [{ tenant: 'other' }, { kid: 'other' }, { purpose: 'introspection' as const }]) {
  test(`SP 800-38D §7.2: another ${Object.keys(other)[0]} is refused`, async () => {
    const wrapped = await wrap.wrap(secret, context);
    await assert.rejects(wrap.unwrap(wrapped, { ...context, ...other }), /cannot be unwrapped/);
  });
}

test('SP 800-38D §7.2: another wrapping key is refused, and has another name', async () => {
  const other = localKeyWrap(randomBytes(32));
  await assert.rejects(other.unwrap(await wrap.wrap(secret, context), context), /cannot be unwrapped/);
  assert.notEqual(other.name, wrap.name);
  assert.equal(localKeyWrap(key).name, wrap.name);
});

test('SP 800-38D §7.2: a ciphertext with any bit changed, cut or made longer is refused', async () => {
  const wrapped = await wrap.wrap(secret, context);
  for (let i = 0; i < wrapped.length; i++) {
    const changed = Uint8Array.from(wrapped);
    changed[i] = (changed[i] ?? 0) ^ 1;
    await assert.rejects(wrap.unwrap(changed, context));
    await assert.rejects(wrap.unwrap(wrapped.subarray(0, i), context));
  }
  await assert.rejects(wrap.unwrap(Uint8Array.of(...wrapped, 0), context));
});

test('config: a wrapping key of another length is an Error', () => {
  for (const size of [0, 16, 31, 33, 64]) assert.throws(() => localKeyWrap(new Uint8Array(size)), /32 bytes/);
});
