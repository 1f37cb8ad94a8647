import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDeployment, resources, templates } from './stacks.ts';

const { data } = templates();
const tables = Object.fromEntries(resources(data, 'AWS::DynamoDB::GlobalTable').map(([id, table]) => [id, table]));
const table = (name: string) => {
  const found = Object.entries(tables).find(([id]) => id.startsWith(name));
  assert.ok(found, `there is a table ${name}`);
  return found[1];
};
const buckets = resources(data, 'AWS::S3::Bucket');

test('design §6: there are two tables, keyed by pk and sk, paid on demand', () => {
  assert.equal(Object.keys(tables).length, 2);
  for (const { Properties } of Object.values(tables)) {
    assert.equal(Properties.BillingMode, 'PAY_PER_REQUEST');
    assert.deepEqual(
      Properties.KeySchema.map((each: { AttributeName: string }) => each.AttributeName),
      ['pk', 'sk'],
    );
    assert.equal(Properties.GlobalSecondaryIndexes, undefined);
  }
});

test('design §6: both tables are encrypted by a KMS key, protected from deletion and retained', () => {
  for (const { Properties, DeletionPolicy, UpdateReplacePolicy } of Object.values(tables)) {
    assert.deepEqual(Properties.SSESpecification, { SSEEnabled: true, SSEType: 'KMS' });
    for (const replica of Properties.Replicas) assert.equal(replica.DeletionProtectionEnabled, true);
    assert.equal(DeletionPolicy, 'Retain');
    assert.equal(UpdateReplacePolicy, 'Retain');
  }
});

test('design §6: the registry can be restored to any second and streams its changes; none of its rows expires', () => {
  const { Properties } = table('Registry');
  assert.equal(Properties.Replicas[0].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
  assert.equal(Properties.StreamSpecification.StreamViewType, 'NEW_AND_OLD_IMAGES');
  assert.equal(Properties.TimeToLiveSpecification, undefined);
});

test('design §6: rows of the grants table expire by exp; it is never restored, or revoked tokens would live again', () => {
  const { Properties } = table('Grants');
  assert.deepEqual(Properties.TimeToLiveSpecification, { AttributeName: 'exp', Enabled: true });
  assert.equal(Properties.Replicas[0].PointInTimeRecoverySpecification, undefined);
});

test('design §8: every bucket is private, encrypted and retained', () => {
  assert.equal(buckets.length, 2);
  for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of buckets) {
    assert.deepEqual(Properties.PublicAccessBlockConfiguration, {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration;
    assert.equal(rule.ServerSideEncryptionByDefault.SSEAlgorithm, 'AES256');
    assert.equal(DeletionPolicy, 'Retain');
    assert.equal(UpdateReplacePolicy, 'Retain');
  }
});

test('S20: every bucket denies what does not come by TLS 1.2 or later', () => {
  const policies = resources(data, 'AWS::S3::BucketPolicy');
  for (const [id] of buckets) {
    const policy = policies.find(([, { Properties }]) => Properties.Bucket.Ref === id);
    assert.ok(policy, `${id} has a policy`);
    const statements = policy[1].Properties.PolicyDocument.Statement;
    const denied = statements.filter((each: { Effect: string; Action: unknown }) => each.Effect === 'Deny');
    const conditions = denied.map((each: { Condition: unknown }) => each.Condition);
    assert.deepEqual(conditions, [
      { Bool: { 'aws:SecureTransport': 'false' } },
      { NumericLessThan: { 's3:TlsVersion': 1.2 } },
    ]);
    for (const each of denied) {
      assert.equal(each.Action, 's3:*');
      assert.deepEqual(each.Principal, { AWS: '*' });
    }
    const allowed = statements.filter((each: { Effect: string }) => each.Effect === 'Allow');
    for (const each of allowed) assert.deepEqual(each.Principal, { Service: 'logging.s3.amazonaws.com' });
  }
});

test('design §8: the truststore keeps its versions, the last twenty however old', () => {
  const versioned = buckets.filter(([, { Properties }]) => Properties.VersioningConfiguration?.Status === 'Enabled');
  assert.equal(versioned.length, 1);
  const { Properties } = versioned[0]?.[1] ?? assert.fail();
  const rules = Properties.LifecycleConfiguration.Rules;
  assert.deepEqual(
    rules.map((rule: { NoncurrentVersionExpiration: unknown }) => rule.NoncurrentVersionExpiration),
    [{ NewerNoncurrentVersions: 20, NoncurrentDays: 90 }],
  );
  for (const rule of rules) assert.equal(rule.ExpirationInDays, undefined);
  assert.ok(Properties.LoggingConfiguration.DestinationBucketName);
});

test('house style: nothing has a physical name but the tables, by which other regions know them', () => {
  for (const [, { Properties }] of buckets) assert.equal(Properties.BucketName, undefined);
});

test('design §8: the stack of the data cannot be deleted by a command', () => {
  assert.equal(newDeployment().data.terminationProtection, true);
});
