import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { readJws, type SigningAlgorithm, signJws, verifyJws } from '../../lib/oauth/jws.ts';
import type { KeyContext, KeyCustody } from '../../lib/oauth/ports.ts';

export const context: KeyContext = {
  tenant: 'default',
  purpose: 'access_token',
  alg: 'ES256',
  number: 1,
  region: 'local',
};

const read = (publicKey: Uint8Array) => createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });

/** What every custody does; `bound`: a key can be opened in its own context only. */
export function keyCustodyContract(
  name: string,
  custody: () => Promise<KeyCustody>,
  { bound = true, algorithms = ['ES256', 'PS256', 'EdDSA'] as readonly SigningAlgorithm[] } = {},
): void {
  for (const alg of algorithms) {
    test(`RFC 7515 §5: ${name}: ${alg}: what is signed is verified by the public key that was told`, async () => {
      const by = await custody();
      const { publicKey, privateKey } = await by.generate({ ...context, alg });
      const sign = await by.open(privateKey, { ...context, alg });
      for (const text of ['', 'ü', 'x'.repeat(5000)]) {
        const jws = readJws(await signJws({ typ: 'at+jwt', alg, kid: 'kid' }, { text }, sign));
        assert.ok(jws.ok);
        assert.equal(verifyJws(jws.value, read(publicKey)), true, text.slice(0, 5));
        const other = await by.generate({ ...context, alg });
        assert.equal(verifyJws(jws.value, read(other.publicKey)), false);
      }
    });
  }

  test(`RFC 7517 §9.2: ${name}: no two keys are alike, and what is stored is no private key`, async () => {
    const by = await custody();
    const [one, other] = [await by.generate(context), await by.generate(context)];
    assert.notDeepEqual(one.publicKey, other.publicKey);
    assert.notDeepEqual(one.privateKey, other.privateKey);
    // RFC 5208: every PKCS #8 key begins with a SEQUENCE and version 0.
    assert.notDeepEqual([...one.privateKey.subarray(0, 1)], [0x30]);
  });

  if (!bound) return;
  const changes: readonly Partial<KeyContext>[] = [
    { tenant: 'other' },
    { purpose: 'introspection' },
    { alg: 'PS256' },
    { number: 2 },
    { region: 'elsewhere' },
  ];
  for (const change of changes) {
    test(`aws §5: ${name}: a key is not opened for another ${Object.keys(change)[0]}`, async () => {
      const by = await custody();
      const { privateKey } = await by.generate(context);
      await assert.rejects(async () => by.open(privateKey, { ...context, ...change }));
    });
  }
}
