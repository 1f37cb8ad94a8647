import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registry as inMemory } from '../../lib/adapters/memory/registry.ts';
import { check } from '../../lib/administration/check.ts';
import { removeCrl, uploadCrl } from '../../lib/administration/crl-upload.ts';
import { changeEntryPolicy, changePolicy, showPolicy } from '../../lib/administration/policy.ts';
import { addEntries } from '../../lib/administration/truststore.ts';
import { fail } from '../../lib/result.ts';
import { issueClient, issueIntermediate, issueRoot, toPem } from '../pki/issue.ts';
import { after, type CrlOptions, hour, issueCrl } from '../pki/status/issue-status.ts';
import { accepted, at, operator, refusals, registry } from './registry.ts';

const root = issueRoot();
const other = issueIntermediate(root, { subject: 'CN=Other' });
const good = issueClient(root, { serialNumber: 77 });
const revoked = issueClient(root, { serialNumber: 78 });
const crl = (changes: Partial<CrlOptions> = {}) =>
  issueCrl({ signer: root, entries: [{ serial: Uint8Array.of(78) }], ...changes });

/** A tenant that trusts the root, whose clients name no source of status. */
async function world() {
  const stores = await registry();
  accepted(await addEntries('default', { file: Buffer.from(root.pem + other.pem) }, operator, stores));
  await stores.clients.save('default', { client_id: 'client', tls_client_auth_subject_dn: 'CN=client,O=Example' });
  const entry = root.certificate.thumbprint;
  const fetch = async () => fail({ reason: 'network', detail: 'nobody is to be asked' } as const);
  const holders = stores.holders;
  return {
    stores,
    upload: (file: Uint8Array, name: string = entry, tenant = 'default') =>
      uploadCrl(tenant, name, file, operator, stores),
    remove: () => removeCrl('default', entry, operator, stores),
    entry: async () => (await stores.truststore.entries('default')).find(({ type }) => type === 'anchor'),
    reason: async (file: Uint8Array, now = at) => {
      const snapshots = inMemory(stores, { maxAge: 0, now: () => now, fetch });
      const ports = { registry: snapshots, holders, clients: stores.clients, now: () => now };
      return accepted(await check({ tenant: 'default', file, client_id: 'client' }, ports)).reason;
    },
  };
}

test('certbound crl upload: what the list says holds, until its nextUpdate, and no longer when it is removed', async () => {
  const { upload, remove, reason, stores } = await world();
  assert.equal(await reason(good.der), 'no_status_source');
  const kept = accepted(await upload(crl()));
  assert.deepEqual([kept.entries, kept.nextUpdate], [1, after(1)]);
  assert.equal(await reason(good.der), undefined);
  assert.equal(await reason(revoked.der), 'certificate_revoked');
  assert.notEqual(await reason(good.der, after(2)), undefined, 'a list whose time is over');
  const shown = accepted(await showPolicy('default', stores)).entries[0]?.settings;
  assert.deepEqual(
    shown?.map(({ name }) => name),
    ['uploaded_crl'],
  );
  accepted(await remove());
  assert.equal(await reason(good.der), 'no_status_source');
});

test('certbound crl upload: PEM, a successor, and the settings of the entry that stay', async () => {
  const { upload, reason, entry, stores } = await world();
  accepted(
    await changeEntryPolicy('default', root.certificate.thumbprint, new Map([['order', 'crl']]), operator, stores),
  );
  accepted(await upload(Buffer.from(toPem(crl({ entries: [] }), 'X509 CRL'))));
  assert.equal(await reason(revoked.der), undefined);
  accepted(await upload(crl({ number: 2 })));
  assert.equal(await reason(revoked.der), 'certificate_revoked');
  assert.deepEqual((await entry())?.status, { order: 'crl', uploadedCrl: true });
  assert.deepEqual(
    stores.trail.slice(-2).map(({ action }) => action),
    ['crl.upload', 'crl.upload'],
  );
});

const refused: readonly (readonly [what: string, file: Uint8Array, told: RegExp])[] = [
  ['nothing', new Uint8Array(), /holds no CRL/],
  ['text', Buffer.from('revoked: all'), /holds no CRL/],
  ['a certificate in PEM', Buffer.from(root.pem), /holds no CRL/],
  ['two lists in PEM', Buffer.from(toPem(crl(), 'X509 CRL').repeat(2)), /holds no CRL/],
  ['a certificate in DER', root.der, /malformed/],
  ['half a list', crl().subarray(0, -1), /malformed/],
  ['a list with an octet more', Buffer.concat([crl(), Uint8Array.of(0)]), /malformed/],
  ['a list of another CA', crl({ signer: other }), /untrusted|unavailable/],
  ["a list in the CA's name by another key", crl({ signer: { ...other, subject: root.subject } }), /untrusted/],
  ['an expired list', crl({ thisUpdate: after(-3), nextUpdate: after(-2) }), /not_current.*published last/],
  ['a list from tomorrow', crl({ thisUpdate: after(1), nextUpdate: after(2) }), /not_current/],
  ['a delta', crl({ base: 1, number: 2 }), /malformed: a delta CRL is no complete list/],
];

for (const [what, file, told] of refused) {
  test(`certbound crl upload: ${what} is refused, and nothing is kept or written down`, async () => {
    const { upload, stores, entry } = await world();
    const trail = stores.trail.length;
    assert.match(refusals(await upload(file))[0] ?? '', told);
    assert.equal((await entry())?.status, undefined);
    assert.equal(stores.trail.length, trail);
  });
}

test('RFC 5280 §5.1.2.4: an older list never takes the place of the kept one', async () => {
  const { upload, reason } = await world();
  accepted(await upload(crl({ number: 5 })));
  assert.match(refusals(await upload(crl({ number: 4, entries: [] })))[0] ?? '', /older/);
  const earlier = crl({ number: 6, entries: [], thisUpdate: after(-2 * hour) });
  assert.match(refusals(await upload(earlier))[0] ?? '', /older.*what is kept stays/);
  assert.equal(await reason(revoked.der), 'certificate_revoked');
});

test('design §5: a list is kept for one tenant, one entry, and no client certificate', async () => {
  const { upload, remove, stores } = await world();
  accepted(await upload(crl()));
  for (const tenant of ['nobody', '', '__proto__', 'default\n']) {
    assert.match(refusals(await upload(crl(), root.certificate.thumbprint, tenant))[0] ?? '', /is not registered/);
  }
  assert.match(
    refusals(await upload(crl(), root.certificate.thumbprint, 'other'))[0] ?? '',
    /is not in the truststore/,
  );
  assert.match(refusals(await upload(crl(), good.certificate.thumbprint))[0] ?? '', /is not in the truststore/);
  assert.match(refusals(await upload(crl(), 'abc'))[0] ?? '', /is not a SHA-256 thumbprint/);
  await stores.truststore.add('default', { type: 'client', certificate: good.der });
  assert.match(refusals(await upload(crl(), good.certificate.thumbprint))[0] ?? '', /which issues nothing/);
  accepted(await remove());
  assert.match(refusals(await remove())[0] ?? '', /no CRL was uploaded/);
});

test('certbound crl upload: where no CRL is asked, it says so', async () => {
  const { upload, stores } = await world();
  accepted(await changePolicy('default', new Map([['order', 'ocsp']]), operator, stores));
  assert.match(accepted(await upload(crl())).cautions[0] ?? '', /^order=ocsp/);
});
