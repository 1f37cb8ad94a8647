/** A kept CRL says of every certificate what the list itself says, whatever is in the list. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryKeptCrlStore } from '../../lib/adapters/memory/crl-stores.ts';
import { printName } from '../../lib/pki/certificate/name.ts';
import { ok } from '../../lib/result.ts';
import { refreshCrl } from '../../lib/status/crl-refresh.ts';
import { keptKey } from '../../lib/status/kept-crl.ts';
import type { CrlStore } from '../../lib/status/ports.ts';
import { defaultStatusPolicy, fetchStatus, type StatusPolicy } from '../../lib/status/revocation.ts';
import { crlDistributionPoints, generalName, issueClient, issueIntermediate, issueRoot } from '../pki/issue.ts';
import { after, at, type CrlOptions, type Entry, issueCrl } from '../pki/status/issue-status.ts';
import { network, pathOf, truststoreOf } from './network.ts';

const url = 'http://crl.test/ca.crl';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
const client = issueClient(ca, { extensions: [crlDistributionPoints([url])] });
const path = pathOf(client, ca, anchor);
const truststore = truststoreOf(ca, anchor);
const key = keptKey(url, [ca.certificate, anchor.certificate]);
const policy: StatusPolicy = { ...defaultStatusPolicy, depth: 'leaf', order: 'crl' };
const issuers = [ca.certificate.subject, anchor.certificate.subject].map(printName);

const entry: fc.Arbitrary<Entry> = fc
  .record({
    serial: fc.constantFrom(client.certificate.serial, Uint8Array.of(1), Uint8Array.of(2)),
    reason: fc.constantFrom(undefined, 0, 1, 6, 8, 10),
    issuer: fc.constantFrom(undefined, ...issuers),
    revokedAt: fc.integer({ min: -400, max: 0 }).map((days) => new Date(after(days).setUTCMilliseconds(0))),
  })
  .map(({ serial, reason, issuer, revokedAt }) => ({
    serial,
    revokedAt,
    ...(reason !== undefined && { reason }),
    ...(issuer !== undefined && { certificateIssuer: [generalName.directory(issuer)] }),
  }));

const lists: fc.Arbitrary<Partial<CrlOptions>> = fc.record({
  // 1000 others make shards of the list.
  entries: fc
    .tuple(fc.array(entry, { maxLength: 6 }), fc.constantFrom(0, 0, 1_000))
    .map(([some, others]) => [
      ...some,
      ...Array.from({ length: others }, (_, i) => ({ serial: Uint8Array.of(3, i >> 8, i & 0xff) })),
    ]),
  idp: fc.constantFrom(
    { indirect: true },
    { indirect: true, user: true },
    { ca: true },
    { names: [generalName.uri(url)] },
    { reasons: [1, 2] },
  ),
});

test('RFC 5280 §6.3.3: of any list that is kept, the status is that of the list itself', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(lists, async (options) => {
      const der = issueCrl({ signer: ca, ...options });
      const store = memoryKeptCrlStore();
      const crls: CrlStore = { ...store.writer('t'), want: async () => {} };
      const source = { crl: key, certificate: client.der, index: 0, url, exp: 2_000_000_000 };
      const fetch = async () => ok({ body: der, validators: {} });
      await refreshCrl(source, { truststore, policy, at }, { fetch, crls: store.writer('t') });
      const [kept] = await fetchStatus(path, { policy, at }, network({}, { crls }));
      const [fetched] = await fetchStatus(path, { policy, at }, network({ [url]: der }));
      assert(kept && fetched);
      seen.add(fetched.status);
      assert.deepEqual(
        [kept.status, kept.revokedAt, kept.thisUpdate, kept.nextUpdate],
        [fetched.status, fetched.revokedAt, fetched.thisUpdate, fetched.nextUpdate],
      );
    }),
    { numRuns: 120 },
  );
  assert.deepEqual([...seen].sort(), ['good', 'on_hold', 'revoked', 'unavailable']);
});
