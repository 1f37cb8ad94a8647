import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPath } from '../../lib/adapters/first-path.ts';
import { initWork } from '../../lib/adapters/init-work.ts';
import { createAuthority } from '../../lib/local/authority.ts';
import type { Registry, TenantSnapshot } from '../../lib/oauth/ports.ts';
import { buildTruststore } from '../../lib/pki/path/truststore.ts';

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

test('performance §2: what is done first with the tenant has the snapshot, and its fault fails no INIT', async () => {
  const snapshot = { version: '1' } as TenantSnapshot;
  const { faults, onFault } = told();
  const seen: TenantSnapshot[] = [];
  await initWork({ snapshot: async () => snapshot }, { onFault, first: (given) => seen.push(given) });
  assert.deepEqual(seen, [snapshot]);
  const fault = new Error('no path');
  const first = () => {
    throw fault;
  };
  await initWork({ snapshot: async () => snapshot }, { onFault, first });
  await initWork({ snapshot: async () => undefined }, { onFault, first });
  assert.deepEqual(faults, [fault]);
});

test('performance §2: the first path runs over whatever a truststore holds', async () => {
  const { root, intermediate } = await createAuthority({ statusUrl: 'http://status.example' });
  const anchor = { type: 'anchor', der: root.der } as const;
  const garbage = { type: 'anchor', der: Uint8Array.of(0x30, 0x00) } as const;
  for (const entries of [[], [anchor], [anchor, { type: 'intermediate', der: intermediate.der } as const]]) {
    firstPath({ truststore: buildTruststore(entries, '1') });
  }
  // Told by initWork: an entry that is no certificate cannot be stored, and does not stop a function.
  assert.throws(() => firstPath({ truststore: buildTruststore([garbage], '1') }));
});
