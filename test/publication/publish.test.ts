import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import type { PublicationOutcome } from '../../lib/publication/publish.ts';
import { parseTruststoreBundle } from '../../lib/truststore-bundle.ts';
import { at, deployment, domain } from './publication.ts';

const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const other = await issueCertificate(undefined, { subject: 'CN=Other', ca: {}, ...years });
const third = await issueCertificate(undefined, { subject: 'CN=Third', ca: {}, ...years });
const second = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });

/** A deployment whose tenant `default` has one anchor, published. */
async function published() {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  assert.equal((await as.publish()).outcome, 'published');
  return as;
}

function failure(outcome: PublicationOutcome) {
  return outcome.outcome === 'failed' ? outcome.attempt : assert.fail(outcome.outcome);
}

const subjects = (pem: string | undefined) => {
  const bundle = parseTruststoreBundle(pem ?? '');
  return bundle.ok ? bundle.value.certificates.map(({ subject }) => subject).sort() : assert.fail(String(pem));
};

test('design §8: an entry of the registry becomes an object version, the version of the domain name, and a row', async () => {
  const as = await published();
  assert.deepEqual(as.published().map(subjects), [['CN=Root']]);
  assert.deepEqual(as.domains.name, { status: 'AVAILABLE', truststoreVersion: 'v1', truststoreWarnings: [] });
  const current = await as.stores.publications.current(domain);
  assert.equal(current?.version, 'v1');
  assert.equal(current?.certificates, 1);
  assert.equal(await as.stores.publications.failure(domain), undefined);
});

test('design §8: nothing is put and nothing updated where nothing has changed', async () => {
  const as = await published();
  const outcome = await as.publish();
  assert.equal(outcome.outcome, 'unchanged');
  assert.equal(as.published().length, 1);
  assert.equal(as.domains.updates.length, 1);
});

test('design §8: a certificate that is removed from the registry leaves the truststore', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  await as.publish();
  await as.remove('default', root.der);
  await as.publish();
  assert.deepEqual(as.published().map(subjects), [['CN=Root'], ['CN=Other', 'CN=Root'], ['CN=Other']]);
  assert.equal(as.domains.name?.truststoreVersion, 'v3');
});

test('design §8: the last certificate stays in the truststore when it leaves the registry: that is told as a failure', async () => {
  const as = await published();
  await as.remove('default', root.der);
  const attempt = failure(await as.publish());
  assert.match(attempt.reasons.join(), /an empty truststore is never published/);
  assert.equal(attempt.restored, true);
  assert.equal(as.domains.name?.truststoreVersion, 'v1');
  assert.deepEqual(await as.stores.publications.failure(domain), attempt);
  assert.equal((await as.stores.publications.current(domain))?.version, 'v1');
});

test('design §8: a bad certificate is named in the row, and the others are published', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  await as.add('evil', 'anchor', second.der);
  const outcome = await as.publish();
  assert.ok(outcome.outcome === 'published');
  assert.deepEqual(subjects(as.published()[1]), ['CN=Other', 'CN=Root']);
  assert.deepEqual(
    outcome.publication.refused.map(({ from, subject, reason }) => [from, subject, reason]),
    [[['tenant evil'], 'CN=Root', 'duplicate_subject']],
  );
});

test('design §8: what is left out is written down although the bundle is the same, and forgotten when it has gone', async () => {
  const as = await published();
  await as.add('evil', 'anchor', second.der);
  assert.equal((await as.publish()).outcome, 'unchanged');
  assert.equal((await as.stores.publications.current(domain))?.refused.length, 1);
  await as.remove('evil', second.der);
  await as.publish();
  assert.deepEqual((await as.stores.publications.current(domain))?.refused, []);
  assert.equal(as.published().length, 1);
});

test('design §8: the file of the deployment is published with the entries, and its tenants are those that are named', async () => {
  const as = deployment({ 'assets/initial.pem': `# ours\n${third.certificate}` });
  await as.add('default', 'anchor', root.der);
  await as.add('acme', 'anchor', other.der);
  await as.publish({ initial: { bucket: 'assets', key: 'initial.pem' }, tenants: ['acme'] });
  assert.deepEqual(as.published().map(subjects), [['CN=Other', 'CN=Third']]);
});

