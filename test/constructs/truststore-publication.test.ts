import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { at, newDeployment, resources } from './stacks.ts';

const { data, app } = newDeployment();
const template = Template.fromStack(app);
const only = (type: string) => {
  const found = resources(template, type);
  assert.equal(found.length, 1, type);
  return found[0] ?? assert.fail();
};
const publisherId =
  resources(template, 'AWS::Lambda::Function').find(([id]) => id.startsWith('TruststorePublisher'))?.[0] ??
  assert.fail('there is a publisher');
const role = resources(template, 'AWS::IAM::Role').find(([id]) => id.startsWith('TruststorePublisher'))?.[1];
const statements: readonly { Action: string | string[]; Resource: unknown }[] =
  role?.Properties.Policies[0].PolicyDocument.Statement;
const granted = (prefix: string) =>
  statements
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith(prefix)))
    .map(({ Action, Resource }) => [[Action].flat().sort(), JSON.stringify(Resource)] as const);

test('design §8: the stream of the registry starts the publisher for tenants, truststore entries and who asks for it, and for nothing else', () => {
  const [, { Properties }] = only('AWS::Lambda::EventSourceMapping');
  assert.deepEqual(Properties.FunctionName, { Ref: publisherId });
  assert.match(JSON.stringify(Properties.EventSourceArn), /Registry[^"]*StreamArn/);
  assert.equal(Properties.StartingPosition, 'LATEST');
  const filters = Properties.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern));
  assert.deepEqual(filters, [
    { dynamodb: { Keys: { pk: { S: [{ prefix: 'TENANT#' }] } } } },
    { dynamodb: { Keys: { pk: { S: [{ prefix: 'TRUSTSTORE#' }] } } } },
    { dynamodb: { Keys: { pk: { S: [{ prefix: 'PUBLICATIONREQUEST#' }] } } } },
  ]);
});

test('design §8: a change is tried again some times, and then left in a queue that is encrypted and kept for 14 days', () => {
  const [, { Properties }] = only('AWS::Lambda::EventSourceMapping');
  const [queueId, queue] = only('AWS::SQS::Queue');
  assert.equal(Properties.MaximumRetryAttempts, 5);
  assert.equal(Properties.MaximumRecordAgeInSeconds, 3600);
  assert.equal(Properties.MaximumBatchingWindowInSeconds, 5);
  assert.deepEqual(Properties.DestinationConfig.OnFailure.Destination, { 'Fn::GetAtt': [queueId, 'Arn'] });
  assert.equal(queue.Properties.SqsManagedSseEnabled, true);
  assert.equal(queue.Properties.MessageRetentionPeriod, 14 * 24 * 3600);
  const [, policy] = only('AWS::SQS::QueuePolicy');
  assert.match(JSON.stringify(policy.Properties.PolicyDocument), /"aws:SecureTransport":"false".*"Effect":"Deny"/);
});

test('design §8: every quarter of an hour the publisher looks whether the domain name has what was published', () => {
  const rules = resources(template, 'AWS::Events::Rule').filter(([, { Properties }]) =>
    JSON.stringify(Properties.Targets).includes(publisherId),
  );
  assert.equal(rules.length, 1);
  assert.equal(rules[0]?.[1].Properties.ScheduleExpression, 'rate(15 minutes)');
});

test('design §8: the domain name has the version that the publisher answers, and each deployment asks it again', () => {
  const [id, { Properties }] = only('Custom::Truststore');
  assert.deepEqual(Properties.ServiceToken, { 'Fn::GetAtt': [publisherId, 'Arn'] });
  assert.equal(Properties.Domain, 'mtls.auth.example.com');
  assert.equal(Properties.Deployment, at.toISOString());
  const mtls = resources(template, 'AWS::ApiGatewayV2::DomainName').map(
    ([, domain]) => domain.Properties.MutualTlsAuthentication,
  );
  assert.deepEqual(mtls.map((each) => each?.TruststoreVersion).filter(Boolean), [{ 'Fn::GetAtt': [id, 'VersionId'] }]);
});

test('design §8: the publisher may put and read the truststore and read the file, and nothing else in S3', () => {
  const [file, truststore, ...more] = granted('s3:');
  assert.deepEqual(more, []);
  assert.deepEqual(file?.[0], ['s3:GetObject']);
  assert.match(file?.[1] ?? '', /cdk-hnb659fds-assets[^"]*"},"\/[0-9a-f]{64}\.pem"/);
  assert.deepEqual(truststore?.[0], ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject']);
  assert.match(truststore?.[1] ?? '', /FnGetAttTruststore[^"]*"},"\/truststore\.pem"\]/);
});

test('API Gateway mutual TLS: the publisher may look at and change its own domain name, and nothing else there', () => {
  assert.deepEqual(granted('apigateway:'), [
    [
      [
        'apigateway:AddCertificateToDomain',
        'apigateway:GET',
        'apigateway:PATCH',
        'apigateway:RemoveCertificateFromDomain',
      ],
      '"arn:aws:apigateway:eu-central-1::/domainnames/mtls.auth.example.com"',
    ],
  ]);
});

test('design §3: the publisher reads the stream of the registry and writes to its queue of failures', () => {
  const stream = statements.find(({ Action }) => [Action].flat().includes('dynamodb:GetRecords'));
  assert.deepEqual(stream?.Action, ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator']);
  assert.match(JSON.stringify(stream?.Resource), /Registry[^"]*StreamArn/);
  const [send] = granted('sqs:');
  assert.deepEqual(send?.[0], ['sqs:SendMessage']);
  assert.match(send?.[1] ?? '', /TruststoreFailures/);
});

test('design §8: truststores are kept as versions, and the last twenty however old they are', () => {
  const buckets = resources(Template.fromStack(data), 'AWS::S3::Bucket').map(([, { Properties }]) => Properties);
  const versioned = buckets.filter(({ VersioningConfiguration }) => VersioningConfiguration?.Status === 'Enabled');
  assert.equal(versioned.length, 1);
  const [rule] = versioned[0].LifecycleConfiguration.Rules;
  assert.deepEqual(rule.NoncurrentVersionExpiration, { NewerNoncurrentVersions: 20, NoncurrentDays: 90 });
});
