/** RFC 5280 §5: which bytes are a CRL, and what walking one costs. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { tags } from '../../../lib/pki/certificate/der.ts';
import { write, writeInteger, writeNull, writeOid, writeSequence } from '../../../lib/pki/certificate/der-writer.ts';
import { type Crl, parseCrl } from '../../../lib/pki/status/crl.ts';
import { findEntry } from '../../../lib/pki/status/crl-entry.ts';
import { extension, generalName, issueIntermediate, issueRoot, writeExtensions, writeTime } from '../issue.ts';
import { after, type CrlOptions, type Entry, issueCrl, writeEntry } from './issue-status.ts';

const ca = issueIntermediate(issueRoot(), { subject: 'CN=Issuing CA' });
const serial = (number: number): Uint8Array => writeInteger(number).subarray(2);
const targetOf = (octets: Uint8Array, issuer = ca) => ({ serial: octets, issuer: issuer.certificate.subject });
const crlOf = (options: Partial<CrlOptions> = {}) => issueCrl({ signer: ca, ...options });

function parse(der: Uint8Array): Crl {
  const parsed = parseCrl(der);
  assert(parsed.ok, parsed.ok ? '' : parsed.failure.detail);
  return parsed.value;
}

/** Whether the CRL can be used at all: its header and each of its entries. */
function usable(der: Uint8Array): boolean {
  const parsed = parseCrl(der);
  return parsed.ok && parsed.value.index().ok;
}
const withEntry = (entry: Uint8Array, options: Partial<CrlOptions> = {}) =>
  usable(crlOf({ revoked: entry, ...options }));
const entry = (...parts: readonly Uint8Array[]) => writeSequence(...parts);
const when = writeTime(after(-3));

describe('the list', () => {
  test('RFC 5280 §5.1.2: issuer, times and numbers are read', () => {
    const crl = parse(crlOf({ number: 77, base: 70 }));
    assert.deepEqual([crl.thisUpdate, crl.nextUpdate], [after(-1 / 24), after(1)]);
    assert.deepEqual([crl.crlNumber, crl.baseCrlNumber], [77n, 70n]);
    assert.equal(parse(crlOf({ nextUpdate: null })).nextUpdate, undefined);
  });

  test('RFC 5280 §5.1.2.1: v1 without extensions, v2, and no other version', () => {
    assert(usable(crlOf({ version: null })));
    assert(usable(crlOf({ version: 1 })));
    assert(!usable(crlOf({ version: 0 })));
    assert(!usable(crlOf({ version: 2 })));
    assert(!usable(crlOf({ version: null, extensions: [extension('2.5.29.20', writeInteger(1))] })));
    assert(!usable(crlOf({ version: null, entries: [{ serial: serial(1), reason: 1 }] })));
  });

  test('RFC 5280 §5.1.2.6: without revoked certificates the list is absent, not empty', () => {
    assert(usable(crlOf()));
    const [issuer, time] = [ca.subject, writeTime(after(-1))];
    const algorithm = writeSequence(writeOid('1.2.840.10045.4.3.2'));
    const tbs = writeSequence(writeInteger(1), algorithm, issuer, time, writeTime(after(1)), writeSequence());
    assert(!usable(crlOf({ rewrite: () => tbs })));
  });

  test('RFC 5280 §5.2: a critical extension that is not processed makes the CRL unusable, another does not', () => {
    assert(!usable(crlOf({ extensions: [extension('1.3.6.1.4.1.99999.3', writeNull(), true)] })));
    assert(usable(crlOf({ extensions: [extension('1.3.6.1.4.1.99999.3', writeNull())] })));
    assert(!usable(crlOf({ extensions: [extension('2.5.29.20', writeInteger(2))] })), 'CRL number twice');
  });

  test('RFC 5280 §5.2.3: numbers are not negative and not longer than 20 octets', () => {
    const numbered = (octets: Uint8Array) =>
      usable(crlOf({ number: null, extensions: [extension('2.5.29.20', writeInteger(octets))] }));
    assert(numbered(Buffer.concat([Uint8Array.of(0x7f), randomBytes(19)])));
    assert(!numbered(Buffer.concat([Uint8Array.of(0x7f), randomBytes(20)])));
    assert(!numbered(Uint8Array.of(0xff)));
  });

  test('RFC 5280 §5.2.5: an issuing distribution point is not empty and not for two kinds at once', () => {
    assert(usable(crlOf({ idp: { user: true } })));
    assert(usable(crlOf({ idp: { user: true, ca: false } })));
    assert(!usable(crlOf({ idp: {} })));
    assert(!usable(crlOf({ idp: { user: false } })));
    assert(!usable(crlOf({ idp: { user: true, ca: true } })));
    assert(!usable(crlOf({ idp: { attribute: true, ca: true } })));
  });

  test('X.690 §8: bytes too many or too few, anywhere, and anything else that is no CRL, are a failure and no exception', () => {
    const der = crlOf({ entries: [{ serial: serial(1000), reason: 1 }] });
    assert(!usable(Buffer.concat([der, Uint8Array.of(0)])));
    assert(!usable(crlOf({ rewrite: (tbs) => Buffer.concat([tbs, writeNull()]) })));
    for (let length = 0; length < der.length; length += 1) assert(!usable(der.subarray(0, length)));
    for (const bytes of [randomBytes(500), Buffer.from('-----BEGIN X509 CRL-----'), Uint8Array.of(0x30, 0x80, 0, 0)]) {
      assert(!usable(bytes));
    }
    let deep = writeNull();
    for (let depth = 0; depth < 2000; depth += 1) deep = writeSequence(deep);
    assert(!usable(deep));
    assert(!withEntry(deep));
    for (let index = 0; index < der.length; index += 1) {
      const changed = Uint8Array.from(der);
      changed[index] = 0x80;
      usable(changed);
    }
  });
});

