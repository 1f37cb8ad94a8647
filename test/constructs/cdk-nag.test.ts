import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { newDeployment } from './stacks.ts';

type Finding = {
  readonly ruleName: string;
  readonly violatingConstructs: readonly { readonly constructPath: string }[];
};

/** What cdk-nag finds, acknowledged findings left out: `rule path`. */
function findings(
  context: TestContext,
  add: (stacks: { data: Stack; app: Stack }) => void = () => {},
  changes: Readonly<Record<string, unknown>> = {},
) {
  const outdir = mkdtempSync(join(tmpdir(), 'certbound-nag-'));
  context.after(() => rmSync(outdir, { recursive: true }));
  // The report goes to the standard error as well.
  context.mock.method(process.stderr, 'write', () => true);
  context.mock.method(console, 'error', () => {});
  const { cdk, data, app } = newDeployment(changes, outdir);
  add({ data, app });
  Validations.of(cdk).addPlugins(new AwsSolutionsChecks(cdk));
  let failed = false;
  try {
    cdk.synth();
  } catch {
    failed = true;
  }
  const { pluginReports } = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8'));
  const found = pluginReports.flatMap(({ violations }: { violations: readonly Finding[] }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  );
  return { failed, found };
}

test('house style: cdk-nag (AwsSolutions) has nothing to say that is not acknowledged with a reason', (context) => {
  assert.deepEqual(findings(context), { failed: false, found: [] });
});

test('house style: with signer kms cdk-nag has nothing to say that is not acknowledged with a reason', (context) => {
  assert.deepEqual(findings(context, undefined, { signer: 'kms' }), { failed: false, found: [] });
  const others = acknowledged({ signer: 'kms' }).filter((each) => !reasons.some((known) => known.test(each)));
  assert.ok(others.length > 0);
  for (const each of others) assert.match(each, kmsReason);
});

test('house style: with REST APIs cdk-nag has nothing to say, and what is acknowledged besides stands here', (context) => {
  const rest = { publicApi: 'rest', mtlsApi: 'rest' };
  assert.deepEqual(findings(context, undefined, rest), { failed: false, found: [] });
  const others = acknowledged(rest).filter((each) => !reasons.some((known) => known.test(each)));
  assert.ok(others.length > 0);
  for (const each of others)
    assert.ok(
      restReasons.some((known) => known.test(each)),
      each,
    );
});

test('house style: with tracing and instances kept ready cdk-nag has nothing to say but for X-Ray, which knows no resource', (context) => {
  const changes = { tracing: true, provisionedConcurrency: 1 };
  assert.deepEqual(findings(context, undefined, changes), { failed: false, found: [] });
  const others = acknowledged(changes).filter((each) => !reasons.some((known) => known.test(each)));
  assert.ok(others.length > 0);
  for (const each of others) assert.match(each, /AwsSolutions-IAM5\[Resource::\*\].*xray:PutTraceSegments/);
});

test('house style: with three regions cdk-nag has nothing to say', (context) => {
  const three = { regions: ['eu-central-1', 'eu-west-1', 'us-east-1'] };
  assert.deepEqual(findings(context, undefined, three), { failed: false, found: [] });
});

test('house style: with hosts of single tenants cdk-nag has nothing to say', (context) => {
  const tenants = { config: 'config/example-tenant-hosts.json' };
  assert.deepEqual(findings(context, undefined, tenants), { failed: false, found: [] });
});

test('house style: cdk-nag would tell of a careless bucket', (context) => {
  const { failed, found } = findings(context, ({ data }) => new Bucket(data, 'Careless'));
  assert.equal(failed, true);
  assert.ok(found.includes('AwsSolutions-S10 Certbound-Data-eu-central-1/Careless/Resource'), found.join('\n'));
});

/** Rule → on what. */
const reasons: readonly RegExp[] = [
  /AwsSolutions-APIG4.*authenticate their clients themselves/,
  /AwsSolutions-SQS3.*nothing consumes it but a person/,
  /AwsSolutions-IAM5\[Resource::\*\].*ListStreams/,
];

/** Besides, with `signer` `kms`. */
const kmsReason = /AwsSolutions-IAM5\[Resource::(\*|arn:aws:kms:[^\]]+:key\/\*)\].*their tags name the deployment/;

/** Besides, with REST APIs. */
const restReasons: readonly RegExp[] = [
  /AwsSolutions-COG4.*authenticate their clients themselves/,
  /AwsSolutions-APIG2.*answer in the form of OAuth/,
  /AwsSolutions-APIG6.*An execution log can hold headers/,
];

const acknowledged = (changes: Readonly<Record<string, unknown>> = {}) =>
  newDeployment(changes)
    .cdk.node.findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .map(({ data }) => JSON.stringify(data));

test('house style: nothing is acknowledged but what stands here', () => {
  const all = acknowledged();
  for (const reason of reasons)
    assert.ok(
      all.some((each) => reason.test(each)),
      String(reason),
    );
  for (const each of all)
    assert.ok(
      reasons.some((reason) => reason.test(each)),
      each,
    );
});
