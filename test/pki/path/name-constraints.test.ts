import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeNull } from '../../../lib/pki/certificate/der-writer.ts';
import { noWork } from '../../../lib/pki/path/work.ts';
import {
  generalName,
  issueClient,
  issueIntermediate,
  issueRoot,
  nameConstraints,
  newKey,
  rawName,
  type Subtrees,
  subjectAltName,
  subtree,
  text,
  writeBitString,
} from '../issue.ts';
import { judge, reason, sentence } from './chain.ts';

const root = issueRoot();
const caKey = newKey();
const clientKey = newKey();
const { dns, email, uri, ip, directory, other, registeredId } = generalName;

/** The verdict on a client with these names below a CA with these constraints. */
function under(
  constraints: Subtrees,
  names: readonly Uint8Array[],
  subject: string | Uint8Array = 'CN=client',
  critical = true,
) {
  const ca = issueIntermediate(root, { key: caKey, extensions: [nameConstraints(constraints, critical)] });
  const extensions = names.length === 0 ? [] : [subjectAltName(names, subject === '')];
  return reason([issueClient(ca, { key: clientKey, subject, extensions }), ca, root]);
}

type Table = readonly (readonly [base: Uint8Array, covered: readonly Uint8Array[], others: readonly Uint8Array[]])[];

/** What is covered is accepted where permitted and refused where excluded; the others the other way round. */
function proves(table: Table): void {
  for (const [base, covered, others] of table) {
    for (const name of covered) {
      assert.equal(under({ permitted: [base] }, [name]), 'ok', `permitted ${base} ${Buffer.from(name)}`);
      assert.equal(under({ excluded: [base] }, [name]), 'name_constraints', `excluded ${Buffer.from(name)}`);
    }
    for (const name of others) {
      assert.equal(under({ permitted: [base] }, [name]), 'name_constraints', `not permitted ${Buffer.from(name)}`);
      assert.equal(under({ excluded: [base] }, [name]), 'ok', `not excluded ${Buffer.from(name)}`);
    }
  }
}

test('RFC 5280 §4.2.1.10 (P4): a dNSName covers itself and what grows on its left', () => {
  proves([
    [
      dns('a.example'),
      [dns('a.example'), dns('x.a.example'), dns('X.A.EXAMPLE'), dns('*.a.example')],
      [dns('b.example'), dns('xa.example'), dns('example')],
    ],
    [dns(''), [dns('a.example'), dns('b')], []],
  ]);
});

test('RFC 5280 §4.2.1.10: a wildcard that can stand for an excluded name is excluded', () => {
  assert.equal(under({ excluded: [dns('x.a.example')] }, [dns('*.a.example')]), 'name_constraints');
  assert.equal(under({ excluded: [dns('x.b.example')] }, [dns('*.a.example')]), 'ok');
  assert.equal(under({ permitted: [dns('x.a.example')] }, [dns('*.a.example')]), 'name_constraints');
  assert.equal(under({ permitted: [dns('x.a.example')] }, [dns('*.x.a.example')]), 'ok');
});

test('RFC 5280 §4.2.1.10: a dNSName that is malformed is refused where DNS names are constrained', () => {
  for (const bad of [
    '.a.example',
    'x..a.example',
    'a.example.',
    'x a.example',
    'evil.example\0.a.example',
    '**.a.example',
    'x.*.a.example',
    '*',
    '1.2.3.4',
  ]) {
    assert.equal(under({ permitted: [dns('a.example')] }, [dns(bad)]), 'name_constraints', bad);
    assert.equal(under({ excluded: [dns('b.example')] }, [dns(bad)]), 'name_constraints', bad);
  }
});

test('RFC 5280 §4.2.1.10: a subtree that is malformed refuses each name of its form and no other', () => {
  for (const base of [dns('.a.example'), dns('*.a.example'), dns('a..example'), dns('a.example.')]) {
    assert.equal(under({ permitted: [base] }, [dns('x.a.example')]), 'name_constraints');
    assert.equal(under({ excluded: [base] }, [dns('x.b.example')]), 'name_constraints');
    assert.equal(under({ permitted: [base] }, [uri('https://a.example/')]), 'ok');
  }
});

