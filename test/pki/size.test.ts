/** What lib/pki weighs, bundled and minified (docs/adr/0008): it grows by decision only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entrance = fileURLToPath(new URL('../../lib/pki/client-certificate.ts', import.meta.url));

test('issue 3: what a verdict evaluates is below 60 KB; with what asks for a status, below 80 KB', async () => {
  const { metafile } = await build({
    entryPoints: [entrance],
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outdir: 'out',
    metafile: true,
    write: false,
  });
  const outputs = new Map(Object.entries(metafile.outputs));
  const [first] = [...outputs].filter(([, { entryPoint }]) => entryPoint?.endsWith('client-certificate.ts'));
  assert(first);
  const evaluated = new Set([first[0]]);
  for (const name of evaluated) {
    for (const { path, kind } of outputs.get(name)?.imports ?? []) {
      if (kind === 'import-statement' && outputs.has(path)) evaluated.add(path);
    }
  }
  const weigh = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + (outputs.get(name)?.bytes ?? 0), 0);
  assert(evaluated.size < outputs.size);
  assert(weigh(evaluated) < 60_000, `${weigh(evaluated)} bytes at once`);
  assert(weigh(outputs.keys()) < 80_000, `${weigh(outputs.keys())} bytes in all`);
  const packages = Object.keys(metafile.inputs).filter((path) => !/(?:^|\/)lib\/(?:pki\/|result\.ts)/.test(path));
  assert.deepEqual(packages, []);
});
