import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { aliases, bundling } from '../../lib/constructs/endpoint-function.ts';
import { httpFunctions } from '../../lib/constructs/grants.ts';
import { routes } from '../../lib/routes.ts';

const root = join(import.meta.dirname, '..', '..');

/** Every function's file in `lambdas/`. */
const all = new Set(Object.values(routes).map(({ lambda }) => lambda));

const bundles = new Map<string, ReturnType<typeof bundleOf>>();

/** Each function is bundled once. */
function bundle(lambda: string): ReturnType<typeof bundleOf> {
  const made = bundles.get(lambda) ?? bundleOf(lambda);
  bundles.set(lambda, made);
  return made;
}

/** The size of a function's bundle, the packages in it, and what it would load at run time. */
async function bundleOf(lambda: string) {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, 'lambdas', `${lambda}.ts`)],
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    minify: bundling.minify,
    target: bundling.target,
    mainFields: bundling.mainFields,
    external: bundling.externalModules,
    supported: { 'dynamic-import': false },
    alias: { ...aliases },
    write: false,
    outfile: 'index.js',
    metafile: true,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.keys(output?.inputs ?? {});
  const packages = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  return {
    bytes: output?.bytes ?? 0,
    inputs,
    packages: new Set(packages.filter((name) => name !== undefined)),
    loaded: (output?.imports ?? []).map(({ path }) => path),
    code: outputFiles[0]?.contents ?? new Uint8Array(),
  };
}

test('design §7: no endpoint carries what only the dev CA, the publisher or the deployment needs', async () => {
  for (const lambda of httpFunctions().keys()) {
    const { packages, inputs } = await bundle(lambda);
    for (const name of [
      '@peculiar/x509',
      'reflect-metadata',
      '@aws-sdk/client-s3',
      'aws-cdk-lib',
      'dynalite',
      'undici',
    ]) {
      assert.ok(!packages.has(name), `${lambda} carries ${name}`);
    }
    for (const input of inputs) assert.doesNotMatch(input, /^(lib\/(local|constructs)|test|bin)\//, lambda);
  }
});

test('performance §2: no bundle carries credential providers that a function has no use for', async () => {
  for (const lambda of all) {
    const { packages } = await bundle(lambda);
    const found = [...packages].filter((name) =>
      /credential-provider-(?!env)|nested-clients|token-providers/.test(name),
    );
    assert.deepEqual(found, [], lambda);
  }
});

test('design §8: no bundle exceeds 480 KB', async () => {
  for (const lambda of all) {
    const { bytes } = await bundle(lambda);
    assert.ok(bytes > 0 && bytes <= 480 * 1024, `${lambda}: ${bytes} bytes`);
  }
});

test("design §8: a bundle loads Node's own modules and nothing of the runtime's SDK", async () => {
  for (const lambda of all) {
    const { loaded } = await bundle(lambda);
    for (const path of loaded) assert.doesNotMatch(path, /^@|aws/, lambda);
  }
});

test('design §8: a bundle exports its handler where there is neither a package.json nor a node_modules', async (context) => {
  const task = mkdtempSync(join(tmpdir(), 'certbound-task-'));
  context.after(() => rmSync(task, { recursive: true }));
  for (const lambda of all) {
    writeFileSync(join(task, 'index.js'), (await bundle(lambda)).code);
    const env = { AWS_REGION: 'eu-central-1', REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants' };
    const script = 'process.stdout.write(typeof require("./index.js").handler)';
    assert.equal(execFileSync(process.execPath, ['-e', script], { cwd: task, env }).toString(), 'function', lambda);
  }
});

test('performance §2: a bundled function signs with the credentials that Lambda puts into its environment', async (context) => {
  const task = mkdtempSync(join(tmpdir(), 'certbound-task-'));
  context.after(() => rmSync(task, { recursive: true }));
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(400).end('{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  writeFileSync(join(task, 'index.js'), (await bundle('crl-refresh')).code);
  const env = {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session',
    REGISTRY_TABLE: 'registry',
    GRANTS_TABLE: 'grants',
    LOG_LEVEL: 'silent',
  };
  const script =
    'require("./index.js").handler({}).then(() => "answered", (error) => error.cause.name).then(console.log)';
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: task, env });
  assert.equal(stdout, 'ResourceNotFoundException\n');
  assert.match(seen[0]?.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AKIDTEST\//);
  assert.equal(seen[0]?.['x-amz-security-token'], 'session');
});
