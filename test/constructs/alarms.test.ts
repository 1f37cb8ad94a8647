import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFromRoot, resources, templates } from './stacks.ts';

const { app } = templates({ alarmEmail: 'ops@example.com' });
const alarms = resources(app, 'AWS::CloudWatch::Alarm');
const functions = resources(app, 'AWS::Lambda::Function').map(([id]) => id);
const [topicId] = resources(app, 'AWS::SNS::Topic')[0] ?? [];
const on = (metric: string) => alarms.filter(([, { Properties }]) => Properties.MetricName === metric);

test('design §8: every alarm tells one topic when it begins and when it ends, and none is raised where nobody calls', () => {
  assert.ok(topicId !== undefined && alarms.length > 0);
  for (const [id, { Properties }] of alarms) {
    assert.deepEqual(Properties.AlarmActions, [{ Ref: topicId }], id);
    assert.deepEqual(Properties.OKActions, [{ Ref: topicId }], id);
    if (id.includes('Stopped') || Properties.MetricName === 'DaysToExpiry') continue;
    assert.equal(Properties.TreatMissingData, 'notBreaching', id);
    const falls = Properties.MetricName === 'CertificateExpiry';
    assert.equal(Properties.ComparisonOperator, `${falls ? 'Less' : 'Greater'}ThanOrEqualToThreshold`, id);
  }
});

for (const [section, seconds] of [
  ['KeyRotationStopped', 10_800],
  ['CrlRefreshStopped', 3_600],
  ['PublicationStopped', 3_600],
] as const) {
  test(`design §8: ${section}: what does not run raises an alarm, since it tells nothing itself`, () => {
    const [[, alarm] = [], ...others] = alarms.filter(([id]) => id.includes(section));
    assert.deepEqual(others, []);
    const { TreatMissingData, ComparisonOperator, Threshold, Period, MetricName } = alarm?.Properties ?? {};
    assert.deepEqual(
      [TreatMissingData, ComparisonOperator, Threshold, Period, MetricName],
      ['breaching', 'LessThanThreshold', 1, seconds, 'Invocations'],
    );
  });
}

test('design §8: failures that a scheduled run writes into its line raise an alarm each', () => {
  const filters = resources(app, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => Properties);
  for (const [metric, member] of [
    ['CrlRefreshFailures', '$.failures'],
    ['KeyRotationFailures', '$.failures'],
    ['KeyRotationLate', '$.late'],
  ]) {
    const found = filters.filter(({ MetricTransformations: [made] }) => made.MetricName === metric);
    assert.deepEqual(
      found.map(({ MetricTransformations: [made] }) => made.MetricValue),
      [member],
    );
    assert.deepEqual(
      on(metric ?? '').map(([, { Properties }]) => Properties.Threshold),
      [1],
      metric,
    );
  }
});

test('design §8: soft-fails, silent responders and refusals are told by the namespace that functions write to', () => {
  const functions = resources(app, 'AWS::Lambda::Function').map(([, { Properties }]) => Properties);
  const written = functions.map(({ Environment }) => Environment.Variables.METRICS_NAMESPACE);
  const namespaces = new Set(written.filter((namespace) => namespace !== undefined));
  assert.equal(namespaces.size, 1);
  for (const metric of ['SoftFails', 'StatusUnavailable']) {
    assert.deepEqual(
      on(metric).map(([, { Properties }]) => Properties.Namespace),
      [...namespaces],
      metric,
    );
  }
  const [[, refusals] = []] = on('RefusedPercent');
  const { Namespace, Threshold, Statistic, Period } = refusals?.Properties ?? {};
  assert.deepEqual([Namespace, Threshold, Statistic, Period], [...namespaces, 50, 'Average', 300]);
});

test('design §8: one refusal while nobody else calls raises no alarm: a quarter of an hour has to be like that', () => {
  const [[, refusals] = []] = on('RefusedPercent');
  const { EvaluationPeriods, DatapointsToAlarm, Period, TreatMissingData } = refusals?.Properties ?? {};
  assert.deepEqual(
    [EvaluationPeriods, DatapointsToAlarm, Period, TreatMissingData],
    [3, undefined, 300, 'notBreaching'],
  );
});

test('design §8: every function has an alarm for its errors and one for being throttled', () => {
  for (const metric of ['Errors', 'Throttles']) {
    const watched = on(metric).map(([, { Properties }]) => Properties.Dimensions[0].Value.Ref);
    assert.deepEqual(watched.sort(), [...functions].sort(), metric);
  }
});

test('design §8: both tables have an alarm for reads and one for writes that are throttled', () => {
  for (const metric of ['ReadThrottleEvents', 'WriteThrottleEvents']) {
    const tables = on(metric).map(([id, { Properties }]) => [
      /Alarms(registry|grants)/.exec(id)?.[1],
      Properties.Threshold,
      Properties.Namespace,
      Properties.Dimensions.map(({ Name }: { Name: string }) => Name),
    ]);
    assert.deepEqual(tables.sort(), [
      ['grants', 10, 'AWS/DynamoDB', ['TableName']],
      ['registry', 10, 'AWS/DynamoDB', ['TableName']],
    ]);
  }
});

test('design §8: each host has an alarm for answers of 5xx', () => {
  const apis = on('5xx').map(
    ([, { Properties }]) => Properties.Dimensions.find(({ Name }: { Name: string }) => Name === 'ApiId').Value.Ref,
  );
  assert.deepEqual(
    apis.sort(),
    resources(app, 'AWS::ApiGatewayV2::Api')
      .map(([id]) => id)
      .sort(),
  );
});

