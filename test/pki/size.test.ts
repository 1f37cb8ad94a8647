/** What the verdicts weigh, bundled and minified (docs/adr/0012): it grows by decision only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The whole verdict of lib/pki: certificates, truststores, paths, OCSP and CRLs with deltas and indirect ones. */
const verdicts = `
  export { parseCertificate } from './lib/pki/certificate/certificate.ts';
  export { buildTruststore } from './lib/pki/path/truststore.ts';
  export { validatePath } from './lib/pki/path/validation.ts';
  export { encodeOcspRequest } from './lib/pki/status/ocsp-request.ts';
  export { verifyOcspResponse } from './lib/pki/status/ocsp.ts';
  export { parseCrl } from './lib/pki/status/crl.ts';
  export { crlStatus } from './lib/pki/status/crl-status.ts';
  export { signerPathsIn } from './lib/pki/status/signer-paths.ts';
`;

const bundle = (contents: string, splitting: boolean) =>
  build({
    stdin: { contents, resolveDir: root, loader: 'ts', sourcefile: 'entry.ts' },
    bundle: true,
    minify: true,
    splitting,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outdir: 'out',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });

test('ADR 12: the verdicts of lib/pki in one bundle are below 60 KB, and it holds nothing else', async () => {
  const { metafile, warnings } = await bundle(verdicts, false);
  // A name that no file exports is a warning, and weighs nothing.
  assert.deepEqual(warnings, []);
  const [output] = Object.values(metafile.outputs);
  assert(output);
  assert(output.bytes < 60_000, `${output.bytes} bytes`);
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => !/^(?:entry\.ts|lib\/(?:pki\/.*|result\.ts))$/.test(path),
  );
  assert.deepEqual(foreign, []);
});

test('ADR 12: what every request evaluates is below 45 KB; with what asks for a status, below 80 KB', async () => {
  const entry = "export { verifyClientCertificate } from './lib/status/client-certificate.ts';";
  const { metafile } = await bundle(entry, true);
  const outputs = new Map(Object.entries(metafile.outputs));
  const [first] = [...outputs].filter(([, { entryPoint }]) => entryPoint !== undefined && /entry/.test(entryPoint));
  assert(first);
  const evaluated = new Set([first[0]]);
  for (const name of evaluated) {
    for (const { path, kind } of outputs.get(name)?.imports ?? []) {
      if (kind === 'import-statement' && outputs.has(path)) evaluated.add(path);
    }
  }
  const weigh = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + (outputs.get(name)?.bytes ?? 0), 0);
  assert(evaluated.size < outputs.size);
  assert(weigh(evaluated) < 45_000, `${weigh(evaluated)} bytes at once`);
  assert(weigh(outputs.keys()) < 80_000, `${weigh(outputs.keys())} bytes in all`);
});
