import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { publicationStatus } from '../../lib/administration/publication-status.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import type { Publication } from '../../lib/publication/publication.ts';

const published: Publication = {
  domain: 'mtls.as.example',
  version: 'v1',
  sha256: 'ab'.repeat(32),
  published_at: 1_900_000_000,
  certificates: 1,
  bytes: 600,
  expires_at: 1_990_000_000,
  thumbprints: ['t1'],
  refused: [],
  warnings: [],
};

async function stores() {
  const made = memoryStores();
  const base = { issuer: 'https://as.example', mtls_base_uri: 'https://mtls.as.example' };
  await made.tenants.save(newTenant({ name: 'default', ...base }));
  return made;
}

test('certbound truststore status: nothing published is said, not made up', async () => {
  const found = await publicationStatus('default', await stores());
  assert.deepEqual(found, { ok: true, value: { domain: 'mtls.as.example' } });
});

test("certbound truststore status: the publication of the tenant's own mutual TLS host, and a failure since", async () => {
  const ports = await stores();
  await ports.publications.published(published);
  await ports.publications.published({ ...published, domain: 'other.example', version: 'v9' });
  assert.deepEqual(await publicationStatus('default', ports), {
    ok: true,
    value: { domain: 'mtls.as.example', published },
  });
  const failed = { domain: 'mtls.as.example', failed_at: 1_900_000_100, reasons: ['x'], restored: true, refused: [] };
  await ports.publications.failed(failed);
  assert.deepEqual(await publicationStatus('default', ports), {
    ok: true,
    value: { domain: 'mtls.as.example', published, failed },
  });
});

test('certbound truststore status: what was asked for last, and what became of it', async () => {
  const ports = await stores();
  const domain = 'mtls.as.example';
  const asked = async () => {
    const found = await publicationStatus('default', ports);
    return found.ok ? found.value.asked : assert.fail();
  };
  assert.equal(await asked(), undefined);
  await ports.publications.request(domain);
  assert.deepEqual(await asked(), { request: 1 });
  const answer = { request: 1, outcome: 'unchanged', at: 1_900_000_000, reasons: [] } as const;
  await ports.publications.answered(domain, answer);
  assert.deepEqual(await asked(), { request: 1, answer });
  await ports.publications.request(domain);
  assert.deepEqual(await asked(), { request: 2 }, 'an answer to an earlier request is none');
});

test('certbound truststore status: an unknown tenant is refused with a remedy', async () => {
  for (const name of ['nobody', '../default', '']) {
    const found = await publicationStatus(name, await stores());
    assert.ok(!found.ok);
    assert.match(JSON.stringify(found.failure), /is not registered/);
  }
});
