import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfiguration } from '../../lib/constructs/configuration.ts';
import { deployment } from '../../lib/constructs/deployment.ts';
import { issueCertificate } from '../../lib/local/certificate-authority.ts';
import { parseTruststoreBundle } from '../../lib/truststore-bundle.ts';
import { at, cdkJson, newDeployment, readFromRoot, resources, templates } from './stacks.ts';

const root = join(import.meta.dirname, '..', '..');
const years = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2090-01-01T00:00:00Z') };
const authority = await issueCertificate(undefined, { subject: 'CN=Root,O=Example', ca: {}, ...years });
const intermediate = await issueCertificate(authority, { subject: 'CN=Issuing,O=Example', ca: {}, ...years });

function temporary(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'certbound-deploy-'));
  context.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

function withTruststore(context: TestContext, pem: string) {
  const path = join(temporary(context), 'truststore.pem');
  writeFileSync(path, pem);
  const cdk = new App({ context: { ...cdkJson, 'aws:cdk:bundling-stacks': [], initialTruststore: path } });
  const configuration = parseConfiguration(cdk.node.getAllContext(), (file) => readFileSync(file, 'utf8'));
  return deployment(cdk, configuration, at)[0]?.app ?? assert.fail();
}

const publication = (app: Template) => resources(app, 'Custom::Truststore')[0]?.[1].Properties ?? assert.fail();

test('design §8: each region has a Data and an App stack, in the account that is named', () => {
  const { data, app } = newDeployment({ name: 'Staging', regions: ['eu-west-1'], account: '123456789012' });
  assert.equal(data.stackName, 'Staging-Data-eu-west-1');
  assert.equal(app.stackName, 'Staging-App-eu-west-1');
  for (const { region, account } of [data, app]) assert.deepEqual([region, account], ['eu-west-1', '123456789012']);
});

test('API Gateway mutual TLS: another truststore is another resource property, so that it is published', (context) => {
  const example = publication(templates().app);
  const changed = publication(Template.fromStack(withTruststore(context, authority.certificate)));
  const bundle = parseTruststoreBundle(authority.certificate);
  assert.ok(bundle.ok);
  assert.equal(changed.Initial, bundle.value.sha256);
  assert.notEqual(changed.Initial, example.Initial);
});

test('API Gateway mutual TLS: synthesis warns of an incomplete truststore and says nothing of a complete one', (context) => {
  const found = (pem: string) =>
    withTruststore(context, pem)
      .node.metadata.filter(({ type }) => type === 'aws:cdk:warning')
      .map(({ data }) => String(data));
  const warned = found(intermediate.certificate);
  assert.equal(warned.length, 1);
  assert.match(warned[0] ?? '', /CN=Issuing has no issuer in the truststore/);
  assert.deepEqual(found(authority.certificate + intermediate.certificate), []);
});

test('design §8: synthesis warns of a log level that leaves no record of decisions', () => {
  const warnings = (logLevel: string) =>
    newDeployment({ logLevel })
      .app.node.metadata.filter(({ type }) => type === 'aws:cdk:warning')
      .map(({ data }) => String(data))
      .filter((warning) => warning.startsWith('logLevel='));
  assert.deepEqual(warnings('info'), []);
  const [warning, ...others] = warnings('error');
  assert.match(warning ?? '', /no log line, metric or alarm/);
  assert.deepEqual(others, []);
});

test('design §8: cdk.json sets every feature flag that the CDK recommends', () => {
  const recommended: Record<string, unknown> = JSON.parse(
    readFromRoot('node_modules/aws-cdk-lib/recommended-feature-flags.json'),
  );
  const differing = Object.keys(recommended).filter(
    (flag) => JSON.stringify(recommended[flag]) !== JSON.stringify(cdkJson[flag]),
  );
  // Strong: a table that functions use is not taken from under them.
  assert.deepEqual(differing, ['@aws-cdk/core:defaultCrossStackReferences']);
  assert.equal(cdkJson['@aws-cdk/core:defaultCrossStackReferences'], 'strong');
  assert.equal(cdkJson['cli-telemetry'], false);
});

/** Runs bin/deploy.ts as the CDK's command line does. */
async function deploy(context: TestContext, changes: Readonly<Record<string, unknown>>) {
  const outdir = temporary(context);
  const given = { ...cdkJson, 'aws:cdk:bundling-stacks': [], ...changes };
  const env = { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(given) };
  const child = spawn(process.execPath, ['bin/deploy.ts'], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, errors, files: readdirSync(outdir) };
}

test('design §8: the app synthesizes both stacks without an account', async (context) => {
  const { code, errors, files } = await deploy(context, {});
  assert.equal(code, 0, errors);
  assert.ok(files.includes('Certbound-Data-eu-central-1.template.json'));
  assert.ok(files.includes('Certbound-App-eu-central-1.template.json'));
});

test('design §8: the app tells what is wrong with its configuration, and synthesizes nothing', async (context) => {
  const { code, errors, files } = await deploy(context, { domainName: 'Auth', throttlingRate: 0 });
  assert.equal(code, 1);
  assert.match(errors, /domainName="Auth": a host name in lower case/);
  assert.match(errors, /throttlingRate=0: requests per second from 1 to 10000/);
  assert.deepEqual(
    files.filter((file) => file.endsWith('.template.json')),
    [],
  );
});
