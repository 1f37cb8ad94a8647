import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { subjectMetadata } from '../../lib/administration/client-of-certificate.ts';
import { addClients, listClients, removeClient, setDisabled, showClient } from '../../lib/administration/clients.ts';
import { changePolicy } from '../../lib/administration/policy.ts';
import { generalName, issueClient, issueRoot, rawName, subjectAltName, text, toPem } from '../pki/issue.ts';
import { accepted, at, operator, refusals, registry, type TestRegistry } from './registry.ts';

let stores: TestRegistry;
before(async () => {
  stores = await registry();
  accepted(await changePolicy('other', new Map([['scopes_supported', 'read']]), operator, stores));
});

const metadata = (client_id: string, members: object = {}) => ({
  client_id,
  tls_client_auth_subject_dn: `CN=${client_id},O=Example`,
  ...members,
});
const add = (value: unknown, { tenant = 'default', replace = false } = {}) =>
  addClients(tenant, value, { replace }, operator, stores);
const ids = async (tenant = 'default') => accepted(await listClients(tenant, stores)).map(({ client_id }) => client_id);
const empty = async () => {
  for (const id of await ids()) await stores.clients.remove('default', id);
};

test('certbound client: one and several are registered with the time of it', async () => {
  accepted(await add(metadata('one')));
  accepted(await add([metadata('two'), metadata('three', { scope: 'read' })]));
  assert.deepEqual((await ids()).toSorted(), ['one', 'three', 'two']);
  assert.equal(accepted(await showClient('default', 'one', stores))['client_id_issued_at'], at.getTime() / 1000);
  assert.deepEqual(
    stores.trail.slice(-3).map(({ action, subject }) => `${action} ${subject}`),
    ['client.add one', 'client.add two', 'client.add three'],
  );
  assert.deepEqual(await ids('other'), []);
  await empty();
});

const refused: readonly (readonly [what: string, value: unknown, told: RegExp])[] = [
  ['null', null, /^client "\(without client_id\)": \(metadata\) must be a JSON object/],
  ['a string', 'billing', /must be a JSON object/],
  ['an empty list', [], /the list is empty/],
  ['a list in a list', [[metadata('a')]], /must be a JSON object/],
  ['no client_id', { tls_client_auth_subject_dn: 'CN=a' }, /client_id is missing/],
  ['a client_id of control characters', metadata('a\nb', { tls_client_auth_subject_dn: 'CN=a' }), /client_id must be/],
  ['no name', { client_id: 'a' }, /exactly one of/],
  ['two names', metadata('a', { tls_client_auth_san_dns: 'a.example' }), /exactly one of/],
  ['a subject that is no name', metadata('a', { tls_client_auth_subject_dn: 'billing' }), /no RFC 4514/],
  [
    'a method that is not offered',
    metadata('a', { token_endpoint_auth_method: 'client_secret_basic' }),
    /token_endpoint_auth_method/,
  ],
  ['more than a row holds', metadata('a', { client_name: 'x'.repeat(100_000) }), /^client "a": the metadata is longer/],
  ['the same client twice', [metadata('a'), metadata('a')], /stands twice in the list/],
];

for (const [what, value, told] of refused) {
  test(`RFC 7591 §3.2.2: ${what} is refused with what is wrong, and nobody is registered`, async () => {
    const list = Array.isArray(value) && value.length > 0 ? [metadata('good'), ...value] : value;
    assert.match(refusals(await add(list)).join('\n'), told);
    assert.deepEqual(await ids(), []);
  });
}

test('certbound client: a scope that the tenant does not offer is refused', async () => {
  const told = refusals(await add(metadata('a', { scope: 'read write' }), { tenant: 'other' }));
  assert.match(told[0] ?? '', /^client "a": scope write is not offered by tenant other; offered are read/);
});

test('certbound client: one that is registered is replaced only when asked to, and stays disabled', async () => {
  accepted(await add(metadata('one', { scope: 'read' })));
  assert.match(refusals(await add(metadata('one')))[0] ?? '', /is registered already; see --replace/);
  accepted(await setDisabled('default', 'one', true, operator, stores));
  accepted(await add(metadata('one', { scope: 'write', disabled: false }), { replace: true }));
  const client = accepted(await showClient('default', 'one', stores));
  assert.equal(client['scope'], 'write');
  assert.equal(client['disabled'], true);
  assert.equal(stores.trail.at(-1)?.action, 'client.replace');
  await empty();
});

