/** Medians of the status checks, beside node:crypto's bare signature checks in the same run (RFC 6960, RFC 5280 §6.3). */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { parseCrl } from '../lib/pki/status/crl.ts';
import { findEntry } from '../lib/pki/status/crl-entry.ts';
import { crlStatus } from '../lib/pki/status/crl-status.ts';
import { verifyOcspResponse } from '../lib/pki/status/ocsp.ts';
import {
  after,
  at,
  extendedKeyUsage,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  type KeyKind,
  newKey,
  purposes,
  signWith,
} from '../test/pki/issue.ts';
import { issueCrl, issueOcspResponse, noCheck, writeEntry } from '../test/pki/status/issue-status.ts';

/** The middle of `runs` timings in milliseconds, after a few that warm up; `prepare` is not timed. */
function median<T>(runs: number, prepare: () => T, run: (prepared: T) => unknown): number {
  const timings: number[] = [];
  for (let count = -Math.ceil(runs / 10); count < runs; count += 1) {
    const prepared = prepare();
    const began = performance.now();
    run(prepared);
    if (count >= 0) timings.push(performance.now() - began);
  }
  return timings.sort((a, b) => a - b)[runs >> 1] ?? Number.NaN;
}

const rows: { what: string; median: string; bare: string; target: string; met: string }[] = [];

function report(what: string, milliseconds: number, { bare, target }: { bare?: number; target?: number } = {}): void {
  const show = (value: number) => (value < 0.1 ? `${(value * 1000).toFixed(1)} µs` : `${value.toFixed(2)} ms`);
  rows.push({
    what,
    median: show(milliseconds),
    bare: bare === undefined ? '' : show(bare),
    target: target === undefined ? '' : `≤ ${show(target)}`,
    met: target === undefined ? '' : milliseconds <= target ? 'yes' : 'NO',
  });
}

/** So many signature checks of node:crypto over 300 bytes, the key loaded before. */
function bareSignatures(kind: KeyKind, count: number): number {
  const key = newKey(kind);
  const bytes = randomBytes(300);
  const { signature } = signWith(key, bytes);
  const publicKey = createPublicKey(key.privateKey);
  return median(
    300,
    () => undefined,
    () => {
      for (let done = 0; done < count; done += 1) verify('sha256', bytes, publicKey, signature);
    },
  );
}

function benchOcsp(kind: KeyKind): void {
  const ca = issueIntermediate(issueRoot(), { key: newKey(kind) });
  const client = issueClient(ca);
  const extensions = [extendedKeyUsage([purposes.ocspSigning]), noCheck];
  const delegate = issue({ issuer: ca, subject: 'CN=Responder', key: newKey(kind), extensions });
  const answers = [{ certificate: client.certificate, issuer: ca }];
  const judge = (signer: Issued, certificates: readonly Uint8Array[]) => {
    const der = issueOcspResponse({ signer, answers, certificates });
    return median(
      300,
      () => Uint8Array.from(der),
      (copy) => {
        const verdict = verifyOcspResponse(copy, { certificate: client.certificate, issuer: ca.certificate, at });
        if (!verdict.ok) throw new Error(verdict.failure.detail);
      },
    );
  };
  report(`OCSP answer by the issuer, ${kind}`, judge(ca, []), { bare: bareSignatures(kind, 1), target: 2.5 });
  report(`OCSP answer by a delegate, ${kind}`, judge(delegate, [delegate.der]), {
    bare: bareSignatures(kind, 2),
    target: 2.5,
  });
}

/** A CRL of about so many bytes, its serial numbers of 16 octets, its entries with the extensions given. */
function largeCrl(signer: Issued, bytes: number, entry: Omit<Parameters<typeof writeEntry>[0], 'serial'>): Uint8Array {
  const serial = () => {
    const octets = randomBytes(16);
    octets[0] = 0x40;
    return octets;
  };
  const count = Math.floor(bytes / writeEntry({ ...entry, serial: serial() }).length);
  const revoked = Buffer.concat(Array.from({ length: count }, () => writeEntry({ ...entry, serial: serial() })));
  return issueCrl({ signer, revoked });
}

function benchCrl(megabytes: number, what: string, entry: Parameters<typeof largeCrl>[2], target?: number): void {
  const anchor = issueRoot();
  const ca = issueIntermediate(anchor);
  const client = issueClient(ca);
  const der = largeCrl(ca, megabytes * 1024 * 1024, entry);
  const parse = () => {
    const crl = parseCrl(Uint8Array.from(der));
    if (!crl.ok) throw new Error(crl.failure.detail);
    return crl.value;
  };
  const indexing = median(15, parse, (crl) => crl.index());
  report(`CRL of ${megabytes} MB, ${what}: index`, indexing, target === undefined ? {} : { target });
  const crl = parse();
  const index = crl.index();
  const entries = index.ok ? index.value.entries : 0;
  const lookup = median(
    2000,
    () => randomBytes(16),
    (serial) => findEntry(crl, { serial, issuer: ca.certificate.subject }),
  );
  report(`CRL of ${megabytes} MB, ${entries} entries: lookup`, lookup, { target: 0.02 });
  const authorities = [ca.certificate, anchor.certificate];
  const whole = median(9, parse, (crl) => crlStatus({ certificate: client.certificate, authorities, crls: [crl], at }));
  report(`CRL of ${megabytes} MB, ${what}: signature, index, status`, whole, { target: 200 });
}

benchOcsp('P-256');
benchOcsp('RSA-2048');
benchCrl(1, 'no reasons', {}, 100);
benchCrl(1, 'reasons', { reason: 1 }, 100);
benchCrl(4, 'reasons', { reason: 1, revokedAt: after(-30) });
console.table(Object.fromEntries(rows.map(({ what, ...rest }) => [what, rest])));
