import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { publicationFunction } from '../../lib/adapters/publication-function.ts';
import type { TruststoreTarget } from '../../lib/config.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import type { DomainNames } from '../../lib/publication/ports.ts';
import { readTruststoreBundle } from '../../lib/truststore-bundle.ts';
import { type Domain, deployment, domain, fakeDomain, target } from '../publication/publication.ts';

const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const other = await issueCertificate(undefined, { subject: 'CN=Other', ca: {}, ...years });

const context = { getRemainingTimeInMillis: () => 300_000 };
const resourceEvent = {
  RequestType: 'Create',
  ResponseURL: 'https://localhost/answer?Signature=secret',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Publication',
  ResourceProperties: { Domain: domain },
};
const streamEvent = {
  Records: [{ eventSource: 'aws:dynamodb', dynamodb: { Keys: { pk: { S: 'TRUSTSTORE#default' } } } }],
};
const clockEvent = { source: 'aws.events', 'detail-type': 'Scheduled Event' };

/** The function over a deployment whose tenant has one anchor. */
async function publisher(
  targets: readonly TruststoreTarget[] = [target],
  more: (now: () => Date) => { readonly domains?: DomainNames } = () => ({}),
) {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  const lines: string[] = [];
  const answers: Record<string, unknown>[] = [];
  const handler = publicationFunction({
    targets,
    ports: { ...as.ports(), ...more(as.now) },
    answer: async (_, body) => {
      answers.push(JSON.parse(body));
    },
    logLevel: 'info',
    write: (line) => lines.push(line),
  });
  return { ...as, handler, answers, lines, log: () => lines.map((line) => JSON.parse(line)) };
}

for (const [what, event] of [
  ['a change of the registry', streamEvent],
  ['the clock', clockEvent],
] as const) {
  test(`design §8: ${what} publishes what the registry holds`, async () => {
    const as = await publisher();
    await as.handler(event, context);
    assert.equal(as.domains.name?.truststoreVersion, 'v1');
    assert.deepEqual(as.answers, []);
    const [line] = as.log();
    assert.deepEqual([line.level, line.publication, line.domain, line.version], ['info', 'published', domain, 'v1']);
    assert.equal(line.expires_in_days, (Date.parse('2040-01-01') - Date.parse('2030-06-01')) / 86_400_000 - 1);
  });
}

test('house style: every member of the publisher’s log line is on the row of docs/operate.md', async () => {
  const as = await publisher();
  await as.handler(clockEvent, context);
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operate.md'), 'utf8');
  const [, row = ''] = /^\| publisher \|(.*)$/m.exec(page) ?? [];
  for (const member of Object.keys(as.log()[0])) {
    assert.ok(row.includes(`\`${member}\``) || ['time', 'level'].includes(member), member);
  }
});

test('CloudFormation custom resource: it answers the version and leaves the domain name to CloudFormation', async () => {
  const as = await publisher();
  as.domains.name = undefined;
  await as.handler(resourceEvent, context);
  assert.deepEqual(as.answers, [
    {
      Status: 'SUCCESS',
      PhysicalResourceId: 's3://truststores/truststore.pem',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Publication',
      Data: { VersionId: 'v1' },
    },
  ]);
  assert.deepEqual(as.domains.updates, []);
  assert.doesNotMatch(as.lines.join(), /Signature|secret/);
});

test('CloudFormation custom resource: an update answers what was published since, under the same physical id', async () => {
  const as = await publisher();
  await as.handler(resourceEvent, context);
  await as.add('acme', 'anchor', other.der);
  await as.handler(streamEvent, context);
  const id = as.answers[0]?.['PhysicalResourceId'];
  await as.handler({ ...resourceEvent, RequestType: 'Update', PhysicalResourceId: id }, context);
  assert.equal(as.answers[1]?.['PhysicalResourceId'], id);
  assert.deepEqual(as.answers[1]?.['Data'], { VersionId: 'v2' });
});

test('CloudFormation custom resource: Delete succeeds and touches nothing', async () => {
  const as = await publisher();
  await as.handler({ ...resourceEvent, RequestType: 'Delete', PhysicalResourceId: 's3://x/y' }, context);
  assert.equal(as.answers[0]?.['Status'], 'SUCCESS');
  assert.deepEqual(as.published(), []);
});

test('CloudFormation custom resource: a truststore that would be empty fails the deployment with the reason', async () => {
  const as = await publisher();
  await as.remove('default', root.der);
  await as.handler(resourceEvent, context);
  assert.equal(as.answers[0]?.['Status'], 'FAILED');
  assert.match(String(as.answers[0]?.['Reason']), /an empty truststore is never published/);
});