test('certbound client: disable and enable, each written down once', async () => {
  accepted(await add(metadata('one')));
  const trail = stores.trail.length;
  assert.equal(accepted(await setDisabled('default', 'one', true, operator, stores)).changed, true);
  assert.equal(accepted(await setDisabled('default', 'one', true, operator, stores)).changed, false);
  assert.equal((await stores.clients.find('default', 'one'))?.disabled, true);
  assert.equal(accepted(await setDisabled('default', 'one', false, operator, stores)).changed, true);
  assert.equal((await stores.clients.find('default', 'one'))?.disabled, false);
  assert.deepEqual(
    stores.trail.slice(trail).map(({ action }) => action),
    ['client.disable', 'client.enable'],
  );
  accepted(await removeClient('default', 'one', operator, stores));
  assert.deepEqual(await ids(), []);
});

test('design §5: a client of another tenant, an unknown one and an unknown tenant are refused', async () => {
  accepted(await add(metadata('one')));
  for (const [tenant, id] of [
    ['other', 'one'],
    ['default', 'two'],
    ['default', ''],
    ['default', '__proto__'],
    ['default', 'one\n'],
    ['nobody', 'one'],
    ['', 'one'],
  ] as const) {
    for (const result of [
      await showClient(tenant, id, stores),
      await removeClient(tenant, id, operator, stores),
      await setDisabled(tenant, id, true, operator, stores),
    ]) {
      assert.match(refusals(result)[0] ?? '', /is not registered/);
    }
  }
  assert.match(refusals(await add(metadata('x'), { tenant: 'nobody' }))[0] ?? '', /is not registered/);
  assert.deepEqual(await ids(), ['one']);
  await empty();
});

test('certbound client: two clients of one name are registered with a caution', async () => {
  accepted(await add(metadata('one')));
  const { cautions } = accepted(await add(metadata('two', { tls_client_auth_subject_dn: 'cn=ONE, o=example' })));
  assert.match(cautions[0] ?? '', /^two: has the same registered name as one,/);
  await empty();
});

test('certbound client add: of many clients with one name a few are named, whatever their number', async () => {
  const all = Array.from({ length: 3_000 }, (_, i) => metadata(`c${i}`, { tls_client_auth_subject_dn: 'CN=one' }));
  const { cautions } = accepted(await add(all));
  assert.equal(cautions.length, all.length);
  assert.match(cautions[9] ?? '', /^c9: has the same registered name as c0, c1, c2, c3, c4 and 2994 others,/);
  await empty();
});

const root = issueRoot();

test('C5: the subject DN is derived from a certificate most specific first, and matches it', async () => {
  const leaf = issueClient(root, { subject: 'CN=billing+serialNumber=7,OU=a\\,b,O=Example,C=DE' });
  const derived = accepted(subjectMetadata(Buffer.from(toPem(leaf.der))));
  assert.match(derived.tls_client_auth_subject_dn, /^CN=billing.*C=DE$/);
  accepted(await add({ client_id: 'derived', ...derived }));
  await empty();
});

for (const [what, file, told] of [
  ['no subject', issueClient(root, { subject: rawName() }).der, /has no subject, and no other name/],
  [
    'only other names',
    issueClient(root, { subject: rawName(), extensions: [subjectAltName([generalName.dns('a.example')], true)] }).der,
    /only other names; register one of its names/,
  ],
  ['two certificates', Buffer.from(toPem(root.der) + toPem(issueClient(root).der)), /has 2 certificates/],
  ['no certificate', Buffer.from('x'), /neither PEM/],
] as const) {
  test(`C5: a file with ${what} gives no subject DN`, () => {
    assert.match(refusals(subjectMetadata(file))[0] ?? '', told);
  });
}

test('C8: a subject of attributes that have no name here is derived as well', () => {
  const subject = rawName([['1.2.3.4', text.utf8('x')]], [['2.5.4.3', text.bmp('ü')]]);
  const { tls_client_auth_subject_dn } = accepted(subjectMetadata(issueClient(root, { subject }).der));
  assert.equal(tls_client_auth_subject_dn, 'CN=ü,1.2.3.4=#0c0178');
});