test('RFC 5280 §4.2.1.10: an rfc822Name covers a mailbox, a host or with a period the hosts below', () => {
  proves([
    [
      email('John@a.example'),
      [email('John@a.example'), email('John@A.EXAMPLE')],
      [email('john@a.example'), email('x@a.example'), email('John@x.a.example')],
    ],
    [email('a.example'), [email('x@a.example'), email('y@A.example')], [email('x@b.a.example'), email('x@b.example')]],
    [
      email('.a.example'),
      [email('x@b.a.example'), email('x@c.b.a.example')],
      [email('x@a.example'), email('x@xa.example')],
    ],
  ]);
});

test('RFC 5280 §4.2.1.10: mailboxes that cannot be read are refused where they are constrained', () => {
  for (const bad of ['a.example', '@a.example', 'x@', 'x@.a.example', 'x@y@z..a.example', 'x@[192.0.2.1]']) {
    assert.equal(under({ permitted: [email('a.example')] }, [email(bad)]), 'name_constraints', bad);
    assert.equal(under({ excluded: [email('b.example')] }, [email(bad)]), 'name_constraints', bad);
  }
  assert.equal(under({ permitted: [email('@a.example')] }, [email('x@a.example')]), 'name_constraints');
});

test('RFC 5321 §4.1.2: a local part is atoms between dots or one quoted string; anything else is no mailbox', () => {
  const bad = ['x@y@a.example', 'x y@a.example', '.x@a.example', 'x..y@a.example', '"x@a.example', '"x"y@a.example'];
  for (const mailbox of [...bad, 'x\u0000@a.example', '"x\\"@a.example', 'x,y@a.example', '<x@a.example']) {
    assert.equal(under({ permitted: [email('a.example')] }, [email(mailbox)]), 'name_constraints', mailbox);
    assert.equal(under({ excluded: [email('b.example')] }, [email(mailbox)]), 'name_constraints', mailbox);
  }
});

test('RFC 5321 §4.1.2: quotes that need not be there make no other mailbox', () => {
  const quoted = [email('"John"@a.example'), email('"Jo\\hn"@a.example'), email('John@a.example')];
  proves([
    [email('John@a.example'), quoted, [email('"John "@a.example')]],
    [email('"John"@a.example'), quoted, [email('"john"@a.example')]],
    [email('a.example'), [email('"x@b.example"@a.example')], [email('"x@a.example"@b.example')]],
  ]);
});

test('RFC 5280 §4.2.1.10: an empty mailbox or host is not processed', () => {
  for (const [base, mine] of [
    [email(''), email('x@a.example')],
    [uri(''), uri('https://a.example/')],
  ] as const) {
    assert.equal(under({ permitted: [base] }, [mine]), 'name_constraints');
    assert.equal(under({ excluded: [base] }, [mine]), 'name_constraints');
  }
});

test('RFC 5280 §4.2.1.10: rfc822Name constraints bind emailAddress in the subject', () => {
  const subject = (address: string) => `CN=x,emailAddress=${address}`;
  assert.equal(under({ permitted: [email('a.example')] }, [], subject('x@a.example')), 'ok');
  assert.equal(under({ permitted: [email('a.example')] }, [], subject('x@b.example')), 'name_constraints');
  assert.equal(under({ excluded: [email('b.example')] }, [], subject('x@b.example')), 'name_constraints');
  assert.equal(
    under({ permitted: [email('a.example')] }, [email('x@a.example')], subject('x@b.example')),
    'name_constraints',
  );
  const odd = rawName([['1.2.840.113549.1.9.1', writeBitString(Uint8Array.of(1))]]);
  assert.equal(under({ permitted: [email('a.example')] }, [], odd), 'name_constraints');
});

test('RFC 5280 §4.2.1.10: a URI is constrained by its host, or with a period by the hosts below', () => {
  proves([
    [
      uri('a.example'),
      [uri('https://a.example/x'), uri('https://u@A.example:8443?q')],
      [uri('https://x.a.example/'), uri('https://b.example/a.example')],
    ],
    [
      uri('.a.example'),
      [uri('https://x.a.example'), uri('spiffe://y.x.a.example/z')],
      [uri('https://a.example/'), uri('https://xa.example/')],
    ],
  ]);
});

test('RFC 5280 §4.2.1.10: a URI without a host name is refused where URIs are constrained', () => {
  for (const bad of [
    'urn:uuid:1',
    'https://192.0.2.1/',
    'https://[2001:db8::1]/',
    'https:///x',
    'https://a..example/',
    'x',
    'https://b.example@/',
  ]) {
    assert.equal(under({ permitted: [uri('a.example')] }, [uri(bad)]), 'name_constraints', bad);
    assert.equal(under({ excluded: [uri('b.example')] }, [uri(bad)]), 'name_constraints', bad);
    assert.equal(under({ excluded: [dns('b.example')] }, [uri(bad)]), 'ok', bad);
  }
  assert.equal(under({ permitted: [uri('192.0.2.1')] }, [uri('https://192.0.2.1/')]), 'name_constraints');
});

