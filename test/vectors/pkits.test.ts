/** NIST's PKITS, path and CRLs together, read beside the repository; skipped with a message where it is not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Certificate, parseCertificate } from '../../lib/pki/certificate/certificate.ts';
import { buildTruststore, type Truststore } from '../../lib/pki/path/truststore.ts';
import { type PathOptions, validatePath } from '../../lib/pki/path/validation.ts';
import { type Crl, parseCrl } from '../../lib/pki/status/crl.ts';
import { crlStatus } from '../../lib/pki/status/crl-status.ts';
import { signerPathsIn } from '../../lib/pki/status/signer-paths.ts';

type Case = {
  id: string;
  name: string;
  section: string;
  anchor: string;
  intermediates: string[];
  leaf: string;
  crls: string[];
  initialPolicySet: string[];
  explicitPolicy: boolean;
  inhibitPolicyMapping: boolean;
  inhibitAnyPolicy: boolean;
  valid: boolean;
};
type Exception = { expected: string; actual: string; reason: string };

const folder = new URL('../../../shared/vectors/pkits/', import.meta.url);
const index = new URL('cases.json', folder);
const skip = existsSync(index) ? false : `${index.pathname} is absent`;
const exceptions: Record<string, Exception> = JSON.parse(
  readFileSync(new URL('./pkits-exceptions.json', import.meta.url), 'utf8'),
);

/** PKITS is of 2011: SHA-1, RSA of 1024 bit, negative serial numbers. Nothing in the product can say this. */
const old = { algorithms: { hashes: ['sha1', 'sha256'], minimumRsaBits: 1024 }, serialNumbers: 'any' } as const;

function read<T>(kind: string, names: readonly string[], parse: (der: Uint8Array) => { ok: boolean; value?: T }): T[] {
  const parsed = names.map((name) => parse(readFileSync(new URL(`${kind}/${name}`, folder))));
  return parsed.flatMap((result) => (result.ok && result.value !== undefined ? [result.value] : []));
}

/** `valid`, or why not: RFC 5280 §6.1 and then, for each certificate below the anchor, §6.3. */
function verdict(vector: Case, at: Date): string {
  const [anchor] = read<Certificate>('certs', [vector.anchor], parseCertificate);
  const [leaf] = read<Certificate>('certs', [vector.leaf], parseCertificate);
  if (anchor === undefined || leaf === undefined) return 'certificate_unparsable';
  const intermediates = read<Certificate>('certs', vector.intermediates, parseCertificate);
  const truststore = buildTruststore(
    [
      { type: 'anchor', certificate: anchor },
      ...intermediates.map((certificate) => ({ type: 'intermediate' as const, certificate })),
    ],
    '1',
  );
  const path = validatePath(leaf, {
    ...old,
    truststore,
    at,
    purpose: 'any',
    initialPolicySet: vector.initialPolicySet,
    initialExplicitPolicy: vector.explicitPolicy,
    initialPolicyMappingInhibit: vector.inhibitPolicyMapping,
    initialAnyPolicyInhibit: vector.inhibitAnyPolicy,
  });
  if (!path.ok) return path.failure.reason;
  return revocation(path.value.certificates, read<Crl>('crls', vector.crls, parseCrl), truststore, { ...old, at });
}

function revocation(
  certificates: readonly Certificate[],
  crls: readonly Crl[],
  truststore: Truststore,
  options: Omit<PathOptions, 'truststore'>,
): string {
  for (const [position, certificate] of certificates.slice(0, -1).entries()) {
    const authorities = certificates.slice(position + 1);
    const signerPaths = signerPathsIn(truststore, authorities, options);
    const status = crlStatus({ ...old, certificate, authorities, crls, at: options.at, signerPaths });
    const found = status.ok ? status.value.status : status.failure.status;
    if (found !== 'good') return `${found}${position === 0 ? '' : ' issuer'}`;
  }
  return 'valid';
}

test('RFC 5280 §6.1 and §6.3: PKITS 1.0.1, no invalid path accepted', { skip }, (t) => {
  const { time, cases } = JSON.parse(readFileSync(index, 'utf8')) as { time: string; cases: Case[] };
  const at = new Date(time);
  const verdicts = cases.map((vector) => ({ vector, actual: verdict(vector, at) }));
  assert.equal(verdicts.length, 249);
  const accepted = verdicts.filter(({ vector, actual }) => !vector.valid && actual === 'valid');
  assert.deepEqual(
    accepted.map(({ vector }) => `${vector.id} ${vector.name}`),
    [],
  );
  const refused = verdicts.filter(({ vector, actual }) => vector.valid && actual !== 'valid');
  const listed = Object.entries(exceptions).map(([id, { expected, actual }]) => [id, { expected, actual }]);
  assert.deepEqual(
    Object.fromEntries(refused.map(({ vector, actual }) => [vector.id, { expected: 'valid', actual }])),
    Object.fromEntries(listed),
    'neither more nor fewer than the exceptions',
  );
  t.diagnostic(`${cases.length - refused.length} of ${cases.length} as expected, 0 accepted wrongly`);
});

test('RFC 5280 §6.1: the refusals of PKITS have the reason of their section', { skip }, () => {
  const { time, cases } = JSON.parse(readFileSync(index, 'utf8')) as { time: string; cases: Case[] };
  const expected: Readonly<Record<string, RegExp>> = {
    '01SignatureVerification': /^(?:signature_invalid|certificate_unparsable|chain_untrusted)$/,
    '02ValidityPeriods': /^(?:certificate_expired|certificate_not_yet_valid|issuer_expired)$/,
    '03VerifyingNameChaining': /^chain_untrusted$/,
    '04BasicCertificateRevocationTests': /^(?:revoked|unavailable|untrusted)/,
    '06VerifyingBasicConstraints': /^(?:basic_constraints|path_length)$/,
    '08CertificatePolicies': /^policy$/,
    '09RequireExplicitPolicy': /^policy$/,
    '10PolicyMappings': /^policy$/,
    '11InhibitPolicyMapping': /^policy$/,
    '12InhibitAnyPolicy': /^policy$/,
    '13NameConstraints': /^name_constraints$/,
    '14DistributionPoints': /^(?:revoked|unavailable|untrusted|on_hold)/,
    '15DeltaCRLs': /^(?:revoked|unavailable|on_hold)/,
    '16PrivateCertificateExtensions': /^critical_extension_unknown$/,
  };
  const odd = cases
    .filter(({ valid }) => !valid)
    .map((vector) => ({ ...vector, actual: verdict(vector, new Date(time)) }))
    .filter(({ section, actual }) => !(expected[section] ?? /./).test(actual))
    .map(({ id, name, actual }) => `${id} ${name}: ${actual}`);
  assert.deepEqual(odd, []);
});
