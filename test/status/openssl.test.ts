/** OpenSSL as the other side: it reads our requests, we read its answers and CRLs; skipped where it is not installed. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseCrl } from '../../lib/pki/status/crl.ts';
import { crlStatus } from '../../lib/pki/status/crl-status.ts';
import { verifyOcspResponse } from '../../lib/pki/status/ocsp.ts';
import { encodeOcspRequest } from '../../lib/pki/status/ocsp-request.ts';
import {
  extendedKeyUsage,
  type Issued,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  purposes,
} from '../pki/issue.ts';
import { noCheck } from '../pki/status/issue-status.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
/** OpenSSL writes the time it is. */
const now = new Date();
const days = (count: number) => new Date(now.getTime() + count * 86_400_000);
const validity = { notBefore: days(-1), notAfter: days(30) };

const anchor = issueRoot(validity);
const ca = issueIntermediate(anchor, { ...validity, subject: 'CN=Issuing CA' });
const delegate = issue({
  ...validity,
  issuer: ca,
  subject: 'CN=Responder',
  extensions: [extendedKeyUsage([purposes.ocspSigning]), noCheck],
});
const leaves = {
  good: issueClient(ca, validity),
  revoked: issueClient(ca, validity),
  on_hold: issueClient(ca, validity),
  unknown: issueClient(ca, validity),
};

/** A directory with the CA, its responder and OpenSSL's index of certificates, removed when done. */
function withFiles<T>(run: (file: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'certbound-openssl-'));
  const file = (name: string) => join(folder, name);
  try {
    for (const [name, issued] of Object.entries({ ca, delegate })) {
      writeFileSync(file(`${name}.pem`), issued.pem);
      writeFileSync(file(`${name}.key`), issued.key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    }
    const time = (date: Date) => `${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;
    const line = (state: string, { certificate }: Issued, revokedAt = '') =>
      `${state}\t${time(certificate.notAfter)}\t${revokedAt}\t${certificate.serialNumber.padStart(4, '0').toUpperCase()}\tunknown\t/CN=x\n`;
    const index = [
      line('V', leaves.good),
      line('R', leaves.revoked, `${time(days(-0.5))},keyCompromise`),
      line('R', leaves.on_hold, `${time(days(-0.5))},holdInstruction,holdInstructionReject`),
    ];
    writeFileSync(file('index.txt'), index.join(''));
    writeFileSync(
      file('ca.cnf'),
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${file('index.txt')}\ndefault_md=sha256\ndefault_crl_days=7\n`,
    );
    return run(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const openssl = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'pipe' });

test('RFC 6960 §4: OpenSSL reads our requests, and its answers mean the same to us', { skip }, () => {
  withFiles((file) => {
    for (const signer of ['ca', 'delegate']) {
      for (const hash of ['sha1', 'sha256'] as const) {
        for (const [expected, { certificate }] of Object.entries(leaves)) {
          const nonce = Buffer.alloc(32, 7);
          writeFileSync(file('request'), encodeOcspRequest(certificate, ca.certificate, { hash, nonce }));
          const by = ['-rsigner', file(`${signer}.pem`), '-rkey', file(`${signer}.key`)];
          const from = ['-index', file('index.txt'), '-CA', file('ca.pem'), '-reqin', file('request'), '-ndays', '1'];
          openssl('ocsp', ...from, ...by, '-respout', file('response'));
          const verdict = verifyOcspResponse(readFileSync(file('response')), {
            certificate,
            issuer: ca.certificate,
            at: now,
            nonce: { sent: nonce, required: true },
          });
          assert(verdict.ok, verdict.ok ? '' : verdict.failure.detail);
          assert.equal(verdict.value.status, expected);
        }
      }
    }
  });
});

test('RFC 5280 §5: the CRL that OpenSSL makes means the same to us', { skip }, () => {
  withFiles((file) => {
    const by = ['-cert', file('ca.pem'), '-keyfile', file('ca.key')];
    openssl('ca', '-config', file('ca.cnf'), '-gencrl', ...by, '-out', file('crl.pem'));
    openssl('crl', '-in', file('crl.pem'), '-outform', 'DER', '-out', file('crl.der'));
    const crl = parseCrl(readFileSync(file('crl.der')));
    assert(crl.ok, crl.ok ? '' : crl.failure.detail);
    const authorities = [ca.certificate, anchor.certificate];
    for (const [expected, { certificate }] of Object.entries(leaves)) {
      const status = crlStatus({ certificate, authorities, crls: [crl.value], at: now });
      assert.equal(status.ok && status.value.status, expected === 'unknown' ? 'good' : expected);
    }
  });
});