const v6 = (...octets: readonly number[]) => [...octets, ...new Array<number>(16 - octets.length).fill(0)];

test('RFC 5280 §4.2.1.10, RFC 4632 §3.1: an iPAddress covers a network of its own family', () => {
  proves([
    [ip(10, 1, 0, 0, 255, 255, 0, 0), [ip(10, 1, 2, 3)], [ip(10, 2, 0, 0), ip(...v6(10, 1))]],
    [ip(192, 0, 2, 1, 255, 255, 255, 255), [ip(192, 0, 2, 1)], [ip(192, 0, 2, 2)]],
    [ip(0, 0, 0, 0, 0, 0, 0, 0), [ip(1, 2, 3, 4)], [ip(...v6(0x20, 1))]],
    [
      ip(...v6(0x20, 1, 0xd, 0xb8), ...v6(255, 255, 255, 255)),
      [ip(...v6(0x20, 1, 0xd, 0xb8, 9))],
      [ip(...v6(0x20, 1, 0xd, 0xb9)), ip(0x20, 1, 0xd, 0xb8)],
    ],
    [ip(10, 1, 9, 9, 255, 255, 0, 0), [ip(10, 1, 2, 3)], [ip(10, 2, 9, 9)]],
  ]);
});

test('RFC 4632 §3.1: a mask that is not contiguous or not of the size is not processed', () => {
  for (const base of [ip(10, 0, 0, 0, 255, 0, 255, 0), ip(10, 0, 0, 0), ip(10, 0, 0, 0, 255), ip()]) {
    assert.equal(under({ permitted: [base] }, [ip(10, 0, 0, 1)]), 'name_constraints');
    assert.equal(under({ excluded: [base] }, [ip(11, 0, 0, 1)]), 'name_constraints');
  }
});

test('RFC 5280 §4.2.1.10: a directoryName covers the names that begin with it, in subject and subjectAltName', () => {
  const base = directory('O=Example,C=CH');
  const inside = 'CN=x,O=EXAMPLE,C=ch';
  const outside = 'CN=x,O=Other,C=CH';
  assert.equal(under({ permitted: [base] }, [], inside), 'ok');
  assert.equal(under({ permitted: [base] }, [], outside), 'name_constraints');
  assert.equal(under({ permitted: [base] }, [directory(inside)], inside), 'ok');
  assert.equal(under({ permitted: [base] }, [directory(outside)], inside), 'name_constraints');
  assert.equal(under({ excluded: [base] }, [], inside), 'name_constraints');
  assert.equal(under({ excluded: [base] }, [directory(inside)], outside), 'name_constraints');
  assert.equal(under({ excluded: [base] }, [], outside), 'ok');
  assert.equal(under({ permitted: [base] }, [dns('a.example')], ''), 'ok', 'an empty subject is no name');
  assert.equal(under({ permitted: [directory('')] }, [], outside), 'ok', 'the empty name covers all');
  const teletex = rawName([['2.5.4.6', text.printable('CH')]], [['2.5.4.10', text.teletex('Example')]]);
  assert.equal(under({ excluded: [base] }, [], teletex), 'name_constraints');
});

test('RFC 5280 §4.2.1.10: forms that are not processed are refused where they are constrained', () => {
  const upn = other('1.3.6.1.4.1.311.20.2.3', text.utf8('x@a.example'));
  assert.equal(under({ permitted: [upn] }, [upn]), 'name_constraints');
  assert.equal(under({ excluded: [upn] }, [other('1.2.3', writeNull())]), 'name_constraints');
  assert.equal(under({ permitted: [registeredId('1.2')] }, [registeredId('1.2.3')]), 'name_constraints');
  assert.equal(under({ permitted: [upn, registeredId('1.2')] }, [dns('a.example')]), 'ok', 'forms that do not occur');
  assert.equal(under({ permitted: [dns('a.example')] }, [upn]), 'ok');
});

