import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog, type RequestLine } from '../../../lib/adapters/api-gateway/log.ts';

const at = new Date('2030-01-01T00:00:00Z');

type Embedded = Readonly<Record<string, unknown>> & {
  readonly _aws?: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
};

function written(line: Partial<RequestLine>, metricsNamespace?: string): Embedded {
  const lines: string[] = [];
  const log = jsonLog(
    { level: 'info', metricsNamespace },
    (text) => lines.push(text),
    () => at,
  );
  log({ level: 'info', request_id: '1', method: 'POST', status: 200, ms: 12, endpoint: 'token', ...line });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^\{.*\}\n$/);
  return JSON.parse(lines[0] ?? '');
}

/** Every metric of a line by name, with its value, and the dimension sets it is told in. */
function metricsOf(line: Embedded) {
  return new Map(
    (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Dimensions, Metrics }) =>
      Metrics.map(({ Name }) => [Name, { value: line[Name], Dimensions }] as const),
    ),
  );
}

const status = { source: 'ocsp', cached: false, stale: false, softFailed: false, fetchedAt: at.toISOString() } as const;

const unknownPath: object = { endpoint: undefined, ms: undefined };

const lines: readonly Partial<RequestLine>[] = [
  {},
  unknownPath,
  { level: 'error', status: 500, fault: new Error('broken'), error: 'server_error' },
  { error: 'invalid_client', reason: 'certificate_revoked', certificate_expires_in_days: 7 },
  { certificate_status: [{ ...status, status: 'unavailable', softFailed: true }] },
  { endpoint: 'introspection', active: false, reason: 'token_revoked' },
];

for (const [index, line] of lines.entries()) {
  test(`embedded metric format: line ${index} names members that it has: metrics are numbers, dimensions texts`, () => {
    const embedded = written(line, 'Certbound/Stack');
    assert.equal(embedded._aws?.Timestamp, at.getTime());
    for (const { Namespace, Dimensions, Metrics } of embedded._aws?.CloudWatchMetrics ?? []) {
      assert.equal(Namespace, 'Certbound/Stack');
      assert.ok(Metrics.length > 0 && Metrics.length <= 100);
      for (const { Name } of Metrics) assert.ok(Number.isFinite(embedded[Name]), Name);
      for (const set of Dimensions) {
        assert.ok(set.length <= 30);
        for (const name of set) assert.equal(typeof embedded[name], 'string', name);
      }
    }
  });
}

test('design §8: a refusal is counted by its reason, an answer without one is no refusal', () => {
  const refused = metricsOf(written({ error: 'invalid_client', reason: 'certificate_revoked' }, 'n'));
  assert.deepEqual(refused.get('Refusals'), { value: 1, Dimensions: [['reason']] });
  assert.equal(metricsOf(written({}, 'n')).has('Refusals'), false);
  assert.equal(refused.get('RefusedPercent')?.value, 100);
  assert.equal(metricsOf(written({}, 'n')).get('RefusedPercent')?.value, 0);
});

test('design §8: a token that is inactive is counted by its reason, and is no refusal of who asked for it', () => {
  const inactive = metricsOf(written({ endpoint: 'introspection', active: false, reason: 'token_expired' }, 'n'));
  assert.equal(inactive.get('Refusals')?.value, 1);
  assert.equal(inactive.get('RefusedPercent')?.value, 0);
});

test('design §8: tokens issued, active and inactive are counted, each where it is one and nowhere else', () => {
  const outcomes = (line: Partial<RequestLine>) =>
    [...metricsOf(written(line, 'n')).keys()].filter((name) => /Token/.test(name));
  assert.deepEqual(outcomes({ endpoint: 'token', jti: 'x' }), ['TokensIssued']);
  assert.deepEqual(outcomes({ endpoint: 'introspection', jti: 'x', active: true }), ['ActiveTokens']);
  assert.deepEqual(outcomes({ endpoint: 'introspection', jti: 'x', active: false }), ['InactiveTokens']);
  assert.deepEqual(outcomes({ endpoint: 'revocation', jti: 'x' }), []);
  assert.deepEqual(outcomes({ endpoint: 'token', error: 'invalid_client', reason: 'certificate_revoked' }), []);
  assert.deepEqual(outcomes({ endpoint: 'token', error: 'server_error', level: 'error', jti: 'x' }), []);
});

test('design §8: a fault, a soft-fail and a responder that does not answer are counted, each as what it is', () => {
  const counts = (line: Partial<RequestLine>) => {
    const { Requests, Faults = 0, SoftFails = 0, StatusUnavailable = 0 } = written(line, 'n');
    return [Requests, Faults, SoftFails, StatusUnavailable];
  };
  assert.deepEqual(counts({}), [1, 0, 0, 0]);
  assert.deepEqual(counts({ level: 'error', fault: new Error('x') }), [1, 1, 0, 0]);
  assert.deepEqual(counts({ certificate_status: [{ ...status, status: 'good' }] }), [1, 0, 0, 0]);
  assert.deepEqual(counts({ certificate_status: [{ ...status, status: 'good', stale: true }] }), [1, 0, 0, 1]);
  assert.deepEqual(
    counts({ certificate_status: [{ ...status, status: 'unavailable', softFailed: true }] }),
    [1, 0, 1, 1],
  );
});

test('design §8: neither tenant nor client is a dimension, whose values nobody bounds', () => {
  const line = { tenant: 'acme', client_id: 'x', error: 'invalid_client', reason: 'client_unknown' } as const;
  const names = [...metricsOf(written(line, 'n')).values()].flatMap(({ Dimensions }) => Dimensions.flat());
  assert.deepEqual([...new Set(names)].sort(), ['endpoint', 'reason']);
});

test('design §8: without a namespace a line has no metrics', () => {
  const plain = written({ error: 'invalid_client', reason: 'certificate_revoked' });
  assert.equal('_aws' in plain || 'Requests' in plain, false);
});
