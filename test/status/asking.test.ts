/** What is loaded when: nothing that asks, reads OCSP or walks a CRL, before somebody must be asked. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire, registerHooks } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { build } from 'esbuild';
import type { CertificateStatus } from '../../lib/status/certificate-status.ts';
import type * as Entrance from '../../lib/status/client-certificate.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { issueClient, issueIntermediate, issueRoot, ocspAccess } from '../pki/issue.ts';
import { at, issueOcspResponse } from '../pki/status/issue-status.ts';
import { network, truststoreOf } from './network.ts';

const url = 'http://ocsp.test/';
const anchor = issueRoot();
const ca = issueIntermediate(anchor, { subject: 'CN=Issuing CA' });
const client = issueClient(ca, { extensions: [ocspAccess([url])] });
const truststore = truststoreOf(ca, anchor);
const answer = issueOcspResponse({ signer: ca, answers: [{ certificate: client.certificate, issuer: ca }] });
const policy = { ...defaultStatusPolicy, depth: 'leaf' as const };
const good: CertificateStatus = {
  certificate: client.certificate.thumbprint,
  source: 'ocsp',
  status: 'good',
  thisUpdate: at,
  fetchedAt: at,
  cached: false,
  stale: false,
  softFailed: false,
};
const entrance = fileURLToPath(new URL('../../lib/status/client-certificate.ts', import.meta.url));

/** Verifies with what is known, fresh or not; true where somebody was asked. */
async function asks(
  { verifyClientCertificate }: typeof Entrance,
  known: readonly CertificateStatus[],
): Promise<boolean> {
  const world = network({ [url]: answer });
  const verdict = await verifyClientCertificate(client.certificate, { truststore, policy, at, known }, world);
  assert(verdict.ok);
  return world.requests.length > 0;
}

test('certbound: a fresh status is judged without loading what asks; a stale one loads it', async () => {
  const loaded = new Set<string>();
  const hooks = registerHooks({
    load(module, context, next) {
      loaded.add(module.replace(/^.*\//, ''));
      return next(module, context);
    },
  });
  try {
    const pki: typeof Entrance = await import('../../lib/status/client-certificate.ts');
    const asking = ['asking.ts', 'ocsp-source.ts', 'crl-source.ts', 'crl.ts', 'crl-status.ts', 'evidence.ts'];
    const loadedOfThem = () => asking.filter((file) => loaded.has(file));
    assert(loaded.has('judgement.ts'));
    assert.equal(await asks(pki, [good]), false);
    assert.deepEqual(loadedOfThem(), []);
    assert.equal(await asks(pki, [{ ...good, stale: true }]), true);
    assert.deepEqual(loadedOfThem(), asking);
  } finally {
    hooks.deregister();
  }
});

test('certbound: in a bundle of one file as well, what asks is evaluated when it is needed', async () => {
  const evaluated: string[] = [];
  Object.assign(globalThis, { evaluated });
  const { outputFiles } = await build({
    entryPoints: [entrance],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    supported: { 'dynamic-import': false },
    plugins: [
      {
        name: 'says what is evaluated',
        setup({ onLoad }) {
          onLoad({ filter: /lib\/(?:pki|status)\/.*\.ts$/ }, async ({ path }) => {
            const name = path.replace(/^.*\//, '');
            return {
              loader: 'ts',
              contents: `${await readFile(path, 'utf8')}\nevaluated.push(${JSON.stringify(name)});`,
            };
          });
        },
      },
    ],
  });
  const module = { exports: {} };
  const wrapped = `(function (module, exports, require) {${outputFiles[0]?.text}\n})`;
  runInThisContext(wrapped)(module, module.exports, createRequire(import.meta.url));
  const pki = module.exports as typeof Entrance;
  const needless = () => evaluated.filter((name) => /^(?:asking|crl|ocsp|evidence|kept|cert-id)/.test(name));
  assert(evaluated.includes('judgement.ts'));
  assert.equal(await asks(pki, [good]), false);
  assert.deepEqual(needless(), []);
  assert.equal(await asks(pki, []), true);
  assert(['asking.ts', 'ocsp.ts', 'crl-source.ts'].every((name) => needless().includes(name)));
});
