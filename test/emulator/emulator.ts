/**
 * The deployment, executed: plain `cdk deploy` of the synthesized app onto an emulator of AWS, then the end-to-end tests
 * of `npm start` over the deployed functions and tables (docs/local.md). Run by `npm run test:emulator`.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findStatusUrl } from '../../lib/local/authority-files.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { runServer } from '../e2e/running-server.ts';
import { type Emulator, findEmulator } from './emulator-process.ts';

const root = join(import.meta.dirname, '..', '..');
const region = 'eu-central-1';
const account = '000000000000';

/**
 * Those that drive a running server by requests, its log, its CLI and its responder. The functions of a deployment may ask one
 * responder alone, so those that bring responders of their own are not among them. They share one tenant: the one that
 * changes its policy comes last.
 */
const suites = ['refusals', 'clients', 'client-methods', 'hostile', 'fapi2-client-credentials', 'tokens'];

const found = await findEmulator();
const skip = typeof found === 'string' ? found : false;

let emulator: Emulator;
const folder = mkdtempSync(join(tmpdir(), 'certbound-deployed-'));
const outputsFile = join(folder, 'outputs.json');
const state = join(folder, 'state');

before(async () => {
  if (typeof found === 'string') return;
  emulator = found;
  // Its CA names the responder that the functions are allowed to ask, so it comes before the deployment.
  const server = await runServer(state);
  await server.stop();
});

