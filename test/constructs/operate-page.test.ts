import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog, type RequestLine } from '../../lib/adapters/api-gateway/log.ts';
import type { CrlRefreshFailure, CrlRefreshSummary } from '../../lib/oauth/crl-refresh.ts';
import type { RotationRun } from '../../lib/oauth/key-rotation.ts';
import { readFromRoot, resources, templates } from './stacks.ts';

const page = readFromRoot('docs/operate.md');
const { app } = templates();
const accessLogs = [
  ...resources(app, 'AWS::ApiGatewayV2::Stage').map(([, { Properties }]) => Properties.AccessLogSettings),
  ...resources(templates({ publicApi: 'rest', mtlsApi: 'rest' }).app, 'AWS::ApiGateway::Stage').map(
    ([, { Properties }]) => Properties.AccessLogSetting,
  ),
].flatMap(({ Format }) => Object.keys(JSON.parse(Format)));

/** The text of a section of this heading, up to the next one of its level. */
function section(heading: string): string {
  const [, text] = page.split(`\n## ${heading}\n`);
  return text?.split('\n## ')[0] ?? assert.fail(`no section ${heading}`);
}

/** What stands in backticks in one cell of each row of the section's tables. */
const cells = (heading: string, column: number): readonly string[] =>
  section(heading)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|---'))
    .flatMap((line) => [...(line.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''));

// A member that is added to a record, and not here, is an error of the compiler; here and not on the page, of this test.
const request = {
  time: true,
  level: true,
  request_id: true,
  method: true,
  status: true,
  ms: true,
  endpoint: true,
  tenant: true,
  client_id: true,
  authentication_method: true,
  grant_type: true,
  thumbprint: true,
  subject: true,
  issuer: true,
  serial: true,
  certificate_expires_in_days: true,
  path: true,
  certificate_status: true,
  binding: true,
  jti: true,
  token_client_id: true,
  token_thumbprint: true,
  presented_thumbprint: true,
  active: true,
  error: true,
  reason: true,
  detail: true,
  refusal_not_kept: true,
  fault: true,
  cause: true,
  stack: true,
} satisfies Record<keyof RequestLine | 'time' | 'cause' | 'stack', true>;

const scheduled = {
  refreshed: true,
  unchanged: true,
  left: true,
  failures: true,
  failed: true,
  late: true,
  tenants: true,
  tenant: true,
  url: true,
  reason: true,
  detail: true,
} satisfies Record<Exclude<keyof CrlRefreshSummary | keyof RotationRun | keyof CrlRefreshFailure, 'idle'>, true>;

test('house style: every member of a request’s log line is in the table of docs/operate.md, and no other', () => {
  const [table = ''] = section('The log line of a request').split('What runs by the clock');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
  assert.deepEqual(told.filter((name) => name !== '_aws').sort(), Object.keys(request).sort());
});

test('house style: every member of a scheduled function’s log line is on the page', () => {
  const told = cells('The log line of a request', 2);
  for (const member of Object.keys(scheduled)) assert.ok(told.includes(member), member);
});

const words = new Set(
  'filter fields stats sort limit by as and or not like in asc desc count count_distinct latest pct min max ispresent'.split(
    ' ',
  ),
);

test('house style: queries of the log ask for members that its lines have', () => {
  const queries = [...section('Questions to the log').matchAll(/^```text\n([\s\S]+?)^```$/gm)].map(
    ([, query]) => query,
  );
  assert.ok(queries.length >= 8);
  const known = new Set([...words, ...Object.keys(request), ...accessLogs, 'source', 'cached', '@timestamp']);
  for (const query of queries) {
    const plain = query?.replaceAll(/"[^"]*"|\/[^/]*\//g, '') ?? '';
    const named = new Set([...plain.matchAll(/\bas (\w+)/g)].map(([, name]) => name));
    const asked = plain.match(/@?\b[A-Za-z]\w*\b/g) ?? [];
    const unknown = asked.filter((name) => !known.has(name) && !named.has(name));
    assert.deepEqual(unknown, [], query);
  }
});

test('design §8: the page lists the metrics that there are, and says how many are paid for', () => {
  const written = new Set<string>();
  const log = jsonLog(
    { level: 'info', metricsNamespace: 'n' },
    (line) => {
      for (const { Metrics } of JSON.parse(line)._aws.CloudWatchMetrics)
        for (const { Name } of Metrics) written.add(Name);
    },
    () => new Date(),
  );
  const line = { level: 'info', request_id: '1', method: 'POST', status: 200, ms: 1 } as const;
  log({ ...line, endpoint: 'token', jti: 'x', certificate_expires_in_days: 7 });
  log({ ...line, endpoint: 'introspection', active: true });
  const silent = {
    source: 'ocsp',
    status: 'unavailable',
    cached: false,
    stale: false,
    softFailed: true,
    fetchedAt: '',
  } as const;
  log({ ...line, level: 'error', certificate_status: [silent] });
  log({ ...line, endpoint: 'introspection', active: false, reason: 'token_revoked' });
  const filters = resources(app, 'AWS::Logs::MetricFilter');
  for (const [, { Properties }] of filters) written.add(Properties.MetricTransformations[0].MetricName);
  assert.deepEqual([...cells('Metrics', 1)].sort(), [...written].sort());
  const alarms = resources(app, 'AWS::CloudWatch::Alarm').length;
  assert.ok(section('Alarms').includes(`${alarms} are ${(alarms / 10).toFixed(2)}`), `${alarms} alarms`);
});
