import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import { awaitPublication, requestPublication } from '../../lib/administration/publication-request.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import type { PublicationAnswer } from '../../lib/publication/publication.ts';

const domain = 'mtls.as.example';
const operator = { actor: 'alice', at: new Date('2030-06-01T00:00:00Z') };

/** Waiting moves the clock, and each wait may be when something happens. */
async function world(...happens: readonly (PublicationAnswer | undefined)[]) {
  const stores = memoryStores();
  const base = { issuer: 'https://as.example', mtls_base_uri: `https://${domain}` };
  await stores.tenants.save(newTenant({ name: 'default', ...base }));
  let time = operator.at.getTime();
  const told: string[] = [];
  const events = [...happens];
  const ports = {
    ...stores,
    now: () => new Date(time),
    wait: async (milliseconds: number) => {
      assert.ok(milliseconds > 0);
      time += milliseconds;
      const event = events.shift();
      if (event !== undefined) await stores.publications.answered(domain, event);
    },
    progress: ({ outcome }: PublicationAnswer) => told.push(outcome),
  };
  const waited = () => time - operator.at.getTime();
  const wait = (request: number, limit = 10_000) =>
    awaitPublication({ domain, request }, { every: 1_000, limit }, ports);
  return { stores, told, waited, wait };
}

const answer = (request: number, outcome: PublicationAnswer['outcome'], ...reasons: string[]): PublicationAnswer => ({
  request,
  outcome,
  at: 0,
  reasons,
});

test('certbound truststore publish: it asks by a row of the registry, which is written down as a change', async () => {
  const { stores } = await world();
  const changes: unknown[] = [];
  const ports = {
    ...stores,
    audit: {
      change: async (tenant: string, { action, subject }: object & Record<'action' | 'subject', string>) => {
        changes.push([tenant, action, subject]);
      },
    },
  };
  assert.deepEqual(await requestPublication('default', operator, ports), { ok: true, value: { domain, request: 1 } });
  assert.deepEqual(await requestPublication('default', operator, ports), { ok: true, value: { domain, request: 2 } });
  assert.equal(await stores.publications.requested(domain), 2);
  assert.deepEqual(changes[0], ['default', 'truststore.publish', domain]);
});

test('certbound truststore publish: nothing is asked for a tenant that is not registered', async () => {
  const { stores } = await world();
  const refused = await requestPublication('nobody', operator, stores);
  assert.match(JSON.stringify(refused), /is not registered/);
  assert.equal(await stores.publications.requested(domain), 0);
});

test('certbound truststore publish: the answer to an earlier request is none', async () => {
  const { stores, wait, waited } = await world(undefined, answer(1, 'failed', 'x'), answer(2, 'published'));
  await stores.publications.answered(domain, answer(1, 'published'));
  assert.deepEqual(await wait(2), { late: false, answer: answer(2, 'published') });
  assert.equal(waited(), 3_000);
});

test('certbound truststore publish: the answer to a later request of another operator is one', async () => {
  const { wait } = await world(answer(7, 'unchanged'));
  assert.deepEqual(await wait(2), { late: false, answer: answer(7, 'unchanged') });
});

test('certbound truststore publish: that a run has begun is told once, and is not the end', async () => {
  const { wait, told } = await world(answer(1, 'begun'), undefined, answer(1, 'begun'), answer(1, 'failed', 'x'));
  assert.deepEqual(await wait(1), { late: false, answer: answer(1, 'failed', 'x') });
  assert.deepEqual(told, ['begun']);
});

test('certbound truststore publish: a fault is told, and waited over, because the publisher tries again', async () => {
  const { wait, told } = await world(
    answer(1, 'begun'),
    answer(1, 'fault', 'S3'),
    answer(1, 'begun'),
    answer(1, 'fault', 'S3'),
    answer(1, 'fault', 'DynamoDB'),
    answer(1, 'published'),
  );
  assert.deepEqual(await wait(1), { late: false, answer: answer(1, 'published') });
  assert.deepEqual(told, ['begun', 'fault', 'fault']);
});

for (const [what, events, last] of [
  ['no run has begun', [], undefined],
  ['a run does not end', [answer(1, 'begun')], answer(1, 'begun')],
  ['every run has a fault', [answer(1, 'fault', 'S3'), answer(1, 'begun')], answer(1, 'fault', 'S3')],
] as const) {
  test(`certbound truststore publish: at the limit it ends, where ${what}`, async () => {
    const { wait, waited } = await world(...events);
    assert.deepEqual(await wait(1, 4_500), { late: true, ...(last && { answer: last }) });
    assert.equal(waited(), 4_500);
  });
}
