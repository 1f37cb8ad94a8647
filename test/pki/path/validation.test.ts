import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeNull, writeOid, writeSequence } from '../../../lib/pki/certificate/der-writer.ts';
import { describe } from '../../../lib/pki/reason.ts';
import {
  after,
  at,
  authorityKeyIdentifier,
  basicConstraints,
  type Extension,
  extendedKeyUsage,
  extension,
  generalName,
  type Issue,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  keyUsage,
  nameConstraints,
  newKey,
  purposes,
  subjectAltName,
  subjectKeyIdentifier,
  writeBitString,
  writeTime,
} from '../issue.ts';
import { judge, reason, sentence } from './chain.ts';

const root = issueRoot();
const intermediate = issueIntermediate(root);
const rsa1024 = newKey('RSA-1024');

/** The verdict on [client, intermediate, root] with what differs in each. */
const chain = ({ client = {}, ca = {}, top }: { client?: Issue; ca?: Issue; top?: Issue }) => {
  const anchor = top === undefined ? root : issueRoot(top);
  const mid = top === undefined && Object.keys(ca).length === 0 ? intermediate : issueIntermediate(anchor, ca);
  return [issueClient(mid, client), mid, anchor];
};

test('RFC 5280 §6.1: a path of three is valid, its end the earliest notAfter', () => {
  const certificates = chain({ client: { notAfter: after(10) } });
  const result = judge(certificates);
  assert.ok(result.ok, sentence(result));
  assert.deepEqual(
    result.value.certificates.map(({ thumbprint }) => thumbprint),
    certificates.map(({ certificate }) => certificate.thumbprint),
  );
  assert.equal(result.value.anchor, certificates[2]!.certificate);
  assert.deepEqual(result.value.notAfter, after(10));
  assert.equal(result.value.truststoreVersion, '1');
});

test('RFC 5280 §6.1.3 (a)(1): a signature by another key of the same name is refused', () => {
  const impostor = { ...intermediate, key: newKey() };
  assert.equal(reason([issueClient(impostor), intermediate, root]), 'signature_invalid');
  assert.equal(
    reason([issueClient(intermediate), issueIntermediate({ ...root, key: newKey() }), root]),
    'signature_invalid',
  );
});

test('RFC 5280 §6.1.3 (a)(2): both bounds of validity are inclusive, to the second', () => {
  const one = { notBefore: at, notAfter: at };
  assert.equal(reason(chain({ client: one })), 'ok');
  assert.equal(reason(chain({ client: one }), { at: new Date(at.getTime() + 999) }), 'ok');
  assert.equal(reason(chain({ client: one }), { at: new Date(at.getTime() + 1000) }), 'certificate_expired');
  assert.equal(reason(chain({ client: one }), { at: new Date(at.getTime() - 1) }), 'certificate_not_yet_valid');
  assert.equal(reason(chain({ client: { notAfter: writeTime(new Date('2060-01-01T00:00:00Z')) } })), 'ok');
});

test('RFC 5280 §6.1.3 (a)(2): expired and future certificates at every place of the path (P1)', () => {
  assert.equal(reason(chain({ client: { notAfter: after(-0.5) } })), 'certificate_expired');
  assert.equal(reason(chain({ client: { notBefore: after(1) } })), 'certificate_not_yet_valid');
  assert.equal(reason(chain({ ca: { notAfter: after(-0.5) } })), 'issuer_expired');
  assert.equal(reason(chain({ ca: { notBefore: after(1) } })), 'certificate_not_yet_valid');
  assert.equal(reason(chain({ top: { notAfter: after(-0.5) } })), 'issuer_expired', 'anchors expire too');
  assert.equal(reason(chain({ top: { notBefore: after(1) } })), 'certificate_not_yet_valid');
});

test('RFC 5280 §6.1.3 (a)(2): no time is within any validity when it is no time', () => {
  assert.equal(reason(chain({}), { at: new Date(Number.NaN) }), 'certificate_not_yet_valid');
});

test('RFC 5280 §6.1.3 (a)(4): the issuer is found by name, in whatever string type', () => {
  assert.equal(reason([issueClient(intermediate, { issuerName: 'CN=INTERMEDIATE' }), intermediate, root]), 'ok');
  assert.equal(reason([issueClient(intermediate, { issuerName: 'CN=Other' }), intermediate, root]), 'chain_untrusted');
});

