import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunSummary, type ScheduledOptions, scheduled } from '../../lib/adapters/scheduled.ts';

const now = () => new Date('2030-01-01T00:00:00Z');

/** Runs once; the lines that were written, parsed, and what became of the run. */
async function runOnce(run: () => Promise<RunSummary>, options: Partial<ScheduledOptions> = {}) {
  const lines: string[] = [];
  const handler = scheduled(run, { name: 'job', logLevel: 'info', write: (line) => lines.push(line), now, ...options });
  const failure = await handler().then(
    () => undefined,
    (error: unknown) => error,
  );
  for (const line of lines) assert.match(line, /^[^\n]+\n$/);
  return { lines: lines.map((line) => JSON.parse(line)), failure };
}

test('design §6: a run that did something is one line of JSON', async () => {
  const { lines, failure } = await runOnce(async () => ({ refreshed: 2, failures: 0, idle: false }));
  assert.equal(failure, undefined);
  assert.deepEqual(lines, [
    { time: '2030-01-01T00:00:00.000Z', level: 'info', schedule: 'job', refreshed: 2, failures: 0 },
  ]);
});

test('design §6: an idle run is no line', async () => {
  assert.deepEqual((await runOnce(async () => ({ failures: 0, idle: true }))).lines, []);
});

test('design §6: failures make the line an error, whatever else was done', async () => {
  const failed = [{ tenant: 'a', url: 'http://crl.example/\n{"level":"info"}', reason: 'network', detail: 'x' }];
  for (const logLevel of ['info', 'error'] as const) {
    const { lines } = await runOnce(async () => ({ refreshed: 1, failures: 1, failed, idle: false }), { logLevel });
    assert.equal(lines.length, 1);
    assert.equal(lines[0].level, 'error');
    assert.deepEqual(lines[0].failed, failed);
  }
});

test('design §6: a run that rejects is told with its cause and rejects, so that it is counted', async () => {
  const fault = new Error('DynamoDB did not answer', { cause: new Error('throttled') });
  const { lines, failure } = await runOnce(() => Promise.reject(fault));
  assert.equal(failure, fault);
  assert.deepEqual(lines, [
    {
      time: '2030-01-01T00:00:00.000Z',
      level: 'error',
      schedule: 'job',
      fault: 'Error: DynamoDB did not answer',
      cause: 'Error: throttled',
    },
  ]);
});

test('design §6: the log level holds', async () => {
  const done = async () => ({ failures: 0, idle: false });
  assert.deepEqual((await runOnce(done, { logLevel: 'error' })).lines, []);
  assert.deepEqual((await runOnce(done, { logLevel: 'silent' })).lines, []);
  const { lines, failure } = await runOnce(() => Promise.reject(new Error('x')), { logLevel: 'silent' });
  assert.deepEqual(lines, []);
  assert.ok(failure instanceof Error);
});