describe('an entry', () => {
  test('RFC 5280 §5.1.2.6: serial number and revocation date, each in its one form', () => {
    assert(withEntry(entry(writeInteger(5), when)));
    assert(withEntry(entry(writeInteger(5), writeTime(after(-3), 'generalized'))));
    assert(!withEntry(entry(writeInteger(Uint8Array.of(0, 5)), when)));
    assert(!withEntry(entry(writeInteger(Uint8Array.of(0xff, 0x80)), when)));
    assert(!withEntry(entry(write(tags.integer), when)));
    assert(!withEntry(entry(writeInteger(5))));
    assert(!withEntry(entry(when, writeInteger(5))));
    assert(!withEntry(entry()));
    assert(!withEntry(writeInteger(5)));
    assert(!withEntry(entry(writeInteger(5), when, writeNull())));
    assert(!withEntry(Buffer.concat([entry(writeInteger(5), when), Uint8Array.of(0)])));
  });

  test('RFC 5280 §5.1.2.6: a revocation date is a date, Zulu, with seconds and without fractions', () => {
    const dated = (text: string, tag: number = tags.utcTime) =>
      withEntry(entry(writeInteger(5), write(tag, Buffer.from(text))));
    for (const good of ['260101000000Z', '240229235959Z', '000229000000Z', '491231235959Z', '500101000000Z'])
      assert(dated(good), good);
    for (const good of ['20240229120000Z', '20000229120000Z', '20991231235959Z', '19991231235959Z']) {
      assert(dated(good, tags.generalizedTime), good);
    }
    for (const bad of [
      '2601010000Z',
      '260101000000',
      '260101000000+0000',
      '261301000000Z',
      '260001000000Z',
      '260100000000Z',
      '260132000000Z',
      '260431000000Z',
      '250229000000Z',
      '260101240000Z',
      '260101006000Z',
      '260101000060Z',
      '26010100000AZ',
      '26010100000/Z',
      '',
    ]) {
      assert(!dated(bad), bad);
    }
    for (const bad of ['20260101000000.5Z', '21000229000000Z', '19000229000000Z', '260101000000Z', '2026010100000Z']) {
      assert(!dated(bad, tags.generalizedTime), bad);
    }
    assert(!dated('260101000000Z', tags.printableString));
  });

  test('RFC 5280 §5.3: a critical entry extension that is not processed makes the whole CRL unusable', () => {
    const with3 = (critical: boolean) =>
      crlOf({
        entries: [
          { serial: serial(1) },
          { serial: serial(2), extensions: [extension('1.3.6.1.4.1.9.9', writeNull(), critical)] },
        ],
      });
    assert(usable(with3(false)));
    assert(!usable(with3(true)));
    const other = findEntry(parse(with3(true)), targetOf(serial(3)));
    assert(!other.ok);
    const idCe = (arc: number, critical: boolean) =>
      withEntry(writeEntry({ serial: serial(1), extensions: [extension(`2.5.29.${arc}`, writeNull(), critical)] }));
    assert(idCe(22, false));
    assert(!idCe(22, true));
  });

  test('RFC 5280 §5.3.1: reason codes are those of the list', () => {
    const reason = (...octets: number[]) =>
      withEntry(
        writeEntry({
          serial: serial(1),
          extensions: [extension('2.5.29.21', write(tags.enumerated, Uint8Array.from(octets)))],
        }),
      );
    for (const code of [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]) assert(reason(code), `${code}`);
    for (const code of [7, 11, 127, 255]) assert(!reason(code), `${code}`);
    assert(!reason());
    assert(!reason(0, 1));
    assert(
      !withEntry(
        writeEntry({
          serial: serial(1),
          reason: 1,
          extensions: [extension('2.5.29.21', write(tags.enumerated, Uint8Array.of(1)))],
        }),
      ),
    );
  });

  test('RFC 5280 §5.3.2: invalidity dates, hold instructions and issuers are of their types', () => {
    const having = (oid: string, value: Uint8Array) =>
      withEntry(writeEntry({ serial: serial(1), extensions: [extension(oid, value)] }));
    assert(having('2.5.29.24', writeTime(after(-9), 'generalized')));
    assert(!having('2.5.29.24', writeTime(after(-9), 'utc')));
    assert(!having('2.5.29.24', Buffer.concat([writeTime(after(-9), 'generalized'), writeNull()])));
    assert(having('2.5.29.23', writeOid('1.2.840.10040.2.2')));
    assert(!having('2.5.29.23', writeNull()));
    assert(having('2.5.29.29', writeSequence(generalName.directory('CN=X'))));
    assert(!having('2.5.29.29', writeNull()));
  });

  test('RFC 5280 §5.3: the extensions of an entry are a sequence of at least one, each whole', () => {
    const base = [writeInteger(5), when] as const;
    assert(!withEntry(entry(...base, writeSequence())));
    assert(!withEntry(entry(...base, writeSequence(writeNull()))));
    assert(!withEntry(entry(...base, writeSequence(writeSequence(writeOid('1.2.3'))))));
    assert(
      !withEntry(
        entry(...base, Buffer.concat([writeExtensions([extension('1.2.3', writeNull())]), Uint8Array.of(5, 0)])),
      ),
    );
    const falseEncoded = writeSequence(writeOid('1.2.3'), Uint8Array.of(1, 1, 0), Uint8Array.of(4, 0));
    assert(!withEntry(entry(...base, writeSequence(falseEncoded))));
    const longForm = Uint8Array.of(0x30, 0x81, 0x05, 1, 2, 3, 4, 5);
    assert(!withEntry(longForm));
  });

  test('RFC 5280 §5.1.2.6: lookups find the serial number, all of it and nothing else', () => {
    const serials = [
      serial(1),
      serial(0x0100),
      Uint8Array.of(0xff),
      randomBytes(20).fill(0x11, 0, 1),
      randomBytes(200).fill(0x22, 0, 1),
    ];
    const crl = parse(crlOf({ entries: serials.map((octets, index): Entry => ({ serial: octets, reason: index })) }));
    for (const [index, octets] of serials.entries()) {
      const found = findEntry(crl, targetOf(octets));
      assert(found.ok && found.value, `${index}`);
    }
    for (const octets of [
      serial(0),
      serial(2),
      serial(256 * 256),
      Uint8Array.of(0xff, 0x7f),
      new Uint8Array(),
      serials[3]!.subarray(0, 19),
    ]) {
      const found = findEntry(crl, targetOf(octets));
      assert(found.ok && found.value === undefined);
    }
  });

  test('RFC 5280 §5.3.1: of two entries for one certificate the one that revokes for good counts', () => {
    for (const reasons of [
      [6, 1],
      [1, 6],
      [8, 1],
    ]) {
      const crl = parse(crlOf({ entries: reasons.map((reason) => ({ serial: serial(9), reason })) }));
      const found = findEntry(crl, targetOf(serial(9)));
      assert(found.ok && found.value?.reason === 'keyCompromise');
    }
  });

  test('RFC 5280 §5.3.3: the certificate issuer stays in force until another is named', () => {
    const named = (text: string) => [generalName.directory(text)];
    const crl = parse(
      crlOf({
        idp: { indirect: true },
        entries: [
          { serial: serial(1) },
          { serial: serial(2), certificateIssuer: named('CN=A') },
          { serial: serial(3) },
          { serial: serial(1), certificateIssuer: named('cn=b') },
          { serial: serial(4), reason: 1 },
        ],
      }),
    );
    const issuers = { ca, a: issueRoot({ subject: 'CN=A' }), b: issueRoot({ subject: 'CN=B' }) };
    const revoked = (number: number, issuer: keyof typeof issuers) => {
      const found = findEntry(crl, targetOf(serial(number), issuers[issuer]));
      return found.ok && found.value !== undefined;
    };
    assert.deepEqual(
      [1, 2, 3, 4].map((number) => revoked(number, 'ca')),
      [true, false, false, false],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((number) => revoked(number, 'a')),
      [false, true, true, false],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((number) => revoked(number, 'b')),
      [true, false, false, true],
    );
  });
});

