import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { awsJsonCalls } from '../../../lib/adapters/aws/json-call.ts';
import { asymmetricKeys } from '../../../lib/adapters/kms/asymmetric-keys.ts';
import type { KmsCall } from '../../../lib/adapters/kms/call.ts';
import { dataKeyPairs } from '../../../lib/adapters/kms/data-key-pairs.ts';
import { boundedMemory } from '../../../lib/adapters/memory/memory.ts';
import { memoryStores } from '../../../lib/adapters/memory/stores.ts';
import { rotateKeys } from '../../../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../../../lib/oauth/key-schedule.ts';
import type { KeyCustodies, TenantSnapshot } from '../../../lib/oauth/ports.ts';
import { signingKeys } from '../../../lib/oauth/signing-keys.ts';
import { newTenant } from '../../../lib/oauth/tenant.ts';
import { context, keyCustodyContract } from '../../contracts/key-custody.ts';
import { credentials, region, startKmsServer } from './kms-server.ts';

const server = await startKmsServer();
const calls = awsJsonCalls(
  { service: 'kms', target: 'TrentService', version: '1.1' },
  { region, credentials, endpoints: { kms: server.url } },
);
after(async () => {
  calls.close();
  await server.close();
});

const call: KmsCall = (operation, parameters) => calls.call(operation, JSON.stringify(parameters));
const [arn = '', otherArn = ''] = server.arns;
const pairs = dataKeyPairs(arn, call);
const deployment = 'Certbound';
const asymmetric = asymmetricKeys({ region, deployment, purpose: 'access_token' }, call);
const operations = () => server.asked.splice(0).map(({ operation }) => operation);

keyCustodyContract('KMS data key pairs', async () => pairs);
keyCustodyContract('KMS asymmetric keys', async () => asymmetric, { bound: false, algorithms: ['ES256', 'PS256'] });

test('aws §5: whoever makes a data key pair is never shown its private key, and says what it is for', async () => {
  operations();
  await pairs.generate(context);
  server.asked.push({ operation: 'none', parameters: {} });
  await pairs.generate({ ...context, number: 7, purpose: 'introspection', alg: 'PS256' });
  assert.deepEqual(
    server.asked.splice(0).map(({ operation, parameters }) => [operation, parameters['EncryptionContext']]),
    [
      [
        'GenerateDataKeyPairWithoutPlaintext',
        { tenant: 'default', purpose: 'access_token', alg: 'ES256', number: '1', region: 'local' },
      ],
      ['none', undefined],
      [
        'GenerateDataKeyPairWithoutPlaintext',
        { tenant: 'default', purpose: 'introspection', alg: 'PS256', number: '7', region: 'local' },
      ],
    ],
  );
});

test('aws §5: a data key pair is opened under the key that made it alone', async () => {
  const { privateKey } = await pairs.generate(context);
  await assert.rejects(dataKeyPairs(otherArn, call).open(privateKey, context), /KMS Decrypt failed/);
  const changed = Uint8Array.from(privateKey);
  changed[20] = (changed[20] ?? 0) ^ 1;
  await assert.rejects(pairs.open(changed, context), /KMS Decrypt failed/);
});

test('aws §7: replicas of a multi-Region key have one name, and what they make tells the region', () => {
  const [one, other] = ['eu-central-1', 'us-east-1'].map((each) =>
    dataKeyPairs(`arn:aws:kms:${each}:111122223333:key/mrk-1234abcd`, call),
  );
  assert.equal(one?.name, other?.name);
  assert.deepEqual([one?.region, other?.region], ['eu-central-1', 'us-east-1']);
  assert.throws(() => dataKeyPairs('alias/x', call), /is the ARN of no KMS key/);
});

test('design §8: what KMS refuses is an Error with its reason, and without what it was about', async () => {
  server.refuse('Decrypt', 'AccessDeniedException');
  const { privateKey } = await pairs.generate(context);
  await assert.rejects(pairs.open(privateKey, context), (error: Error) => {
    assert.equal((error.cause as Error).name, 'AccessDeniedException');
    assert.equal(`${error} ${error.cause}`.includes(Buffer.from(privateKey).toString('base64').slice(0, 20)), false);
    return true;
  });
  for (const answer of [
    undefined,
    null,
    1,
    'text',
    [],
    {},
    { Plaintext: 1 },
    { Plaintext: '' },
    { Plaintext: 'AAAA' },
  ]) {
    await assert.rejects(dataKeyPairs(arn, async () => answer).open(privateKey, context));
    await assert.rejects(dataKeyPairs(arn, async () => answer).generate(context));
    await assert.rejects(
      asymmetricKeys({ region, deployment, purpose: 'access_token' }, async () => answer).generate(context),
    );
  }
});

