import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initWork } from '../../lib/adapters/init-work.ts';
import type { Registry } from '../../lib/oauth/ports.ts';

function told() {
  const faults: unknown[] = [];
  return { faults, onFault: (fault: unknown) => void faults.push(fault) };
}

test('performance §2: INIT reads the default tenant, once, and waits until it is read', async () => {
  const read: string[] = [];
  const registry: Registry = {
    async snapshot(name) {
      await new Promise((resolve) => setImmediate(resolve));
      read.push(name);
      return undefined;
    },
  };
  const { faults, onFault } = told();
  await initWork(registry, { onFault });
  assert.deepEqual(read, ['default']);
  assert.deepEqual(faults, []);
});

test('performance §2: a registry that cannot be read fails no INIT and is told once', async () => {
  const fault = new Error('DynamoDB GetItem failed');
  const { faults, onFault } = told();
  await initWork({ snapshot: () => Promise.reject(fault) }, { onFault });
  assert.deepEqual(faults, [fault]);
});

test('performance §2: a registry that does not answer delays INIT for a bounded time, also where it fails later', async () => {
  let fail = (_: Error) => {};
  const never = new Promise<undefined>((_, reject) => {
    fail = reject;
  });
  const { faults, onFault } = told();
  await initWork({ snapshot: () => never }, { onFault, timeout: 1 });
  fail(new Error('too late to matter'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(faults.length, 1);
  assert.match(String(faults[0]), /INIT waited 1 ms/);
});
