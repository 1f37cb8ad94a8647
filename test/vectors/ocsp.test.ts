/** The verdicts on public OCSP responses, read beside the repository; skipped with a message where they are not. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseCertificate } from '../../lib/pki/certificate/certificate.ts';
import { encoding, enter, root, take, takeAll } from '../../lib/pki/certificate/der.ts';
import { readTime } from '../../lib/pki/certificate/der-time.ts';
import { readName } from '../../lib/pki/certificate/name.ts';
import type { OcspTarget } from '../../lib/pki/status/cert-id.ts';
import { verifyOcspResponse } from '../../lib/pki/status/ocsp.ts';
import { encodeOcspRequest } from '../../lib/pki/status/ocsp-request.ts';

type Case = { id: string; status: string; issuer: string; certificate: string; response: string; request?: string };
type Exception = { expected: string; actual: string; reason: string };

const file = new URL('../../../shared/vectors/ocsp/cases.json', import.meta.url);
const exceptions: Record<string, Exception> = JSON.parse(
  readFileSync(new URL('./ocsp-exceptions.json', import.meta.url), 'utf8'),
);
/** The responses are signed with SHA-1; nothing in the product can say this. */
const weak = { hashes: ['sha1', 'sha256', 'sha384', 'sha512'], minimumRsaBits: 1024 };

/** One certificate has a serial number that is not minimal, which `parseCertificate` refuses; OCSP compares octets. */
function targetOf(der: Uint8Array): OcspTarget {
  const [, serial, , issuer, validity] = takeAll(take(enter(root(der))));
  assert(serial && issuer && validity);
  const times = takeAll(validity).map(readTime);
  assert(times[0] && times[1]);
  const octets = encoding(serial).subarray(2);
  return { serial: octets, issuer: readName(issuer), notBefore: times[0], notAfter: times[1] };
}

function statusOf(vector: Case, at: Date, maxAge: number): string {
  const issuer = parseCertificate(Buffer.from(vector.issuer, 'base64'));
  assert(issuer.ok);
  const certificate = targetOf(Buffer.from(vector.certificate, 'base64'));
  const options = { certificate, issuer: issuer.value, at, maxAge, algorithms: weak };
  const response = Buffer.from(vector.response, 'base64');
  const verdict = verifyOcspResponse(response, options);
  if (verdict.ok) return verdict.value.status;
  if (verdict.failure.reason !== 'responder_unchecked') return 'unknown';
  // RFC 6960 §4.2.2.2.1: one delegate lives a year without nocheck; the suite brings no CRL, and leaves its status open.
  const cleared = verifyOcspResponse(response, { ...options, cleared: verdict.failure.responder.thumbprint });
  return cleared.ok ? cleared.value.status : 'unknown';
}

test('RFC 6960 §3.2: the public OCSP responses', {
  skip: existsSync(file) ? false : `${file.pathname} is absent`,
}, (t) => {
  const { time, maxAgeDays, cases } = JSON.parse(readFileSync(file, 'utf8'));
  const at = new Date(time);
  assert.equal(cases.length, 36);
  const differing = cases.flatMap((vector: Case) => {
    const actual = statusOf(vector, at, maxAgeDays * 86_400);
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

test('RFC 6960 §4.1: the public OCSP requests', {
  skip: existsSync(file) ? false : `${file.pathname} is absent`,
}, () => {
  for (const vector of JSON.parse(readFileSync(file, 'utf8')).cases as Case[]) {
    const issuer = parseCertificate(Buffer.from(vector.issuer, 'base64'));
    assert(issuer.ok);
    const target = targetOf(Buffer.from(vector.certificate, 'base64'));
    const request = encodeOcspRequest(target, issuer.value, { hash: 'sha1' });
    assert.equal(Buffer.from(request).toString('base64'), vector.request, vector.id);
  }
});
