import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { AskedWrongly } from '../../lib/command-line/command.ts';
import { commands } from '../../lib/command-line/commands.ts';
import { type Printed, run, type SessionOptions } from '../../lib/command-line/run.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';
import { issueClient, issueIntermediate, issueRoot } from '../pki/issue.ts';

const folder = mkdtempSync(join(tmpdir(), 'certbound-command-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const root = issueRoot();
const intermediate = issueIntermediate(root);
const leaf = issueClient(intermediate);
const certificate = write('leaf.pem', leaf.pem);
const bundle = write('bundle.pem', root.pem + intermediate.pem);
const ca = write('ca.der', intermediate.der);

let stores: Stores;
let opened: SessionOptions[];
let closed: number;

beforeEach(async () => {
  stores = memoryStores();
  opened = [];
  closed = 0;
  const address = { issuer: 'https://auth.example', mtls_base_uri: 'https://mtls.example' };
  await stores.tenants.save(newTenant({ name: 'default', ...address }));
});

const certbound = (...args: string[]): Promise<Printed> =>
  run(args, (options) => {
    opened.push(options);
    return {
      operator: { actor: 'alice', at: new Date('2026-06-15T12:00:00Z') },
      now: () => new Date('2026-06-15T12:00:00Z'),
      wait: () => assert.fail('nothing is waited for'),
      tell: () => {},
      registry: async () => ({ stores, statusAllowHosts: [], published: true, close: async () => {} }),
      developmentCa: async () => {
        throw new AskedWrongly('No server runs here');
      },
      close: async () => {
        closed += 1;
      },
    };
  });

async function json(...args: string[]): Promise<unknown> {
  const { out, error, exit } = await certbound(...args, '--json');
  assert.equal(exit, 0, error.join('\n'));
  return JSON.parse(out.join('\n'));
}

test('certbound: every command tells about itself with --help, and nothing is opened for it', async () => {
  for (const { name, flags, examples } of commands) {
    const { out, error, exit } = await certbound(...name.split(' '), '--help');
    assert.equal(exit, 0);
    assert.deepEqual(error, []);
    const told = out.join('\n');
    for (const flag of Object.keys(flags)) assert.ok(told.includes(`--${flag}`), `${name} ${flag}`);
    for (const example of examples) assert.ok(told.includes(example));
  }
  const { out } = await certbound('--help');
  for (const { name } of commands) assert.ok(out.join('\n').includes(name));
  assert.deepEqual(opened, []);
});

test('certbound: what runs is told, and the registry is closed in the end', async () => {
  const added = await certbound('truststore', 'add', bundle);
  assert.equal(added.exit, 0);
  assert.match(added.out.join('\n'), /added\s+\S{43}\s+anchor\s+CN=Root/);
  assert.equal(closed, 1);
  assert.deepEqual(await json('truststore', 'list').then((list) => (list as unknown[]).length), 2);
  const client = await certbound('client', 'add', '--client-id', 'billing', '--cert', certificate);
  assert.deepEqual(client.out, ['Registered billing: CN=client,O=Example']);
  assert.match((await certbound('client', 'list')).out.join('\n'), /billing\s+tls_client_auth\s+CN=client,O=Example/);
  assert.deepEqual((await certbound('client', 'disable', 'billing')).out, ['Client billing is disabled']);
  assert.deepEqual((await certbound('client', 'disable', 'billing')).out, ['Client billing is disabled already']);
  assert.match((await certbound('client', 'list')).out.join('\n'), /disabled$/);
  assert.deepEqual((await certbound('client', 'enable', 'billing')).out, ['Client billing is enabled']);
  assert.equal(((await json('client', 'show', 'billing')) as { client_id: string }).client_id, 'billing');
  assert.deepEqual((await certbound('client', 'remove', 'billing')).out, ['Removed client billing']);
  assert.deepEqual((await certbound('client', 'list')).out, ['There is no client.']);
  assert.match((await certbound('block', 'add', '--ca', ca)).out[0] ?? '', /^Blocked: CA key /);
  assert.match((await certbound('block', 'list')).out.join('\n'), /CA key \S{43}\s+2026-06-15T12:00:00/);
  assert.match((await certbound('block', 'remove', '--ca', ca)).out[0] ?? '', /^No longer blocked/);
  assert.match((await certbound('tenant', 'add', 'acme')).out[0] ?? '', /https:\/\/auth\.example\/t\/acme/);
  assert.match((await certbound('tenant', 'show', 'acme')).out.join('\n'), /issuer\s+https:\/\/auth\.example\/t\/acme/);
  const removed = await certbound('truststore', 'remove', root.certificate.thumbprint);
  assert.match(removed.error[0] ?? '', /^caution: tenant default has no trust anchor/);
  assert.equal(removed.exit, 0);
});

test('certbound client add: each client is told with what it is known by, and what nothing is done with', async () => {
  const jwks_uri = 'https://a.example/jwks';
  const metadata = [
    { client_id: 'a', tls_client_auth_san_dns: 'a.example', scpoe: 'read' },
    { client_id: 'b', token_endpoint_auth_method: 'private_key_jwt', jwks_uri },
    { client_id: 'c', token_endpoint_auth_method: 'none' },
  ];
  const { out, error, exit } = await certbound('client', 'add', write('three.json', JSON.stringify(metadata)));
  assert.equal(exit, 0);
  assert.deepEqual(out, ['Registered a: dns a.example', `Registered b: ${jwks_uri}`, 'Registered c: -']);
  assert.deepEqual(error, ['caution: a: nothing is done with scpoe; is it misspelt?']);
  assert.match((await certbound('client', 'list')).out.join('\n'), /^a +tls_client_auth +dns a\.example +-$/m);
});

test('certbound tenant list: where each tenant is', async () => {
  assert.match(
    (await certbound('tenant', 'list')).out.join('\n'),
    /^TENANT +ISSUER +MUTUAL TLS +STATUS\ndefault +https:\/\/auth\.example +https:\/\/mtls\.example +hard-fail$/,
  );
});

test('certbound: policy show says where each value comes from', async () => {
  await certbound('truststore', 'add', bundle);
  const entry = root.certificate.thumbprint;
  assert.deepEqual((await certbound('policy', 'set', 'nonce=prefer')).out, ['nonce  off → prefer']);
  assert.deepEqual((await certbound('policy', 'set', 'nonce=prefer')).out, ['Nothing changed: it was so already.']);
  const file = write('responder.pem', issueClient(root, { subject: 'CN=responder' }).pem);
  await certbound('policy', 'set', '--entry', entry, 'order=crl', `responder_certificate=${file}`);
  const shown = (await certbound('policy', 'show', '--entry', entry)).out.join('\n');
  assert.match(shown, /^nonce\s+prefer\s+tenant$/m);
  assert.match(shown, /^order\s+crl\s+entry$/m);
  assert.match(shown, /^mode\s+hard-fail\s+default$/m);
  assert.match((await certbound('policy', 'show')).out.join('\n'), /anchor CN=Root .*\n.*\norder\s+crl\s+entry/);
  assert.match((await certbound('policy', 'set', 'mode=off')).error[0] ?? '', /^caution: mode: nobody is asked/);
  await certbound('policy', 'unset', '--entry', entry, 'order', 'responder_certificate');
  assert.deepEqual(
    (await stores.truststore.entries('default')).find(({ type }) => type === 'anchor')?.status,
    undefined,
  );
});

test('certbound check: a refused certificate is exit code 3, with the steps for people and for scripts', async () => {
  await certbound('truststore', 'add', write('root.pem', root.pem));
  const { exit, out } = await certbound('check', certificate, '--helper', bundle);
  assert.equal(exit, 3);
  assert.match(
    out.join('\n'),
    /✗ path .*\n\s+reason\s+chain_untrusted\n\s+do\s+add to the truststore: CN=Intermediate/,
  );
  assert.equal(out.at(-1), 'refused for tenant default: chain_untrusted');
  const scripted = await certbound('check', certificate, '--client', 'x', '--json');
  assert.equal(scripted.exit, 3);
  assert.equal(JSON.parse(scripted.out.join('\n')).reason, 'chain_untrusted');
});

const notJson = write('not.json', '{');
const tooDeep = write('deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
const list = write('list.json', '[{"client_id":"a"},{"client_id":"b"}]');

const wrong: readonly (readonly [args: readonly string[], told: RegExp])[] = [
  [['frobnicate'], /^frobnicate is no command/],
  [['policy'], /^policy is no command; policy takes show, set, unset/],
  [['policy', '--tenant', 'acme'], /^policy is no command; policy takes show, set, unset/],
  [['--tenant', 'acme', 'policy', 'show'], /^--tenant acme policy show names no command: flags follow it/],
  [['--version'], /^--version names no command: flags follow it/],
  [['policy', 'frobnicate'], /^policy frobnicate is no command/],
  [['__proto__'], /is no command/],
  [['policy', 'show', '--nosuch'], /Unknown option '--nosuch'; see --help/],
  [['policy', 'show', 'extra'], /"extra" is not understood here/],
  [['policy', 'show', '--tenant'], /see --help/],
  [['policy', 'show', '--tenant', 'nobody'], /^tenant "nobody": is not registered/],
  [['policy', 'set'], /^policy: no setting is named/],
  [['policy', 'set', 'mode'], /"mode": must be NAME=VALUE/],
  [['policy', 'set', '=off'], /no such setting/],
  [['policy', 'set', 'mode=off', 'mode=hard-fail'], /named twice/],
  [['policy', 'set', '--entry', 'abc', 'mode=off'], /^entry "abc": is not a SHA-256 thumbprint/],
  [['policy', 'unset', 'nosuch'], /no such setting here; see «policy set --help»/],
  [['block', 'add'], /one of --thumbprint, --cert, --ca, --serial, --serial-decimal is needed; none is given/],
  [['block', 'add', '--cert', certificate, '--ca', ca], /--cert and --ca are given/],
  [['block', 'add', '--serial', '10'], /--issuer and a serial number belong together/],
  [['block', 'add', '--cert', certificate, '--issuer', 'CN=a'], /belong together/],
  [['block', 'remove', '--cert', certificate], /there is none in tenant default/],
  [['client', 'add'], /a file with metadata is needed/],
  [['client', 'add', '--cert', certificate], /--client-id and --cert/],
  [['client', 'add', list, '--scope', 'read'], /need the metadata of one client/],
  [['client', 'add', list, list], /one file holds all clients/],
  [['client', 'add', list], /exactly one of/],
  [['client', 'show'], /the client_id is needed/],
  [['client', 'remove', 'nobody'], /is not registered in tenant default/],
  [['truststore', 'add'], /the file with the certificates is needed/],
  [['truststore', 'add', certificate], /is no CA certificate/],
  [['truststore', 'add', notJson], /not\.json at line 1: neither PEM .* nor DER, nor PKCS#7/],
  [['truststore', 'add', bundle, '--type', 'root'], /--type "root": must be one of anchor, intermediate, client/],
  [['crl', 'upload', bundle], /--entry is needed/],
  [['crl', 'upload', '--entry', 'a'], /the file of the CRL is needed/],
  [['crl', 'remove', '--entry', 'a', 'b'], /not understood here/],
  [['tenant', 'add', 'A'], /^tenant "A": must be/],
  [['tenant', 'add', 'default'], /^tenant "default": is registered already; [^\n]+$/],
  [['check'], /the file of the certificate is needed/],
  [['check', bundle, bundle], /and nothing else/],
  [['show'], /^No server runs here/],
  [['issue'], /issue needs a subject/],
];

for (const [args, told] of wrong) {
  test(`certbound: certbound ${args.map((arg) => arg.replace(folder, '')).join(' ')} is asked wrongly`, async () => {
    const { exit, out, error } = await certbound(...args);
    assert.equal(exit, 2, out.join('\n'));
    assert.deepEqual(out, []);
    assert.match(error.join('\n'), told);
    assert.doesNotMatch(error.join('\n'), /\n\s+at /);
    assert.equal(closed, opened.length, 'what was opened is closed');
  });
}

for (const [what, args, told] of [
  [
    'a file that is not there',
    ['client', 'add', join(folder, 'none.json')],
    /none\.json: cannot be read \(there is no such file\)$/,
  ],
  ['a folder', ['check', folder], /cannot be read \(it is a folder\)$/],
  ['metadata nested without measure', ['client', 'add', tooDeep], /deep\.json: is nested deeper than 64 levels$/],
  ['a file that is not JSON', ['client', 'add', notJson], /not\.json: is not JSON$/],
] as const) {
  test(`certbound: ${what} is exit code 1, told in one line`, async () => {
    const { exit, error } = await certbound(...args);
    assert.deepEqual([exit, error.length], [1, 1]);
    assert.match(error[0] ?? '', told);
  });
}

test('certbound: a store that fails is exit code 1 with its cause, and without a stack', async () => {
  const failing = {
    ...stores.clients,
    list: () => Promise.reject(new Error('DynamoDB Query failed', { cause: new Error('expired\n token') })),
  };
  stores = { ...stores, clients: failing };
  const { exit, error } = await certbound('client', 'list');
  assert.deepEqual([exit, error], [1, ['DynamoDB Query failed: expired  token']]);
  assert.equal(closed, 1);
});

test('certbound: what a client is called cannot draw on the terminal, and JSON says it all the same', async () => {
  const subject = 'CN=\u001b[31mred\u009b2J\u2028line';
  await stores.clients.save('default', { client_id: 'evil', tls_client_auth_subject_dn: subject });
  const shown = [
    await certbound('client', 'list'),
    await certbound('client', 'show', 'evil'),
    await certbound('client', 'list', '--json'),
    await certbound('client', 'remove', 'evil\u009b'),
  ];
  for (const { out, error } of shown) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be printed.
    for (const line of [...out, ...error]) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028]/);
  }
  assert.equal(
    ((await json('client', 'show', 'evil')) as { tls_client_auth_subject_dn: string }).tls_client_auth_subject_dn,
    subject,
  );
});

const hyphens = ['-x3fNAv4s1GZxF0C4Pq1GxYtU2p8cWmJm4bCq1s0a7E', '--3fNAv4s1GZxF0C4Pq1GxYtU2p8cWmJm4bCq1s0a7E'];

for (const id of hyphens) {
  test(`certbound: ${id.slice(0, 4)}… is a word or a value and no flag`, async () => {
    for (const args of [
      ['truststore', 'remove', id],
      ['truststore', 'remove', '--json', id],
      ['truststore', 'remove', id, '--tenant', 'default'],
      ['truststore', 'remove', '--', id],
      ['policy', 'show', '--entry', id],
    ]) {
      const { exit, error } = await certbound(...args);
      assert.equal(exit, 2);
      assert.match(error[0] ?? '', new RegExp(`^entry "${id}": is not in the truststore of tenant default`));
    }
    assert.match((await certbound('keys', 'retire', id)).error[0] ?? '', new RegExp(`^key "${id}": is none of tenant`));
  });
}

test('certbound: -h is --help, behind a command, a family and alone', async () => {
  assert.match((await certbound('policy', 'show', '-h')).out[0] ?? '', /policy show$/);
  assert.equal((await certbound('policy', '-h')).exit, 0);
  assert.equal((await certbound('-h')).exit, 0);
});

test('certbound: flags choose the registry', async () => {
  await certbound('tenant', 'list', '--registry', 'r', '--grants', 'g', '--region', 'eu-central-1', '--state-dir', 'x');
  assert.deepEqual(opened, [{ stateDirectory: 'x', registryTable: 'r', grantsTable: 'g', region: 'eu-central-1' }]);
});
