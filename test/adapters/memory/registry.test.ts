import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RegistryLimits, registry } from '../../../lib/adapters/memory/registry.ts';
import { memoryStores } from '../../../lib/adapters/memory/stores.ts';
import { thumbprint } from '../../../lib/pki/certificate/thumbprint.ts';
import { fail } from '../../../lib/result.ts';
import { clientMetadata, hostileTenants, newDer, now, tenant } from '../../contracts/fixtures.ts';
import { issueRoot } from '../../pki/issue.ts';

/** A registry over counted stores in memory, a clock to move, and a way to make the stores fail. */
function setUp(maxAge = 30, limits: Partial<RegistryLimits> = {}) {
  const stores = memoryStores();
  const reads: string[] = [];
  const world = { time: now * 1000, failing: false };
  const read =
    <T>(what: string, from: (name: string) => Promise<T>) =>
    async (name: string) => {
      reads.push(what);
      if (world.failing) throw new Error('throttled');
      return from(name);
    };
  const counted = {
    versions: { current: read('version', stores.versions.current) },
    tenants: { find: read('tenant', stores.tenants.find) },
    truststore: { entries: read('truststore', stores.truststore.entries) },
    blocks: { list: read('blocks', stores.blocks.list) },
  };
  const fetch = async () => fail({ reason: 'network', detail: 'not asked' } as const);
  const { snapshot } = registry(counted, { maxAge, now: () => new Date(world.time), fetch, limits });
  const readsOf = async (name: string) => {
    reads.length = 0;
    const found = await snapshot(name);
    return { found, reads: [...reads] };
  };
  return { stores, world, snapshot, reads, readsOf, fetch };
}

const all = ['version', 'tenant', 'truststore', 'blocks'];

test('design §5: a snapshot has the tenant, its truststore under its version, and memories of its own', async () => {
  const { stores, snapshot, fetch } = setUp();
  await stores.tenants.save(tenant('a'));
  await stores.truststore.add('a', { type: 'anchor', certificate: newDer() });
  const found = await snapshot('a');
  assert.deepEqual(found?.tenant, tenant('a'));
  assert.equal(found?.version, await stores.versions.current('a'));
  assert.equal(found?.truststore.version, found?.version);
  assert.equal(found?.truststore.entries.length, 1);
  assert.equal(found?.clients.get('client-1'), undefined);
  assert.equal(found?.status.fetch, fetch);
});

test('pki §4: what an entry says of status is held where the status is judged, what it says of paths at the entry', async () => {
  const { stores, snapshot } = setUp();
  const [ca, client] = [newDer(), newDer()];
  const status = { mode: 'soft-fail', crlUrl: 'http://crl.example/ca.crl' } as const;
  const policy = { partialChain: true } as const;
  const own = thumbprint(newDer());
  const status_policy = { ...tenant('a').status_policy, overrides: { [own]: { revocation: 'none' as const } } };
  await stores.tenants.save(tenant('a', { status_policy }));
  await stores.truststore.add('a', { type: 'intermediate', certificate: ca, policy, status });
  await stores.truststore.add('a', { type: 'client', certificate: client });
  const found = await snapshot('a');
  assert.deepEqual(found?.tenant.status_policy, {
    ...status_policy,
    overrides: { [own]: { revocation: 'none' }, [thumbprint(ca)]: status },
  });
  assert.deepEqual(found?.truststore.entries, [{ type: 'intermediate', der: ca, policy }]);
});

test('pki §4: the blocks of a tenant are in its snapshot; where they cannot be read there is none', async () => {
  const { stores, snapshot, world } = setUp();
  await stores.tenants.save(tenant('a'));
  const issued = issueRoot();
  await stores.blocks.add('a', { kind: 'certificate', thumbprint: issued.certificate.thumbprint, added_at: 1 });
  const found = await snapshot('a');
  assert.equal(found?.blocks.find([issued.certificate])?.kind, 'certificate');
  assert.equal(found?.blocks.find([issueRoot().certificate]), undefined);
  world.failing = true;
  await assert.rejects(snapshot('b'));
});

