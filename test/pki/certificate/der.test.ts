import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  constructedTag,
  contents,
  decode,
  enter,
  root,
  tags,
  take,
  takeAll,
  takeOnly,
} from '../../../lib/pki/certificate/der.ts';
import { readGeneralizedTime, readTime } from '../../../lib/pki/certificate/der-time.ts';
import {
  readBitString,
  readBoolean,
  readCount,
  readInteger,
  readNamedBits,
  readNull,
  readOid,
} from '../../../lib/pki/certificate/der-value.ts';
import {
  write,
  writeInteger,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../../../lib/pki/certificate/der-writer.ts';
import { readText } from '../../../lib/pki/certificate/directory-string.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const refused = (read: () => unknown, problem: RegExp) => {
  const result = decode(read);
  assert.equal(result.ok, false);
  assert.match(result.ok ? '' : result.failure.problem, problem);
};

test('X.690 §8.1.3: a short and a long definite length are read', () => {
  assert.deepEqual([...contents(root(hex('04 02 aabb')))], [0xaa, 0xbb]);
  const long = writeOctetString(new Uint8Array(300).fill(7));
  assert.equal(contents(root(long)).length, 300);
});

test('X.690 §10.1: lengths that are indefinite, not minimal or too long are refused', () => {
  refused(() => root(hex('30 80 0000')), /indefinite/);
  refused(() => root(hex('04 81 02 aabb')), /not minimal/);
  refused(() => root(hex('04 82 0002 aabb')), /not minimal/);
  refused(() => root(Buffer.concat([hex('04 83 0000ff'), Buffer.alloc(255)])), /not minimal/);
  refused(() => root(hex('04 85 0000000002 aabb')), /too many octets/);
  refused(() => root(hex('04 ff aabb')), /too many octets/);
  refused(() => root(hex('04 84 ffffffff')), /beyond/);
});

test('X.690 §8.1: truncated and trailing bytes are refused', () => {
  for (const bytes of ['', '04', '04 81', '04 82 01', '04 02 aa', '30 03 0401'])
    refused(() => takeAll(root(hex(bytes))), /./);
  refused(() => root(hex('04 01 aa 00')), /trailing/);
  refused(() => takeOnly(root(hex('a0 06 0401aa 0401bb')), constructedTag(0)), /trailing/);
});

test('X.690 §8.1.2.4: the high-tag-number form is refused', () => {
  refused(() => root(hex('1f 81 01 00')), /high-tag/);
  refused(() => root(hex('bf 20 00')), /high-tag/);
});

test('nesting is bounded: 2,000 levels end as a failure', () => {
  let bytes: Uint8Array = new Uint8Array();
  for (let i = 0; i < 2000; i++) bytes = writeSequence(bytes);
  const descend = (element: ReturnType<typeof root>): unknown => takeAll(element).map(descend);
  refused(() => descend(root(bytes)), /too deep/);
});

test('X.690 §11.1: BOOLEAN is 00 or FF', () => {
  assert.equal(readBoolean(root(hex('01 01 ff'))), true);
  assert.equal(readBoolean(root(hex('01 01 00'))), false);
  for (const bytes of ['01 01 01', '01 01 fe', '01 00', '01 02 ffff'])
    refused(() => readBoolean(root(hex(bytes))), /BOOLEAN/);
});

test('X.690 §8.3.2: INTEGER is in the fewest octets', () => {
  for (const good of ['02 01 00', '02 01 80', '02 02 0080', '02 02 ff7f']) readInteger(root(hex(good)));
  for (const bad of ['02 00', '02 02 0001', '02 02 ff80', '02 02 0000'])
    refused(() => readInteger(root(hex(bad))), /INTEGER/);
});

test('a count is neither negative nor beyond 31 bits', () => {
  assert.equal(readCount(root(hex('02 04 7fffffff'))), 0x7fffffff);
  refused(() => readCount(root(hex('02 01 ff'))), /negative/);
  refused(() => readCount(root(hex('02 05 0080000000'))), /too large/);
});

test('X.690 §11.2: unused bits of a BIT STRING are at most 7 and zero', () => {
  assert.equal(readBitString(root(hex('03 02 04 f0'))).unused, 4);
  for (const bad of ['03 00', '03 02 08 00', '03 01 01', '03 02 04 f8'])
    refused(() => readBitString(root(hex(bad))), /BIT|bits/);
});

test('X.690 §11.2.2: named bits have no trailing zeros', () => {
  assert.deepEqual([...readNamedBits(root(hex('03 02 01 86')))], [0, 5, 6]);
  refused(() => readNamedBits(root(hex('03 02 00 86'))), /trailing zeros/);
  refused(() => readNamedBits(root(hex('03 03 01 8600'))), /trailing zeros/);
});

