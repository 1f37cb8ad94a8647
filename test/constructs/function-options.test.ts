import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpFunctions } from '../../lib/constructs/grants.ts';
import { resources, templates } from './stacks.ts';

const plain = templates().app;
const { app } = templates({
  publicApi: 'rest',
  tracing: true,
  logLevel: 'error',
  provisionedConcurrency: 2,
});

const functionsOf = (template: typeof app) => resources(template, 'AWS::Lambda::Function');
const isHttp = (id: string) => [...httpFunctions().keys()].some((lambda) => id.startsWith(`${lambda}Function`));

test('aws §3: X-Ray is told nothing, and no role may tell it anything, where tracing is not asked for', () => {
  for (const [id, { Properties }] of functionsOf(plain)) assert.equal(Properties.TracingConfig, undefined, id);
  assert.doesNotMatch(JSON.stringify(plain.toJSON()), /xray:|TracingEnabled":true/);
});

test('aws §3: with tracing every function tells X-Ray of itself, and a REST stage does; an HTTP stage cannot', () => {
  const roles = Object.fromEntries(resources(app, 'AWS::IAM::Role'));
  for (const [id, { Properties }] of functionsOf(app)) {
    assert.deepEqual(Properties.TracingConfig, { Mode: 'Active' }, id);
    const [{ PolicyDocument }] = roles[Properties.Role['Fn::GetAtt'][0]]?.Properties.Policies ?? assert.fail(id);
    const about = PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) => /xray/.test(String(Action)));
    assert.deepEqual(about, [
      {
        Sid: 'Traces',
        Action: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
        Effect: 'Allow',
        Resource: '*',
      },
    ]);
  }
  assert.deepEqual(
    resources(app, 'AWS::ApiGateway::Stage').map(([, { Properties }]) => Properties.TracingEnabled),
    [true],
  );
  assert.equal(resources(app, 'AWS::IAM::Policy').length, resources(plain, 'AWS::IAM::Policy').length);
});

test('design §8: logLevel is that of requests; what runs by the clock goes on telling what alarms are raised by', () => {
  const levels = functionsOf(app).map(
    ([id, { Properties }]) => [isHttp(id), Properties.Environment.Variables] as const,
  );
  assert.ok(levels.some(([http]) => http) && levels.some(([http]) => !http));
  for (const [http, { LOG_LEVEL, METRICS_NAMESPACE }] of levels) {
    assert.deepEqual([LOG_LEVEL, METRICS_NAMESPACE], [http ? 'error' : 'info', undefined]);
  }
  for (const [id, { Properties }] of functionsOf(plain)) {
    const { LOG_LEVEL, METRICS_NAMESPACE } = Properties.Environment.Variables;
    assert.deepEqual([LOG_LEVEL, METRICS_NAMESPACE !== undefined], ['info', isHttp(id)], id);
  }
});

test('aws §5: no instance is kept ready, and there is no version to be called, where none is asked for', () => {
  assert.deepEqual(resources(plain, 'AWS::Lambda::Alias'), []);
  assert.deepEqual(resources(plain, 'AWS::Lambda::Version'), []);
});

test('aws §5: provisioned concurrency keeps the token and the introspection function ready behind an alias', () => {
  const aliases = resources(app, 'AWS::Lambda::Alias');
  assert.deepEqual(
    aliases.map(([id, { Properties }]) => [
      id.replace(/Live[0-9A-F]{8}$/, ''),
      Properties.Name,
      Properties.ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions,
    ]),
    [
      ['token', 'live', 2],
      ['introspection', 'live', 2],
    ],
  );
});

test('aws §5: an API may call, and calls, the alias alone where there is one', () => {
  const aliases = resources(app, 'AWS::Lambda::Alias').map(([id]) => id);
  const permitted = resources(app, 'AWS::Lambda::Permission')
    .filter(([, { Properties }]) => Properties.Principal === 'apigateway.amazonaws.com')
    .map(([, { Properties }]) => Properties.FunctionName);
  for (const lambda of ['token', 'introspection']) {
    assert.ok(
      permitted.some(({ Ref }) => aliases.includes(Ref) && Ref.startsWith(lambda)),
      lambda,
    );
    const past = permitted.filter((name) => String(name['Fn::GetAtt']?.[0]).startsWith(`${lambda}Function`));
    assert.deepEqual(past, []);
  }
  const uris = [
    ...resources(app, 'AWS::ApiGatewayV2::Integration').map(([, { Properties }]) => Properties.IntegrationUri),
    ...resources(app, 'AWS::ApiGateway::Method').map(([, { Properties }]) => Properties.Integration?.Uri),
  ].map((uri) => JSON.stringify(uri) ?? '');
  assert.ok(uris.some((uri) => /"Ref":"tokenLive/.test(uri)) && uris.some((uri) => /metadataFunction/.test(uri)));
  for (const uri of uris) assert.doesNotMatch(uri, /(token|introspection)Function/);
});

test('design §7: the output names functions, so that a gateway of one’s own calls them as before', () => {
  const functions = (template: typeof app) => JSON.stringify(template.toJSON()['Outputs'].Functions.Value);
  assert.equal(functions(app), functions(plain));
});
