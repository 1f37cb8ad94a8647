import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { jsonLog, type RequestLine } from '../../lib/adapters/api-gateway/log.ts';
import { httpRoutes } from '../../lib/routes.ts';
import { newDeployment, resources, templates } from './stacks.ts';

const region = 'eu-central-1';
const { app } = templates();

type Widget = {
  readonly type: string;
  readonly width: number;
  readonly x: number;
  readonly y: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly region?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
};

/** What CloudFormation makes of a text, references left in angle brackets. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, ...call } = value as Readonly<Record<string, unknown>>;
  if (Ref !== undefined) return Ref === 'AWS::Region' ? region : `<${Ref}>`;
  const [name = '', given] = Object.entries(call)[0] ?? [];
  if (name === 'Fn::Join') {
    const [separator, parts] = given as readonly [string, readonly unknown[]];
    return parts.map(text).join(separator);
  }
  return `<${name === 'Fn::GetAtt' ? (given as readonly string[]).join('.') : text(given)}>`;
}

function widgetsOf(template: Template): readonly Widget[] {
  const [[, dashboard] = [], ...others] = resources(template, 'AWS::CloudWatch::Dashboard');
  assert.deepEqual(others, []);
  return JSON.parse(text(dashboard?.Properties.DashboardBody)).widgets;
}

/** Namespace, name and dimensions of a metric as one text. */
const shown = (template: Template): ReadonlySet<string> =>
  new Set(
    widgetsOf(template)
      .flatMap(({ properties }) => properties.metrics ?? [])
      .map((metric) => metric.filter((part) => typeof part === 'string').join(' ')),
  );

const widgets = widgetsOf(app);
const metrics = shown(app);

test('design §8: each region has a dashboard of its own name, and none where none is asked for', () => {
  const { regions } = newDeployment({ regions: [region, 'eu-west-1'] });
  const names = regions.flatMap((stacks) =>
    resources(Template.fromStack(stacks.app), 'AWS::CloudWatch::Dashboard').map(([, each]) => each.Properties),
  );
  assert.deepEqual(
    names.map(({ DashboardName }) => DashboardName),
    [`Certbound-App-${region}`, 'Certbound-App-eu-west-1'],
  );
  assert.deepEqual(resources(templates({ dashboard: false }).app, 'AWS::CloudWatch::Dashboard'), []);
});

test('design §8: every widget tells of this region, stays in the grid and covers no other', () => {
  const taken = new Set<string>();
  for (const { properties, x, y, width, height } of widgets) {
    if (properties.metrics !== undefined) assert.equal(properties.region, region, properties.title);
    assert.ok(x + width <= 24, properties.title);
    for (let column = x; column < x + width; column += 1) {
      for (let row = y; row < y + height; row += 1) {
        const cell = `${column},${row}`;
        assert.ok(!taken.has(cell), `${properties.title}: ${cell}`);
        taken.add(cell);
      }
    }
  }
});

test('design §8: the state of every alarm is on the dashboard', () => {
  const [alarms] = widgets.filter(({ type }) => type === 'alarm');
  const all = resources(app, 'AWS::CloudWatch::Alarm').map(([id]) => `<${id}.Arn>`);
  assert.deepEqual([...(alarms?.properties.alarms ?? [])].sort(), all.sort());
});

const apis = { 'HTTP APIs': app, 'REST APIs': templates({ publicApi: 'rest', mtlsApi: 'rest' }).app };

for (const [kind, template] of Object.entries(apis)) {
  test(`design §8: with ${kind} every metric that raises an alarm is on the dashboard`, () => {
    const graphs = shown(template);
    for (const [id, { Properties }] of resources(template, 'AWS::CloudWatch::Alarm')) {
      const { Namespace, MetricName, Dimensions = [] } = Properties;
      // How often a function runs is its concern alone whose stopping raises one.
      if (MetricName === 'Invocations') continue;
      const dimensions = Dimensions.flatMap(({ Name, Value }: { Name: string; Value: unknown }) => [Name, text(Value)]);
      const metric = [Namespace, MetricName, ...dimensions].join(' ');
      assert.ok(graphs.has(metric), `${id}: ${metric}`);
    }
  });
}