test('design §8: a publication that failed, one that drifted, and changes that were left raise an alarm', () => {
  const filters = resources(app, 'AWS::Logs::MetricFilter')
    .map(([, { Properties }]) => Properties)
    .filter(({ FilterPattern }) => FilterPattern.includes('$.publication'));
  assert.deepEqual(
    filters.map(({ FilterPattern, MetricTransformations: [{ MetricName }] }) => [MetricName, FilterPattern]).sort(),
    [
      ['PublicationDrifted', '{ $.publication = "restored" }'],
      ['PublicationFailed', '{ ($.publication = "failed") || ($.publication = "fault") }'],
    ],
  );
  for (const {
    LogGroupName,
    MetricTransformations: [{ MetricName, MetricNamespace }],
  } of filters) {
    assert.match(LogGroupName.Ref, /^TruststorePublisherLog/);
    const [alarm, ...more] = on(MetricName);
    assert.deepEqual(more, []);
    assert.equal(alarm?.[1].Properties.Namespace, MetricNamespace);
  }
  const [queue] = on('ApproximateNumberOfMessagesVisible');
  assert.match(JSON.stringify(queue?.[1].Properties.Dimensions), /TruststoreFailures/);
});

test('API Gateway mutual TLS: who is refused by it is counted in the access log of that host, which alone tells of them', () => {
  const [[, filter] = [], ...others] = resources(app, 'AWS::Logs::MetricFilter').filter(([id]) =>
    id.includes('Forbidden'),
  );
  assert.deepEqual(others, []);
  assert.match(filter?.Properties.LogGroupName.Ref, /^mtlsGatewayAccessLog/);
  assert.equal(filter?.Properties.FilterPattern, '{ $.status = "403" }');
});

test('API Gateway mutual TLS: a certificate that expires in 60, 30 and 7 days raises an alarm each: AWS does not warn', () => {
  const expiry = on('CertificateExpiry').map(([, { Properties }]) => [Properties.Threshold, Properties.Statistic]);
  assert.deepEqual(expiry.sort(), [
    [30, 'Minimum'],
    [60, 'Minimum'],
    [7, 'Minimum'],
  ]);
  const filters = resources(app, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => Properties);
  const found = filters.filter(({ FilterPattern }) => FilterPattern === '{ $.expires_in_days = "*" }');
  assert.equal(found.length, 1);
  assert.equal(found[0].MetricTransformations[0].MetricValue, '$.expires_in_days');
});

test('ACM: server and ownership certificates that were not renewed raise an alarm, which lasts when their metric ends', () => {
  const ownership = 'arn:aws:acm:eu-central-1:111122223333:certificate/ownership';
  const named = templates({ ownershipCertificateArn: ownership }).app;
  const watched = resources(named, 'AWS::CloudWatch::Alarm')
    .map(([, { Properties }]) => Properties)
    .filter(({ MetricName }) => MetricName === 'DaysToExpiry');
  assert.equal(watched.length, 2);
  assert.ok(watched.some(({ Dimensions: [{ Value }] }) => Value === ownership));
  for (const { Namespace, Threshold, ComparisonOperator, TreatMissingData, Statistic } of watched) {
    assert.deepEqual(
      [Namespace, Threshold, ComparisonOperator, TreatMissingData, Statistic],
      ['AWS/CertificateManager', 30, 'LessThanOrEqualToThreshold', 'ignore', 'Minimum'],
    );
  }
  assert.equal(on('DaysToExpiry').length, 1);
});

test('S20: alarms come by TLS, from CloudWatch of this account alone', () => {
  const [[, policy] = []] = resources(app, 'AWS::SNS::TopicPolicy');
  const statements: readonly { Effect: string; Principal: unknown; Condition: unknown }[] =
    policy?.Properties.PolicyDocument.Statement;
  assert.deepEqual(
    statements.map(({ Effect, Principal, Condition }) => [Effect, Principal, Condition]),
    [
      ['Deny', '*', { Bool: { 'aws:SecureTransport': 'false' } }],
      [
        'Allow',
        { Service: 'cloudwatch.amazonaws.com' },
        { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      ],
    ],
  );
});

test('design §8: who is named is subscribed, and nobody where nobody is named', () => {
  const [[, subscription] = []] = resources(app, 'AWS::SNS::Subscription');
  assert.deepEqual(
    [subscription?.Properties.Protocol, subscription?.Properties.Endpoint],
    ['email', 'ops@example.com'],
  );
  assert.deepEqual(resources(templates().app, 'AWS::SNS::Subscription'), []);
});

test('design §8: every alarm names its section in docs/operate.md, and every section there has an alarm', () => {
  const [, sections = ''] = readFromRoot('docs/operate.md').split(/^## .*alarm.*$/im);
  const headings = [...(sections.split(/^## /m)[0] ?? '').matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  const named = alarms.map(([id, { Properties }]) => {
    const [, section] = /\. See docs\/operate\.md#([a-z]+)\.$/.exec(Properties.AlarmDescription) ?? [];
    assert.ok(section !== undefined && id.toLowerCase().includes(section), `${id}: ${Properties.AlarmDescription}`);
    return section;
  });
  assert.equal(headings.length, new Set(headings).size);
  assert.deepEqual([...new Set(named)].sort(), headings.map((name) => name?.toLowerCase()).sort());
});
