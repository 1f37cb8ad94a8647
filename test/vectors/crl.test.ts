/** The verdicts on public CRLs, read beside the repository; skipped with a message where they are not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Certificate, parseCertificate } from '../../lib/pki/certificate/certificate.ts';
import { parseCrl } from '../../lib/pki/status/crl.ts';
import { crlStatus } from '../../lib/pki/status/crl-status.ts';

type Case = { id: string; status: string; ca: string[]; ca2: string[]; certificate: string; crls: string[] };
type Exception = { expected: string; actual: string; reason: string };

const file = new URL('../../../shared/vectors/crl/cases.json', import.meta.url);
const exceptions: Record<string, Exception> = JSON.parse(
  readFileSync(new URL('./crl-exceptions.json', import.meta.url), 'utf8'),
);
/** The CAs have RSA keys of 1024 bit; nothing in the product can say this. */
const weak = { hashes: ['sha256'], minimumRsaBits: 1024 };

function certificateOf(base64: string): Certificate {
  const parsed = parseCertificate(Buffer.from(base64, 'base64'));
  assert(parsed.ok);
  return parsed.value;
}

function statusOf({ ca, ca2, certificate, crls }: Case, at: Date, maxAge: number): string {
  const parsed = crls.flatMap((crl) => {
    const result = parseCrl(Buffer.from(crl, 'base64'));
    return result.ok ? [result.value] : [];
  });
  const authorities = [...ca, ...ca2].map(certificateOf);
  const options = { certificate: certificateOf(certificate), authorities, crls: parsed, at, maxAge, algorithms: weak };
  const verdict = crlStatus(options);
  return verdict.ok ? verdict.value.status : 'unusable';
}

test('RFC 5280 §6.3: the public CRLs', { skip: existsSync(file) ? false : `${file.pathname} is absent` }, (t) => {
  const { time, maxAgeDays, cases } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(cases.length, 66);
  const differing = cases.flatMap((vector: Case) => {
    const actual = statusOf(vector, new Date(time), maxAgeDays * 86_400);
    return actual === vector.status ? [] : [[vector.id, { expected: vector.status, actual }]];
  });
  const listed = Object.entries(exceptions).map(([id, { expected, actual }]) => [id, { expected, actual }]);
  assert.deepEqual(
    Object.fromEntries(differing),
    Object.fromEntries(listed),
    'neither more nor fewer than the exceptions',
  );
  t.diagnostic(`${cases.length - differing.length} of ${cases.length} as expected`);
});