for (const [what, file, reason] of [
  ['cannot be read', undefined, /cannot be read/],
  ['holds a private key', root.certificate + root.key, /PRIVATE KEY/],
  ['holds no certificate', 'nothing', /no certificate in PEM form/],
] as const) {
  test(`design §8: a file that ${what} changes nothing`, async () => {
    const as = deployment(file === undefined ? {} : { 'assets/initial.pem': file });
    await as.add('default', 'anchor', root.der);
    await assert.rejects(as.publish({ initial: { bucket: 'assets', key: 'initial.pem' } }), reason);
    assert.deepEqual(as.published(), []);
    assert.deepEqual(as.domains.updates, []);
    // The lease was given back.
    assert.equal((await as.publish()).outcome, 'published');
  });
}

test('design §5: the entries of a tenant that is excepted are not published, whether all tenants are meant or some', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  await as.add('beta', 'anchor', third.der);
  await as.publish({ except: ['acme'] });
  assert.deepEqual(subjects(as.published().at(-1)), ['CN=Root', 'CN=Third']);
  await as.publish({ tenants: ['acme', 'beta'], except: ['acme'] });
  assert.deepEqual(subjects(as.published().at(-1)), ['CN=Third']);
});

test('API Gateway mutual TLS: its warnings are written down', async () => {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  as.domains.fates.push('warn');
  const outcome = await as.publish();
  assert.ok(outcome.outcome === 'published');
  assert.match(outcome.publication.warnings.join(), /unsupported extension/);
});

test('design §8: an update that API Gateway refuses leaves the domain name as it was', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('refuse');
  const attempt = failure(await as.publish());
  assert.match(attempt.reasons.join(), /BadRequestException: Invalid truststore/);
  assert.equal(attempt.restored, true);
  assert.equal(as.domains.name?.truststoreVersion, 'v1');
  assert.equal(as.domains.updates.length, 2, 'there is nothing to roll back');
  assert.equal((await as.stores.publications.current(domain))?.version, 'v1');
});

test('design §8: an update that ends in a failure is rolled back to the version before', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('fail');
  const attempt = failure(await as.publish());
  assert.match(attempt.reasons.join(), /is FAILED with truststore version v2: the truststore cannot be used/);
  assert.equal(attempt.restored, true);
  assert.deepEqual(
    as.domains.updates.map(({ version }) => version),
    ['v1', 'v2', 'v1'],
  );
  assert.deepEqual(as.domains.name, { status: 'AVAILABLE', truststoreVersion: 'v1', truststoreWarnings: [] });
});

test('design §8: a rollback that fails too is told as such', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('fail', 'refuse');
  assert.equal(failure(await as.publish()).restored, false);
});

test('design §8: an update that never ends is given up and rolled back', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('stick');
  const attempt = failure(await as.publish());
  assert.match(attempt.reasons.join(), /is UPDATING/);
  assert.equal(attempt.restored, true);
});

test('design §8: a refused bundle is tried again as the version that it is, and published when API Gateway takes it', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('refuse', 'refuse');
  await as.publish();
  await as.publish();
  assert.equal(as.published().length, 2, 'one version for both attempts');
  assert.equal((await as.publish()).outcome, 'published');
  assert.equal(as.published().length, 2);
  assert.equal(as.domains.name?.truststoreVersion, 'v2');
  assert.equal(await as.stores.publications.failure(domain), undefined);
});

test('design §8: a domain name that somebody set to another version is set back', async () => {
  const as = await published();
  as.domains.name = { status: 'AVAILABLE', truststoreVersion: 'foreign', truststoreWarnings: [] };
  assert.equal((await as.publish()).outcome, 'restored');
  assert.equal(as.domains.name.truststoreVersion, 'v1');
  assert.equal(as.published().length, 1);
});

test('design §8: where there is no domain name yet, nothing is claimed to be published', async () => {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  as.domains.name = undefined;
  assert.match(failure(await as.publish()).reasons.join(), /no such domain name/);
  assert.equal(await as.stores.publications.current(domain), undefined);
});

