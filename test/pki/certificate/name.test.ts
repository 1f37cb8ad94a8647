import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decode, root } from '../../../lib/pki/certificate/der.ts';
import { write } from '../../../lib/pki/certificate/der-writer.ts';
import {
  isWithin,
  matchName,
  matchNameReversed,
  type Name,
  parseName,
  printName,
  readName,
} from '../../../lib/pki/certificate/name.ts';
import { rawName, text } from '../issue.ts';

const CN = '2.5.4.3';
const O = '2.5.4.10';
const C = '2.5.4.6';
const email = '1.2.840.113549.1.9.1';

function name(value: string): Name {
  const parsed = parseName(value);
  if (!parsed.ok) throw new Error(`${value}: ${parsed.failure.problem} at ${parsed.failure.at}`);
  return parsed.value;
}
const read = (der: Uint8Array): Name => readName(root(der));
const same = (a: string, b: string) => matchName(name(a), name(b));

test('RFC 4517 §4.2.15: as many RDNs in the same order match (C5)', () => {
  const certificate = read(rawName([[C, text.printable('CH')]], [[O, text.utf8('Example')]], [[CN, text.utf8('x')]]));
  assert.ok(matchName(name('CN=x,O=Example,C=CH'), certificate));
  assert.ok(!matchName(name('C=CH,O=Example,CN=x'), certificate));
  assert.ok(!matchName(name('CN=x,O=Example'), certificate));
  assert.ok(!matchName(name('CN=x,O=Example,C=CH,DC=y'), certificate));
});

test('C5: a name that would match in reverse order is told apart', () => {
  assert.ok(matchNameReversed(name('C=CH,O=Example,CN=x'), name('CN=x,O=Example,C=CH')));
  assert.ok(!matchNameReversed(name('O=Example,C=CH,CN=x'), name('CN=x,O=Example,C=CH')));
  assert.ok(!matchNameReversed(name('CN=x,O=Example'), name('CN=x,O=Example,C=CH')));
});

test('RFC 4514 §2.4: spaces around separators are tolerated, spaces within values kept (C6)', () => {
  assert.ok(same(' CN = a b , O=users + OU = x ', 'CN=a b,O=users+OU=x'));
  assert.ok(!same('CN=ab', 'CN=a b'));
  assert.equal(name('CN=a\\ ').rdns[0]?.[0]?.text, 'a ');
  assert.equal(name('CN=a  ').rdns[0]?.[0]?.text, 'a');
});

test('RFC 4514 §2.2: a multi-valued RDN is a set and not two RDNs (C7)', () => {
  assert.ok(same('O=users+CN=John Doe', 'CN=John Doe+O=users'));
  assert.ok(!same('O=users+CN=John Doe', 'O=users,CN=John Doe'));
  assert.ok(!same('O=users+CN=John Doe', 'O=users'));
  const certificate = read(
    rawName([
      [O, text.utf8('users')],
      [CN, text.utf8('John Doe')],
    ]),
  );
  assert.ok(matchName(name('CN=John Doe + O=users'), certificate));
});

test('RFC 4514 §3: names of attribute types are aliases in any case (C8)', () => {
  for (const alias of ['organizationIdentifier', 'OID.2.5.4.97', 'oid.2.5.4.97', 'ORGANIZATIONIDENTIFIER'])
    assert.ok(same(`${alias}=PSD-1`, '2.5.4.97=PSD-1'), alias);
  for (const alias of ['jurisdictionC', 'jurisdictionCountryName', '1.3.6.1.4.1.311.60.2.1.3'])
    assert.ok(same(`${alias}=BR`, 'jurisdictionOfIncorporationCountryName=BR'), alias);
  assert.ok(same('E=a@b.ch', 'emailAddress=a@b.ch'));
  assert.ok(same('cn=a,l=b,st=c,o=d,ou=e,c=CH,street=f,dc=g,uid=h', 'CN=a,L=b,ST=c,O=d,OU=e,C=CH,STREET=f,DC=g,UID=h'));
});

