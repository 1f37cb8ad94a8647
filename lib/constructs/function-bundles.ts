/** The bundles of `lambdas/`, made by esbuild's own interface in one go: no shell, no container, on every system alike. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildSync, type Metafile } from 'esbuild';

export type FunctionBundle = {
  /** What is deployed, by file name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Bytes of the code without its source map. */
  readonly bytes: number;
  /** What went into it, and what it loads at run time. */
  readonly output: Metafile['outputs'][string];
};

const root = join(import.meta.dirname, '..', '..');

/** The SDK's chain of credential providers would be a fifth of a bundle; a function needs one of them. */
const alias = {
  '@aws-sdk/credential-provider-node': join(root, 'lib', 'adapters', 'function-credentials.ts'),
};

/**
 * Lambda awaits the import of a module, and no promise of a CommonJS bundle: the function's INIT work is awaited here. Of
 * Node's modules this file may import those alone that load nothing more: an ESM import of node:http costs 48 ms.
 */
const entry = `import { createRequire } from 'node:module';
const { handler, ready } = createRequire(import.meta.url)('./bundle.cjs');
await ready;
export { handler };
`;

let made: ReadonlyMap<string, FunctionBundle> | undefined;

/** Every function of `lambdas/`, by its name there; made once a process. */
export function functionBundles(): ReadonlyMap<string, FunctionBundle> {
  made ??= build();
  return made;
}

function build(): ReadonlyMap<string, FunctionBundle> {
  const entryPoints = readdirSync(join(root, 'lambdas')).map((file) => join('lambdas', file));
  const { outputFiles, metafile } = buildSync({
    entryPoints,
    absWorkingDir: root,
    outdir: 'bundles',
    write: false,
    bundle: true,
    platform: 'node',
    // CommonJS, and dynamic imports lowered: what is loaded on demand is in the bundle, and evaluated when it is asked for.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    target: 'node24',
    minify: true,
    // Of packages that bring both, the modules: what is not used is left out.
    mainFields: ['module', 'main'],
    alias,
    // Beside the code, and read by Node where --enable-source-maps says so.
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'error',
  });
  const contents = new Map(outputFiles.map(({ path, contents: bytes }) => [basename(path), bytes]));
  return new Map(
    Object.entries(metafile.outputs).flatMap(([path, output]): [string, FunctionBundle][] => {
      const lambda = basename(path, '.js');
      const [code, map] = [contents.get(`${lambda}.js`), contents.get(`${lambda}.js.map`)];
      if (code === undefined || map === undefined) return [];
      // Each function has a folder of its own, so the files of all are called alike.
      const linked = Buffer.from(Buffer.from(code).toString().replace(`=${lambda}.js.map`, '=bundle.cjs.map'));
      const files = { 'index.mjs': Buffer.from(entry), 'bundle.cjs': linked, 'bundle.cjs.map': map };
      return [[lambda, { files, bytes: linked.length, output }]];
    }),
  );
}