test('design §5: two tenants share neither memories nor evidence', async () => {
  const { stores, snapshot } = setUp();
  await stores.tenants.save(tenant('a'));
  await stores.tenants.save(tenant('b'));
  const [a, b] = [await snapshot('a'), await snapshot('b')];
  assert.ok(a && b);
  await a.status.cache.save('key', { unavailableUntil: new Date(0), detail: 'silent' });
  assert.equal(await b.status.cache.find('key'), undefined);
  for (const memory of ['clients', 'parsed', 'verdicts'] as const) assert.notEqual(a[memory], b[memory]);
});

test('design §6: a snapshot is used until it is maxAge old, then its version is asked for', async () => {
  const { stores, world, readsOf } = setUp(30);
  await stores.tenants.save(tenant('a'));
  const first = await readsOf('a');
  assert.deepEqual(first.reads, all);
  world.time += 29_999;
  assert.deepEqual(await readsOf('a'), { found: first.found, reads: [] });
  world.time += 1;
  const later = await readsOf('a');
  assert.deepEqual(later.reads, ['version']);
  assert.equal(later.found, first.found);
  world.time += 29_999;
  assert.deepEqual((await readsOf('a')).reads, [], 'the check made it young again');
});

test('design §6: nothing of an older version stays but the evidence', async () => {
  const { stores, world, readsOf } = setUp(30);
  await stores.tenants.save(tenant('a'));
  await stores.clients.save('a', clientMetadata('client-1'));
  const first = (await readsOf('a')).found;
  const client = await stores.clients.find('a', 'client-1');
  assert.ok(first && client);
  first.clients.set('client-1', client);
  await stores.clients.save('a', clientMetadata('client-1', { disabled: true }));
  world.time += 30_000;
  const { found, reads } = await readsOf('a');
  assert.deepEqual(reads, all);
  assert.notEqual(found?.version, first.version);
  assert.equal(found?.clients.get('client-1'), undefined);
  assert.equal(found?.status, first.status);
});

test("design §5: one tenant's writes leave another's snapshot alone", async () => {
  const { stores, world, readsOf } = setUp(30);
  await stores.tenants.save(tenant('a'));
  await stores.tenants.save(tenant('b'));
  const first = (await readsOf('a')).found;
  await stores.tenants.save(tenant('b', { issuer: 'https://other.example' }));
  world.time += 30_000;
  assert.equal((await readsOf('a')).found, first);
});

test('config: a maxAge of 0 asks for the version every time', async () => {
  const { stores, readsOf } = setUp(0);
  await stores.tenants.save(tenant('a'));
  const { found } = await readsOf('a');
  assert.deepEqual(await readsOf('a'), { found, reads: ['version'] });
});

test('design §6: a clock that goes back makes no snapshot young', async () => {
  const { stores, world, readsOf } = setUp(30);
  await stores.tenants.save(tenant('a'));
  await readsOf('a');
  world.time -= 1;
  assert.deepEqual((await readsOf('a')).reads, ['version']);
});

test('performance §6: a hundred callers at once share one load, cold and when the version is due', async () => {
  const { stores, world, snapshot, reads } = setUp(30);
  await stores.tenants.save(tenant('a'));
  const cold = await Promise.all(Array.from({ length: 100 }, () => snapshot('a')));
  assert.deepEqual(reads, all);
  assert.equal(new Set(cold).size, 1);
  reads.length = 0;
  world.time += 30_000;
  await Promise.all(Array.from({ length: 100 }, () => snapshot('a')));
  assert.deepEqual(reads, ['version']);
});