for (const [what, event, reason] of [
  [
    'another domain name',
    { ...resourceEvent, ResourceProperties: { Domain: 'other.example' } },
    /No truststore is kept for/,
  ],
  ['no properties', { ...resourceEvent, ResourceProperties: undefined }, /no ResourceProperties/],
] as const) {
  test(`CloudFormation custom resource: ${what} is answered FAILED with the reason, and nothing is put`, async () => {
    const as = await publisher();
    await as.handler(event, context);
    assert.equal(as.answers[0]?.['Status'], 'FAILED');
    assert.match(String(as.answers[0]?.['Reason']), reason);
    assert.deepEqual(as.published(), []);
  });
}

test('CloudFormation custom resource: when the time runs out there is still an answer', async () => {
  const late = await publisher([{ ...target, tenants: ['default'] }]);
  await late.stores.leases.take('truststore', 'other', 4_000_000_000, 1_900_000_000);
  await late.handler(resourceEvent, { getRemainingTimeInMillis: () => 10_000 });
  assert.equal(late.answers[0]?.['Status'], 'FAILED');
  assert.deepEqual(late.published(), []);
});

test('design §8: a bundle that is refused is an outcome, told as an error with what was left out', async () => {
  const as = await publisher();
  as.domains.fates.push('refuse');
  await as.handler(streamEvent, context);
  const [line] = as.log();
  assert.deepEqual([line.level, line.publication, line.restored], ['error', 'failed', true]);
  assert.match(line.reasons.join(), /Invalid truststore/);
  assert.doesNotMatch(as.lines.join(), /BEGIN|MII/);
});

test('design §8: what could not be used is an error of the function, and does not keep the next domain name back', async () => {
  const as = await publisher([
    { ...target, domain: 'broken.example.com', initial: { bucket: 'assets', key: 'none' } },
    target,
  ]);
  await assert.rejects(as.handler(streamEvent, context), /could not be published/);
  assert.equal(as.domains.name?.truststoreVersion, 'v1');
  assert.deepEqual(
    as.log().map(({ domain: name, publication }) => [name, publication]),
    [
      ['broken.example.com', 'fault'],
      [domain, 'published'],
    ],
  );
});

const own: TruststoreTarget = {
  domain: 'mtls.acme.example',
  object: { bucket: 'truststores', key: 'tenants/acme/truststore.pem' },
  tenants: ['acme'],
};

/** A domain name for each target, all of one account. */
function namesOf(targets: readonly TruststoreTarget[], now: () => Date) {
  const names = new Map(targets.map((each) => [each.domain, fakeDomain(now)]));
  const of = (name: string): Domain => names.get(name) ?? assert.fail(name);
  const domains: DomainNames = {
    find: (name, signal) => of(name).find(name, signal),
    setTruststoreVersion: (name, version, signal) => of(name).setTruststoreVersion(name, version, signal),
  };
  return { of, domains };
}

test('API Gateway quotas: updates of several domain names are one after the other, at least 35 seconds apart', async () => {
  const targets = [{ ...target, except: ['acme'] }, { ...target, domain: 'mtls-eu.auth.example.com' }, own];
  let of = (_: string): Domain => assert.fail();
  const as = await publisher(targets, (now) => {
    const names = namesOf(targets, now);
    of = names.of;
    return names;
  });
  await as.add('acme', 'anchor', other.der);
  await as.handler(streamEvent, context);
  const times = targets.flatMap(({ domain: name }) => of(name).updates.map((update) => update.at));
  assert.equal(times.length, 3);
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - (times[index] ?? 0) >= 35_000, times.join());
});

test("design §5: the shared truststore lacks the CAs of a tenant with a host of its own, whose truststore has nobody else's", async () => {
  const targets = [{ ...target, except: ['acme'] }, own];
  const as = await publisher(targets, (now) => namesOf(targets, now));
  await as.add('acme', 'anchor', other.der);
  await as.handler(streamEvent, context);
  const pem = (key: string) => as.objects.written.get(`truststores/${key}`)?.join() ?? assert.fail(key);
  const subjectsIn = (key: string) =>
    readTruststoreBundle(pem(key)).certificates.map((certificate) => certificate.subject);
  assert.deepEqual(subjectsIn('truststore.pem'), ['CN=Root']);
  assert.deepEqual(subjectsIn('tenants/acme/truststore.pem'), ['CN=Other']);
});

test('CloudFormation custom resource: each domain name gets the version of its own object', async () => {
  const as = await publisher([{ ...target, except: ['acme'] }, own]);
  await as.add('acme', 'anchor', other.der);
  await as.handler({ ...resourceEvent, ResourceProperties: { Domain: own.domain } }, context);
  assert.equal(as.answers[0]?.['PhysicalResourceId'], 's3://truststores/tenants/acme/truststore.pem');
  assert.deepEqual([...as.objects.written.keys()], ['truststores/tenants/acme/truststore.pem']);
});

for (const event of [undefined, null, 'text', {}, { Records: [] }]) {
  test(`design §8: an event that says nothing (${JSON.stringify(event)}) is a run like any other`, async () => {
    const as = await publisher();
    await as.handler(event, context);
    assert.equal(as.domains.name?.truststoreVersion, 'v1');
  });
}