test('RFC 5280 §6.1.4 (k): an issuer that is not a CA is refused (P2)', () => {
  assert.equal(
    reason(chain({ ca: { extensions: [basicConstraints(false), keyUsage(['digitalSignature'])] } })),
    'basic_constraints',
  );
  const without = issue({ subject: 'CN=Intermediate', issuer: root, extensions: [keyUsage(['keyCertSign'])] });
  assert.notEqual(reason([issueClient(without), without, root]), 'ok');
  const bare = issue({ subject: 'CN=Intermediate', issuer: root });
  assert.equal(reason([issueClient(bare), bare, root]), 'basic_constraints');
  assert.equal(
    reason(chain({ ca: { extensions: [basicConstraints(true, undefined, false)] } })),
    'ok',
    'criticality is for the CA',
  );
});

test('RFC 5280 §6.1.4 (k): v1 and v2 certificates issue nothing (P9)', () => {
  for (const version of [1, 2]) {
    const old = issue({ version, subject: 'CN=Old', issuer: root });
    assert.equal(reason([issueClient(old), old, root]), 'basic_constraints');
    const anchor = issue({ version, subject: 'CN=Old root' });
    assert.equal(reason([issueClient(anchor), anchor]), 'basic_constraints');
  }
});

test('RFC 5280 §6.1.4 (l) and (m): pathLenConstraint counts the CAs below, self-issued ones not', () => {
  const top = issueRoot({ extensions: [basicConstraints(true, 1)] });
  const first = issueIntermediate(top, { subject: 'CN=First' });
  const second = issueIntermediate(first, { subject: 'CN=Second' });
  assert.equal(reason([issueClient(first), first, top]), 'ok');
  assert.equal(reason([issueClient(second), second, first, top]), 'path_length');
  const rolled = issueIntermediate(first, { subject: 'CN=First' });
  assert.equal(reason([issueClient(rolled), rolled, first, top]), 'ok', 'self-issued');
  const zero = issueIntermediate(root, { subject: 'CN=Zero', extensions: [basicConstraints(true, 0)] });
  assert.equal(reason([issueClient(zero), zero, root]), 'ok');
  const below = issueIntermediate(zero, { subject: 'CN=Below' });
  assert.equal(reason([issueClient(below), below, zero, root]), 'path_length');
  const rolledZero = issueIntermediate(zero, { subject: 'CN=Zero' });
  const belowRolled = issueIntermediate(rolledZero, { subject: 'CN=Below' });
  assert.equal(reason([issueClient(rolledZero), rolledZero, zero, root]), 'ok');
  assert.equal(reason([issueClient(belowRolled), belowRolled, rolledZero, zero, root]), 'path_length');
});

test('RFC 5280 §6.1.4 (m): a larger pathLenConstraint below a smaller one widens nothing', () => {
  const one = issueIntermediate(root, { subject: 'CN=One', extensions: [basicConstraints(true, 1)] });
  const five = issueIntermediate(one, { subject: 'CN=Five', extensions: [basicConstraints(true, 5)] });
  const last = issueIntermediate(five, { subject: 'CN=Last' });
  assert.equal(reason([issueClient(five), five, one, root]), 'ok');
  assert.equal(reason([issueClient(last), last, five, one, root]), 'path_length');
});

test('RFC 5280 §6.1.4 (n): an issuer with keyUsage has keyCertSign', () => {
  assert.equal(reason(chain({ ca: { extensions: [keyUsage(['cRLSign'])] } })), 'key_usage');
  assert.equal(reason(chain({ ca: { extensions: [keyUsage(['digitalSignature'], false)] } })), 'key_usage');
  assert.equal(reason(chain({ top: { extensions: [keyUsage(['cRLSign'])] } })), 'key_usage');
  const without = issue({ subject: 'CN=Intermediate', issuer: root, extensions: [basicConstraints(true)] });
  assert.equal(reason([issueClient(without), without, root]), 'ok', 'RFC 5280 §4.2.1.3: absent means any');
});

const unknown = (critical: boolean): Issue => ({
  extensions: [extension('1.3.6.1.4.1.99999.1', writeNull(), critical)],
});

test('RFC 5280 §6.1.4 (o) and §6.1.5 (f): an unknown critical extension is refused at every place (P5)', () => {
  assert.equal(reason(chain({ client: unknown(true) })), 'critical_extension_unknown');
  assert.equal(reason(chain({ ca: unknown(true) })), 'critical_extension_unknown');
  assert.equal(reason(chain({ top: unknown(true) })), 'critical_extension_unknown');
  assert.equal(reason(chain({ client: unknown(false), ca: unknown(false) })), 'ok');
  assert.match(sentence(judge(chain({ client: unknown(true) }))), /1\.3\.6\.1\.4\.1\.99999\.1/);
});

