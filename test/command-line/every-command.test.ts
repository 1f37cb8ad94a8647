import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { dynamoStores } from '../../lib/adapters/dynamodb/stores.ts';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { AskedWrongly } from '../../lib/command-line/command.ts';
import { commands } from '../../lib/command-line/commands.ts';
import { run } from '../../lib/command-line/run.ts';
import { rotateKeys } from '../../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../../lib/oauth/key-schedule.ts';
import { type Engine, startEngine, watched } from '../contracts/dynamodb-engine.ts';
import { issueClient, issueIntermediate, issueRoot } from '../pki/issue.ts';
import { issueCrl } from '../pki/status/issue-status.ts';

const folder = mkdtempSync(join(tmpdir(), 'certbound-every-'));
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const root = issueRoot();
const intermediate = issueIntermediate(root);
const cas = file('cas.pem', root.pem + intermediate.pem);
const certificate = file('client.pem', issueClient(intermediate).pem);
const crl = file('root.crl', issueCrl({ signer: root }));
const intermediateCrl = file('intermediate.crl', issueCrl({ signer: intermediate }));
const at = new Date('2026-06-15T12:00:00Z');
const entry = root.certificate.thumbprint;

let engine: Engine;
let stores: Stores;
type Call = { readonly command: string; readonly call: string; readonly partition: string };
/** What commands have asked of DynamoDB: `registry PutItem`, and where. */
const asked: Call[] = [];
let command = '';

before(async () => {
  engine = await startEngine();
  const { registryTable, grantsTable } = engine.tableNames;
  const client = watched(engine.client, (operation, input) => {
    const tables = 'TableName' in input ? [input.TableName] : Object.keys(input.RequestItems ?? {});
    for (const name of tables) {
      const table = name === registryTable ? 'registry' : name === grantsTable ? 'grants' : assert.fail(name);
      asked.push({ command, call: `${table} ${operation}`, partition: partitionOf(JSON.stringify(input)) });
    }
  });
  stores = dynamoStores(client, engine.tableNames);
});

const partitionOf = (input: string): string => /"(?:pk|:pk)":\{"S":"([^"]+)"\}/.exec(input)?.[1] ?? assert.fail(input);

after(async () => {
  await engine.close();
  rmSync(folder, { recursive: true });
});

/** What the publisher does; none of it is asked by the command. */
async function answer(): Promise<void> {
  const { publications } = dynamoStores(engine.client, engine.tableNames);
  const request = await publications.requested('m.example');
  await publications.answered('m.example', { request, outcome: 'published', at: 0, reasons: [] });
}

const certbound = (...args: readonly string[]) =>
  run(args, () => ({
    operator: { actor: 'alice', at },
    now: () => at,
    wait: answer,
    tell: () => {},
    registry: async () => ({ stores, statusAllowHosts: [], published: true, close: async () => {} }),
    developmentCa: async () => {
      throw new AskedWrongly('No server runs here');
    },
    close: async () => {},
  }));

/** In an order in which each can be done. The keys themselves are made by functions. */
const done: readonly (readonly string[])[] = [
  ['tenant add', 'default', '--issuer', 'https://a.example', '--mtls', 'https://m.example'],
  ['tenant list'],
  ['tenant show', 'default'],
  ['truststore add', cas],
  ['truststore list'],
  ['truststore status'],
  ['truststore publish'],
  ['client add', '--client-id', 'billing', '--cert', certificate],
  ['client list'],
  ['client show', 'billing'],
  ['client disable', 'billing'],
  ['client enable', 'billing'],
  ['policy show'],
  ['policy set', 'max_status_age=60'],
  ['policy unset', 'nonce'],
  ['block add', '--cert', certificate],
  ['block add', '--serial', '1A', '--issuer', 'CN=Root'],
  ['block list'],
  ['block remove', '--cert', certificate],
  ['crl upload', crl, '--entry', entry],
  ['crl upload', intermediateCrl, '--entry', intermediate.certificate.thumbprint],
  ['check', certificate, '--client', 'billing'],
  ['crl remove', '--entry', entry],
  ['keys list'],
  ['keys rotate'],
  ['keys retire', 'KID'],
  ['truststore remove', entry],
  ['client remove', 'billing'],
];

/** Of the development CA, not of the registry. */
const local = ['show', 'issue', 'revoke'];

test('certbound: every command does its work on DynamoDB, for people and for scripts', async () => {
  assert.deepEqual(
    [...new Set(done.map(([name]) => name)), ...local].toSorted(),
    commands.map(({ name }) => name).toSorted(),
  );
  for (const [name = '', ...rest] of done) {
    command = name;
    const kid = name === 'keys retire' ? await firstKey() : '';
    const args = [...name.split(' '), ...rest.map((word) => (word === 'KID' ? kid : word))];
    const scripted = await certbound(...args, '--json');
    assert.equal(scripted.exit, 0, `${name}: ${scripted.error.join('\n')}`);
    assert.notEqual(JSON.parse(scripted.out.join('\n')), undefined);
    const shown = await certbound(...args);
    // Done a second time, it is done or refused; both are told.
    assert.match(String(shown.exit), /^[02]$/, name);
    assert.ok([...shown.out, ...shown.error].join('').length > 0, name);
    if (name === 'tenant add') await makeKeys();
  }
});

async function makeKeys(): Promise<void> {
  const local = localKeyCustody(new Uint8Array(32));
  const own = dynamoStores(engine.client, engine.tableNames);
  const tenant = (await own.tenants.find('default')) ?? assert.fail('there is a tenant');
  await rotateKeys(tenant, at, defaultKeySettings, { ...own, custody: { access_token: local, introspection: local } });
}

const firstKey = async () => (await stores.keys.list('default', 'access_token'))[0]?.kid ?? assert.fail('a key');

test('design §3: what the commands ask of DynamoDB is what docs/permissions.md says that an operator needs', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../docs/permissions.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (registry|grants) table \| ([^|]+) \|/gm)];
  const written = rows.flatMap(([, table, actions = '']) =>
    [...actions.matchAll(/dynamodb:(\w+)/g)].map(([, action]) => `${table} ${action}`),
  );
  assert.deepEqual([...new Set(asked.map(({ call }) => call))].toSorted(), written.toSorted());
});

test('design §3: who only looks writes nothing', () => {
  const looks = asked.filter((each) => /list|show|status|check/.test(each.command));
  assert.ok(looks.length > 20);
  assert.deepEqual(
    looks.filter(({ call }) => !/ (BatchGetItem|GetItem|Query)$/.test(call)),
    [],
  );
  // Only checking needs what is known of certificates.
  const grants = new Set(asked.filter(({ call }) => call.startsWith('grants')).map((each) => each.command));
  assert.deepEqual(grants, new Set(['check', 'crl upload']));
});

test('design §3: who blocks certificates of one tenant needs its blocks, changes, version and truststore, and nothing else of it', () => {
  const partitions = asked.filter((each) => each.command.startsWith('block')).map(({ partition }) => partition);
  const needed = ['BLOCK#default', 'CHANGE#default', 'TENANT#', 'TRUSTSTORE#default', 'VERSION#default'];
  assert.deepEqual([...new Set(partitions)].toSorted(), needed);
});
