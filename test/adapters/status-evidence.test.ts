import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryCrlSourceStore, memoryKeptCrlStore } from '../../lib/adapters/memory/crl-stores.ts';
import { memoryEvidenceCache } from '../../lib/adapters/memory/evidence-cache.ts';
import { memoryEvidenceStore } from '../../lib/adapters/memory/evidence-store.ts';
import { keptCrls, largestSharedEvidence, sharedEvidence } from '../../lib/adapters/status-evidence.ts';
import type { EvidenceStore } from '../../lib/oauth/ports.ts';
import { newDer, now, seconds } from '../contracts/fixtures.ts';

const failing = async (): Promise<never> => {
  throw new Error('throttled');
};

function setUp(store: EvidenceStore = memoryEvidenceStore()) {
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => faults.push(fault);
  const cacheOf = () => sharedEvidence('a', memoryEvidenceCache(), store, onFault);
  return { store, faults, cacheOf };
}

const answer = (size = 1_000) => ({ der: newDer(size), fetchedAt: seconds(now) });

test('pki §4: what one process saved, another finds in the store and then in its own memory', async () => {
  const { store, cacheOf } = setUp();
  const [one, other, saved] = [cacheOf(), cacheOf(), answer()];
  await one.save('ocsp.a', saved);
  assert.deepEqual(await store.find('a', 'ocsp.a'), saved);
  assert.equal(await other.find('ocsp.a'), undefined, 'memory is looked into alone');
  assert.deepEqual(await other.findShared?.('ocsp.a'), saved);
  assert.deepEqual(await other.find('ocsp.a'), saved);
});

test('pki §4: evidence of one tenant is not found by another', async () => {
  const { store, cacheOf } = setUp();
  await cacheOf().save('ocsp.a', answer());
  const other = sharedEvidence('b', memoryEvidenceCache(), store, () => {});
  assert.equal(await other.findShared?.('ocsp.a'), undefined);
});

test('pki §4: a CRL of any size stays in memory, and no row grows beyond what DynamoDB takes', async () => {
  const { store, cacheOf } = setUp();
  const [cache, large] = [cacheOf(), answer(largestSharedEvidence + 1)];
  await cache.save('crl.a', large);
  assert.deepEqual(await cache.find('crl.a'), large);
  assert.equal(await store.find('a', 'crl.a'), undefined);
});

test('design §4: a store that fails is told, and nothing else happens', async () => {
  const { faults, cacheOf } = setUp({ find: failing, save: failing });
  const [cache, saved] = [cacheOf(), answer()];
  await cache.save('ocsp.a', saved);
  assert.deepEqual(await cache.find('ocsp.a'), saved);
  assert.equal(await cache.findShared?.('ocsp.b'), undefined);
  assert.deepEqual(faults.map(String), ['Error: throttled', 'Error: throttled']);
});

test('pki §4: a kept CRL is read, and wanted, for its own tenant', async () => {
  const [crls, sources] = [memoryKeptCrlStore(), memoryCrlSourceStore()];
  await crls.writer('a').saveHead('list', 'head', now + 60);
  const store = keptCrls('a', crls, sources, (fault) => assert.fail(String(fault)));
  assert.equal(await store.findHead('list'), 'head');
  assert.equal(await keptCrls('b', crls, sources, (fault) => assert.fail(String(fault))).findHead('list'), undefined);
  await store.want({ crl: 'list', certificate: newDer(), index: 0, url: 'http://crl.example/', exp: now + 60 });
  assert.equal((await sources.list('a', seconds(now))).length, 1);
  assert.equal((await sources.list('b', seconds(now))).length, 0);
});

test('design §4: kept CRLs that cannot be read, or wanted, are told and are none', async () => {
  const faults: unknown[] = [];
  const crls = { reader: () => ({ findHead: failing, findShard: failing }) };
  const store = keptCrls('a', crls, { want: failing, list: failing }, (fault) => faults.push(fault));
  assert.equal(await store.findHead('list'), undefined);
  assert.equal(await store.findShard('list', '1-0'), undefined);
  await store.want({ crl: 'list', certificate: newDer(), index: 0, url: 'http://crl.example/', exp: now });
  assert.equal(faults.length, 3);
});
