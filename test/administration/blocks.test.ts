import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { addBlock, type BlockInput, listBlocks, removeBlock } from '../../lib/administration/blocks.ts';
import { addEntries } from '../../lib/administration/truststore.ts';
import { buildBlocks } from '../../lib/status/blocks.ts';
import { issueClient, issueIntermediate, issueRoot, toPem } from '../pki/issue.ts';
import { accepted, operator, refusals, registry, type TestRegistry } from './registry.ts';

const root = issueRoot({ subject: 'CN=Root,O=Example,C=DE' });
const intermediate = issueIntermediate(root, { subject: 'CN=Intermediate,O=Example,C=DE' });
const leaf = issueClient(intermediate, { serialNumber: 0x1000 });
const path = [leaf.certificate, intermediate.certificate, root.certificate];
const issuer = 'CN=Intermediate,O=Example,C=DE';
const pem = (der: Uint8Array) => Buffer.from(toPem(der));
const hex = Buffer.from(leaf.certificate.thumbprint, 'base64url').toString('hex');

let stores: TestRegistry;
before(async () => {
  stores = await registry();
  accepted(
    await addEntries('default', { file: Buffer.concat([pem(root.der), pem(intermediate.der)]) }, operator, stores),
  );
});

const add = (input: BlockInput, note?: string, tenant = 'default') => addBlock(tenant, input, note, operator, stores);
const remove = (input: BlockInput, tenant = 'default') => removeBlock(tenant, input, operator, stores);
const list = async (tenant = 'default') => accepted(await listBlocks(tenant, stores));
const serial = (text: string, base: 10 | 16 = 16, name = issuer): BlockInput => ({
  by: 'serial',
  serial: text,
  base,
  issuer: name,
});

const forms: readonly (readonly [what: string, input: BlockInput])[] = [
  ['a thumbprint in base64url', { by: 'thumbprint', thumbprint: leaf.certificate.thumbprint }],
  ['a thumbprint in hexadecimal', { by: 'thumbprint', thumbprint: hex }],
  ['a thumbprint as openssl prints it', { by: 'thumbprint', thumbprint: hex.toUpperCase().replace(/..(?!$)/g, '$&:') }],
  ['a certificate in PEM', { by: 'certificate', file: pem(leaf.der) }],
  ['a certificate in DER', { by: 'certificate', file: leaf.der }],
  ['a serial number in hexadecimal', serial('1000')],
  ['a serial number with 0x', serial('0x1000')],
  ['a serial number with colons and a leading zero', serial('00:10:00')],
  ['a serial number as openssl prints it', serial('serial=1000')],
  ['a decimal serial number', serial('4096', 10)],
  ['an issuer with spaces', serial('1000', 16, 'cn = intermediate , O = Example, C=DE')],
  ['a CA certificate', { by: 'authority', file: pem(intermediate.der) }],
  ['the root', { by: 'authority', file: root.der }],
];

for (const [what, input] of forms) {
  test(`certbound blocks: ${what} blocks the path, and its removal frees it`, async () => {
    accepted(await add(input));
    const [block, ...others] = await list();
    assert.equal(others.length, 0);
    assert.ok(block);
    assert.ok(buildBlocks([block]).find(path));
    assert.deepEqual(await list('other'), []);
    accepted(await remove(input));
    assert.deepEqual(await list(), []);
  });
}

test('certbound blocks: the same block in another form is the same; its note is the last one', async () => {
  accepted(await add(serial('1000'), 'lost laptop'));
  accepted(await add(serial('4096', 10, 'cn=INTERMEDIATE, o=example, c=de'), 'found'));
  assert.deepEqual(
    (await list()).map(({ note }) => note),
    ['found'],
  );
  accepted(await remove(serial('0x1000', 16, 'CN=intermediate,O=EXAMPLE,C=DE')));
  accepted(await add({ by: 'certificate', file: leaf.der }, 'one'));
  accepted(await add({ by: 'thumbprint', thumbprint: hex }, 'two'));
  assert.deepEqual(
    (await list()).map(({ note }) => note),
    ['two'],
  );
  for (const block of await list()) await stores.blocks.remove('default', block);
});

test('certbound blocks: adding and removing are written down', async () => {
  const before = stores.trail.length;
  accepted(await add(serial('1000'), 'stolen'));
  accepted(await remove(serial('1000')));
  const subject = `serial number 1000 of ${issuer}`;
  assert.deepEqual(
    stores.trail.slice(before).map((change) => [change.action, change.subject, change.detail]),
    [
      ['block.add', subject, 'stolen'],
      ['block.remove', subject, undefined],
    ],
  );
});