test('RFC 5280 §4.2.1.10: a minimum or maximum is not processed, an encoded zero is', () => {
  assert.equal(under({ permitted: [subtree(dns('a.example'), 0)] }, [dns('a.example')]), 'ok');
  assert.equal(under({ permitted: [subtree(dns('a.example'), 1)] }, [dns('x.a.example')]), 'name_constraints');
  assert.equal(under({ permitted: [subtree(dns('a.example'), undefined, 2)] }, [dns('a.example')]), 'name_constraints');
  assert.equal(under({ excluded: [subtree(dns('a.example'), undefined, 2)] }, [dns('b.example')]), 'name_constraints');
  assert.equal(under({ excluded: [subtree(dns('a.example'), 1)] }, [uri('https://a.example/')]), 'ok');
});

test('RFC 5280 §6.1.3 (b) and (c): a form that is not constrained is free; one name off is enough', () => {
  assert.equal(under({ permitted: [dns('a.example')] }, [uri('https://b.example/'), ip(1, 2, 3, 4)]), 'ok');
  assert.equal(under({ permitted: [dns('a.example')] }, [dns('a.example'), dns('b.example')]), 'name_constraints');
  assert.equal(under({ permitted: [dns('a.example'), dns('b.example')] }, [dns('a.example'), dns('b.example')]), 'ok');
  assert.equal(
    under({ permitted: [dns('a.example')], excluded: [dns('x.a.example')] }, [dns('x.a.example')]),
    'name_constraints',
  );
  assert.equal(
    under({ permitted: [dns('a.example')] }, [dns('b.example')], 'CN=client', false),
    'name_constraints',
    'not critical',
  );
});

test('RFC 5280 §6.1.4 (g): permitted subtrees intersect, excluded ones add up along the path', () => {
  const first = issueIntermediate(root, {
    subject: 'CN=First',
    extensions: [nameConstraints({ permitted: [dns('a.example')] })],
  });
  const wider = issueIntermediate(first, {
    subject: 'CN=Wider',
    extensions: [nameConstraints({ permitted: [dns('example')], excluded: [dns('x.a.example')] })],
  });
  const client = (name: string) =>
    reason([issueClient(wider, { extensions: [subjectAltName([dns(name)])] }), wider, first, root]);
  assert.equal(client('y.a.example'), 'ok');
  assert.equal(client('b.example'), 'name_constraints');
  assert.equal(client('x.a.example'), 'name_constraints');
});

test('RFC 5280 §6.1.3 (b): an intermediate is bound as well, unless it is self-issued', () => {
  const first = issueIntermediate(root, {
    subject: 'CN=First,O=A',
    extensions: [nameConstraints({ permitted: [directory('O=B')] })],
  });
  const stray = issueIntermediate(first, { subject: 'CN=Stray,O=C' });
  assert.equal(reason([issueClient(stray, { subject: 'CN=x,O=B' }), stray, first, root]), 'name_constraints');
  const rolled = issueIntermediate(first, { subject: 'CN=First,O=A' });
  assert.equal(reason([issueClient(rolled, { subject: 'CN=x,O=B' }), rolled, first, root]), 'ok');
  assert.equal(
    reason([issueClient(rolled, { subject: 'CN=First,O=A' }), rolled, first, root]),
    'name_constraints',
    'a self-issued end entity is bound',
  );
});

test('the refusal names the name and the subtree', () => {
  const ca = issueIntermediate(root, { extensions: [nameConstraints({ excluded: [dns('evil.example')] })] });
  const result = judge([issueClient(ca, { extensions: [subjectAltName([dns('x.evil.example')])] }), ca, root]);
  assert.match(sentence(result), /x\.evil\.example.*excluded subtree evil\.example/);
});

test('thousands of names against thousands of constraints end after 250,000 comparisons', () => {
  const names = Array.from({ length: 1400 }, (_, i) => dns(`${i.toString(36)}.b`));
  const bases = Array.from({ length: 1100 }, (_, i) => dns(`${i.toString(36)}.c`));
  const extensions = [subjectAltName(names)];
  for (const constraints of [{ excluded: bases }, { permitted: [...bases, dns('b')] }]) {
    const ca = issueIntermediate(root, { extensions: [nameConstraints(constraints)] });
    const work = noWork();
    const result = judge([issueClient(ca, { extensions }), ca, root], { work });
    assert.equal(result.ok ? 'ok' : result.failure.reason, 'budget_exceeded');
    assert.equal(work.comparisons, 250_000);
    assert.ok(work.signatures <= 2);
  }
});
