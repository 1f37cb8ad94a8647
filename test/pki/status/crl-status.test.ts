/** RFC 5280 §6.3.3, clause by clause: which CRLs decide about which certificate. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tags } from '../../../lib/pki/certificate/der.ts';
import { write, writeInteger, writeOid, writeSequence } from '../../../lib/pki/certificate/der-writer.ts';
import { buildTruststore } from '../../../lib/pki/path/truststore.ts';
import { parseCrl } from '../../../lib/pki/status/crl.ts';
import { crlStatus, type CrlOptions as StatusOptions } from '../../../lib/pki/status/crl-status.ts';
import { signerPathsIn } from '../../../lib/pki/status/signer-paths.ts';
import {
  basicConstraints,
  generalName,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyIdentifier,
  keyUsage,
  newKey,
  subjectKeyIdentifier,
} from '../issue.ts';
import { after, at, type CrlOptions, distributionPoints, type Entry, issueCrl, minute } from './issue-status.ts';

const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA,O=Example' });
const url = [generalName.uri('http://crl.test/ca.crl')];
const client = issueClient(ca, { extensions: [distributionPoints([{ names: url }])] });

const revoked = (leaf: Issued = client, reason?: number): Entry => ({
  serial: leaf.certificate.serial,
  ...(reason === undefined ? {} : { reason }),
});
const crl = (options: Partial<CrlOptions> = {}): Uint8Array => issueCrl({ signer: ca, ...options });

type Options = Partial<Omit<StatusOptions, 'crls' | 'certificate'>> & { readonly leaf?: Issued };

function verdict(ders: readonly Uint8Array[], { leaf = client, ...options }: Options = {}) {
  const crls = ders.map((der) => {
    const parsed = parseCrl(der);
    assert(parsed.ok, parsed.ok ? '' : parsed.failure.detail);
    return parsed.value;
  });
  return crlStatus({
    certificate: leaf.certificate,
    authorities: [ca.certificate, anchor.certificate],
    crls,
    at,
    ...options,
  });
}

const status = (ders: readonly Uint8Array[], options: Options = {}): string => {
  const result = verdict(ders, options);
  return result.ok ? result.value.status : result.failure.status;
};

describe('(a) current CRLs', () => {
  test('RFC 5280 §6.3.3: without any CRL nothing is known', () => {
    assert.equal(status([]), 'unavailable');
  });

  test('RFC 5280 §6.3.3: a complete CRL of the issuer says who is revoked, and all others are good', () => {
    assert.equal(status([crl()]), 'good');
    assert.equal(status([crl({ entries: [revoked(issueClient(ca))] })]), 'good');
    assert.equal(status([crl({ entries: [revoked(issueClient(ca)), revoked()] })]), 'revoked');
    const result = verdict([crl({ entries: [{ ...revoked(client, 1), revokedAt: after(-4) }] })]);
    assert(result.ok);
    assert.deepEqual(result.value.revokedAt, after(-4));
    assert.equal(result.value.revocationReason, 'keyCompromise');
    assert.deepEqual([result.value.thisUpdate, result.value.nextUpdate], [after(-1 / 24), after(1)]);
  });

  test('RFC 5280 §5.3.1: certificateHold is on hold, every other reason is revoked', () => {
    for (const reason of [0, 1, 2, 3, 4, 5, 9, 10]) {
      assert.equal(status([crl({ entries: [revoked(client, reason)] })]), 'revoked');
    }
    assert.equal(status([crl({ entries: [revoked(client, 6)] })]), 'on_hold');
  });

  test('RFC 5280 §5.1.2.5: after nextUpdate a CRL clears nobody, but whom it revoked for good stays revoked', () => {
    const expired = { thisUpdate: after(-9), nextUpdate: after(-1) };
    assert.equal(status([crl(expired)]), 'unavailable');
    assert.equal(status([crl({ ...expired, entries: [revoked(client, 6)] })]), 'unavailable');
    assert.equal(status([crl({ ...expired, entries: [revoked(client, 1)] })]), 'revoked');
    assert.equal(status([crl({ nextUpdate: after(-5 * minute) })]), 'good');
    assert.equal(status([crl({ nextUpdate: after(-5 * minute - minute / 60) })]), 'unavailable');
  });

  test('RFC 5280 §5.1.2.4: a CRL from the future says nothing', () => {
    assert.equal(status([crl({ thisUpdate: after(5 * minute), nextUpdate: after(9) })]), 'good');
    const future = { thisUpdate: after(6 * minute), nextUpdate: after(9) };
    assert.equal(status([crl(future)]), 'unavailable');
    assert.equal(status([crl({ ...future, entries: [revoked()] })]), 'unavailable');
  });

  test('pki §4: without nextUpdate a CRL holds seven days', () => {
    assert.equal(status([crl({ nextUpdate: null, thisUpdate: after(-7) })]), 'good');
    assert.equal(status([crl({ nextUpdate: null, thisUpdate: after(-7 - minute) })]), 'unavailable');
  });

  test('RFC 5280 §6.3.3: of several CRLs the newest decides', () => {
    const old = { thisUpdate: after(-3), number: 1 };
    const held = crl({ ...old, entries: [revoked(client, 6)] });
    assert.equal(status([held, crl({ number: 2 })]), 'good');
    assert.equal(status([crl({ number: 2 }), held]), 'good');
    assert.equal(status([crl({ ...old }), crl({ number: 2, entries: [revoked()] })]), 'revoked');
  });
});

describe('(b) issuer and scope', () => {
  test('RFC 5280 §6.3.3 (b)(1): a CRL of another issuer says nothing', () => {
    const other = issueIntermediate(anchor, { subject: 'CN=Other CA' });
    assert.equal(status([crl({ signer: other })]), 'unavailable');
    assert.equal(status([crl({ signer: anchor })]), 'unavailable');
    assert.equal(status([crl({ issuerName: other.subject })]), 'unavailable');
  });

  test('RFC 5280 §7.1: the issuer is compared as a name, not as octets', () => {
    const text = (value: string, tag: number) => write(tag, Buffer.from(value));
    const attribute = (type: string, value: Uint8Array) => write(tags.set, writeSequence(writeOid(type), value));
    const same = writeSequence(
      attribute('2.5.4.10', text('EXAMPLE', tags.printableString)),
      attribute('2.5.4.3', text(' issuing  ca', tags.printableString)),
    );
    assert.equal(status([crl({ issuerName: same })]), 'good');
    const reversed = writeSequence(
      attribute('2.5.4.3', text('Issuing CA', tags.printableString)),
      attribute('2.5.4.10', text('Example', tags.printableString)),
    );
    assert.equal(status([crl({ issuerName: reversed })]), 'unavailable');
  });

  test('RFC 5280 §6.3.3 (b)(2)(i): the point of the CRL is one of the points of the certificate', () => {
    assert.equal(status([crl({ idp: { names: url } })]), 'good');
    const other = [generalName.uri('http://crl.test/other.crl')];
    assert.equal(status([crl({ idp: { names: other } })]), 'unavailable');
    assert.equal(status([crl({ idp: { names: other, user: true }, entries: [revoked()] })]), 'unavailable');
    assert.equal(status([crl({ idp: { names: [...other, ...url] } })]), 'good');
    const bare = issueClient(ca);
    assert.equal(status([crl({ idp: { names: url } })], { leaf: bare }), 'unavailable');
    assert.equal(status([crl()], { leaf: bare }), 'good');
  });

  test('RFC 5280 §4.2.1.13: a relative name continues that of the CRL issuer, on either side', () => {
    const relative = writeSequence(writeOid('2.5.4.3'), write(tags.utf8String, Buffer.from('CRL1')));
    const full = [generalName.directory('CN=crl1,CN=Issuing CA,O=Example')];
    const byRelative = issueClient(ca, { extensions: [distributionPoints([{ relative }])] });
    const byFull = issueClient(ca, { extensions: [distributionPoints([{ names: full }])] });
    for (const leaf of [byRelative, byFull]) {
      assert.equal(status([crl({ idp: { relative } })], { leaf }), 'good');
      assert.equal(status([crl({ idp: { names: full } })], { leaf }), 'good');
      assert.equal(
        status([crl({ idp: { names: [generalName.directory('CN=crl2,CN=Issuing CA,O=Example')] } })], { leaf }),
        'unavailable',
      );
    }
  });

  test('RFC 5280 §6.3.3: the issuer as the name of a point comes last', () => {
    const names = [generalName.directory('CN=Issuing CA,O=Example')];
    assert.equal(status([crl({ idp: { names } })]), 'good');
    assert.equal(status([crl({ idp: { names: [generalName.directory('CN=Issuing CA')] } })]), 'unavailable');
  });

  test('RFC 5280 §6.3.3 (b)(2)(ii) to (iv): CRLs for users, for CAs, for attribute certificates', () => {
    const child = issueIntermediate(ca, { subject: 'CN=Child CA' });
    const former = issue({ issuer: ca, subject: 'CN=Old', version: 1 });
    const kinds = [{ user: true }, { ca: true }, { attribute: true }];
    const seen = (leaf: Issued) => kinds.map((idp) => status([crl({ idp })], { leaf }));
    assert.deepEqual(seen(client), ['good', 'unavailable', 'unavailable']);
    assert.deepEqual(seen(child), ['unavailable', 'good', 'unavailable']);
    assert.deepEqual(seen(former), ['unavailable', 'unavailable', 'unavailable']);
    assert.equal(status([crl()], { leaf: former }), 'good');
    assert.equal(status([crl({ idp: { ca: true }, entries: [revoked()] })]), 'unavailable');
  });
});

describe('(d), (e), (l) reasons', () => {
  const some = [1, 2];
  const rest = [3, 4, 5, 6, 7, 8];

  test('RFC 5280 §6.3.3 (l): good only when the CRLs cover all reasons', () => {
    const first = crl({ idp: { reasons: some } });
    const second = crl({ idp: { reasons: rest }, number: 2 });
    assert.equal(status([first]), 'unavailable');
    assert.equal(status([second]), 'unavailable');
    assert.equal(status([first, first]), 'unavailable');
    assert.equal(status([first, second]), 'good');
    assert.equal(status([second, first]), 'good');
    assert.equal(status([first, crl()]), 'good');
  });

  test('RFC 5280 §6.3.3: revoked by any of them is revoked', () => {
    const first = crl({ idp: { reasons: some }, entries: [revoked(client, 1)] });
    assert.equal(status([first]), 'revoked');
    assert.equal(status([crl({ idp: { reasons: rest } }), first]), 'revoked');
    const held = crl({ idp: { reasons: rest }, entries: [revoked(client, 6)], number: 3 });
    assert.equal(status([held]), 'on_hold');
    assert.equal(status([held, first]), 'revoked');
  });

  test('RFC 5280 §6.3.3 (d): the reasons of the point narrow those of the CRL', () => {
    const points = [
      { names: url, reasons: some },
      { names: [generalName.uri('http://crl.test/rest.crl')], reasons: rest },
    ];
    const leaf = issueClient(ca, { extensions: [distributionPoints(points)] });
    const first = crl({ idp: { names: url } });
    const second = crl({ idp: { names: [generalName.uri('http://crl.test/rest.crl')] }, number: 2 });
    assert.equal(status([first], { leaf }), 'unavailable');
    assert.equal(status([second], { leaf }), 'unavailable');
    assert.equal(status([first, second], { leaf }), 'good');
    const disjoint = crl({ idp: { names: url, reasons: rest } });
    assert.equal(status([disjoint, second], { leaf }), 'unavailable');
  });

  test('RFC 5280 §5.1.2.5: what is good by several CRLs is so until the first of them ends', () => {
    const first = crl({ idp: { reasons: some }, thisUpdate: after(-2), nextUpdate: after(3) });
    const second = crl({ idp: { reasons: rest }, thisUpdate: after(-1), nextUpdate: after(2) });
    const both = verdict([first, second]);
    assert(both.ok);
    assert.deepEqual([both.value.thisUpdate, both.value.nextUpdate], [after(-2), after(2)]);
    const open = verdict([first, crl({ idp: { reasons: rest }, thisUpdate: after(-6), nextUpdate: null })]);
    assert(open.ok);
    assert.deepEqual(open.value.nextUpdate, after(1));
  });
});

describe('(c), (h), (i), (k) delta CRLs', () => {
  const complete = (options: Partial<CrlOptions> = {}) => crl({ number: 10, thisUpdate: after(-1), ...options });
  const delta = (options: Partial<CrlOptions> = {}) => crl({ number: 12, base: 10, ...options });

  test('RFC 5280 §5.2.4: a delta alone is no CRL', () => {
    assert.equal(status([delta()]), 'unavailable');
    assert.equal(status([delta({ entries: [revoked()] })]), 'unavailable');
  });

  test('RFC 5280 §6.3.3 (i), (j): the delta speaks first, the complete CRL after it', () => {
    assert.equal(status([complete(), delta()]), 'good');
    assert.equal(status([complete(), delta({ entries: [revoked(client, 1)] })]), 'revoked');
    assert.equal(
      status([complete({ entries: [revoked(client, 6)] }), delta({ entries: [revoked(client, 1)] })]),
      'revoked',
    );
    assert.equal(status([complete({ entries: [revoked(client, 6)] }), delta()]), 'on_hold');
    assert.equal(status([complete({ entries: [revoked(client, 1)] }), delta()]), 'revoked');
  });

  test('RFC 5280 §6.3.3 (k): removeFromCRL in a delta ends a hold; in a complete CRL it makes no sense', () => {
    const held = complete({ entries: [revoked(client, 6)] });
    assert.equal(status([held, delta({ entries: [revoked(client, 8)] })]), 'good');
    assert.equal(status([complete({ entries: [revoked(client, 8)] })]), 'unavailable');
    assert.equal(status([held, delta({ entries: [revoked(issueClient(ca), 8)] })]), 'on_hold');
  });

  test('RFC 5280 §5.2.4: the delta begins at the complete CRL or before, and ends after it', () => {
    const held = complete({ entries: [revoked(client, 6)] });
    const lifted = [revoked(client, 8)];
    assert.equal(status([held, delta({ base: 9, entries: lifted })]), 'good');
    assert.equal(status([held, delta({ base: 11, entries: lifted })]), 'on_hold');
    assert.equal(status([held, delta({ number: 10, entries: lifted })]), 'on_hold');
    assert.equal(status([held, delta({ number: null, entries: lifted })]), 'on_hold');
    assert.equal(
      status([complete({ number: null, entries: [revoked(client, 6)] }), delta({ entries: lifted })]),
      'on_hold',
    );
  });

  test('RFC 5280 §6.3.3 (c): the delta has the issuer and the scope of the complete CRL', () => {
    const lifted = [revoked(client, 8)];
    const idp = { names: url };
    const held = complete({ entries: [revoked(client, 6)], idp });
    assert.equal(status([held, delta({ entries: lifted, idp })]), 'good');
    assert.equal(status([held, delta({ entries: lifted })]), 'on_hold');
    assert.equal(status([held, delta({ entries: lifted, idp: { names: url, user: true } })]), 'on_hold');
    assert.equal(status([complete({ entries: [revoked(client, 6)] }), delta({ entries: lifted, idp })]), 'on_hold');
    assert.equal(status([held, delta({ entries: lifted, idp, signer: anchor })]), 'on_hold');
    const renamed = delta({ entries: lifted, idp, issuerName: anchor.subject });
    assert.equal(status([held, renamed]), 'on_hold');
  });

  test('RFC 5280 §6.3.3 (h): the delta is signed with the key of the complete CRL', () => {
    const forger = { subject: ca.subject, key: newKey() };
    const held = complete({ entries: [revoked(client, 6)] });
    assert.equal(status([held, delta({ signer: forger, entries: [revoked(client, 8)] })]), 'on_hold');
    assert.equal(status([complete(), delta({ signer: forger, entries: [revoked(client, 1)] })]), 'good');
  });

  test('RFC 5280 §6.3.3 (a): a current delta keeps an expired complete CRL in use, an expired delta changes nothing', () => {
    const old = { thisUpdate: after(-9), nextUpdate: after(-2) };
    assert.equal(status([complete(old)]), 'unavailable');
    assert.equal(status([complete(old), delta({ issuerName: anchor.subject })]), 'unavailable');
    const both = verdict([complete(old), delta()]);
    assert(both.ok);
    assert.deepEqual([both.value.status, both.value.nextUpdate], ['good', after(1)]);
    const held = complete({ entries: [revoked(client, 6)] });
    const lifted = { entries: [revoked(client, 8)], thisUpdate: after(-1), nextUpdate: after(-0.5) };
    assert.equal(status([held, delta(lifted)]), 'on_hold');
  });

  test('RFC 5280 §5.2.4: of several deltas the latest counts', () => {
    const held = complete({ entries: [revoked(client, 6)] });
    const lifted = delta({ number: 12, entries: [revoked(client, 8)] });
    const again = delta({ number: 13, entries: [revoked(client, 1)] });
    assert.equal(status([held, lifted, again]), 'revoked');
    assert.equal(status([held, again, lifted]), 'revoked');
  });
});

describe('(f), (g) the signer', () => {
  const signers = (...more: readonly Issued[]) => {
    const entries = [
      { type: 'anchor' as const, certificate: anchor.certificate },
      ...[ca, ...more].map(({ certificate }) => ({ type: 'intermediate' as const, certificate })),
    ];
    const authorities = [ca.certificate, anchor.certificate];
    return { signerPaths: signerPathsIn(buildTruststore(entries, '1'), authorities, { at }) };
  };
  const signing = (subject: string, issuer: Issued = anchor, more: Parameters<typeof issue>[0] = {}): Issued => {
    const key = newKey();
    const extensions = [keyUsage(['cRLSign']), subjectKeyIdentifier(keyIdentifier(key))];
    return issue({ issuer, subject, key, extensions, ...more });
  };
  const name = 'CN=Issuing CA,O=Example';
  const parentCrl = crl({ signer: anchor });

  test('RFC 5280 §6.3.3 (g): a signature by any other key is no signature of the issuer', () => {
    const forger = { subject: ca.subject, key: newKey() };
    assert.equal(status([crl({ signer: forger })]), 'untrusted');
    assert.equal(status([crl({ signer: forger, entries: [revoked()] })]), 'untrusted');
    const changed = crl();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    assert.equal(status([changed]), 'untrusted');
    assert.equal(status([crl({ signer: forger }), crl()]), 'good');
  });

  test('RFC 5280 §6.3.3 (f): an issuer whose keyUsage lacks cRLSign signs no CRL, one without keyUsage does', () => {
    const key = newKey();
    const unable = issueIntermediate(anchor, { subject: name, key, extensions: [keyUsage(['keyCertSign'])] });
    const options = (issuer: Issued) => ({ authorities: [issuer.certificate, anchor.certificate] });
    assert.equal(status([crl({ signer: unable })], options(unable)), 'untrusted');
    const silent = issue({ issuer: anchor, subject: name, key, extensions: [basicConstraints(true)] });
    assert.equal(status([crl({ signer: silent })], options(silent)), 'good');
  });

  test('RFC 5280 §2.2: weak signatures prove nothing', () => {
    const rsa = issueIntermediate(anchor, { subject: name, key: newKey('RSA-2048') });
    const options = { authorities: [rsa.certificate, anchor.certificate] };
    assert.equal(status([crl({ signer: rsa })], options), 'good');
    assert.equal(status([crl({ signer: rsa, signature: 'rsa-sha1' })], options), 'untrusted');
  });

  test('RFC 5280 §6.3.3 (f): a CRL key of its own, certified under the same anchor, signs for the issuer', () => {
    const own = signing(name);
    assert.equal(status([crl({ signer: own }), parentCrl], signers(own)), 'good');
    assert.equal(status([crl({ signer: own, entries: [revoked()] }), parentCrl], signers(own)), 'revoked');
    assert.equal(status([crl({ signer: own }), parentCrl]), 'untrusted');
  });

  test('RFC 5280 §6.3.3 (f): the path of such a signer is validated, revocation included', () => {
    const own = signing(name);
    assert.equal(status([crl({ signer: own })], signers(own)), 'unavailable');
    const revokedSigner = crl({ signer: anchor, entries: [revoked(own)] });
    assert.equal(status([crl({ signer: own }), revokedSigner], signers(own)), 'untrusted');
    const expired = signing(name, anchor, { notAfter: after(-1) });
    assert.equal(status([crl({ signer: expired }), parentCrl], signers(expired)), 'untrusted');
    const unable = signing(name, anchor, { extensions: [keyUsage(['digitalSignature'])] });
    assert.equal(status([crl({ signer: unable }), parentCrl], signers(unable)), 'untrusted');
  });

  test('RFC 5280 §6.3.3 (f): the signer ends at the same anchor as the certificate', () => {
    const foreign = issueRoot({ subject: 'CN=Foreign Root' });
    const own = signing(name, foreign);
    const entries = [anchor, foreign].map(({ certificate }) => ({ type: 'anchor' as const, certificate }));
    const others = [ca, own].map(({ certificate }) => ({ type: 'intermediate' as const, certificate }));
    const authorities = [ca.certificate, anchor.certificate];
    const signerPaths = signerPathsIn(buildTruststore([...entries, ...others], '1'), authorities, { at });
    assert.equal(status([crl({ signer: own }), crl({ signer: foreign })], { signerPaths }), 'untrusted');
  });

  describe('indirect CRLs', () => {
    const service = 'CN=CRL Service';
    const named = [generalName.directory(service)];
    const leaf = issueClient(ca, { extensions: [distributionPoints([{ names: url, crlIssuer: named }])] });
    const by = signing(service);
    const listed = { ...revoked(leaf), certificateIssuer: [generalName.directory(name)] };
    const indirect = (options: Partial<CrlOptions> = {}) =>
      crl({ signer: by, idp: { names: url, indirect: true }, ...options });
    const options = { leaf, ...signers(by) };

    test('RFC 5280 §6.3.3 (b)(1): the issuer that the point names, by a CRL that says it is indirect', () => {
      assert.equal(status([indirect(), parentCrl], options), 'good');
      assert.equal(status([indirect({ entries: [listed] }), parentCrl], options), 'revoked');
      assert.equal(status([crl({ signer: by, idp: { names: url } }), parentCrl], options), 'unavailable');
      assert.equal(status([crl({ signer: by }), parentCrl], options), 'unavailable');
      assert.equal(status([indirect(), parentCrl], { ...options, leaf: client }), 'unavailable');
    });

    test('RFC 5280 §5.3.3: entries of an indirect CRL are those of the issuer that they name', () => {
      const elsewhere = { ...revoked(leaf), certificateIssuer: [generalName.directory('CN=Other CA')] };
      assert.equal(status([indirect({ entries: [elsewhere] }), parentCrl], options), 'good');
      assert.equal(status([indirect({ entries: [revoked(leaf)] }), parentCrl], options), 'good');
      assert.equal(status([indirect({ entries: [listed, revoked(issueClient(ca))] }), parentCrl], options), 'revoked');
      assert.equal(
        status(
          [
            indirect({
              entries: [{ ...revoked(issueClient(ca)), certificateIssuer: listed.certificateIssuer }, revoked(leaf)],
            }),
            parentCrl,
          ],
          options,
        ),
        'revoked',
      );
    });

    test('RFC 5280 §6.3.3 (b)(2)(i): a point without a name of its own goes by its CRL issuer', () => {
      const nameless = issueClient(ca, { extensions: [distributionPoints([{ crlIssuer: named }])] });
      const idp = { names: named, indirect: true };
      assert.equal(status([crl({ signer: by, idp }), parentCrl], { ...options, leaf: nameless }), 'good');
      assert.equal(
        status([crl({ signer: by, idp: { indirect: true } }), parentCrl], { ...options, leaf: nameless }),
        'good',
      );
      const other = { names: [generalName.directory('CN=Else')], indirect: true };
      assert.equal(status([crl({ signer: by, idp: other }), parentCrl], { ...options, leaf: nameless }), 'unavailable');
    });

    test('PKITS 4.14.30: a CRL may be about its own signer, and is believed unless it revokes it', () => {
      const self = signing(service, anchor, {
        extensions: [keyUsage(['cRLSign']), distributionPoints([{ names: url, crlIssuer: named }])],
      });
      const its = { leaf, ...signers(self) };
      const list = (entries: readonly Entry[]) => [crl({ signer: self, idp: { names: url, indirect: true }, entries })];
      assert.equal(status(list([]), its), 'good');
      const signer = { ...revoked(self), certificateIssuer: [generalName.directory('CN=Root')] };
      assert.equal(status(list([signer]), its), 'untrusted');
    });
  });
});

test('RFC 5280 §6.3.3: an entry that cannot be processed makes the CRL unusable for everybody', () => {
  const unknown = {
    serial: Uint8Array.of(1),
    extensions: [{ oid: '1.2.3.4', critical: true, value: writeInteger(1) }],
  };
  assert.equal(status([crl({ entries: [unknown] })]), 'unavailable');
  assert.equal(status([crl({ entries: [unknown, revoked()] })]), 'unavailable');
});
