import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { LambdaHandler } from '../../lib/local/lambda.ts';
import { startSchedule } from '../../lib/local/schedule.ts';

/** A schedule whose clock the test moves; `every` of the refresh of CRLs is one minute, here of 1000 ms. */
function scheduleOf(t: TestContext, handlers: Readonly<Record<string, LambdaHandler>>) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const reports: string[] = [];
  const others = { 'key-rotation': async () => {} };
  const schedule = startSchedule({
    handlers: { ...others, ...handlers },
    minute: 1_000,
    report: (line) => reports.push(line),
  });
  /** Moves the clock and lets what began by it go on. */
  const tick = async (ms: number) => {
    t.mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { schedule, reports, tick };
}

test('design §9: a scheduled function is called once a minute, as Lambda would', async (t) => {
  const calls: string[] = [];
  const { schedule, reports, tick } = scheduleOf(t, {
    'crl-refresh': async (_event, context) => {
      calls.push(context.functionName);
      assert.ok(context.getRemainingTimeInMillis() > 50_000);
    },
  });
  await tick(999);
  assert.deepEqual(calls, []);
  await tick(1);
  await tick(1_000);
  await tick(1_000);
  assert.deepEqual(calls, ['crl-refresh', 'crl-refresh', 'crl-refresh']);
  assert.deepEqual(reports, []);
  await schedule.close();
  await tick(10_000);
  assert.equal(calls.length, 3, 'none after the end');
});

test('pki §4: no run begins while the last one goes on', async (t) => {
  let end = () => {};
  let calls = 0;
  const { schedule, tick } = scheduleOf(t, {
    'crl-refresh': () => {
      calls += 1;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  });
  await tick(1_000);
  await tick(5_000);
  assert.equal(calls, 1);
  end();
  await tick(0);
  await tick(1_000);
  assert.equal(calls, 2);
  end();
  await schedule.close();
});

test('design §9: a run that fails is reported, and the next one comes', async (t) => {
  let calls = 0;
  const { schedule, reports, tick } = scheduleOf(t, {
    'crl-refresh': () => {
      calls += 1;
      return Promise.reject(new Error('no store'));
    },
  });
  await tick(1_000);
  await tick(1_000);
  assert.equal(calls, 2);
  assert.deepEqual(reports, Array(2).fill('crl-refresh: the scheduled run failed'));
  await schedule.close();
});

test('design §9: a run that does not end is given up after sixty seconds', async (t) => {
  const { schedule, reports, tick } = scheduleOf(t, { 'crl-refresh': () => new Promise(() => {}) });
  await tick(1_000);
  await tick(60_000);
  assert.deepEqual(reports, ['crl-refresh: the scheduled run took too long']);
  await schedule.close();
});

test('design §9: closing waits for the run that goes on, but not for ever', async (t) => {
  let end = () => {};
  const { schedule, tick } = scheduleOf(t, {
    'crl-refresh': () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  });
  await tick(1_000);
  let closed = false;
  const closing = schedule.close().then(() => {
    closed = true;
  });
  await tick(999);
  assert.equal(closed, false);
  await tick(1);
  await closing;
  end();
});

test('design §9: a row of the schedule without its handler is an Error, not a function that never runs', () => {
  const handlers = { token: async () => assert.fail('token is no schedule') };
  assert.throws(() => startSchedule({ handlers, minute: 1_000, report() {} }), /no handler for crl-refresh/);
});

test('design §9: a schedule alone keeps no process alive', async () => {
  const url = new URL('../../lib/local/schedule.ts', import.meta.url).href;
  const code = `import(${JSON.stringify(url)}).then(({ startSchedule }) =>
    startSchedule({ handlers: { 'crl-refresh': async () => {}, 'key-rotation': async () => {} }, minute: 3600000, report() {} }))`;
  const [exit] = await once(new Worker(code, { eval: true }), 'exit');
  assert.equal(exit, 0);
});
