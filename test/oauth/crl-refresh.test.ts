import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import { memoryRefreshTurn } from '../../lib/adapters/memory/refresh-turn.ts';
import { registry } from '../../lib/adapters/memory/registry.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { type CrlRefreshPorts, crlRefresh, type RefreshCrl } from '../../lib/oauth/crl-refresh.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { fail, ok } from '../../lib/result.ts';

const at = new Date('2030-01-01T00:00:00Z');
const exp = at.getTime() / 1000 + 3600;

/** The lists that tenants want, by tenant, and a refresh that does as `refresh` says. */
async function scheduled(wanted: Readonly<Record<string, readonly string[]>>, refresh: RefreshCrl) {
  const stores = memoryStores();
  const clock = { elapsed: 0 };
  const timeouts: number[] = [];
  for (const [name, lists] of Object.entries(wanted)) {
    const issuer = `https://${name}.example`;
    await stores.tenants.save(newTenant({ name, issuer, mtls_base_uri: issuer }));
    for (const crl of lists) {
      const source = { crl, certificate: Uint8Array.of(1), index: 0, url: `http://crl.example/${crl}`, exp };
      await stores.crlSources.want(name, source);
    }
  }
  const tried: string[] = [];
  const now = () => at;
  const ports: CrlRefreshPorts = {
    turn: memoryRefreshTurn(),
    tenants: stores.tenants,
    registry: registry(stores, { maxAge: 30, now, fetch: async () => fail({ reason: 'network', detail: '' }) }),
    sources: stores.crlSources,
    crls: stores.crls,
    fetch: async ({ timeout }) => {
      timeouts.push(timeout);
      return ok('not_modified');
    },
    refresh: (source, options, each) => {
      tried.push(source.crl);
      return refresh(source, options, each);
    },
    attempts: boundedMemory(100),
    now,
    elapsed: () => clock.elapsed,
  };
  return { ports, stores, tried, timeouts, clock };
}

const request = (timeout: number) =>
  ({ url: 'http://crl.example/', method: 'GET', accept: '*/*', maxBytes: 1, timeout }) as const;

test('RFC 5280 §6.3: every list that any tenant wants is refreshed once, with that tenant’s rows', async () => {
  const { ports, stores, tried } = await scheduled(
    { a: ['a1', 'a2'], b: ['b1'], c: [] },
    async (source, options, io) => {
      assert.equal(options.at, at);
      assert.equal(options.policy.maxStatusAge, 300);
      await io.crls.saveHead(source.crl, 'head', exp);
      return ok('refreshed');
    },
  );
  assert.deepEqual(await crlRefresh(ports)(), {
    refreshed: 3,
    unchanged: 0,
    left: 0,
    failures: 0,
    failed: [],
    idle: false,
  });
  assert.deepEqual([...tried].sort(), ['a1', 'a2', 'b1']);
  assert.equal(await stores.crls.reader('b').findHead('b1'), 'head');
  assert.equal(await stores.crls.reader('a').findHead('b1'), undefined, 'what is kept is a tenant’s own');
});

test('RFC 5280 §6.3: a list that is not due or has not changed is unchanged', async () => {
  const { ports } = await scheduled({ a: ['due', 'fresh'] }, async ({ crl }) =>
    ok(crl === 'fresh' ? 'fresh' : 'not_modified'),
  );
  const summary = await crlRefresh(ports)();
  assert.equal(summary.unchanged, 2);
  assert.equal(summary.idle, true);
  assert.equal(summary.refreshed, 0);
});

test('pki §4: one list that fails, or whose store does, stops no other, and is told with its tenant and address', async () => {
  const { ports } = await scheduled({ a: ['bad', 'good'], b: ['broken', 'fine'] }, async ({ crl }) => {
    if (crl === 'broken') throw new Error('no capacity');
    return crl === 'bad' ? fail({ reason: 'status_untrusted', detail: 'bad signature' }) : ok('refreshed');
  });
  const { refreshed, failures, failed } = await crlRefresh(ports)();
  assert.deepEqual({ refreshed, failures }, { refreshed: 2, failures: 2 });
  assert.deepEqual(
    [...failed].sort((x, y) => x.tenant.localeCompare(y.tenant)),
    [
      { tenant: 'a', url: 'http://crl.example/bad', reason: 'status_untrusted', detail: 'bad signature' },
      { tenant: 'b', url: 'http://crl.example/broken', reason: 'store_unavailable', detail: 'Error: no capacity' },
    ],
  );
});

test('pki §4: a tenant whose rows cannot be read costs no other tenant its lists', async () => {
  const { ports } = await scheduled({ a: ['a1'], b: ['b1'] }, async () => ok('refreshed'));
  const list: CrlRefreshPorts['sources']['list'] = (tenant, when) =>
    tenant === 'a' ? Promise.reject(new Error('throttled')) : ports.sources.list(tenant, when);
  assert.deepEqual(await crlRefresh({ ...ports, sources: { list } })(), {
    refreshed: 1,
    unchanged: 0,
    left: 0,
    failures: 1,
    failed: [{ tenant: 'a', reason: 'store_unavailable', detail: 'Error: throttled' }],
    idle: false,
  });
});