test('RFC 4514 §2.4: a hexadecimal value is decoded and compared by value (C9)', () => {
  assert.ok(same('CN=#0c0161', 'CN=A'));
  assert.ok(same('CN=#130161', 'CN=#0C0141'));
  assert.ok(!same('CN=#0c0162', 'CN=a'));
  for (const bad of ['CN=#', 'CN=#0', 'CN=#0c01', 'CN=#0c016161', 'CN=#zz', 'CN=#0c0161 x', 'CN=#0c02c328'])
    assert.equal(parseName(bad).ok, false, bad);
});

test('RFC 5280 §7.1: string types do not matter, nor do case and insignificant spaces (C10)', () => {
  const forms = [text.utf8('Müller  AG'), text.teletex('müller ag'), text.bmp(' MÜLLER AG ')];
  for (const form of forms) assert.ok(matchName(read(rawName([[O, form]])), name('O=Müller AG')));
  assert.ok(matchName(read(rawName([[O, text.printable('Example')]])), name('O=EXAMPLE')));
  assert.ok(same('O=straße', 'O=STRASSE'));
  assert.ok(same('O=\u212bngstrom', 'O=ångstrom'), 'NFKC');
  assert.ok(same('O=a\u00a0b', 'O=a b'));
  assert.ok(same('O=soft\u00adhyphen', 'O=softhyphen'));
  assert.ok(!same('O=ı', 'O=i'), 'the dotless i is another letter');
});

test('RFC 4519 §2.4: DC and emailAddress compare without case (C11)', () => {
  const certificate = read(rawName([[email, text.ia5('John@Example.COM')]]));
  assert.ok(matchName(certificate, name('emailAddress=john@example.com')));
  assert.ok(matchName(read(rawName([[email, text.utf8('john@example.com')]])), certificate));
  assert.ok(same('DC=EXAMPLE', 'DC=example'));
});

test('C11: values of unknown types compare octet by octet', () => {
  const unknown = '1.3.6.1.4.1.99999.1';
  assert.ok(!matchName(read(rawName([[unknown, text.utf8('a')]])), read(rawName([[unknown, text.utf8('A')]]))));
  assert.ok(!matchName(read(rawName([[unknown, text.utf8('a')]])), read(rawName([[unknown, text.printable('a')]]))));
  assert.ok(matchName(read(rawName([[unknown, text.utf8('a')]])), name(`${unknown}=#0c0161`)));
});

test('RFC 4514 §2.4: escapes (C12)', () => {
  assert.equal(name('CN=a\\,b\\+c\\"d\\#e\\ f\\\\g\\;h\\<i\\>j\\=k').rdns[0]?.[0]?.text, 'a,b+c"d#e f\\g;h<i>j=k');
  assert.ok(same('O=M\\C3\\BCller', 'O=Müller'));
  assert.ok(same('CN=\\23x', 'CN=\\#x'));
  for (const bad of ['CN=a\\', 'CN=a\\x', 'CN=a\\C3', 'CN="a"', 'CN=a;b', 'CN=<a', 'CN=a\u0000b', 'CN=\\C3\\28'])
    assert.equal(parseName(bad).ok, false, bad);
});

test('CVE-2009-2408: a value with a NUL never matches what stands before it (C13)', () => {
  const nul = read(rawName([[CN, text.utf8('bank.example\0.evil.example')]]));
  assert.ok(!matchName(nul, name('CN=bank.example')));
  assert.ok(!matchName(nul, name('CN=bank.example.evil.example')));
  assert.ok(matchName(nul, name('CN=bank.example\\00.evil.example')));
  assert.ok(!same('CN=a\\00', 'CN=a'));
});

test('RFC 4518 §2.3: text that the profile prohibits equals only itself', () => {
  assert.ok(!same('CN=a\\EF\\BF\\BD', 'CN=a'));
  assert.ok(!same('CN=a\u200dB', 'CN=a\u200db'));
  assert.ok(same('CN=a\u200dB', 'CN=a\u200dB'));
});