test('RFC 5280 §4.2: extensions that must not be critical are refused when they are', () => {
  const identifier = Uint8Array.of(1, 2, 3);
  for (const critical of [
    subjectKeyIdentifier(identifier, true),
    authorityKeyIdentifier(identifier, true),
    extension('2.5.29.56', writeNull(), true),
    extension('2.5.29.9', writeSequence(), true),
  ])
    assert.equal(reason(chain({ client: { extensions: [critical] } })), 'critical_extension_unknown', critical.oid);
});

test('RFC 5280 §4.1.2.2: serial numbers are positive and of 20 octets at most', () => {
  const serial = (...octets: number[]) => reason(chain({ client: { serialNumber: Uint8Array.from(octets) } }));
  const many = (count: number) => new Array<number>(count).fill(0x11);
  assert.equal(serial(...many(20)), 'ok');
  assert.equal(serial(...many(21)), 'certificate_nonconforming');
  assert.equal(serial(0, 0x81, ...many(19)), 'ok', 'the sign octet does not count');
  assert.equal(serial(0, 0x81, ...many(20)), 'certificate_nonconforming');
  assert.equal(serial(0), 'certificate_nonconforming');
  assert.equal(serial(0xff), 'certificate_nonconforming');
  assert.equal(reason(chain({ ca: { serialNumber: Uint8Array.of(0x80) } })), 'certificate_nonconforming');
  assert.equal(reason(chain({ client: { serialNumber: 0 } }), { serialNumbers: 'any' }), 'ok');
  assert.equal(reason(chain({ top: { serialNumber: 0 } })), 'ok', 'of an anchor only name, key and constraints count');
});

test('RFC 5280 §4.1.2.4 and §4.1.2.6: issuers have a name', () => {
  const nameless = issueRoot({ subject: '' });
  assert.equal(reason([issueClient(nameless), nameless]), 'certificate_nonconforming');
});

test('RFC 5280 §4.2.1.3, §4.2.1.9, §4.2.1.10: what only CAs may have is refused elsewhere', () => {
  const client = (...extensions: Extension[]) => reason(chain({ client: { extensions } }));
  assert.equal(client(keyUsage(['digitalSignature', 'keyCertSign'])), 'certificate_nonconforming');
  assert.equal(client(basicConstraints(false, 0)), 'certificate_nonconforming');
  assert.equal(client(nameConstraints({ permitted: [generalName.dns('a.example')] })), 'certificate_nonconforming');
  assert.equal(client(basicConstraints(false)), 'ok');
});

test('RFC 8446 §4.4.2.2: a client certificate with keyUsage has digitalSignature (P7)', () => {
  assert.equal(reason(chain({ client: { extensions: [keyUsage(['keyEncipherment'])] } })), 'key_usage');
  assert.equal(reason(chain({ client: { extensions: [keyUsage(['digitalSignature', 'keyAgreement'])] } })), 'ok');
  const without = issue({ issuer: intermediate, extensions: [extendedKeyUsage([purposes.clientAuth])] });
  assert.equal(reason([without, intermediate, root]), 'ok');
});

test('P3, P9: the certificate of a CA and a v1 certificate are no client certificates', () => {
  const ca = issueIntermediate(intermediate, {
    subject: 'CN=CA',
    extensions: [keyUsage(['digitalSignature', 'keyCertSign'])],
  });
  assert.equal(reason([ca, intermediate, root]), 'basic_constraints');
  assert.equal(reason([issue({ version: 1, issuer: intermediate }), intermediate, root]), 'basic_constraints');
  assert.equal(reason([issue({ version: 2, issuer: intermediate }), intermediate, root]), 'basic_constraints');
});

test('RFC 5280 §4.2.1.12: extendedKeyUsage by the three policies (P6)', () => {
  const { clientAuth, serverAuth, any, ocspSigning } = purposes;
  const cases: readonly (readonly [
    readonly string[] | undefined,
    ifPresent: string,
    required: string,
    serverOnly: string,
  ])[] = [
    [undefined, 'ok', 'refused', 'ok'],
    [[clientAuth], 'ok', 'ok', 'ok'],
    [[serverAuth, clientAuth], 'ok', 'ok', 'ok'],
    [[any], 'ok', 'refused', 'ok'],
    [[serverAuth], 'refused', 'refused', 'ok'],
    [[ocspSigning], 'refused', 'refused', 'refused'],
  ];
  for (const [oids, ...expected] of cases) {
    const extensions = oids === undefined ? [keyUsage(['digitalSignature'])] : [extendedKeyUsage(oids)];
    const certificates = [issue({ issuer: intermediate, extensions }), intermediate, root];
    for (const [index, extendedKeyUsage] of (
      ['required-if-present', 'required', 'allow-server-auth-only'] as const
    ).entries()) {
      const wanted = expected[index] === 'ok' ? 'ok' : 'eku_client_auth_missing';
      assert.equal(reason(certificates, { extendedKeyUsage }), wanted, `${oids} ${extendedKeyUsage}`);
      assert.equal(reason(certificates, { policy: { extendedKeyUsage } }), wanted, 'as policy of the entry');
    }
  }
});