test('house style §4: a load that fails is thrown to all who wait for it and is not remembered', async () => {
  const { stores, world, snapshot, reads, readsOf } = setUp(30);
  await stores.tenants.save(tenant('a'));
  world.failing = true;
  const outcomes = await Promise.allSettled([snapshot('a'), snapshot('a'), snapshot('a')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.deepEqual(reads, ['version']);
  world.failing = false;
  assert.ok((await readsOf('a')).found);
});

test('design §6: a snapshot that is due is not used while its version cannot be read', async () => {
  const { stores, world, snapshot } = setUp(30);
  await stores.tenants.save(tenant('a'));
  await snapshot('a');
  world.time += 30_000;
  world.failing = true;
  await assert.rejects(() => snapshot('a'), /throttled/);
});

test('design §5: what is no name of a tenant is no tenant, without a read', async () => {
  const { readsOf } = setUp();
  for (const name of hostileTenants) assert.deepEqual(await readsOf(name), { found: undefined, reads: [] });
});

test('design §5: a tenant that is not registered costs one read, and none while it is remembered', async () => {
  const { stores, world, readsOf } = setUp(30);
  assert.deepEqual(await readsOf('unknown'), { found: undefined, reads: ['version'] });
  assert.deepEqual(await readsOf('unknown'), { found: undefined, reads: [] });
  await stores.tenants.save(tenant('unknown'));
  world.time += 30_000;
  assert.ok((await readsOf('unknown')).found, 'registered meanwhile');
});

test('design §5: a version without a tenant is no tenant', async () => {
  const { stores, readsOf } = setUp();
  await stores.clients.save('a', clientMetadata('client-1'));
  assert.equal((await readsOf('a')).found, undefined);
});

test('performance §5: made-up names are bounded and push out no tenant', async () => {
  const { stores, readsOf, snapshot } = setUp(30, { tenants: 1, unknown: 10 });
  await stores.tenants.save(tenant('a'));
  const { found } = await readsOf('a');
  for (let i = 0; i < 1_000; i += 1) await snapshot(`made-up-${i}`);
  assert.deepEqual(await readsOf('a'), { found, reads: [] });
  assert.deepEqual((await readsOf('made-up-999')).reads, []);
  assert.deepEqual((await readsOf('made-up-0')).reads, ['version'], 'forgotten');
});

test('performance §5: tenants held are bounded; one that was let go is read again', async () => {
  const { stores, readsOf } = setUp(30, { tenants: 2 });
  for (const name of ['a', 'b', 'c']) await stores.tenants.save(tenant(name));
  for (const name of ['a', 'b', 'c']) await readsOf(name);
  assert.deepEqual((await readsOf('c')).reads, []);
  assert.deepEqual((await readsOf('a')).reads, all);
});

test('performance §5: the memories of a tenant are bounded', async () => {
  const { stores, snapshot } = setUp(30, { clients: 1 });
  await stores.tenants.save(tenant('a'));
  await stores.clients.save('a', clientMetadata('client-1'));
  const [found, client] = [await snapshot('a'), await stores.clients.find('a', 'client-1')];
  assert.ok(found && client);
  found.clients.set('client-1', client);
  found.clients.set('client-2', client);
  assert.equal(found.clients.get('client-1'), undefined);
});

test('RFC 5280 §6.1.1: entries that are no certificates trust nothing and break nothing', async () => {
  const { stores, snapshot } = setUp();
  await stores.tenants.save(tenant('a'));
  for (const der of [new Uint8Array(), Uint8Array.of(0x30), newDer(), newDer(16_384)]) {
    await stores.truststore.add('a', { type: 'anchor', certificate: der });
  }
  assert.ok(await snapshot('a'));
});

test('design §6: rows that change while they are read are read again under their version', async () => {
  const stores = memoryStores();
  await stores.tenants.save(tenant('a'));
  let interfere = async () => {};
  const raced = {
    ...stores,
    tenants: {
      async find(name: string) {
        const found = await stores.tenants.find(name);
        await interfere();
        return found;
      },
    },
  };
  const fetch = async () => fail({ reason: 'network', detail: 'not asked' } as const);
  const { snapshot } = registry(raced, { maxAge: 0, now: () => new Date(now * 1000), fetch });
  interfere = () => stores.tenants.save(tenant('a', { issuer: 'https://new.example' }));
  assert.equal((await snapshot('a'))?.tenant.issuer, tenant('a').issuer);
  interfere = async () => {};
  assert.equal((await snapshot('a'))?.tenant.issuer, 'https://new.example');
});
