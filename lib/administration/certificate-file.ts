/** Certificates out of files: PEM (RFC 7468), DER or PKCS#7 (RFC 5652), with every problem named. */
import type { Certificate } from '../pki/certificate/certificate.ts';
import { parsePem } from '../pki/certificate/pem.ts';
import { type BundleProblem, parseBundle } from '../pki/path/truststore.ts';
import { fail, ok } from '../result.ts';
import type { Problem, Refusable } from './change.ts';

/** The one certificate of a file. */
export function oneCertificate(what: string, file: Uint8Array): Refusable<Certificate> {
  const all = certificatesIn(what, file);
  if (!all.ok) return all;
  const [certificate, ...others] = all.value;
  if (certificate !== undefined && others.length === 0) return ok(certificate);
  const problem = `the file has ${all.value.length} certificates, wanted is one`;
  return fail([{ what, problem, remedy: 'name a file with the one certificate' }]);
}

/** All certificates of a file; one problem refuses the whole file. */
export function certificatesIn(what: string, file: Uint8Array): Refusable<readonly Certificate[]> {
  const { certificates, problems } = parseBundle(file);
  if (problems.length > 0) return fail(problems.map((problem) => problemOf(what, problem)));
  return ok(certificates);
}

function problemOf(what: string, { problem, line, byte, certificate }: BundleProblem): Problem {
  const where = [
    line === undefined ? '' : ` at line ${line}`,
    byte === undefined ? '' : ` at byte ${byte}`,
    certificate === undefined ? '' : `, certificate ${certificate}`,
  ].join('');
  return { what: `${what}${where}`, problem, remedy: 'mend the file; nothing is changed' };
}

/** RFC 7468 §5.1. */
export function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
}

/** The certificates of a file as a TLS client would send them, the end entity first, not yet parsed. */
export function chainIn(file: Uint8Array): readonly Uint8Array[] {
  // DER begins with a SEQUENCE; no PEM text begins with that byte.
  if (file[0] === 0x30) return [file];
  const blocks = parsePem(Buffer.from(file).toString('utf8'));
  return blocks.flatMap(({ label, der }) => (label === 'CERTIFICATE' && der !== undefined ? [der] : []));
}