test('RFC 5280 §4.1.2.2: 1000 in hexadecimal and 1000 in decimal are different serial numbers', async () => {
  assert.notEqual(accepted(await add(serial('1000', 10))).text, accepted(await add(serial('1000'))).text);
  for (const block of await list()) await stores.blocks.remove('default', block);
});

const refused: readonly (readonly [what: string, input: BlockInput, told: RegExp])[] = [
  ['a SHA-1 fingerprint', { by: 'thumbprint', thumbprint: 'ab'.repeat(20) }, /^thumbprint .*fingerprint -sha256/],
  ['an empty thumbprint', { by: 'thumbprint', thumbprint: '' }, /^thumbprint/],
  ['base64 that is not base64url', { by: 'thumbprint', thumbprint: `${'+'.repeat(42)}A` }, /^thumbprint/],
  ['a thumbprint with bits too many', { by: 'thumbprint', thumbprint: `${'A'.repeat(42)}B` }, /^thumbprint/],
  ['an empty file', { by: 'certificate', file: new Uint8Array() }, /^certificate at line 1: neither PEM/],
  [
    'a private key',
    { by: 'certificate', file: Buffer.from('-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n') },
    /private key/,
  ],
  [
    'two certificates',
    { by: 'certificate', file: Buffer.concat([pem(leaf.der), pem(root.der)]) },
    /has 2 certificates/,
  ],
  ['a leaf as a CA', { by: 'authority', file: leaf.der }, /is the certificate of no CA/],
  ['no serial number', serial(''), /^serial number/],
  ['zero', serial('0'), /^serial number/],
  ['a negative serial number', serial('-10'), /^serial number/],
  ['letters in a decimal number', serial('10ab', 10), /^serial number .*decimal/],
  ['0x in a decimal number', serial('0x10', 10), /^serial number/],
  ['a serial number of 21 octets', serial('7f'.repeat(21)), /20 octets/],
  ['a serial number that is no number', serial('12 34'), /^serial number/],
  ['an issuer that is no name', serial('1000', 16, 'Intermediate'), /no RFC 4514 distinguished name/],
  ['an empty issuer', serial('1000', 16, ''), /^issuer/],
  [
    'an issuer in reverse order',
    serial('1000', 16, 'C=DE,O=Example,CN=Intermediate'),
    /reverse order.*write CN=Intermediate,O=Example,C=DE/,
  ],
];

for (const [what, input, told] of refused) {
  test(`certbound blocks: ${what} is refused, and nothing is blocked or removed`, async () => {
    const before = stores.trail.length;
    assert.match(refusals(await add(input))[0] ?? '', told);
    assert.match(refusals(await remove(input))[0] ?? '', told);
    assert.deepEqual(await list(), []);
    assert.equal(stores.trail.length, before);
  });
}

for (const note of ['', 'x'.repeat(201), 'two\nlines', '\u0000', 'a\u2028b']) {
  test(`certbound blocks: the note ${JSON.stringify(note.slice(0, 10))} is refused`, async () => {
    assert.match(refusals(await add(serial('1000'), note))[0] ?? '', /^note/);
    assert.deepEqual(await list(), []);
  });
}

test('certbound blocks: a block that is not there cannot be removed', async () => {
  assert.match(refusals(await remove(serial('1000')))[0] ?? '', /there is none in tenant default; see «block list/);
});

test('design §5: no tenant blocks in another, and an unknown one not at all', async () => {
  accepted(await add(serial('1000')));
  assert.match(refusals(await remove(serial('1000'), 'other'))[0] ?? '', /there is none in tenant other/);
  for (const tenant of ['nobody', '', '__proto__', 'default\n', 'a/b']) {
    assert.match(refusals(await add(serial('1000'), undefined, tenant))[0] ?? '', /is not registered/);
    assert.match(refusals(await remove(serial('1000'), tenant))[0] ?? '', /is not registered/);
    assert.match(refusals(await listBlocks(tenant, stores))[0] ?? '', /is not registered/);
  }
  accepted(await remove(serial('1000')));
});

test('certbound blocks: an issuer that the tenant does not trust is blocked with a caution', async () => {
  const { cautions, block } = accepted(await add(serial('1', 16, 'CN=Elsewhere')));
  assert.match(cautions[0] ?? '', /no entry of the truststore has the subject CN=Elsewhere/);
  await stores.blocks.remove('default', block);
  const one = accepted(await add({ by: 'certificate', file: intermediate.der }));
  assert.match(one.cautions[0] ?? '', /block the CA by --ca/);
  await stores.blocks.remove('default', one.block);
});
