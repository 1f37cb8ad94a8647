import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { changeEntryPolicy } from '../../lib/administration/policy.ts';
import { addEntries, listEntries, removeEntry } from '../../lib/administration/truststore.ts';
import type { StoredEntry } from '../../lib/oauth/ports.ts';
import {
  after,
  basicConstraints,
  crlDistributionPoints,
  type Issued,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyUsage,
  newKey,
  ocspAccess,
  toPem,
} from '../pki/issue.ts';
import { accepted, operator, refusals, registry, type TestRegistry } from './registry.ts';

const root = issueRoot();
const intermediate = issueIntermediate(root, {
  extensions: [
    ocspAccess(['http://ocsp.example/a', 'ldap://x']),
    crlDistributionPoints(['http://crl.example:8080/r.crl']),
  ],
});
const leaf = issueClient(intermediate);
const selfSigned = issueRoot({
  subject: 'CN=self',
  extensions: [basicConstraints(false), keyUsage(['digitalSignature'])],
});
const expired = issueRoot({ subject: 'CN=Expired', notBefore: after(-20), notAfter: after(-1) });
const weak = issueRoot({ subject: 'CN=Weak', key: newKey('RSA-1024') });
const idle = issueRoot({ subject: 'CN=Idle', extensions: [keyUsage(['cRLSign'])] });
const bundle = (...all: readonly Issued[]) => Buffer.from(all.map(({ der }) => toPem(der)).join(''));

let stores: TestRegistry;
before(async () => {
  stores = await registry();
});

const add = (file: Uint8Array, type?: StoredEntry['type'], tenant = 'default') =>
  addEntries(tenant, { file, ...(type && { type }) }, operator, stores);
const list = async (tenant = 'default') => accepted(await listEntries(tenant, stores));
const empty = async () => {
  for (const { thumbprint } of await list()) await stores.truststore.remove('default', thumbprint);
};

test('certbound truststore: a bundle is typed entry by entry, and adding it again changes nothing', async () => {
  const first = accepted(await add(bundle(root, intermediate)));
  assert.deepEqual(
    first.entries.map(({ type, change }) => [type, change]),
    [
      ['anchor', 'added'],
      ['intermediate', 'added'],
    ],
  );
  assert.deepEqual(first.cautions, []);
  assert.deepEqual(first.entries[1]?.hosts, { ocsp: ['ocsp.example'], crl: ['crl.example:8080'] });
  const trail = stores.trail.length;
  const again = accepted(await add(bundle(root, intermediate)));
  assert.deepEqual(
    again.entries.map(({ change }) => change),
    ['already there', 'already there'],
  );
  assert.equal(stores.trail.length, trail);
  assert.deepEqual(await list('other'), []);
  await empty();
});

test('certbound truststore: DER as PEM', async () => {
  assert.equal(accepted(await add(root.der)).entries[0]?.type, 'anchor');
  await empty();
});

test('certbound truststore: another type is a change that keeps the settings of the entry', async () => {
  accepted(await add(bundle(root)));
  accepted(
    await changeEntryPolicy(
      'default',
      root.certificate.thumbprint,
      new Map([['revocation', 'none']]),
      operator,
      stores,
    ),
  );
  assert.equal(accepted(await add(bundle(root), 'intermediate')).entries[0]?.change, 'type changed');
  const [entry] = await stores.truststore.entries('default');
  assert.deepEqual(entry, { type: 'intermediate', certificate: root.der, status: { revocation: 'none' } });
  assert.equal((await list())[0]?.policy, true);
  await empty();
});

