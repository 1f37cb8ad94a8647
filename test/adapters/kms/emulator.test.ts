import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { awsJsonCalls } from '../../../lib/adapters/aws/json-call.ts';
import { asymmetricKeys } from '../../../lib/adapters/kms/asymmetric-keys.ts';
import type { KmsCall } from '../../../lib/adapters/kms/call.ts';
import { dataKeyPairs } from '../../../lib/adapters/kms/data-key-pairs.ts';
import { keyCustodyContract } from '../../contracts/key-custody.ts';

/** The KMS of an emulator; without it there is nothing to test here, and custody.test.ts tests the same on a server of its own. */
const kms = process.env['AWS_ENDPOINT_URL_KMS'];

if (kms !== undefined) {
  const region = 'us-east-1';
  const calls = awsJsonCalls(
    { service: 'kms', target: 'TrentService', version: '1.1' },
    { region, credentials: { accessKeyId: '111122223333', secretAccessKey: 'test' }, endpoints: { kms } },
  );
  after(() => calls.close());
  const call: KmsCall = (operation, parameters) => calls.call(operation, JSON.stringify(parameters));

  const newKey = async () => {
    const answer = (await call('CreateKey', {})) as { readonly KeyMetadata: { readonly Arn: string } };
    return dataKeyPairs(answer.KeyMetadata.Arn, call);
  };
  const asymmetric = asymmetricKeys({ region, deployment: 'Test', purpose: 'access_token' }, call);

  keyCustodyContract('emulated data key pairs', newKeyOnce());
  keyCustodyContract('emulated asymmetric keys', async () => asymmetric, {
    bound: false,
    algorithms: ['ES256', 'PS256'],
  });

  test('design §8: emulated asymmetric keys: a key is ended once, and again without an error', async () => {
    const { privateKey } = await asymmetric.generate({
      tenant: 'default',
      purpose: 'access_token',
      alg: 'ES256',
      number: 1,
      region,
    });
    assert.ok(privateKey.length > 10);
    await asymmetric.discard?.(privateKey);
    await asymmetric.discard?.(privateKey);
  });

  function newKeyOnce() {
    let made: ReturnType<typeof newKey> | undefined;
    return () => {
      made ??= newKey();
      return made;
    };
  }
}
