import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { type FunctionBundle, functionBundles } from '../../lib/constructs/function-bundles.ts';
import { httpFunctions } from '../../lib/constructs/grants.ts';
import { routes } from '../../lib/routes.ts';
import { newDeployment } from './stacks.ts';

/** Every function's file in `lambdas/`. */
const all = new Set(Object.values(routes).map(({ lambda }) => lambda));

type Bundle = FunctionBundle & { readonly inputs: readonly string[]; readonly packages: ReadonlySet<string> };

function bundle(lambda: string): Bundle {
  const made = functionBundles().get(lambda);
  assert.ok(made, lambda);
  const inputs = Object.keys(made.output.inputs);
  const packages = inputs.map((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1]);
  return { ...made, inputs, packages: new Set(packages.filter((name) => name !== undefined)) };
}

/** A folder with the files of a function, as Lambda unpacks them. */
function task(context: TestContext, lambda: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'certbound-task-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [name, contents] of Object.entries(bundle(lambda).files)) writeFileSync(join(folder, name), contents);
  return folder;
}

/** What Lambda's environment has beside what the constructs write. */
const credentials = { AWS_ACCESS_KEY_ID: 'AKIDTEST', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' };
const environment = {
  ...credentials,
  AWS_REGION: 'eu-central-1',
  REGISTRY_TABLE: 'registry',
  GRANTS_TABLE: 'grants',
  LOG_LEVEL: 'silent',
};

test('design §7: no endpoint carries what only the dev CA, the publisher or the deployment needs', () => {
  for (const lambda of httpFunctions().keys()) {
    const { packages, inputs } = bundle(lambda);
    for (const input of inputs)
      assert.doesNotMatch(input, /^(lib\/(local|constructs|administration|command-line)|test|bin)\//, lambda);
    // Everything that an endpoint has from others, so that whatever joins it is seen.
    assert.deepEqual([...packages].filter((name) => name !== 'jose').sort(), ['@middy/core'], lambda);
  }
});

test('performance §6.5: no function but the publisher carries the AWS SDK, and that one the client of S3', () => {
  for (const lambda of all) {
    const sdk = [...bundle(lambda).packages].filter((name) => /^@(aws-sdk|smithy|aws)\//.test(name));
    if (lambda === 'truststore-publisher') assert.ok(sdk.includes('@aws-sdk/client-s3'));
    else assert.deepEqual(sdk, [], lambda);
    assert.ok(!sdk.includes('@aws-sdk/client-dynamodb'), lambda);
  }
});

test('performance §2: no bundle carries credential providers that a function has no use for', () => {
  for (const lambda of all) {
    const found = [...bundle(lambda).packages].filter((name) =>
      /credential-provider-(?!env)|nested-clients|token-providers/.test(name),
    );
    assert.deepEqual(found, [], lambda);
  }
});

/** KB at most; what grows beyond is looked at before the number is. */
const largest: Readonly<Record<string, number>> = {
  token: 200,
  introspection: 205,
  revocation: 200,
  metadata: 110,
  'truststore-publisher': 420,
};

test('performance §5: no bundle grows without being noticed', () => {
  for (const lambda of all) {
    const { bytes } = bundle(lambda);
    assert.ok(bytes > 0 && bytes <= (largest[lambda] ?? 150) * 1024, `${lambda}: ${bytes} bytes`);
  }
});

test("design §8: a bundle loads Node's own modules and nothing of the runtime's SDK", () => {
  for (const lambda of all) {
    for (const { path } of bundle(lambda).output.imports) assert.doesNotMatch(path, /^@|aws/, lambda);
  }
});

test('performance §2: undici, which fetch loads, is in no bundle, and no endpoint calls fetch', () => {
  for (const lambda of httpFunctions().keys()) {
    const code = Buffer.from(bundle(lambda).files['bundle.cjs'] ?? []).toString();
    assert.ok(!bundle(lambda).packages.has('undici'));
    // As a global: a call that follows neither a dot nor a name.
    assert.doesNotMatch(code, /[^.\w$]fetch\(["'`]https?:|globalThis\.fetch/, lambda);
  }
});

test('design §8: what is deployed is an entry, the bundle and its map, and the map is not enabled by itself', () => {
  for (const lambda of all) {
    const { files } = bundle(lambda);
    assert.deepEqual(Object.keys(files).sort(), ['bundle.cjs', 'bundle.cjs.map', 'index.mjs'], lambda);
    assert.match(Buffer.from(files['bundle.cjs'] ?? []).toString(), /\n\/\/# sourceMappingURL=bundle\.cjs\.map\n$/);
    assert.doesNotMatch(Buffer.from(files['bundle.cjs.map'] ?? []).toString(), /"sourcesContent"/);
  }
});

test('design §2: there is a bundle for each function of the table of routes, and for no other file', () => {
  assert.deepEqual([...functionBundles().keys()].sort(), [...all].sort());
  assert.equal(readdirSync('lambdas').length, all.size);
});

const run = promisify(execFile);

test('design §8: an entry exports its handler where there is neither a package.json nor a node_modules', async (context) => {
  for (const lambda of all) {
    const cwd = task(context, lambda);
    const script = 'import("./index.mjs").then(({ handler }) => process.stdout.write(typeof handler))';
    const { stdout } = await run(process.execPath, ['-e', script], { cwd, env: environment });
    assert.equal(stdout, 'function', lambda);
  }
});

test('performance §2: an entry awaits the INIT work of its bundle, and fails where it fails', async (context) => {
  const cwd = task(context, 'token');
  const script =
    'import("./index.mjs").then(({ handler }) => console.log(handler()), (error) => console.log(error.message))';
  const entry = async (code: string) => {
    writeFileSync(join(cwd, 'bundle.cjs'), code);
    return (await run(process.execPath, ['-e', script], { cwd })).stdout;
  };
  const later = (then: string) => `exports.ready = new Promise((resolve, reject) => setImmediate(() => { ${then} }));`;
  assert.equal(
    await entry(`let done = false; ${later('done = true; resolve()')} exports.handler = () => done;`),
    'true\n',
  );
  assert.equal(await entry(`${later('reject(new Error("not ready"))')} exports.handler = () => 1;`), 'not ready\n');
  assert.equal(await entry('exports.handler = () => "no INIT work";'), 'no INIT work\n');
});

test('performance §2: what asks responders and reads CRLs is evaluated only when somebody must be asked', () => {
  const lazy = /^lib\/(pki|status)\/.*(ocsp|crl)[^/]*\.ts$/;
  for (const lambda of ['token', 'introspection', 'revocation']) {
    const { inputs } = bundle(lambda);
    assert.ok(
      inputs.some((input) => lazy.test(input)),
      lambda,
    );
    const code = Buffer.from(bundle(lambda).files['bundle.cjs'] ?? []).toString();
    // Lowered: no import() is left, and what it stood for is a promise of a module that is evaluated there.
    assert.doesNotMatch(code, /[^.\w]import\(/, lambda);
    assert.match(code, /Promise\.resolve\(\)\.then\(\(\)=>\(/, lambda);
  }
});

test('performance §2: a bundled function signs with the credentials that Lambda puts into its environment', async (context) => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(400).end('{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const env = {
    ...environment,
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const script =
    'import("./index.mjs").then(({ handler }) => handler({})).then(() => "answered", (error) => error.cause.name).then(console.log)';
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: task(context, 'crl-refresh'), env });
  assert.equal(stdout, 'ResourceNotFoundException\n');
  assert.match(seen[0]?.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=AKIDTEST\//);
  assert.equal(seen[0]?.['x-amz-security-token'], 'session');
});

test('design §3: every function is deployed with its own code', (context) => {
  const outdir = mkdtempSync(join(tmpdir(), 'certbound-synth-'));
  context.after(() => rmSync(outdir, { recursive: true }));
  const { cdk, app } = newDeployment({ 'aws:cdk:bundling-stacks': ['**'] }, outdir);
  cdk.synth();
  const functions = Object.values(Template.fromStack(app).findResources('AWS::Lambda::Function'));
  const deployed = functions.map(({ Properties }) => {
    const asset = `asset.${Properties.Code.S3Key.replace('.zip', '')}`;
    return readFileSync(join(outdir, asset, 'bundle.cjs'));
  });
  const unmatched = [...all].filter((lambda) => {
    const code = bundle(lambda).files['bundle.cjs'];
    return !deployed.some((each) => code !== undefined && each.equals(code));
  });
  assert.deepEqual(unmatched, []);
});
