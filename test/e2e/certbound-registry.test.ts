import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { issueCertificate, type KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import { certificateFile, demoSubject } from '../../lib/local/demo-files.ts';
import { type Answer, type Identity, jsonIn } from '../../lib/local/mutual-tls-client.ts';
import { controlOf } from '../../lib/local/responder-control.ts';
import {
  authorityOf,
  endServers,
  type Folder,
  type RunningServer,
  runServer,
  temporaryFolder,
} from './running-server.ts';

let folder: Folder;
let server: RunningServer;

before(async () => {
  folder = temporaryFolder();
  server = await runServer(`${folder.path}/state`);
});

after(async () => {
  await server?.stop();
  endServers();
  folder?.remove();
});

type Done = { readonly exit: number | null; readonly out: string; readonly error: string };

const program = resolve(import.meta.dirname, '../../bin/certbound.ts');

/** The command as a process of its own, without the environment that could name an account's tables. */
function certbound(...args: string[]): Promise<Done> {
  const { REGISTRY_TABLE: _, GRANTS_TABLE: __, ...env } = process.env;
  return spawned(args, env);
}

async function spawned(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Done> {
  const child = spawn(process.execPath, [program, ...args, '--state-dir', `${folder.path}/state`], {
    cwd: folder.path,
    env,
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  const [exit] = await once(child, 'close');
  return { exit, out, error };
}

async function done(...args: string[]): Promise<unknown> {
  const { exit, out, error } = await certbound(...args, '--json');
  assert.equal(exit, 0, `certbound ${args.join(' ')}: ${out}${error}`);
  return JSON.parse(out);
}

/** The registry is read again each second; what a command did is seen soon after. */
async function until(ask: () => Promise<Answer>, wanted: (answer: Answer) => boolean): Promise<Answer> {
  const end = Date.now() + 15_000;
  let answer = await ask();
  while (!wanted(answer) && Date.now() < end) answer = await ask();
  assert.ok(wanted(answer), `${answer.status} ${answer.body}`);
  return answer;
}

const status = (wanted: number) => (answer: Answer) => answer.status === wanted;
const active = (wanted: boolean) => (answer: Answer) => jsonIn(answer)?.['active'] === wanted;
const introspect = (token: string) =>
  server.post('/introspect', server.identity('demo-api'), { client_id: 'demo-api', token });

async function newToken(): Promise<string> {
  const answer = await until(() => server.token(server.identity('demo-client-1')), status(200));
  return String(jsonIn(answer)?.['access_token']);
}

const identityOf = ({ certificate, key }: Pick<KeyedCertificate, 'certificate' | 'key'>): Identity => ({
  certificate,
  key,
});

test('certbound: a blocked certificate gets no token and its live token dies; unblocked, both come back', async () => {
  const token = await newToken();
  assert.ok(active(true)(await introspect(token)));
  const file = certificateFile(server.state, 'demo-client-1');
  await done('block', 'add', '--cert', file, '--note', 'lost');
  await until(() => introspect(token), active(false));
  const refused = await until(() => server.token(server.identity('demo-client-1')), status(401));
  assert.equal((await server.logOf(refused))['reason'], 'certificate_blocked');
  const [block] = (await done('block', 'list')) as { note: string }[];
  assert.equal(block?.note, 'lost');
  await done('block', 'remove', '--cert', file);
  await until(() => introspect(token), active(true));
  await until(() => server.token(server.identity('demo-client-1')), status(200));
});

test('N14: the tokens of a disabled client are inactive, and active again when it is enabled', async () => {
  const token = await newToken();
  await done('client', 'disable', 'demo-client-1');
  await until(() => introspect(token), active(false));
  const refused = await until(() => server.token(server.identity('demo-client-1')), status(401));
  assert.equal((await server.logOf(refused))['reason'], 'client_disabled');
  await done('client', 'enable', 'demo-client-1');
  await until(() => introspect(token), active(true));
});

test('certbound: policy set takes effect: silence is 503, tolerated, not asked about; and in an entry alone', async () => {
  const { intermediate } = await authorityOf(server.state);
  const leaf = identityOf(
    await issueCertificate(intermediate, {
      subject: demoSubject('demo-client-1'),
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 86_400_000),
      eku: ['clientAuth'],
      // Nobody listens there, and the guard would not let anybody ask.
      status: { ocsp: 'http://127.0.0.1:1/ocsp' },
    }),
  );
  const ask = () => server.token(leaf);
  await until(ask, status(503));
  await done('policy', 'set', 'mode=soft-fail');
  const tolerated = await until(ask, status(200));
  assert.equal(jsonIn(tolerated)?.['expires_in'], 300);
  await done('policy', 'set', 'mode=off');
  await until(ask, (answer) => jsonIn(answer)?.['expires_in'] === 3600);
  await done('policy', 'unset', 'mode');
  await until(ask, status(503));
  const entries = (await done('truststore', 'list')) as { thumbprint: string; type: string }[];
  const entry = entries.find(({ type }) => type === 'intermediate')?.thumbprint ?? '';
  await done('policy', 'set', '--entry', entry, 'revocation=none');
  await until(ask, status(200));
  await done('policy', 'unset', '--entry', entry, 'revocation');
  await until(ask, status(503));
});

test('certbound truststore status: what the running gateway lets connect', async () => {
  const found = (await done('truststore', 'status')) as {
    domain: string;
    published?: { certificates: number; sha256: string };
  };
  assert.equal(found.domain, 'localhost');
  assert.ok((found.published?.certificates ?? 0) >= 2);
  const { exit, out } = await certbound('truststore', 'status');
  assert.equal(exit, 0);
  assert.match(out, /^domain name +localhost$/m);
  assert.ok(out.includes(found.published?.sha256 ?? 'none'));
});

test('certbound truststore publish: the running gateway has what was just added when the command ends', async () => {
  const other = await issueCertificate(undefined, {
    subject: 'CN=Another Root',
    ca: {},
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 86_400_000),
  });
  const file = folder.write('another-root.pem', other.certificate);
  const [added] = (await done('truststore', 'add', file)) as { thumbprint: string }[];
  type Found = { outcome: string; published: { thumbprints: string[] } };
  const found = (await done('truststore', 'publish', '--wait', '30')) as Found;
  assert.match(found.outcome, /^(published|unchanged)$/);
  assert.ok(found.published.thumbprints.includes(added?.thumbprint ?? 'none'));
  const again = await certbound('truststore', 'publish', '--wait', '30');
  assert.deepEqual(
    [again.exit, again.out.split('\n')[0]],
    [0, 'Unchanged: what the registry holds is published already'],
  );
  assert.match(again.error, /^Asked for a publication of localhost; waiting for up to 30 seconds\n/);
  await done('truststore', 'remove', added?.thumbprint ?? '');
});

/** Runs the check; exit code and verdict agree. */
async function checked(pem: string, name: string, ...args: string[]) {
  const { exit, out, error } = await certbound('check', folder.write(name, pem), ...args, '--json');
  assert.match(String(exit), /^[03]$/, out + error);
  const found = JSON.parse(out) as {
    accepted: boolean;
    reason?: string;
    token: { status: number; expires_in?: number };
  };
  assert.equal(found.accepted, exit === 0);
  return found;
}

test('certbound check: its verdict is what the token endpoint then does', async () => {
  const control = controlOf(server.endpoint);
  const good = await control.issue(demoSubject('demo-client-1'));
  const revoked = await control.issue(demoSubject('demo-client-1'));
  await control.revoke(revoked.certificate, 'keyCompromise');
  await done('tenant', 'add', 'acme');
  const cases = [
    ['good', good, 'demo-client-1', '', undefined],
    ['revoked', revoked, 'demo-client-1', '', 'certificate_revoked'],
    ['unknown client', good, 'nobody', '', 'client_unknown'],
    ['wrong client', good, 'demo-client-2', '', 'subject_mismatch'],
    ['untrusted in this tenant', good, 'demo-client-1', 'acme', 'chain_untrusted'],
  ] as const;
  for (const [name, leaf, client_id, tenant, reason] of cases) {
    const path = tenant === '' ? '/token' : `/t/${tenant}/token`;
    const found = await checked(
      leaf.certificate,
      `${name}.crt`,
      '--client',
      client_id,
      '--tenant',
      tenant || 'default',
    );
    assert.equal(found.reason, reason, name);
    const answer = await until(() => server.token(identityOf(leaf), { client_id }, path), status(found.token.status));
    assert.equal(jsonIn(answer)?.['expires_in'], found.token.expires_in, name);
    if (reason !== undefined) assert.equal((await server.logOf(answer))['reason'], reason, name);
  }
});

test('certbound check: an expired and a self-made certificate, which the gateway keeps out, are explained all the same', async () => {
  const { intermediate } = await authorityOf(server.state);
  const request = { subject: demoSubject('demo-client-1'), eku: ['clientAuth'], notBefore: new Date('2020-01-01') };
  const expired = await issueCertificate(intermediate, { ...request, notAfter: new Date('2021-01-01') });
  const own = await issueCertificate(undefined, { ...request, notAfter: new Date('2039-01-01') });
  for (const [name, leaf, reason] of [
    ['expired', expired, 'certificate_expired'],
    ['self-made', own, 'chain_untrusted'],
  ] as const) {
    assert.equal((await server.token(identityOf(leaf))).status, 403);
    const found = await checked(leaf.certificate, `${name}.crt`, '--client', 'demo-client-1');
    assert.deepEqual([found.reason, found.token.status], [reason, 401]);
  }
});

test('C5: a client that is registered by its certificate gets a token', async () => {
  const leaf = await controlOf(server.endpoint).issue('CN=billing+serialNumber=7,OU=a\\,b,O=Example,C=DE');
  const file = folder.write('billing.crt', leaf.certificate);
  await done('client', 'add', '--client-id', 'billing', '--cert', file, '--scope', 'read');
  const answer = await until(() => server.token(identityOf(leaf), { client_id: 'billing' }), status(200));
  assert.equal(jsonIn(answer)?.['scope'], 'read');
  assert.equal((await certbound('client', 'add', '--client-id', 'billing', '--cert', file)).exit, 2);
});

test('certbound: tables that the environment names are an account, found by the AWS SDK', async () => {
  const account = {
    PATH: process.env['PATH'],
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint.store,
    REGISTRY_TABLE: 'certbound-registry',
    GRANTS_TABLE: 'certbound-grants',
  };
  const named = await spawned(['tenant', 'list', '--json'], account);
  assert.equal(named.exit, 0, named.error);
  assert.ok((JSON.parse(named.out) as { name: string }[]).some(({ name }) => name === 'default'));
  const missing = await spawned(['tenant', 'list', '--registry', 'no-such-table'], account);
  assert.equal(missing.exit, 1);
  assert.match(missing.error, /^DynamoDB Query failed: [^\n]+\n$/);
});

test('certbound truststore publish: it asks the region of the flag, of the environment or of the profile, and needs one', async () => {
  const { AWS_REGION: _, ...env } = process.env;
  const account = {
    ...env,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: server.endpoint.store,
    REGISTRY_TABLE: 'certbound-registry',
    GRANTS_TABLE: 'certbound-grants',
    AWS_CONFIG_FILE: folder.write('aws-config', '[default]\nregion = eu-north-1\n'),
  };
  const asked = async (flags: readonly string[], more: object) => {
    const done = await spawned(['truststore', 'publish', '--wait', '0', '--json', ...flags], { ...account, ...more });
    assert.equal(done.exit, 0, done.error);
    return (JSON.parse(done.out) as { request: number }).request;
  };
  assert.equal(await asked([], {}), 1);
  assert.equal(await asked([], { AWS_REGION: 'eu-north-1' }), 2);
  assert.equal(await asked(['--region', 'eu-north-1'], { AWS_REGION: 'eu-west-1' }), 3);
  assert.equal(await asked([], { AWS_REGION: 'eu-west-1' }), 1, 'another region has numbers of its own');
  const nowhere = { ...account, AWS_CONFIG_FILE: folder.write('aws-empty', '') };
  const refused = await spawned(['truststore', 'publish'], nowhere);
  assert.equal(refused.exit, 2);
  assert.match(refused.error, /^--region is needed: neither AWS_REGION nor the profile names one\n$/);
});

test('certbound: the outside sees one line and an exit code, never a stack', async () => {
  for (const [args, exit, told] of [
    [['policy', 'set', 'mode=maybe'], 2, /^mode "maybe": must be hard-fail \| soft-fail \| off/],
    [['check', 'none.crt'], 1, /^none\.crt: cannot be read \(there is no such file\)/],
    [['block', 'list', '--registry', 'certbound-registry'], 2, /--registry and --grants belong together/],
  ] as const) {
    const result = await certbound(...args);
    assert.equal(result.exit, exit, result.error);
    assert.match(result.error, told);
    assert.equal(result.error.trim().split('\n').length, 1);
  }
});

test('certbound: what was set while nothing runs, and before a restart, holds after it', async () => {
  await done('policy', 'set', 'max_status_age=3');
  await server.stop();
  await done('client', 'disable', 'demo-client-2');
  assert.equal((await certbound('show')).exit, 2);
  assert.equal((await certbound('truststore', 'publish')).exit, 2);
  server = await runServer(`${folder.path}/state`);
  const policy = (await done('policy', 'show')) as { settings: { name: string; text: string }[] };
  assert.equal(policy.settings.find(({ name }) => name === 'max_status_age')?.text, '3');
  const client = server.identity('demo-client-2');
  const refused = await server.token(client, { client_id: 'demo-client-2' });
  assert.equal((await server.logOf(refused))['reason'], 'client_disabled');
});
