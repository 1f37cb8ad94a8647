import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseStartOptions, type StartOptions } from '../../lib/local/start-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'certbound-options-'));
after(() => rmSync(folder, { recursive: true }));

const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const accepted = (...args: string[]): StartOptions => {
  const options = parseStartOptions(args);
  assert.ok(options.ok && options.value !== 'help', JSON.stringify(options));
  return options.value;
};

const refused = (...args: string[]): readonly string[] => {
  const options = parseStartOptions(args);
  assert.ok(!options.ok, 'accepted');
  for (const line of options.failure) assert.doesNotMatch(line, /[\r\n]/);
  return options.failure;
};

test('npm start: without flags it is a hard-failing server on loopback with its demo', () => {
  const options = accepted();
  assert.deepEqual(
    [options.host, options.port, options.mtlsPort, options.demo, options.fresh],
    ['127.0.0.1', 8443, 9443, true, false],
  );
  assert.deepEqual(options.tenants, [{ tenant: 'default', clients: [], scopes: [], policy: {} }]);
});

test('npm start: --truststore, --clients and --scopes speak of tenant default', () => {
  const truststore = file('ca.pem', '-----BEGIN CERTIFICATE-----');
  const clients = file('clients.json', '[{"client_id":"a"}]');
  const [tenant] = accepted('--truststore', truststore, '--clients', clients, '--scopes', 'a,b').tenants;
  assert.deepEqual([tenant?.clients, tenant?.scopes], [[{ client_id: 'a' }], ['a', 'b']]);
  assert.equal(Buffer.from(tenant?.truststore ?? []).toString(), '-----BEGIN CERTIFICATE-----');
});

test('npm start: --tenants gives each tenant its own truststore, clients, scopes and policy', () => {
  file('a.pem', 'PEM of a');
  const tenants = file(
    'tenants.json',
    JSON.stringify([
      { tenant: 'a', truststore: 'a.pem', clients: [{ client_id: 'x' }], scopes: ['r'], policy: { status: 'off' } },
      { tenant: 'b', truststore: '-----BEGIN CERTIFICATE-----\n' },
    ]),
  );
  const [, a, b] = accepted('--tenants', tenants, '--max-status-age', '7').tenants;
  assert.equal(Buffer.from(a?.truststore ?? []).toString(), 'PEM of a');
  assert.deepEqual([a?.policy, b?.policy], [{ mode: 'off', maxStatusAge: 7 }, { maxStatusAge: 7 }]);
  assert.equal(Buffer.from(b?.truststore ?? []).toString(), '-----BEGIN CERTIFICATE-----\n');
});

test('npm start: --allow-fetch may be repeated', () => {
  assert.deepEqual(accepted('--allow-fetch', '127.0.0.1:80', '--allow-fetch', 'OCSP.example:8080').allowFetch, [
    '127.0.0.1:80',
    'ocsp.example:8080',
  ]);
});

test('npm start: --help', () => assert.deepEqual(parseStartOptions(['--help']), { ok: true, value: 'help' }));

test('npm start: an unreadable file is one line that names flag and file', () => {
  assert.deepEqual(refused('--clients', join(folder, 'missing.json')), [
    `--clients ${join(folder, 'missing.json')}: cannot be read (there is no such file)`,
  ]);
});

test('npm start: a file without an end, a folder, and JSON without a bottom are refused in one line', () => {
  const deep = join(folder, 'deep.json');
  writeFileSync(deep, `[${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}]`);
  assert.deepEqual(refused('--clients', deep), ['--clients file: is nested deeper than 64 levels']);
  assert.deepEqual(refused('--clients', folder), [`--clients ${folder}: cannot be read (it is a folder)`]);
  assert.deepEqual(refused('--tenants', '/dev/zero'), ['--tenants /dev/zero: is larger than 67108864 bytes']);
});

test('npm start: a byte order mark before JSON is ignored', () => {
  const marked = join(folder, 'marked.json');
  writeFileSync(marked, '\uFEFF[]');
  assert.deepEqual(accepted('--clients', marked).tenants[0]?.clients, []);
});

test('npm start: every problem is told at once', () => {
  const lines = refused(
    '--port',
    '70000',
    '--status',
    'lenient',
    '--max-status-age=-1',
    '--allow-fetch',
    'a',
    '--server-cert',
    file('c', ''),
  );
  assert.equal(lines.length, 5, lines.join('\n'));
});

for (const args of [['--unknown'], ['stray'], ['--port'], ['--fresh=yes']]) {
  test(`npm start: ${args.join(' ')} is refused in one line`, () => assert.equal(refused(...args).length, 1));
}

for (const [name, content] of [
  ['not-json', '{'],
  ['not-an-array', '{}'],
]) {
  test(`npm start: --clients ${name} is refused`, () =>
    assert.equal(refused('--clients', file(`${name}.json`, content ?? '')).length, 1));
}

for (const [name, row] of [
  ['no object', 1],
  ['no name', {}],
  ['a name that is no path segment', { tenant: 'A/b' }],
  ['the name of the first tenant', { tenant: 'default' }],
  ['an unknown member', { tenant: 'a', trustore: 'x' }],
  ['a truststore that is no text', { tenant: 'a', truststore: 1 }],
  ['a truststore that is not there', { tenant: 'a', truststore: 'missing.pem' }],
  ['clients that are no array', { tenant: 'a', clients: {} }],
  ['scopes that are no strings', { tenant: 'a', scopes: [1] }],
  ['an unknown status', { tenant: 'a', policy: { status: 'maybe' } }],
  ['an unknown policy', { tenant: 'a', policy: { mode: 'off' } }],
  ['an age that is no number', { tenant: 'a', policy: { max_status_age: '2' } }],
] as const) {
  test(`npm start: --tenants with ${name} is refused`, () => {
    assert.equal(refused('--tenants', file('tenants.json', JSON.stringify([row]))).length, 1);
  });
}

test('npm start: --tenants with one name twice is refused', () => {
  assert.equal(refused('--tenants', file('tenants.json', '[{"tenant":"a"},{"tenant":"a"}]')).length, 1);
});

const outputs = {
  'Certbound-Data-eu-west-1': { RegistryTable: 'registry-1', GrantsTable: 'grants-1' },
  'Certbound-App-eu-west-1': { Functions: '{"token":"token-1"}', Endpoints: '{"eu-west-1":{}}' },
};
const emulator = 'http://127.0.0.1:4566';

test('npm start: --deployment stands in front of what cdk deploy made on an emulator', () => {
  const written = file('outputs.json', JSON.stringify(outputs));
  assert.deepEqual(accepted('--deployment', written, '--aws-endpoint', emulator).deployment, {
    endpoint: emulator,
    region: 'eu-west-1',
    registryTable: 'registry-1',
    grantsTable: 'grants-1',
    functions: { token: 'token-1' },
  });
});

const written = file('outputs-2.json', JSON.stringify(outputs));
for (const [name, args] of Object.entries({
  'without the emulator': ['--deployment', written],
  'of AWS itself': ['--deployment', written, '--aws-endpoint', 'https://lambda.eu-west-1.amazonaws.com'],
  'of another machine': ['--deployment', written, '--aws-endpoint', 'http://10.0.0.7:4566'],
  'from no outputs': ['--deployment', file('none.json', '[]'), '--aws-endpoint', emulator],
  'from no JSON': ['--deployment', file('text.json', 'text'), '--aws-endpoint', emulator],
  'without a file': ['--aws-endpoint', emulator],
})) {
  test(`npm start: a deployment ${name} is refused in one line`, () => assert.equal(refused(...args).length, 1));
}