test('pki §4: a run that cannot list the tenants is a failed run', async () => {
  const { ports } = await scheduled({}, async () => ok('refreshed'));
  const list = () => Promise.reject(new Error('no table'));
  await assert.rejects(crlRefresh({ ...ports, tenants: { list } })(), /no table/);
});

test('pki §4: a source that nobody wants any more is not fetched', async () => {
  const { ports, stores, tried } = await scheduled({ a: [] }, async () => ok('refreshed'));
  const ended = { crl: 'old', certificate: Uint8Array.of(1), index: 0, url: 'http://crl.example/', exp: exp - 3600 };
  await stores.crlSources.want('a', ended);
  await crlRefresh(ports)();
  assert.deepEqual(tried, []);
});

test('pki §4: at most four lists are worked on at once', async () => {
  let running = 0;
  let most = 0;
  const lists = Array.from({ length: 20 }, (_, index) => `crl${index}`);
  const { ports } = await scheduled({ a: lists }, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return ok('refreshed');
  });
  assert.equal((await crlRefresh(ports)()).refreshed, 20);
  assert.equal(most, 4);
});

test('pki §4: what was not reached when the time was up comes first in the next run', async () => {
  const lists = Array.from({ length: 12 }, (_, index) => `crl${index}`);
  let slow = true;
  const { ports, tried, clock } = await scheduled({ a: lists }, async () => {
    if (slow) clock.elapsed += 10_000;
    return ok('refreshed');
  });
  const run = crlRefresh(ports);
  const first = await run();
  assert.ok(first.left > 0, 'some were left');
  assert.equal(first.refreshed + first.left, 12);
  const reached = tried.splice(0);
  slow = false;
  assert.equal((await run()).refreshed, 12);
  assert.deepEqual(
    tried.slice(0, first.left),
    lists.filter((crl) => !reached.includes(crl)),
  );
});

test('pki §4: no fetch of a run lasts longer than the run may', async () => {
  const { ports, timeouts, clock } = await scheduled({ a: ['a1'] }, async (_source, _options, { fetch }) => {
    clock.elapsed = 39_000;
    await fetch(request(25_000));
    clock.elapsed = 60_000;
    await fetch(request(25_000));
    return ok('not_modified');
  });
  await crlRefresh(ports)();
  assert.deepEqual(timeouts, [11_000, 1]);
});

test('pki §4: a list that fails comes after the others and waits 1, 3, 7, 7 runs; a success ends the waiting', async () => {
  let down = true;
  const { ports, tried } = await scheduled({ a: ['bad', 'good'] }, async ({ crl }) =>
    crl === 'bad' && down ? fail({ reason: 'network', detail: 'ECONNREFUSED' }) : ok('refreshed'),
  );
  const run = crlRefresh(ports);
  const triedIn: number[] = [];
  for (let number = 1; number <= 23; number += 1) {
    tried.length = 0;
    const { left } = await run();
    assert.ok(tried.includes('good'));
    if (tried.includes('bad')) triedIn.push(number);
    assert.equal(left, tried.includes('bad') ? 0 : 1);
    if (number > 1 && tried.includes('bad')) assert.deepEqual(tried, ['good', 'bad']);
  }
  assert.deepEqual(triedIn, [1, 3, 7, 15, 23]);
  down = false;
  for (let number = 24; number <= 31; number += 1) await run();
  tried.length = 0;
  await run();
  assert.ok(tried.includes('bad'), 'no waiting after a success');
});

test('pki §4: the summary of many failures has an end', async () => {
  const lists = Array.from({ length: 80 }, (_, index) => `crl${index}`);
  const { ports } = await scheduled({ a: lists }, async () => fail({ reason: 'network', detail: 'ECONNREFUSED' }));
  const { failures, failed } = await crlRefresh(ports)();
  assert.equal(failures, 80);
  assert.equal(failed.length, 50);
});

test('pki §4: of two runs that meet one does nothing, and the next comes to its turn', async () => {
  let end = () => {};
  const waiting = new Promise<void>((resolve) => {
    end = resolve;
  });
  const { ports, tried } = await scheduled({ a: ['a1'] }, async () => {
    await waiting;
    return ok('refreshed');
  });
  const row = {};
  const processes = [row, row].map((each) => crlRefresh({ ...ports, turn: memoryRefreshTurn(each) }));
  const runs = Promise.all(processes.map((run) => run()));
  await new Promise((resolve) => setImmediate(resolve));
  end();
  assert.deepEqual(
    (await runs).map(({ refreshed, idle }) => ({ refreshed, idle })),
    [
      { refreshed: 1, idle: false },
      { refreshed: 0, idle: true },
    ],
  );
  assert.equal(tried.length, 1);
  for (const run of processes) assert.equal((await run()).refreshed, 1);
});

test('pki §4: a run that fails gives its turn back; one that cannot ask for it does nothing', async () => {
  const { ports, tried } = await scheduled({ a: ['a1'] }, async () => ok('refreshed'));
  const failing = { list: () => Promise.reject(new Error('no table')) };
  await assert.rejects(crlRefresh({ ...ports, tenants: failing })(), /no table/);
  assert.equal((await crlRefresh(ports)()).refreshed, 1);
  const turn = { ...ports.turn, take: () => Promise.reject(new Error('throttled')) };
  await assert.rejects(crlRefresh({ ...ports, turn })(), /throttled/);
  assert.deepEqual(tried, ['a1']);
});
