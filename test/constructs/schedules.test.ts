import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ScheduleRoute, scheduleRoutes } from '../../lib/routes.ts';
import { type Resource, resources, templates } from './stacks.ts';

const { app } = templates();
const rules = resources(app, 'AWS::Events::Rule');
const rows: readonly ScheduleRoute[] = scheduleRoutes.map(([, row]) => row);

/** The rule and the id of the function of a row. */
function scheduled({ lambda }: ScheduleRoute): { rule: Resource; functionId: string } {
  const prefix = lambda.replaceAll('-', '');
  const [functionId] = resources(app, 'AWS::Lambda::Function').find(([id]) => id.startsWith(`${prefix}Function`)) ?? [];
  assert.ok(functionId !== undefined, lambda);
  const found = rules.filter(([, { Properties }]) => JSON.stringify(Properties.Targets).includes(functionId));
  assert.equal(found.length, 1, `one rule for ${lambda}`);
  return { rule: found[0]?.[1] ?? assert.fail(), functionId };
}

test('design §3: there is a schedule, with the refresh of CRLs every minute and the rotation of keys every hour', () => {
  assert.ok(rows.some(({ lambda, every }) => lambda === 'crl-refresh' && every === 1));
  assert.ok(rows.some(({ lambda, every }) => lambda === 'key-rotation' && every === 60));
});

for (const row of rows) {
  const { rule, functionId } = scheduled(row);

  test(`design §3: ${row.lambda} runs as often as its row says, switched on`, () => {
    const expected = { 1: 'rate(1 minute)', 60: 'rate(1 hour)' }[row.every] ?? `rate(${row.every} minutes)`;
    assert.equal(rule.Properties.ScheduleExpression, expected);
    assert.equal(rule.Properties.State, 'ENABLED');
    assert.equal(rule.Properties.EventPattern, undefined);
    assert.equal(rule.Properties.Targets.length, 1);
  });

  test(`pki §4: a run of ${row.lambda} is over before the next begins, and none is made up for`, () => {
    const { Properties } = app.toJSON()['Resources'][functionId];
    assert.ok(Properties.Timeout <= row.every * 60);
    assert.deepEqual(rule.Properties.Targets[0].RetryPolicy, { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
    const asynchronous = resources(app, 'AWS::Lambda::EventInvokeConfig').filter(
      ([, config]) => config.Properties.FunctionName.Ref === functionId,
    );
    assert.equal(asynchronous.length, 1);
    assert.equal(asynchronous[0]?.[1].Properties.MaximumRetryAttempts, 0);
    assert.equal(asynchronous[0]?.[1].Properties.MaximumEventAgeInSeconds, 60);
  });

  test(`design §3: ${row.lambda} may be called by its rule and by nothing else`, () => {
    const permissions = resources(app, 'AWS::Lambda::Permission').filter(([, { Properties }]) =>
      JSON.stringify(Properties.FunctionName).includes(functionId),
    );
    assert.deepEqual(
      permissions.map(([, { Properties }]) => [Properties.Principal, Properties.Action]),
      [['events.amazonaws.com', 'lambda:InvokeFunction']],
    );
    const ruleId = rules.find(([, each]) => each === rule)?.[0];
    assert.deepEqual(permissions[0]?.[1].Properties.SourceArn, { 'Fn::GetAtt': [ruleId, 'Arn'] });
  });
}
