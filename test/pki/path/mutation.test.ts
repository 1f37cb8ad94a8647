import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCertificate } from '../../../lib/pki/certificate/certificate.ts';
import { buildTruststore } from '../../../lib/pki/path/truststore.ts';
import { validatePath } from '../../../lib/pki/path/validation.ts';
import {
  at,
  generalName,
  issueClient,
  issueIntermediate,
  issueRoot,
  nameConstraints,
  newKey,
  subjectAltName,
} from '../issue.ts';
import { mutateByte, mutateField, seeded } from './mutations.ts';

const root = issueRoot();
const ca = issueIntermediate(root, { extensions: [nameConstraints({ permitted: [generalName.dns('a.example')] })] });
const client = issueClient(ca, { extensions: [subjectAltName([generalName.dns('x.a.example')])] });
const truststore = buildTruststore([{ type: 'anchor', certificate: root.certificate }], '1');

function accepts(leaf: Uint8Array, intermediate: Uint8Array): boolean {
  const parsed = [leaf, intermediate].map(parseCertificate);
  const [one, other] = parsed.flatMap((result) => (result.ok ? [result.value] : []));
  return one !== undefined && other !== undefined && validatePath(one, { truststore, at, helpers: [other] }).ok;
}

test('RFC 5280 §4.1.1.3: any bit flipped anywhere in a valid chain is refused', () => {
  assert.ok(accepts(client.der, ca.der));
  for (const [index, source] of [client.der, ca.der].entries()) {
    for (let byte = 0; byte < source.length; byte++) {
      const changed = Uint8Array.from(source);
      changed[byte]! ^= 1 << (byte % 8);
      const accepted = index === 0 ? accepts(changed, ca.der) : accepts(client.der, changed);
      assert.equal(accepted, false, `byte ${byte} of certificate ${index}`);
    }
  }
});

test('RFC 5280 §4.1.1.3: any byte changed in a valid chain is refused', () => {
  const random = seeded(1);
  for (let i = 0; i < 1500; i++) {
    assert.equal(accepts(mutateByte(client.der, random), ca.der), false);
    assert.equal(accepts(client.der, mutateByte(ca.der, random)), false);
  }
});

test('mutations that are signed again end as a verdict, never as an exception', () => {
  const random = seeded(2);
  const key = newKey();
  for (let i = 0; i < 500; i++) {
    const intermediate = issueIntermediate(root, {
      key,
      rewrite: (tbs) => mutateByte(tbs, random),
      ...mutateField(random),
    });
    const leaf = issueClient(intermediate, { key, rewrite: (tbs) => mutateByte(mutateByte(tbs, random), random) });
    accepts(leaf.der, intermediate.der);
  }
});