describe('size', () => {
  /** Entries with serial numbers of 16 octets that begin with the number. */
  function many(count: number): Uint8Array {
    const one = writeEntry({ serial: Buffer.alloc(16, 1), reason: 1 });
    const all = Buffer.alloc(one.length * count);
    for (let index = 0; index < count; index += 1) {
      all.set(one, index * one.length);
      all.writeUInt32BE(0x01000000 + index, index * one.length + 4);
    }
    return all;
  }
  const serialOf = (index: number) => {
    const octets = Buffer.alloc(16, 1);
    octets.writeUInt32BE(0x01000000 + index);
    return octets;
  };

  test('pki §2: a CRL of a million entries is walked once, and a lookup looks at a handful of them', () => {
    const count = 1_000_000;
    const crl = parse(crlOf({ revoked: many(count) }));
    const work = { entries: 0, probes: 0 };
    for (const index of [0, 1, 500_000, count - 1]) {
      const found = findEntry(crl, targetOf(serialOf(index)), work);
      assert(found.ok && found.value?.reason === 'keyCompromise');
    }
    for (let index = 0; index < 1000; index += 1) {
      const found = findEntry(crl, targetOf(randomBytes(16)), work);
      assert(found.ok && found.value === undefined);
    }
    assert.equal(work.entries, count);
    assert(work.probes < 5000, `${work.probes} probes`);
  });

  test('pki §3: the walk is linear: each entry is visited once, whatever it holds', () => {
    for (const count of [1000, 2000, 4000]) {
      const work = { entries: 0, probes: 0 };
      assert(parse(crlOf({ revoked: many(count) })).index(work).ok);
      assert.equal(work.entries, count);
    }
    const names = Array.from({ length: 40 }, (_, index) => generalName.directory(`CN=Issuer ${index}`));
    const indirect = writeEntry({ serial: serial(7), certificateIssuer: names });
    const crl = parse(
      crlOf({ idp: { indirect: true }, revoked: Buffer.concat(Array.from({ length: 3000 }, () => indirect)) }),
    );
    const work = { entries: 0, probes: 0 };
    assert(crl.index(work).ok);
    const found = findEntry(crl, targetOf(serial(8)), work);
    assert(found.ok && found.value === undefined);
    assert.deepEqual([work.entries, work.probes], [3000, 0]);
  });

  test('pki: names and extensions of a CRL, which are read before its signature, are bounded; entries are not', () => {
    const names = (count: number) =>
      Array.from({ length: count }, (_, index) => generalName.uri(`http://crl.test/${index}`));
    assert(usable(crlOf({ idp: { names: names(1000) } })));
    assert(!usable(crlOf({ idp: { names: names(5000) } })));
    assert(!usable(crlOf({ extensions: [extension('1.2.3.4', new Uint8Array(70_000))] })));
    assert(!usable(crlOf({ issuerName: write(tags.sequence, new Uint8Array(70_000)) })));
  });

  test('pki: one serial number can be in a CRL for many issuers, but not to make a lookup slow', () => {
    const same = (count: number) => {
      const one = writeEntry({ serial: serial(7), certificateIssuer: [generalName.directory('CN=X')] });
      return parse(
        crlOf({ idp: { indirect: true }, revoked: Buffer.concat(Array.from({ length: count }, () => one)) }),
      );
    };
    assert(findEntry(same(100), targetOf(serial(7))).ok);
    assert(!findEntry(same(101), targetOf(serial(7))).ok);
    const padded = (bytes: number) =>
      withEntry(writeEntry({ serial: serial(7), extensions: [extension('1.2.3.4', new Uint8Array(bytes))] }));
    assert(padded(4000));
    assert(!padded(4100));
  });

  test('RFC 5280 §5.1: a CRL with one bad entry at its end is refused as a whole', () => {
    const bad = Buffer.concat([many(10_000), entry(writeInteger(5))]);
    assert(!usable(crlOf({ revoked: bad })));
  });
});