after(async () => {
  await emulator?.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

const outputs = (): Outputs => JSON.parse(readFileSync(outputsFile, 'utf8'));

const appStack = `Certbound-App-${region}`;

test('aws §3: the account is bootstrapped and both stacks are deployed by plain cdk', { skip }, async () => {
  await cdk('bootstrap', `aws://${account}/${region}`);
  await deploy();
  const { [appStack]: app } = outputs();
  assert.equal(app?.['Issuer'], 'https://auth.example.com');
  assert.deepEqual(Object.keys(JSON.parse(app?.['Functions'] ?? '')).sort(), [
    'crl-refresh',
    'introspection',
    'key-rotation',
    'metadata',
    'revocation',
    'token',
    'truststore-publisher',
  ]);
});

test('aws §7: the truststore of the domain name is the version that the custom resource published', {
  skip,
}, async () => {
  const { [appStack]: app, [`Certbound-Data-${region}`]: data } = outputs();
  const version = app?.['TruststoreVersion'] ?? '';
  assert.match(version, /^\S+$/);
  const object = await fetch(
    `${emulator.endpoint}/${data?.['TruststoreBucket']}/truststore.pem?versionId=${encodeURIComponent(version)}`,
    { headers: signedFor('s3') },
  );
  assert.equal(object.status, 200);
  assert.match(await object.text(), /-----BEGIN CERTIFICATE-----/);
  const domain = await fetch(`${emulator.endpoint}/v2/domainnames/mtls.auth.example.com`, {
    headers: signedFor('apigateway'),
  });
  const { mutualTlsAuthentication } = (await domain.json()) as {
    mutualTlsAuthentication?: { truststoreUri?: string; truststoreVersion?: string };
  };
  assert.equal(mutualTlsAuthentication?.truststoreUri, `s3://${data?.['TruststoreBucket']}/truststore.pem`);
});

test('certbound truststore publish: the deployed publisher is started by the stream of the registry, and answers', {
  skip,
}, async () => {
  const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2039-01-01T00:00:00Z') };
  const ca = await issueCertificate(undefined, { subject: 'CN=Published Later', ca: {}, ...years });
  writeFileSync(join(folder, 'ca.pem'), ca.certificate);
  await certbound('tenant', 'add', 'published', '--issuer', 'https://auth.example.com/t/published', '--mtls', mtlsHost);
  await certbound('truststore', 'add', join(folder, 'ca.pem'), '--tenant', 'published');
  const added = await published();
  // Not every emulator has UpdateDomainName; the answer says so then.
  if (added.outcome === 'published') assert.ok(added.published.thumbprints.includes(thumbprint(ca.der)));
  else assert.match(`${added.outcome}: ${added.reasons}`, /^failed: API Gateway answers UpdateDomainName with 404/);
  await certbound('truststore', 'remove', thumbprint(ca.der), '--tenant', 'published');
  const removed = await published();
  assert.equal(removed.outcome, added.outcome === 'published' ? 'published' : 'unchanged');
  assert.equal(removed.request, 2);
});

type Published = {
  readonly outcome: string;
  readonly request: number;
  readonly reasons: readonly string[];
  readonly published: { readonly thumbprints: readonly string[] };
};

async function published(): Promise<Published> {
  const output = await certbound('truststore', 'publish', '--tenant', 'published', '--wait', '240');
  return JSON.parse(output.slice(output.indexOf('{')));
}

const mtlsHost = 'https://mtls.auth.example.com';

/** The operator's command on the deployed tables; what it printed. */
async function certbound(...args: readonly string[]): Promise<string> {
  const { RegistryTable, GrantsTable } = outputs()[`Certbound-Data-${region}`] ?? {};
  const { code, output } = await run(process.execPath, [join(root, 'bin', 'certbound.ts'), ...args, '--json'], {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    REGISTRY_TABLE: RegistryTable,
    GRANTS_TABLE: GrantsTable,
  });
  // 1: it was not published, which the caller looks at.
  assert.ok(code === 0 || (code === 1 && args[1] === 'publish'), output);
  return output;
}

for (const suite of suites) {
  test(`design §7: the end-to-end tests «${suite}» hold over the deployed functions and tables`, { skip }, async () => {
    const file = join(root, 'test', 'e2e', `${suite}.test.ts`);
    const { code, output } = await run(
      process.execPath,
      ['--test', '--test-reporter=tap', '--test-timeout=120000', file],
      {
        CERTBOUND_DEPLOYMENT: outputsFile,
        CERTBOUND_DEPLOYMENT_STATE: state,
        CERTBOUND_DEPLOYMENT_ENDPOINT: emulator.endpoint,
      },
    );
    const failed = output.split('\n').filter((line) => /^\s*not ok/.test(line));
    assert.equal(code, 0, `${failed.join('\n')}\n${output.slice(-4_000)}`);
    assert.match(output, /^# pass [1-9]/m);
  });
}

test('aws §7: a second deployment changes nothing that the first one made', { skip }, async () => {
  const before = outputs();
  await deploy();
  const kept = (of: Outputs) => of[`Certbound-Data-${region}`];
  assert.deepEqual(kept(outputs()), kept(before));
});

test('design §8: taking the app away leaves the tables, and what is in them', { skip }, async () => {
  const rows = await tokenRows();
  assert.ok(rows > 0);
  await cdk('destroy', '--force', appStack);
  assert.equal(await tokenRows(), rows);
});

async function tokenRows(): Promise<number> {
  const response = await fetch(emulator.endpoint, {
    method: 'POST',
    headers: {
      ...signedFor('dynamodb'),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.Scan',
    },
    body: JSON.stringify({ TableName: outputs()[`Certbound-Data-${region}`]?.['GrantsTable'], Select: 'COUNT' }),
  });
  assert.equal(response.status, 200);
  return ((await response.json()) as { Count: number }).Count;
}

/** An emulator reads the service and the region here, and looks at no signature. */
const signedFor = (service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=${createHash('sha256').digest('hex')}`,
});

async function deploy(): Promise<void> {
  await cdk(
    ...['deploy', '--all', '--require-approval', 'never', '--outputs-file', outputsFile],
    ...['-c', `account=${account}`, '-c', `regions=${region}`],
    // No DNS to validate a certificate in.
    ...['-c', 'hostedZoneId=', '-c', 'hostedZoneName='],
    ...['-c', `certificateArn=arn:aws:acm:${region}:${account}:certificate/emulated`],
    ...[
      '-c',
      `statusAllowHosts=${new URL((await findStatusUrl(join(state, 'ca'))) ?? '').host}`,
      '-c',
      'registryMaxAge=1',
    ],
  );
}

async function cdk(...args: readonly string[]): Promise<void> {
  const cli = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const assembly = ['--output', join(folder, 'cdk.out'), '--no-notices', '--progress', 'events'];
  const { code, output } = await run(process.execPath, [cli, ...args, ...assembly], {
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_PROFILE: undefined,
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  });
  assert.equal(code, 0, `cdk ${args[0]}:\n${output.slice(-4_000)}`);
}

function run(command: string, args: readonly string[], changes: Readonly<Record<string, string | undefined>>) {
  // A test runner inside a test would take itself for a part of this one.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, ...changes };
  const child = spawn(command, [...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise<{ code: number | null; output: string }>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, output }));
  });
}
