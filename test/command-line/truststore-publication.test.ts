import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { AskedWrongly } from '../../lib/command-line/command.ts';
import { exits, run } from '../../lib/command-line/run.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { deployment, domain } from '../publication/publication.ts';

const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };
const root = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });
const second = await issueCertificate(undefined, { subject: 'CN=Root', ca: {}, ...years });

let as: ReturnType<typeof deployment>;
/** What happens while the command waits: the stream starts the publisher, unless a test says otherwise. */
let meanwhile: () => Promise<unknown>;
let published: boolean;
let told: string[];

beforeEach(async () => {
  as = deployment();
  await as.add('default', 'anchor', root.der);
  await as.stores.tenants.save(
    newTenant({ name: 'default', issuer: 'https://auth.example.com', mtls_base_uri: `https://${domain}` }),
  );
  meanwhile = as.publish;
  published = true;
  told = [];
});

const certbound = (...args: string[]) => command('publish', ...args);

const command = (...args: string[]) =>
  run(['truststore', ...args], () => ({
    operator: { actor: 'alice', at: as.now() },
    now: as.now,
    wait: async (milliseconds) => {
      as.pass(milliseconds / 1000);
      await meanwhile();
    },
    tell: (line) => told.push(line),
    registry: async () => ({ stores: as.stores, statusAllowHosts: [], published, close: async () => {} }),
    developmentCa: async () => {
      throw new AskedWrongly('No server runs here');
    },
    close: async () => {},
  }));

test('certbound truststore publish: what was published is shown, and exit code 0; again, and it is unchanged', async () => {
  const first = await certbound();
  assert.equal(first.exit, exits.done);
  assert.equal(first.out[0], 'Published');
  assert.match(first.out.join('\n'), /^version +v1$/m);
  assert.match(first.out.join('\n'), /^published +2030-06-01T\S+, 1 certificates, \d+ bytes$/m);
  assert.deepEqual(told, [`Asked for a publication of ${domain}; waiting for up to 300 seconds`]);
  const again = await certbound();
  assert.equal(again.exit, exits.done);
  assert.equal(again.out[0], 'Unchanged: what the registry holds is published already');
  assert.match(again.out.join('\n'), /^version +v1$/m);
});

test('certbound truststore publish: for scripts the outcome is a member, with what was left out and why', async () => {
  await certbound();
  await as.add('acme', 'anchor', second.der);
  const { out, exit } = await certbound('--json');
  assert.equal(exit, exits.done);
  const found = JSON.parse(out.join('\n'));
  assert.deepEqual([found.domain, found.request, found.outcome, found.reasons], [domain, 2, 'unchanged', []]);
  assert.deepEqual(
    found.published.refused.map(({ reason, from }: { reason: string; from: string[] }) => [reason, from]),
    [['duplicate_subject', ['tenant acme']]],
  );
  assert.match((await certbound()).out.join('\n'), /CN=Root +tenant acme +duplicate_subject: certificate \S+ of/);
});

test('certbound truststore publish: another version that the domain name had is told', async () => {
  await certbound();
  as.domains.name = { status: 'AVAILABLE', truststoreVersion: 'v0', truststoreWarnings: [] };
  const { out, exit } = await certbound();
  assert.deepEqual([exit, out[0]], [0, 'Published: the domain name had another truststore than was published last']);
});

test('certbound truststore publish: a publication that failed is exit code 1, with its reasons and what is in force', async () => {
  await certbound();
  await as.add('acme', 'anchor', (await issueCertificate(undefined, { subject: 'CN=New', ca: {}, ...years })).der);
  as.domains.fates.push('refuse');
  const { out, exit } = await certbound();
  assert.equal(exit, exits.failed);
  assert.match(out[0] ?? '', /^Not published: .*Invalid truststore/);
  assert.match(out.join('\n'), /^failed +2030-\S+, the one before is in force$/m);
  assert.match(out.join('\n'), /^version +v1$/m);
});

test('certbound truststore publish: where nothing happens in time it is exit code 4, and told where to look', async () => {
  meanwhile = async () => {};
  const { out, exit } = await certbound('--wait', '60');
  assert.equal(exit, exits.late);
  assert.equal(out[0], 'No run of the publisher has begun in 60 seconds');
  assert.match(out.join('\n'), /is mtls\.auth\.example\.com a mutual TLS domain name .*--region/);
  assert.match(out.join('\n'), /the log of the function Truststore\/Publisher/);
  const { out: json } = await certbound('--wait', '60', '--json');
  assert.equal(JSON.parse(json.join('\n')).outcome, 'not_begun');
});

test('certbound truststore publish: a run that has not come to an end in time is exit code 4', async () => {
  meanwhile = () => as.stores.publications.answered(domain, { request: 1, outcome: 'begun', at: 0, reasons: [] });
  const { out, exit } = await certbound('--wait', '9');
  assert.equal(exit, exits.late);
  assert.match(out[0] ?? '', /^The publisher is at it, but has not come to an end in 9 seconds/);
  assert.deepEqual(told.slice(1), ['The publisher is at it']);
});

test('certbound truststore publish: a publisher that cannot do its work is exit code 1, and cannot draw on the terminal', async () => {
  const reasons = ['S3 PutObject failed: \u001b[31mno'];
  meanwhile = () => as.stores.publications.answered(domain, { request: 1, outcome: 'fault', at: 0, reasons });
  const { out, exit } = await certbound('--wait', '9');
  assert.equal(exit, exits.failed);
  assert.equal(out[0], 'The publisher could not do its work: S3 PutObject failed:  [31mno');
  assert.deepEqual(told.slice(1), [
    'The publisher could not do its work and tries again: S3 PutObject failed:  [31mno',
  ]);
});

test('certbound truststore publish: with --wait 0 it is asked for, and «truststore status» tells what came of it', async () => {
  meanwhile = async () => assert.fail('nothing is waited for');
  const { out, exit } = await certbound('--wait', '0');
  assert.deepEqual([exit, out], [0, [`Asked for a publication of ${domain}`]]);
  assert.equal(await as.stores.publications.requested(domain), 1);
  assert.match((await command('status')).out.join('\n'), /^asked for +request 1: no run has begun since$/m);
  await as.publish();
  assert.match((await command('status')).out.join('\n'), /^asked for +request 1: published, 2030-06-01T00:0\d:\d\d/m);
});

for (const wait of ['', 'soon', '-1', '1.5', '3601', '99999', '0x10']) {
  test(`certbound truststore publish: --wait ${JSON.stringify(wait)} is asked wrongly, and nothing is asked for`, async () => {
    const { error, exit } = await certbound(`--wait=${wait}`);
    assert.equal(exit, exits.askedWrongly);
    assert.match(error[0] ?? '', /^--wait ".*": must be a number of seconds from 0 to 3600$/);
    assert.equal(await as.stores.publications.requested(domain), 0);
  });
}

test('certbound truststore publish: a state that no server runs on has no publisher to wait for', async () => {
  published = false;
  const { error, exit } = await certbound();
  assert.equal(exit, exits.askedWrongly);
  assert.match(error[0] ?? '', /^No server runs on this state: npm start publishes/);
  assert.equal(await as.stores.publications.requested(domain), 0);
});