test('RFC 5280 §4.2.1.12: a refusal for serverAuth alone says what the operator can do', () => {
  const result = judge(chain({ client: { extensions: [extendedKeyUsage([purposes.serverAuth])] } }));
  assert.match(sentence(result), /allow-server-auth-only/);
});

test('purposes of a CA bind what it issues', () => {
  const limited = (oids: readonly string[]) => chain({ ca: { extensions: [extendedKeyUsage(oids)] } });
  assert.equal(reason(limited([purposes.clientAuth])), 'ok');
  assert.equal(reason(limited([purposes.any])), 'ok');
  assert.equal(reason(limited([purposes.serverAuth])), 'eku_client_auth_missing');
  assert.equal(reason(limited([purposes.any]), { extendedKeyUsage: 'required' }), 'ok');
  const top = issueRoot({ extensions: [extendedKeyUsage([purposes.serverAuth])] });
  assert.equal(reason([issueClient(top), top]), 'eku_client_auth_missing', 'of an anchor too');
  assert.equal(reason([issueClient(top), top], { policy: { constraints: 'ignore' } }), 'ok');
});

test('P8: weak keys and signatures are refused at every place', () => {
  assert.equal(reason(chain({ client: { key: rsa1024 } })), 'weak_key');
  assert.equal(reason(chain({ client: { key: newKey('secp256k1') } })), 'weak_key');
  assert.equal(reason(chain({ ca: { key: rsa1024 } })), 'weak_key');
  assert.equal(reason(chain({ top: { key: rsa1024 } })), 'weak_key');
  assert.equal(reason(chain({ client: { signature: 'ecdsa-sha1' } })), 'weak_signature');
  assert.equal(reason(chain({ ca: { signature: 'ecdsa-sha1' } })), 'weak_signature');
  assert.equal(
    reason(chain({ top: { signature: 'ecdsa-sha1' } })),
    'ok',
    'nobody relies on the signature of an anchor',
  );
});

test('a key that is no point of its curve is refused in the end entity, too', () => {
  const point = writeBitString(Uint8Array.from([4, ...new Array<number>(64).fill(7)]));
  const algorithm = writeSequence(writeOid('1.2.840.10045.2.1'), writeOid('1.2.840.10045.3.1.7'));
  assert.equal(reason(chain({ client: { spki: writeSequence(algorithm, point) } })), 'weak_key');
});

test('RFC 5937 §3: constraints in an anchor bind unless the operator says otherwise', () => {
  const limited = [nameConstraints({ permitted: [generalName.dns('a.example')] }), basicConstraints(true, 0)];
  const dns = (name: string) => ({ extensions: [subjectAltName([generalName.dns(name)])] });
  const top = issueRoot({ extensions: limited });
  assert.equal(reason([issueClient(top, dns('x.a.example')), top]), 'ok');
  assert.equal(reason([issueClient(top, dns('b.example')), top]), 'name_constraints');
  assert.equal(reason([issueClient(top, dns('b.example')), top], { policy: { constraints: 'ignore' } }), 'ok');
  const mid = issueIntermediate(top);
  assert.equal(reason([issueClient(mid), mid, top]), 'path_length');
  assert.equal(reason([issueClient(mid), mid, top], { policy: { constraints: 'ignore' } }), 'ok');
});

test('describe: one line without control characters, whatever the names are', () => {
  const result = judge(chain({ client: { subject: 'CN=a\\0D\\0Ab\\E2\\80\\A8c', notAfter: after(-0.1) } }));
  assert.doesNotMatch(sentence(result), /[\r\n\u2028]/);
  assert.match(sentence(result), /^Certificate 0 of the path \(CN=/);
  assert.match(describe({ reason: 'certificate_unparsable', problem: 'x', at: 3 }), /at byte 3/);
});
