import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SigningKeys } from '../../lib/constructs/signing-keys.ts';
import { resources, templates } from './stacks.ts';

type Statement = {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const pairs = templates();
const kms = templates({ signer: 'kms' });

/** The statements about KMS in the roles of the functions, by the beginning of the role's id. */
function kmsStatements({ app }: ReturnType<typeof templates>, name: string): readonly Statement[] {
  const role = resources(app, 'AWS::IAM::Role').find(([id]) => id.startsWith(`${name}Role`))?.[1] ?? assert.fail(name);
  const statements: readonly Statement[] = role.Properties.Policies.flatMap(
    (policy: { PolicyDocument: { Statement: readonly Statement[] } }) => policy.PolicyDocument.Statement,
  );
  return statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')));
}

const actions = (statements: readonly Statement[]) => statements.flatMap(({ Action }) => [Action].flat()).sort();

test('aws §5: there is a KMS key for each purpose, rotated, and kept when the stack goes', () => {
  const keys = resources(pairs.data, 'AWS::KMS::Key');
  assert.equal(keys.length, 2);
  for (const [, key] of keys) {
    assert.equal(key.Properties.EnableKeyRotation, true);
    assert.deepEqual([key.DeletionPolicy, key.UpdateReplacePolicy], ['Retain', 'Retain']);
  }
});

for (const purpose of ['access_token', 'introspection']) {
  test(`aws §5: the key policy keeps everybody from what would show a private key, or open it for another purpose than ${purpose}`, () => {
    const key =
      resources(pairs.data, 'AWS::KMS::Key').find(([, each]) => each.Properties.Description.includes(purpose))?.[1] ??
      assert.fail(purpose);
    const denied: readonly (Statement & { Principal: unknown })[] = key.Properties.KeyPolicy.Statement.filter(
      ({ Effect }: Statement) => Effect === 'Deny',
    );
    assert.ok(denied.every(({ Principal }) => JSON.stringify(Principal) === '{"AWS":"*"}'));
    const always = actions(denied.filter(({ Condition }) => Condition === undefined));
    for (const action of ['kms:Encrypt', 'kms:GenerateDataKeyPair', 'kms:ReEncryptFrom', 'kms:CreateGrant']) {
      assert.ok(always.includes(action), action);
    }
    const [conditional, ...others] = denied.filter(({ Condition }) => Condition !== undefined);
    assert.deepEqual(others, []);
    assert.deepEqual(actions(conditional ? [conditional] : []), [
      'kms:Decrypt',
      'kms:GenerateDataKeyPairWithoutPlaintext',
    ]);
    assert.deepEqual(conditional?.Condition, { StringNotEquals: { 'kms:EncryptionContext:purpose': purpose } });
  });
}

test('aws §5: the token function alone opens keys for access tokens, the introspection function those for its answers', () => {
  const decrypts = ['token', 'introspection', 'keyrotation', 'metadata', 'revocation', 'crlrefresh'].flatMap((name) =>
    kmsStatements(pairs, name)
      .filter(({ Action }) => [Action].flat().includes('kms:Decrypt'))
      .map(({ Condition }) => [name, Condition?.['StringEquals']?.['kms:EncryptionContext:purpose']]),
  );
  assert.deepEqual(decrypts, [
    ['token', 'access_token'],
    ['introspection', 'introspection'],
  ]);
});

test('aws §5: the rotation makes private keys and opens none, of the three kinds that tenants can ask for', () => {
  const statements = kmsStatements(pairs, 'keyrotation');
  assert.deepEqual(new Set(actions(statements)), new Set(['kms:GenerateDataKeyPairWithoutPlaintext']));
  for (const { Condition, Resource } of statements) {
    assert.deepEqual(Condition?.['StringEquals']?.['kms:DataKeyPairSpec'], [
      'ECC_NIST_P256',
      'ECC_NIST_EDWARDS25519',
      'RSA_2048',
    ]);
    assert.notEqual(Resource, '*');
  }
});

test('design §8: functions that sign nothing may nothing at KMS', () => {
  for (const template of [pairs, kms]) {
    for (const name of ['metadata', 'revocation', 'crlrefresh', 'TruststorePublisher']) {
      assert.deepEqual(kmsStatements(template, name), [], name);
    }
  }
});

test('config: every function is told the two keys by KEY_WRAP', () => {
  for (const [id, { Properties }] of resources(pairs.app, 'AWS::Lambda::Function')) {
    assert.match(
      JSON.stringify(Properties.Environment.Variables.KEY_WRAP),
      /"kms:".*AccessTokens.*IntrospectionAnswers/,
      id,
    );
  }
  for (const [, { Properties }] of resources(kms.app, 'AWS::Lambda::Function')) {
    assert.match(
      JSON.stringify(Properties.Environment.Variables.KEY_WRAP),
      /^"kms-sign:[a-z0-9-]+,Certbound-Data-[a-z0-9-]+"$/,
    );
  }
});

test('design §8: with signer kms there is no key of the stack, and each statement is narrowed to the tags of the deployment', () => {
  assert.deepEqual(resources(kms.data, 'AWS::KMS::Key'), []);
  const tagged = (statement: Statement, purpose: string) => {
    const equals = Object.entries(statement.Condition?.['StringEquals'] ?? {});
    const values = equals.filter(([name]) => /^aws:(Resource|Request)Tag\//.test(name)).map(([, value]) => value);
    assert.deepEqual(values.length, 2);
    assert.ok(values.includes(purpose) && values.some((value) => /^Certbound-Data-/.test(String(value))));
  };
  const [sign, ...none] = kmsStatements(kms, 'token');
  assert.deepEqual([actions(sign ? [sign] : []), none], [['kms:Sign'], []]);
  tagged(sign ?? assert.fail(), 'access_token');
  tagged(kmsStatements(kms, 'introspection')[0] ?? assert.fail(), 'introspection');
  const rotation = kmsStatements(kms, 'keyrotation');
  assert.deepEqual(
    [...new Set(actions(rotation))],
    ['kms:CreateKey', 'kms:GetPublicKey', 'kms:ScheduleKeyDeletion', 'kms:TagResource'],
  );
  for (const [index, statement] of rotation.entries()) tagged(statement, index < 2 ? 'access_token' : 'introspection');
});

test('aws §7: in several regions the keys of the first one are multi-Region keys, and the others have their replicas with the same denials', () => {
  const cdk = new App({ analyticsReporting: false });
  const stackIn = (region: string) =>
    new Stack(cdk, `Data-${region}`, { env: { account: '111122223333', region }, crossRegionReferences: true });
  const [home, other] = [stackIn('eu-central-1'), stackIn('us-east-1')];
  const props = { signer: 'data-key-pair', deployment: 'Certbound' } as const;
  const primary = new SigningKeys(home, 'SigningKeys', props);
  new SigningKeys(other, 'SigningKeys', { ...props, primary: primary.arns ?? assert.fail() });
  const [homeTemplate, otherTemplate] = [Template.fromStack(home), Template.fromStack(other)];
  const keys = resources(homeTemplate, 'AWS::KMS::Key');
  const replicas = resources(otherTemplate, 'AWS::KMS::ReplicaKey');
  assert.deepEqual([keys.length, replicas.length, resources(otherTemplate, 'AWS::KMS::Key').length], [2, 2, 0]);
  for (const [index, [, key]] of keys.entries()) {
    assert.equal(key.Properties.MultiRegion, true);
    const [, replica] = replicas[index] ?? assert.fail();
    assert.equal(replica.DeletionPolicy, 'Retain');
    assert.match(JSON.stringify(replica.Properties.PrimaryKeyArn), /cdk\/exports|ExportsReader/);
    const denied = ({ Properties }: typeof key) =>
      Properties.KeyPolicy.Statement.filter(({ Effect }: Statement) => Effect === 'Deny');
    assert.deepEqual(denied(replica), denied(key));
  }
});