test('aws §5: a call that is signed with another secret is refused', async () => {
  const forger = awsJsonCalls(
    { service: 'kms', target: 'TrentService', version: '1.1' },
    { region, credentials: { ...credentials, secretAccessKey: 'another' }, endpoints: { kms: server.url } },
  );
  const forged = dataKeyPairs(arn, (operation, parameters) => forger.call(operation, JSON.stringify(parameters)));
  await assert.rejects(forged.generate(context), (error: Error) => {
    assert.equal((error.cause as Error).name, 'InvalidSignatureException');
    return true;
  });
  forger.close();
});

test('design §8: an asymmetric key is tagged with its deployment and purpose, and ends seven days after its row', async () => {
  const { privateKey } = await asymmetric.generate(context);
  const id = Buffer.from(privateKey).toString();
  assert.deepEqual(server.asymmetric.get(id)?.made['Tags'], [
    { TagKey: 'certbound:deployment', TagValue: deployment },
    { TagKey: 'certbound:purpose', TagValue: 'access_token' },
  ]);
  await asymmetric.discard?.(privateKey);
  assert.equal(server.asymmetric.get(id)?.deleted, true);
  await asymmetric.discard?.(privateKey);
  await asymmetric.discard?.(new Uint8Array(Buffer.from('never-was')));
  server.refuse('ScheduleKeyDeletion', 'AccessDeniedException');
  await assert.rejects(async () => asymmetric.discard?.(privateKey), /ScheduleKeyDeletion failed/);
});

test('design §8: a key of KMS that cannot be used is ended, so that none is paid for that nobody knows', async () => {
  const before = new Set(server.asymmetric.keys());
  server.refuse('GetPublicKey', 'AccessDeniedException');
  await assert.rejects(asymmetric.generate(context), /GetPublicKey failed/);
  const [made] = [...server.asymmetric].filter(([id]) => !before.has(id));
  assert.equal(made?.[1].deleted, true);
});

test('aws §5: EdDSA is refused by its name, since KMS signs messages of 4096 bytes at most', async () => {
  await assert.rejects(
    asymmetric.generate({ ...context, alg: 'EdDSA' }),
    /EdDSA cannot be signed by KMS.*ES256 or PS256/,
  );
});

test('design §8: a row that names no key of KMS calls nobody', async () => {
  operations();
  for (const name of ['', 'arn:aws:kms:x', '../x', 'x'.repeat(65), 'a b']) {
    await assert.rejects(asymmetric.open(new Uint8Array(Buffer.from(name)), context), /names no key/);
  }
  assert.deepEqual(operations(), []);
});

const at = new Date('2026-06-01T12:00:00Z');
const later = (days: number) => new Date(at.getTime() + days * 86_400_000);
const tenant = newTenant({ name: 'default', issuer: 'https://a.example', mtls_base_uri: 'https://m.example' });
const snapshot = () => ({ tenant }) as TenantSnapshot;

for (const [name, custody] of [
  ['data key pairs', { access_token: pairs, introspection: dataKeyPairs(otherArn, call) }],
  ['asymmetric keys', { access_token: asymmetric, introspection: asymmetric }],
] as const satisfies readonly (readonly [string, KeyCustodies])[]) {
  test(`aws §5: ${name}: a rotation in KMS from the first key to the removal of it`, async () => {
    const stores = memoryStores();
    const ports = { ...stores, custody };
    const rotate = (days: number) => rotateKeys(tenant, later(days), defaultKeySettings, ports);
    const [first = ''] = (await rotate(0)).created;
    operations();
    const server = signingKeys({ store: stores.keys, custody, opened: boundedMemory(10) });
    const same = snapshot();
    const signer = await server.signer('access_token', same, later(1));
    assert.equal(signer.key.kid, first);
    await signer.sign(randomBytes(10));
    await (await server.signer('access_token', same, later(1))).sign(randomBytes(10));
    assert.deepEqual(operations(), custody.access_token === pairs ? ['Decrypt'] : ['Sign', 'Sign'], 'opened once');
    const [second = ''] = (await rotate(28.5)).created;
    assert.equal((await server.signer('access_token', snapshot(), later(29.9))).key.kid, first);
    assert.equal((await server.signer('access_token', snapshot(), later(30))).key.kid, second);
    operations();
    assert.deepEqual((await rotate(31.1)).removed, [first]);
    assert.deepEqual(operations(), custody.access_token === pairs ? [] : ['ScheduleKeyDeletion']);
  });
}

test('design §8: where a key is made twice at once, the one that is not stored is ended', async () => {
  const before = new Set(server.asymmetric.keys());
  const stores = memoryStores();
  const custody = { access_token: asymmetric, introspection: asymmetric };
  const runs = [1, 2].map(() => rotateKeys(tenant, at, defaultKeySettings, { ...stores, custody }));
  const created = (await Promise.all(runs)).flatMap((run) => run.created);
  const made = [...server.asymmetric].filter(([id]) => !before.has(id)).map(([, { deleted }]) => deleted === true);
  assert.equal(created.length, 1);
  assert.deepEqual(made.sort(), [false, true]);
});