test('X.690 §8.8: NULL is empty', () => {
  readNull(root(hex('05 00')));
  refused(() => readNull(root(hex('05 01 00'))), /NULL/);
});

test('X.690 §8.19: OBJECT IDENTIFIERs, long arcs included, are read as they are written', () => {
  for (const oid of [
    '2.5.29.15',
    '1.2.840.113549.1.1.11',
    '0.9.2342.19200300.100.1.25',
    '2.999',
    '2.25.329800735698586629295641978511506172918',
  ])
    assert.equal(readOid(root(writeOid(oid))), oid);
  assert.equal(readOid(root(hex('06 01 00'))), '0.0');
  assert.equal(readOid(root(hex('06 01 27'))), '0.39');
  assert.equal(readOid(root(hex('06 01 28'))), '1.0');
  assert.equal(readOid(root(hex('06 01 50'))), '2.0');
});

test('X.690 §8.19.2: an arc that is padded or unfinished is refused', () => {
  for (const bad of ['06 00', '06 02 2a 80', '06 03 2a 8001', '06 02 8001'])
    refused(() => readOid(root(hex(bad))), /OID/);
});

const time = (tag: number, value: string) => root(write(tag, Buffer.from(value)));

test('RFC 5280 §4.1.2.5.1: UTCTime turns the century at 50', () => {
  assert.equal(readTime(time(tags.utcTime, '491231235959Z')).toISOString(), '2049-12-31T23:59:59.000Z');
  assert.equal(readTime(time(tags.utcTime, '500101000000Z')).toISOString(), '1950-01-01T00:00:00.000Z');
});

test('RFC 5280 §4.1.2.5.2: GeneralizedTime before and after 2050, year 9999 included', () => {
  assert.equal(readTime(time(tags.generalizedTime, '20490101000000Z')).getUTCFullYear(), 2049);
  assert.equal(readTime(time(tags.generalizedTime, '99991231235959Z')).toISOString(), '9999-12-31T23:59:59.000Z');
  assert.equal(readTime(time(tags.generalizedTime, '00500101000000Z')).getUTCFullYear(), 50);
});

test('RFC 5280 §4.1.2.5: times without seconds or Zulu, with fractions or of impossible dates are refused', () => {
  for (const bad of [
    '2606151200Z',
    '260615120000',
    '260615120000+0100',
    '26061512000aZ',
    '260230120000Z',
    '261301000000Z',
    '260615250000Z',
    '260615126000Z',
    '260615120060Z',
    '260600000000Z',
  ])
    refused(() => readTime(time(tags.utcTime, bad)), /time|date/);
  for (const bad of [
    '20260615120000.5Z',
    '20260615120000',
    '202606151200Z',
    '2026061512000Z',
    '20260615120000+00',
    '20250229000000Z',
  ])
    refused(() => readGeneralizedTime(time(tags.generalizedTime, bad)), /time|date/);
  refused(() => readTime(root(writeInteger(5))), /expected generalizedTime/);
});

test('X.680 §41: strings that hold what their type forbids are refused', () => {
  for (const bad of [
    '0c 02 c328',
    '0c 03 eda080',
    '13 01 e4',
    '16 01 80',
    '1e 03 004100',
    '1e 02 d800',
    '1c 03 000041',
    '1c 04 00110000',
    '1c 04 0000d800',
  ])
    refused(() => readText(root(hex(bad))), /not|odd|surrogate|no character/);
  assert.equal(readText(root(hex('1e 04 00e4 0041'))), 'äA');
  assert.equal(readText(root(hex('1c 04 0001f600'))), '😀');
  assert.equal(readText(root(hex('14 01 e4'))), 'ä');
  assert.equal(readText(root(hex('0c 04 efbbbf41'))), '\ufeffA', 'a byte order mark is a character');
});

test('no bytes make the reader throw anything but a failure', () => {
  const descend = (element: ReturnType<typeof root>): void => {
    if ((element.tag & 0x20) !== 0) for (const child of takeAll(element, element.tag)) descend(child);
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decode(() => descend(root(bytes)));
      decode(() => readOid(take(enter(root(bytes)))));
      decode(() => readTime(root(bytes)));
    }),
  );
});

test('what the writer writes the reader reads', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70_000 }), fc.nat(), (bytes, count) => {
      const [a, b] = takeAll(root(writeSequence(writeOctetString(bytes), writeInteger(count))));
      assert.deepEqual(Buffer.from(contents(a!)), Buffer.from(bytes));
      assert.equal(readCount(b!), count);
    }),
    { numRuns: 50 },
  );
});
