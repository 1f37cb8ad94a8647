import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type CertificateRequest,
  issueCertificate,
  type KeyedCertificate,
} from '../../lib/local/certificate-authority.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { assembleTruststore, type Candidate } from '../../lib/publication/assemble.ts';
import { maxTruststoreBytes, parseTruststoreBundle, truststoreWarnings } from '../../lib/truststore-bundle.ts';

const at = new Date('2030-06-01T00:00:00Z');
const years = { notBefore: new Date('2030-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };

const authority = (subject: string, issuer?: KeyedCertificate, changes: Partial<CertificateRequest> = {}) =>
  issueCertificate(issuer, { subject, ca: {}, ...years, ...changes });
const client = (subject: string, changes: Partial<CertificateRequest> = {}) =>
  issueCertificate(undefined, { subject, eku: ['clientAuth'], ...years, ...changes });

const root = await authority('CN=Root,O=Example');
const issuing = await authority('CN=Issuing,O=Example', root);
const selfSigned = await client('CN=client');

const candidate = (
  { der }: Pick<KeyedCertificate, 'der'>,
  type: Candidate['type'] = 'anchor',
  from = 'tenant default',
): Candidate => ({ certificate: der, type, from });

const assemble = (candidates: readonly Candidate[], published: readonly KeyedCertificate[] = []) =>
  assembleTruststore(candidates, new Set(published.map(({ der }) => thumbprint(der))), at);

function accepted(candidates: readonly Candidate[], published: readonly KeyedCertificate[] = []) {
  const assembly = assemble(candidates, published);
  return assembly.ok ? assembly.value : assert.fail(assembly.failure.reasons.join('; '));
}

const complete = [candidate(root), candidate(issuing, 'intermediate'), candidate(selfSigned, 'client')];

test('API Gateway mutual TLS: anchors, intermediates and self-signed client certificates make one truststore', () => {
  const { pem, sha256, thumbprints, refused, warnings } = accepted(complete);
  const bundle = parseTruststoreBundle(pem);
  assert.ok(bundle.ok);
  assert.equal(bundle.value.sha256, sha256);
  assert.equal(bundle.value.pem, pem);
  assert.deepEqual(thumbprints, [root, issuing, selfSigned].map(({ der }) => thumbprint(der)).sort());
  assert.deepEqual([refused, warnings], [[], []]);
});

test('design §8: the same certificates make the same bundle in whatever order and however often they come', () => {
  const { sha256 } = accepted(complete);
  fc.assert(
    fc.property(fc.shuffledSubarray([...complete, ...complete], { minLength: 6 }), (shuffled) => {
      assert.equal(accepted(shuffled).sha256, sha256);
    }),
  );
});

test('design §5: a certificate that two tenants have stands in the truststore once', async () => {
  const { thumbprints } = accepted([candidate(root, 'anchor', 'tenant a'), candidate(root, 'anchor', 'tenant b')]);
  assert.equal(thumbprints.length, 1);
});

const wrong: readonly (readonly [string, string, () => Promise<KeyedCertificate>, Candidate['type'], RegExp])[] = [
  [
    'an expired CA',
    'expired',
    () => authority('CN=Old', root, { notAfter: new Date(at.getTime() - 1000) }),
    'anchor',
    /valid until 2030-05-31/,
  ],
  ['an RSA-1024 key', 'weak_key', () => authority('CN=Weak', root, { keyType: 'RSA-1024' }), 'anchor', /RSA-2048/],
  ['a P-224 key', 'weak_key', () => authority('CN=Weak', root, { keyType: 'P-224' }), 'anchor', /P-256/],
  ['an Ed25519 key', 'weak_key', () => authority('CN=Weak', root, { keyType: 'Ed25519' }), 'anchor', /P-256/],
  [
    'a signature with SHA-1',
    'weak_signature',
    () => authority('CN=Weak', root, { hash: 'SHA-1' }),
    'intermediate',
    /SHA-256/,
  ],
  ['an anchor that is no CA', 'no_ca', () => client('CN=leaf'), 'anchor', /no CA/],
  [
    'an intermediate that is no CA',
    'no_ca',
    () => issueCertificate(root, { subject: 'CN=leaf', ...years }),
    'intermediate',
    /no CA/,
  ],
  ['a client that is a CA', 'client_is_ca', () => authority('CN=client CA'), 'client', /lets in whomever/],
  [
    'a client of a CA',
    'client_not_self_signed',
    () => issueCertificate(root, { subject: 'CN=leaf', ...years }),
    'client',
    /its issuer/,
  ],
  [
    'an intermediate of an unknown CA',
    'no_issuer',
    async () => authority('CN=Lost', await authority('CN=Unknown')),
    'intermediate',
    /CN=Unknown/,
  ],
  [
    'an intermediate of a CA that only has the right name',
    'no_issuer',
    async () => authority('CN=Lost', await authority('CN=Root,O=Example')),
    'intermediate',
    /CN=Root/,
  ],
  [
    'a second certificate of one subject',
    'duplicate_subject',
    () => authority('CN=Root,O=Example'),
    'anchor',
    /has the same subject/,
  ],
];

for (const [what, reason, make, type, detail] of wrong) {
  test(`API Gateway mutual TLS: ${what} is left out, named, and keeps nobody else out`, async () => {
    const certificate = await make();
    const { thumbprints, refused } = accepted([...complete, candidate(certificate, type, 'tenant acme')], [root]);
    assert.equal(thumbprints.length, 3);
    assert.equal(refused.length, 1);
    assert.equal(refused[0]?.reason, reason);
    assert.equal(refused[0]?.thumbprint, thumbprint(certificate.der));
    assert.deepEqual(refused[0]?.from, ['tenant acme']);
    assert.match(refused[0]?.subject ?? '', /^(O=Example,)?CN=/);
    assert.match(refused[0]?.detail ?? '', detail);
  });
}

for (const [what, bytes] of [
  ['no certificate', Buffer.from('nonsense')],
  ['a certificate with something after it', Buffer.concat([root.der, Buffer.from('x')])],
  ['PEM', Buffer.from(root.certificate)],
] as const) {
  test(`API Gateway mutual TLS: an entry that is ${what} is left out as unparsable`, () => {
    const { refused, thumbprints } = accepted([...complete, candidate({ der: bytes })]);
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['unparsable'],
    );
    assert.equal(thumbprints.length, 3);
  });
}

test('API Gateway mutual TLS: of two certificates with one subject the published one stays, whoever comes', async () => {
  const renewed = await authority('CN=Root,O=Example');
  for (const [stays, goes] of [
    [root, renewed],
    [renewed, root],
  ] as const) {
    const { thumbprints, refused } = accepted([candidate(root), candidate(renewed)], [stays]);
    assert.deepEqual(thumbprints, [thumbprint(stays.der)]);
    assert.deepEqual(
      refused.map((each) => each.thumbprint),
      [thumbprint(goes.der)],
    );
  }
});

test('API Gateway mutual TLS: an expired CA does not keep its successor of the same name out', async () => {
  const old = await authority('CN=Root,O=Example', undefined, { notAfter: new Date('2030-05-01T00:00:00Z') });
  const { thumbprints, refused } = accepted([candidate(old), candidate(root)], [old]);
  assert.deepEqual(thumbprints, [thumbprint(root.der)]);
  assert.equal(refused[0]?.reason, 'expired');
});

test('API Gateway mutual TLS: a chain of four CA certificates is published, the fifth is not', async () => {
  const chain = [root];
  for (const name of ['2', '3', '4', '5']) chain.push(await authority(`CN=CA ${name}`, chain.at(-1)));
  const { thumbprints, refused } = accepted(chain.map((each) => candidate(each)));
  assert.equal(thumbprints.length, 4);
  assert.deepEqual(
    refused.map(({ subject, reason, detail }) => [subject, reason, detail]),
    [['CN=CA 5', 'chain_too_long', 'its chain has 5 CA certificates; API Gateway follows 4']],
  );
});

test('API Gateway mutual TLS: a chain that a cross-certificate makes shorter is published', async () => {
  const chain = [root];
  for (const name of ['2', '3', '4', '5']) chain.push(await authority(`CN=CA ${name}`, chain.at(-1)));
  const other = await authority('CN=Other root');
  const last = chain.at(-1) ?? assert.fail();
  const crossed = await authority('CN=CA 5', other, { key: last.key });
  const { refused } = accepted(
    [...chain, other, crossed].map((each) => candidate(each)),
    [crossed],
  );
  assert.deepEqual(
    refused.map(({ reason }) => reason),
    ['duplicate_subject'],
  );
});

test('API Gateway mutual TLS: what hangs on a refused certificate is refused too', async () => {
  const expired = await authority('CN=Old', undefined, { notAfter: new Date('2030-05-01T00:00:00Z') });
  const below = await authority('CN=Below', expired);
  const { refused } = accepted([...complete, candidate(expired), candidate(below, 'intermediate')]);
  assert.deepEqual(refused.map(({ reason }) => reason).sort(), ['expired', 'no_issuer']);
});

test('API Gateway mutual TLS: two CAs that certify each other and nobody else are no chain', async () => {
  const a = await authority('CN=A');
  const b = await authority('CN=B', a);
  const crossed = await authority('CN=A', b, { key: a.key });
  const { refused } = accepted([...complete, candidate(b), candidate(crossed)]);
  assert.deepEqual(
    refused.map(({ reason }) => reason),
    ['no_issuer', 'no_issuer'],
  );
});

test('API Gateway mutual TLS: a CA that is not valid yet is published and warned of', async () => {
  const future = await authority('CN=New', undefined, { notBefore: new Date('2030-06-02T00:00:00Z') });
  const { warnings, refused } = accepted([...complete, candidate(future)]);
  assert.deepEqual(refused, []);
  assert.deepEqual(warnings, ['CN=New is not valid before 2030-06-02T00:00:00.000Z']);
});

test('API Gateway mutual TLS: a CA that expires within 60 days is warned of, and when the first one does is told', async () => {
  const day = 86_400_000;
  const ends = (days: number) => authority(`CN=${days}`, undefined, { notAfter: new Date(at.getTime() + days * day) });
  const { warnings, expires } = accepted([...complete, candidate(await ends(61)), candidate(await ends(59))]);
  assert.deepEqual(warnings, ['CN=59 expires at 2030-07-30T00:00:00.000Z']);
  assert.deepEqual(expires, new Date(at.getTime() + 59 * day));
});

test('design §8: an empty truststore is never published', async () => {
  const expired = await authority('CN=Old', undefined, { notAfter: new Date('2030-05-01T00:00:00Z') });
  for (const candidates of [[], [candidate(expired)]]) {
    const assembly = assemble(candidates);
    assert.ok(!assembly.ok);
    assert.match(assembly.failure.reasons.join(), /an empty truststore is never published/);
    assert.equal(assembly.failure.refused.length, candidates.length);
  }
});

test('API Gateway mutual TLS: a truststore of 800 KB is warned of, one of 1000 KB is not published', async () => {
  const large = (subject: string, bytes: number) => {
    const comment = { oid: '2.16.840.1.113730.1.13', critical: false, value: octets(bytes) };
    return authority(subject, undefined, { extensions: [comment] });
  };
  const one = await large('CN=Large', 600_000);
  const { warnings } = accepted([...complete, candidate(one)]);
  assert.match(warnings.join(), /has 8[0-9]{5} bytes of the 1000000/);
  const assembly = assemble([...complete, candidate(one), candidate(await large('CN=Larger', 200_000))]);
  assert.ok(!assembly.ok);
  assert.match(assembly.failure.reasons.join(), new RegExp(`smaller than ${maxTruststoreBytes} bytes`));
});

/** An IA5String of so many bytes. */
function octets(bytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return new Uint8Array(Buffer.concat([Buffer.from([0x16, 0x84]), length, Buffer.alloc(bytes, 'x')]));
}

test('API Gateway mutual TLS: whatever comes, the bundle is one that API Gateway imports and warns of nothing in', async () => {
  const pool = [
    ...complete,
    candidate(await authority('CN=Root,O=Example')),
    candidate(await authority('CN=Issuing,O=Example', root), 'intermediate'),
    candidate(await authority('CN=Lost', await authority('CN=Unknown')), 'intermediate'),
    candidate(await authority('CN=Weak', root, { keyType: 'P-224' }), 'intermediate'),
    candidate({ der: Buffer.from('nonsense') }),
  ];
  fc.assert(
    fc.property(fc.subarray(pool, { minLength: 1 }), (candidates) => {
      const assembly = assemble(candidates);
      if (!assembly.ok) return;
      const bundle = parseTruststoreBundle(assembly.value.pem);
      assert.ok(bundle.ok);
      const warned = truststoreWarnings(bundle.value.certificates, at).filter((line) => !line.includes('no CA'));
      assert.deepEqual(warned, []);
    }),
  );
});