test('design §8: for a deployment the version is put and written down, and CloudFormation sets it', async () => {
  const as = deployment();
  as.domains.name = undefined;
  await as.add('default', 'anchor', root.der);
  const first = await as.publish({}, { setBy: 'deployment' });
  assert.ok(first.outcome === 'published');
  assert.equal(first.publication.version, 'v1');
  assert.deepEqual(as.domains.updates, []);
});

test('design §8: a deployment gets the version that was published since the last one, never an older one', async () => {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  await as.publish({}, { setBy: 'deployment' });
  await as.add('acme', 'anchor', other.der);
  await as.publish();
  const again = await as.publish({}, { setBy: 'deployment' });
  assert.ok(again.outcome === 'unchanged');
  assert.equal(again.publication.version, 'v2');
  assert.equal(as.published().length, 2);
});

test('design §8: a domain name that a deployment failed to set is set by the next run', async () => {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  await as.publish({}, { setBy: 'deployment' });
  assert.equal((await as.publish()).outcome, 'restored');
  assert.equal(as.domains.name?.truststoreVersion, 'v1');
});

test('API Gateway quotas: two updates are at least 35 seconds apart, those of a rollback too', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('fail');
  await as.publish();
  await as.publish();
  const times = as.domains.updates.map((update) => update.at);
  assert.equal(times.length, 4);
  for (const [index, time] of times.slice(1).entries()) assert.ok(time - (times[index] ?? 0) >= 35_000, String(times));
});

test('API Gateway quotas: an update that the account has none left for is tried again, some times', async () => {
  const as = deployment();
  await as.add('default', 'anchor', root.der);
  as.domains.fates.push('throttle', 'throttle');
  assert.equal((await as.publish()).outcome, 'published');
  assert.equal(as.domains.updates.length, 3);
  await as.add('acme', 'anchor', other.der);
  as.domains.fates.push('throttle', 'throttle', 'throttle', 'throttle');
  const attempt = failure(await as.publish());
  assert.match(attempt.reasons.join(), /allows no update for now/);
  assert.equal(attempt.restored, true);
});

test('API Gateway quotas: the first update waits for nothing', async () => {
  const as = await published();
  assert.deepEqual(as.domains.updates, [{ version: 'v1', at: at.getTime() }]);
});

test('design §8: of two runs at once one follows the other, and both changes are published', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  const first = as.publish();
  await as.add('beta', 'anchor', third.der);
  const outcomes = (await Promise.all([first, as.publish(), as.publish({}, { setBy: 'deployment' })])).map(
    ({ outcome }) => outcome,
  );
  assert.ok(!outcomes.includes('failed'));
  assert.deepEqual(subjects(as.published().at(-1)), ['CN=Other', 'CN=Root', 'CN=Third']);
  const last = `v${as.published().length}`;
  assert.equal((await as.stores.publications.current(domain))?.version, last);
  assert.ok(['unchanged', 'restored'].includes((await as.publish()).outcome));
  assert.equal(as.domains.name?.truststoreVersion, last);
});

test('design §8: a run that died keeps the others out until its lease ends', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  const now = Math.floor(at.getTime() / 1000);
  assert.notEqual(await as.stores.leases.take('truststore', 'died', now + 900, now), undefined);
  assert.equal((await as.publish()).outcome, 'published');
  assert.ok(as.now().getTime() >= at.getTime() + 900_000);
});

test('design §8: a run whose time is up publishes nothing and gives the lease back', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  await assert.rejects(as.publish({}, { signal: AbortSignal.abort(new Error('the time is up')) }), /the time is up/);
  assert.equal(as.domains.updates.length, 1);
  assert.equal((await as.publish()).outcome, 'published');
});

test('design §8: a run that lost its lease updates no domain name', async () => {
  const as = await published();
  await as.add('acme', 'anchor', other.der);
  as.stores.leases.touch = async () => false;
  await assert.rejects(as.publish(), /lease on publication was lost/);
  assert.equal(as.domains.updates.length, 1);
  assert.equal((await as.stores.publications.current(domain))?.version, 'v1');
});