test('separators within values forge no other name', () => {
  assert.ok(!same('CN=a\\,O\\=b', 'CN=a,O=b'));
  assert.ok(!same('CN=a\\01O\\=b', 'CN=a,O=b'));
  assert.ok(!same('CN=a\\022.5.4.10\\=b', 'CN=a+O=b'));
});

test('RFC 4514 §3: what is no name is refused with its place', () => {
  for (const [bad, at] of [
    ['', 0],
    ['CN', 2],
    ['=a', 0],
    ['CN=a,', 5],
    ['CN=a,,O=b', 5],
    ['XY=a', 0],
    ['1.2.=a', 0],
    ['3.1=a', 0],
    ['CN=a+', 5],
  ] as const) {
    const parsed = parseName(bad);
    assert.equal(parsed.ok, false, bad);
    assert.equal(parsed.ok ? -1 : parsed.failure.at, at, bad);
  }
  assert.equal(parseName(`CN=${'a'.repeat(9000)}`).ok, false);
});

test('RFC 4514 §2.4: names are printed with the least escaping that reads back', () => {
  assert.equal(printName(name('CN=M\\C3\\BCller \\, S\\C3\\B6hne \\"A\\"')), 'CN=Müller \\, Söhne \\"A\\"');
  assert.equal(printName(name('CN=\\ lead space\\#')), 'CN=\\ lead space#');
  assert.equal(printName(name('CN=\\ ')), 'CN=\\ ');
  assert.equal(printName(name('1.2.3.4=x')), '1.2.3.4=#0c0178');
  assert.equal(printName(read(rawName([[CN, text.utf8('a\r\nb\0')]]))), 'CN=#0c0561' + '0d0a6200');
});

test('RFC 5280 §4.1.2.4: RDNs that are empty or attributes with more than type and value are refused', () => {
  assert.equal(decode(() => read(rawName([]))).ok, false);
  assert.equal(decode(() => read(write(0x30, write(0x31, write(0x30, text.utf8('a')))))).ok, false);
  assert.equal(decode(() => read(write(0x31))).ok, false);
});

test('RFC 5280 §4.2.1.10: a name is within the names that it begins with', () => {
  assert.ok(isWithin(name('CN=x,O=Example,C=CH'), name('o=example,c=ch')));
  assert.ok(isWithin(name('C=CH'), name('C=CH')));
  assert.ok(!isWithin(name('C=CH'), name('O=Example,C=CH')));
  assert.ok(!isWithin(name('CN=x,O=Other,C=CH'), name('O=Example,C=CH')));
});

const types = fc.constantFrom(
  'CN',
  'O',
  'OU',
  'DC',
  'emailAddress',
  'serialNumber',
  'jurisdictionC',
  '1.2.3.4',
  '2.25.340282366920938463463374607431768211455',
);
const values = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.stringMatching(/^[ #"+,;<=>\\a]*$/),
  fc.string({ unit: 'binary' }),
);
const oids: Readonly<Record<string, string>> = {
  CN,
  O,
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
  emailAddress: email,
  serialNumber: '2.5.4.5',
  jurisdictionC: '1.3.6.1.4.1.311.60.2.1.3',
};

test('RFC 4514: parse ∘ print is the identity on names', () => {
  const rdn = fc.array(fc.tuple(types, values), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(rdn, { minLength: 1, maxLength: 5 }), (rdns) => {
      const original = read(
        rawName(...rdns.map((one) => one.map(([type, value]) => [oids[type] ?? type, text.utf8(value)] as const))),
      );
      const printed = printName(original);
      assert.doesNotMatch(printed, /[\r\n\0]/);
      const again = name(printed);
      assert.ok(matchName(original, again), printed);
      assert.equal(printName(again), printed);
    }),
    { numRuns: 500 },
  );
});

test('no text makes parseName throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^(CN|O)?[=#\\ ,+0-9a-f]*$/)),
      (value) => void parseName(value),
    ),
  );
});