test('design §8: every function, both tables and both hosts are on the dashboard', () => {
  for (const [id] of resources(app, 'AWS::Lambda::Function')) {
    for (const name of ['Duration', 'Errors', 'Throttles', 'ConcurrentExecutions']) {
      assert.ok(metrics.has(`AWS/Lambda ${name} FunctionName <${id}>`), `${id}: ${name}`);
    }
  }
  const consumed = [...metrics].filter((metric) => metric.startsWith('AWS/DynamoDB ConsumedReadCapacityUnits'));
  assert.equal(consumed.length, 2);
  for (const [id] of resources(app, 'AWS::ApiGatewayV2::Api')) {
    const of = [...metrics].filter((metric) => metric.startsWith('AWS/ApiGateway') && metric.includes(`<${id}>`));
    assert.deepEqual(of.map((metric) => metric.split(' ')[1]).sort(), ['4xx', '5xx', 'Count', 'Latency'], id);
  }
});

const silent = {
  source: 'ocsp',
  status: 'unavailable',
  cached: false,
  stale: false,
  softFailed: true,
  fetchedAt: '2030-01-01T00:00:00.000Z',
} as const;

/** What request lines make metrics of: name, and name of each dimension with its value. */
function written(...lines: readonly Partial<RequestLine>[]): ReadonlySet<string> {
  const found = new Set<string>();
  const log = jsonLog(
    { level: 'info', metricsNamespace: 'n' },
    (line) => {
      const embedded = JSON.parse(line);
      for (const { Dimensions, Metrics } of embedded._aws.CloudWatchMetrics) {
        for (const dimensions of Dimensions) {
          const values = dimensions.flatMap((name: string) => [name, embedded[name]]);
          for (const { Name } of Metrics) found.add([Name, ...values].join(' '));
        }
      }
    },
    () => new Date(),
  );
  for (const line of lines) log({ level: 'info', request_id: '1', method: 'POST', status: 200, ms: 1, ...line });
  return found;
}

test('design §8: what the dashboard and the alarms ask of request lines is what these tell', () => {
  const told = written(
    { endpoint: 'token', jti: 'x', certificate_expires_in_days: 7 },
    { active: true },
    { active: false },
    { level: 'error', certificate_status: [silent] },
    ...httpRoutes.map(([endpoint]) => ({ endpoint })),
  );
  const filtered = resources(app, 'AWS::Logs::MetricFilter').map(
    ([, { Properties }]) => Properties.MetricTransformations[0].MetricName,
  );
  const unseen = filtered.filter((name) => ![...metrics].some((metric) => metric.endsWith(` ${name}`)));
  assert.deepEqual(unseen, []);
  const namespace = `Certbound/Certbound-App-${region}`;
  const asked = [
    ...[...metrics].filter((metric) => metric.startsWith(`${namespace} `)),
    ...resources(app, 'AWS::CloudWatch::Alarm')
      .filter(([, { Properties }]) => Properties.Namespace === namespace)
      .map(([, { Properties }]) => `${namespace} ${Properties.MetricName}`),
  ].map((metric) => metric.slice(namespace.length + 1));
  assert.ok(asked.length > 0);
  for (const metric of asked) assert.ok(told.has(metric) || filtered.includes(metric), metric);
  for (const metric of told) assert.ok(asked.includes(metric), `nobody looks at ${metric}`);
  const byReason = `SEARCH('{"${namespace}",reason} MetricName="Refusals"', 'Sum', 300)`;
  assert.ok(
    JSON.stringify(widgets).includes(JSON.stringify(byReason).slice(1, -1)),
    'refusals are searched for by reason',
  );
  assert.ok(
    written({ error: 'invalid_client', reason: 'certificate_revoked' }).has('Refusals reason certificate_revoked'),
  );
});

test('design §8: where requests leave no line, nothing is shown that only such lines would tell', () => {
  const quiet = templates({ logLevel: 'error' }).app;
  const told = written(
    { endpoint: 'token', jti: 'x' },
    { active: true },
    { active: false },
    { level: 'error', certificate_status: [silent] },
  );
  const names = new Set([...told, 'Refusals'].map((metric) => metric.split(' ')[0]));
  for (const metric of shown(quiet)) {
    const [namespace = '', name = ''] = metric.split(' ');
    assert.ok(!(namespace.startsWith('Certbound/') && names.has(name)), metric);
  }
  for (const [id, { Properties }] of resources(quiet, 'AWS::CloudWatch::Alarm')) {
    assert.ok(!names.has(Properties.MetricName), id);
  }
  assert.ok(!JSON.stringify(widgetsOf(quiet)).includes('SEARCH'));
});
