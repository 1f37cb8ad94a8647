import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '..');

/** A file may import from its own layer's number or a lower one; two names with one number do not see each other. */
const layers: Readonly<Record<string, number>> = {
  'lib/result.ts': 0,
  'lib/http.ts': 0,
  'lib/routes.ts': 0,
  'lib/kinds.ts': 0,
  'lib/truststore-bundle.ts': 0,
  'lib/config.ts': 0,
  'lib/aws-environment.ts': 0,
  'lib/pki': 1,
  'lib/status': 1.5,
  'lib/oauth': 2,
  'lib/resource-server': 2,
  'lib/publication': 2.5,
  'lib/administration': 3,
  'lib/adapters': 3,
  'lib/command-line': 4,
  'lib/local': 4,
  'lib/constructs': 4,
  lambdas: 5,
  bin: 6,
};

function layerOf(file: string): string | undefined {
  return Object.keys(layers).find((layer) => file === layer || file.startsWith(`${layer}/`));
}

/** What is wrong with `file` importing `target` (both relative to the root); undefined where nothing is. */
function violation(file: string, target: string): string | undefined {
  const from = layerOf(file);
  const to = layerOf(target);
  if (from === undefined || to === undefined) return `${file} → ${target}: outside the layers`;
  if (from === to || (layers[from] === 0 && layers[to] === 0)) return undefined;
  if ((layers[from] ?? 0) <= (layers[to] ?? 0)) return `${file} → ${target}: ${from} may not see ${to}`;
  // The constructs see what is deployed as data: the tables, never the code that runs.
  if (from === 'lib/constructs' && layers[to] !== 0) return `${file} → ${target}: constructs see the tables only`;
  if (from === 'lib/resource-server' && to === 'lib/oauth') return `${file} → ${target}`;
  return undefined;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const imported = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');

const product = ['lib', 'lambdas', 'bin'].flatMap(sources);

function imports(file: string): { local: string[]; packages: string[] } {
  const all = imported(readFileSync(join(root, file), 'utf8'));
  return {
    local: all.filter((each) => each.startsWith('.')).map((each) => relative(root, resolve(root, dirname(file), each))),
    packages: all.filter((each) => !each.startsWith('.')),
  };
}

test('design §2: imports run one way', () => {
  const wrong = product.flatMap((file) => imports(file).local.map((target) => violation(file, target)));
  assert.deepEqual(wrong.filter(Boolean), []);
});

test('design §2: an upward import would be found', () => {
  assert.match(violation('lib/pki/status/ocsp.ts', 'lib/oauth/client.ts') ?? '', /may not see/);
  assert.match(violation('lib/pki/status/ocsp.ts', 'lib/status/policy.ts') ?? '', /may not see/);
  assert.match(violation('lib/status/evidence.ts', 'lib/oauth/ports.ts') ?? '', /may not see/);
  assert.match(violation('lib/oauth/form.ts', 'lib/adapters/http/fetch.ts') ?? '', /may not see/);
  assert.match(violation('lib/adapters/memory/memory.ts', 'lib/local/gateway.ts') ?? '', /may not see/);
  assert.match(violation('lib/constructs/data.ts', 'lib/oauth/client.ts') ?? '', /tables only/);
  assert.match(violation('lib/local/gateway.ts', 'lambdas/token.ts') ?? '', /may not see/);
  assert.match(violation('lib/routes.ts', 'lib/status/ports.ts') ?? '', /may not see/);
  assert.equal(violation('lambdas/token.ts', 'lib/oauth/endpoints/token.ts'), undefined);
});

test('design §7: lib/pki and lib/status import nothing but node:crypto', () => {
  const judging = product.filter((file) => /^lib\/(pki|status)\//.test(file));
  const packages = judging.flatMap((file) => imports(file).packages);
  assert.deepEqual(
    [...new Set(packages)].filter((name) => name !== 'node:crypto'),
    [],
  );
});

test('design §7: @peculiar/x509 is imported by the local certificate authority alone', () => {
  const importers = product.filter((file) => imports(file).packages.includes('@peculiar/x509'));
  assert.deepEqual(importers, ['lib/local/certificate-authority.ts']);
});

test('design §4: the AWS SDK, middy and node:http stay out of the core', () => {
  const core = product.filter((file) => /^lib\/(pki|status|oauth|resource-server)\//.test(file));
  const wrong = core.flatMap((file) =>
    imports(file)
      .packages.filter((name) => name !== 'node:crypto' && name !== 'jose')
      .map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('design §3: process.env is read in lib/config.ts alone, and written where a function is started locally', () => {
  const readers = product.filter((file) => /process\.env/.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(
    readers.filter((file) => !file.startsWith('bin/')),
    ['lib/config.ts'],
  );
});

test('docs/pki.md §4: nothing in the product asks for weaker algorithms or odd serial numbers', () => {
  const asks = /\b(hashes|minimumRsaBits|serialNumbers)\s*:\s*[['"0-9O]/;
  for (const example of ["hashes: ['sha1']", "serialNumbers: 'any'", 'minimumRsaBits: 1024'])
    assert.match(example, asks);
  const asking = product.filter((file) => asks.test(readFileSync(join(root, file), 'utf8')));
  // Where the strict set is defined.
  assert.deepEqual(asking, ['lib/pki/certificate/signature-algorithms.ts']);
});

test('house style: no file in lib/ exceeds 250 lines', () => {
  const long = sources('lib')
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > 250);
  assert.deepEqual(long, []);
});

test('house style: every file in lib/ begins by saying what it is', () => {
  assert.deepEqual(
    sources('lib').filter((file) => !readFileSync(join(root, file), 'utf8').startsWith('/**')),
    [],
  );
});

test('house style: lambdas choose adapters and name endpoints, nothing else', () => {
  const long = sources('lambdas')
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ file, lines }) => lines > 20 && !file.endsWith('truststore-publisher.ts'));
  assert.deepEqual(long, []);
});