const refused: readonly (readonly [
  what: string,
  file: Uint8Array,
  type: StoredEntry['type'] | undefined,
  told: RegExp,
])[] = [
  ['an empty file', new Uint8Array(), undefined, /neither PEM/],
  ['text', Buffer.from('hello'), undefined, /neither PEM/],
  [
    'a private key',
    Buffer.from('-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n'),
    undefined,
    /private key/,
  ],
  [
    'a CSR',
    Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n'),
    undefined,
    /not a certificate/,
  ],
  ['half a certificate', root.der.subarray(0, 90), undefined, /truststore at byte/],
  ['the same certificate twice', bundle(root, root), undefined, /stands at line 1 already/],
  ['more than 4 MB', Buffer.alloc(5 * 1024 * 1024), undefined, /larger than 4 MB/],
  ['a leaf', bundle(leaf), undefined, /CN=client,O=Example.*is no CA certificate; .*--type client/],
  ['a leaf as an anchor', bundle(leaf), 'anchor', /is no CA certificate/],
  ['a leaf as an intermediate', bundle(leaf), 'intermediate', /is no CA certificate/],
  ['a self-signed client without saying so', bundle(selfSigned), undefined, /is no CA certificate/],
  ['a CA as a client', bundle(root), 'client', /is a CA certificate and cannot be a client/],
  ['a leaf of a CA as a client', bundle(leaf), 'client', /is no self-signed certificate/],
  ['an expired CA', bundle(expired), undefined, /expired at 2026-06-14/],
  ['a weak key', bundle(weak), undefined, /RSA 1024/],
  ['a CA that may not issue', bundle(idle), undefined, /keyUsage without keyCertSign/],
];

for (const [what, file, type, told] of refused) {
  test(`certbound truststore: ${what} is refused by name, and nothing is added`, async () => {
    assert.match(refusals(await add(file, type))[0] ?? '', told);
    assert.deepEqual(await list(), []);
  });
}

test('certbound truststore: each refused certificate of a bundle is named, and the good ones wait', async () => {
  const told = refusals(await add(bundle(root, expired, weak, leaf)));
  assert.equal(told.length, 3);
  assert.match(told.join('\n'), /CN=Expired.*CN=Weak.*CN=client/s);
  assert.deepEqual(await list(), []);
});

test('design §6: a self-signed client certificate is an entry when somebody says so', async () => {
  assert.equal(accepted(await add(bundle(selfSigned), 'client')).entries[0]?.type, 'client');
  await empty();
});

test('pki §3: an intermediate without its issuer is added with a caution', async () => {
  assert.match(accepted(await add(bundle(intermediate))).cautions[0] ?? '', /CN=Intermediate: no path through it/);
  await empty();
});

test("API Gateway mutual TLS: a second certificate with a tenant's or another tenant's subject is added with a caution", async () => {
  accepted(await add(bundle(root), undefined, 'other'));
  const twin = issueRoot();
  assert.match(
    accepted(await add(bundle(twin))).cautions[0] ?? '',
    /CN=Root: entry .* has the same subject, which API Gateway/,
  );
  await empty();
});

test('certbound truststore: removing needs the entry, tells what is left, and is written down', async () => {
  accepted(await add(bundle(root, intermediate)));
  const id = intermediate.certificate.thumbprint;
  assert.deepEqual(accepted(await removeEntry('default', id, operator, stores)).cautions, []);
  assert.equal(stores.trail.at(-1)?.action, 'truststore.remove');
  assert.match(refusals(await removeEntry('default', id, operator, stores))[0] ?? '', /is not in the truststore/);
  const hex = Buffer.from(root.certificate.thumbprint, 'base64url').toString('hex');
  assert.match(
    accepted(await removeEntry('default', hex, operator, stores)).cautions[0] ?? '',
    /no trust anchor any more/,
  );
  assert.deepEqual(await list(), []);
});

test('design §5: an entry of another tenant cannot be removed, an unknown tenant has none', async () => {
  accepted(await add(bundle(root)));
  const id = root.certificate.thumbprint;
  for (const tenant of ['nobody', '', '__proto__', 'default\n', 'a'.repeat(64)]) {
    assert.match(refusals(await add(bundle(root), undefined, tenant))[0] ?? '', /is not registered/);
    assert.match(refusals(await listEntries(tenant, stores))[0] ?? '', /is not registered/);
    assert.match(refusals(await removeEntry(tenant, id, operator, stores))[0] ?? '', /is not registered/);
  }
  const foreign = issueRoot({ subject: 'CN=Foreign' });
  accepted(await add(bundle(foreign), undefined, 'other'));
  const removed = await removeEntry('default', foreign.certificate.thumbprint, operator, stores);
  assert.match(refusals(removed)[0] ?? '', /is not in the truststore of tenant default/);
  await empty();
});
