import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { publishTruststore } from '../../lib/publication/publish.ts';
import { deployment, domain, target } from './publication.ts';

const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const other = await issueCertificate(undefined, { subject: 'CN=Other', ca: {}, ...years });

async function withRoot() {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  const { publications } = as.stores;
  const answer = async () => {
    const found = await publications.answer(domain);
    return found && [found.request, found.outcome];
  };
  return { ...as, publications, answer };
}

test('design §8: whoever asked for a publication is told what the run that began after it did', async () => {
  const as = await withRoot();
  assert.equal(await as.publications.request(domain), 1);
  await as.publish();
  assert.deepEqual(await as.answer(), [1, 'published']);
  await as.publications.request(domain);
  await as.publish();
  assert.deepEqual(await as.answer(), [2, 'unchanged']);
  as.domains.name = { status: 'AVAILABLE', truststoreVersion: 'another', truststoreWarnings: [] };
  await as.publications.request(domain);
  await as.publish();
  assert.deepEqual(await as.answer(), [3, 'restored']);
});

test('design §8: a publication that failed is the answer, with its reasons', async () => {
  const as = await withRoot();
  as.domains.fates.push('refuse');
  await as.publications.request(domain);
  await as.publish();
  const answer = await as.publications.answer(domain);
  assert.equal(answer?.outcome, 'failed');
  assert.match(answer?.reasons.join() ?? '', /Invalid truststore/);
});

test('design §8: where nobody asked, or has been answered, no answer is written', async () => {
  const as = await withRoot();
  await as.publish();
  assert.equal(await as.publications.answer(domain), undefined);
  await as.publications.request(domain);
  await as.publish();
  const answer = await as.publications.answer(domain);
  as.pass(60);
  await as.add('acme', 'anchor', other.der);
  await as.publish();
  assert.deepEqual(await as.publications.answer(domain), answer);
});

test('design §8: two operators who ask before a run begins have one answer', async () => {
  const as = await withRoot();
  assert.deepEqual(await Promise.all([as.publications.request(domain), as.publications.request(domain)]), [1, 2]);
  await as.publish();
  assert.deepEqual(await as.answer(), [2, 'published']);
  assert.equal(as.domains.updates.length, 1);
});

test('design §8: what was asked for while a run is under way is not answered by it, but by the next', async () => {
  const as = await withRoot();
  await as.publications.request(domain);
  const ports = as.ports();
  const seen: unknown[] = [];
  const objects = {
    ...ports.objects,
    put: async (...args: Parameters<typeof ports.objects.put>) => {
      seen.push(await as.answer());
      await as.publications.request(domain);
      return ports.objects.put(...args);
    },
  };
  const signal = new AbortController().signal;
  await publishTruststore(target, { setBy: 'publisher', signal }, { ...ports, objects });
  assert.deepEqual(seen, [[1, 'begun']]);
  assert.deepEqual(await as.answer(), [1, 'published']);
  await as.publish();
  assert.deepEqual(await as.answer(), [2, 'unchanged']);
});

test('design §8: a deployment answers nobody: CloudFormation sets the version after it', async () => {
  const as = await withRoot();
  await as.publications.request(domain);
  await as.publish({}, { setBy: 'deployment' });
  assert.equal(await as.publications.answer(domain), undefined);
  await as.publish();
  assert.deepEqual(await as.answer(), [1, 'restored']);
});

test('design §8: a run that could not do its work says so, rejects all the same, and the next one is the answer', async () => {
  const as = await withRoot();
  await as.publications.request(domain);
  const ports = as.ports();
  const objects = {
    ...ports.objects,
    put: async () => {
      throw new Error('S3 PutObject failed', { cause: new Error('slow down') });
    },
  };
  const options = { setBy: 'publisher', signal: new AbortController().signal } as const;
  await assert.rejects(publishTruststore(target, options, { ...ports, objects }), /S3 PutObject failed/);
  const answer = await as.publications.answer(domain);
  assert.deepEqual([answer?.outcome, answer?.reasons], ['fault', ['S3 PutObject failed: slow down']]);
  await as.publish();
  assert.deepEqual(await as.answer(), [1, 'published']);
});

test('design §8: a run that died leaves nobody without an answer', async () => {
  const as = await withRoot();
  await as.publications.request(domain);
  await as.publications.answered(domain, { request: 1, outcome: 'begun', at: 0, reasons: [] });
  await as.publish();
  assert.deepEqual(await as.answer(), [1, 'published']);
});

test('design §8: a fault that cannot be written down is the one that is told', async () => {
  const as = await withRoot();
  await as.publications.request(domain);
  const ports = as.ports();
  const objects = { ...ports.objects, put: () => Promise.reject(new Error('S3 PutObject failed')) };
  const publications = {
    ...ports.publications,
    answered: async (name: string, answer: Parameters<typeof ports.publications.answered>[1]) => {
      if (answer.outcome === 'fault') throw new Error('DynamoDB PutItem failed');
      return ports.publications.answered(name, answer);
    },
  };
  const options = { setBy: 'publisher', signal: new AbortController().signal } as const;
  await assert.rejects(publishTruststore(target, options, { ...ports, objects, publications }), /S3 PutObject failed/);
});
