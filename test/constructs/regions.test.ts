import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { newDeployment, type Resource, resources } from './stacks.ts';

const names = ['eu-central-1', 'eu-west-1', 'us-east-1'];
const { regions } = newDeployment({ config: 'config/example-three-regions.json' });
const templates = regions.map(({ data, app }) => ({
  region: data.region,
  data: Template.fromStack(data),
  app: Template.fromStack(app),
}));
const [home = assert.fail(), ...others] = templates;
const properties = (template: Template, type: string) => resources(template, type).map(([, each]) => each.Properties);
const records = (app: Template) =>
  properties(app, 'AWS::Route53::RecordSet').filter(({ Name }) => !/^(mtls\.)?auth-/.test(Name));

test('design §8: each region has its two stacks', () => {
  assert.deepEqual(
    regions.map(({ data, app }) => [data.stackName, app.stackName]),
    names.map((region) => [`CertboundGlobal-Data-${region}`, `CertboundGlobal-App-${region}`]),
  );
});

test('aws §6: the home region makes both tables, with a protected replica in each region; the others make none', () => {
  const tables = properties(home.data, 'AWS::DynamoDB::GlobalTable');
  assert.deepEqual(tables.map(({ TableName }) => TableName).sort(), [
    'CertboundGlobal-Grants',
    'CertboundGlobal-Registry',
  ]);
  for (const { Replicas, StreamSpecification } of tables) {
    assert.deepEqual(Replicas.map(({ Region }: { Region: string }) => Region).sort(), names);
    for (const { DeletionProtectionEnabled } of Replicas) assert.equal(DeletionProtectionEnabled, true);
    // DynamoDB replicates by the stream.
    assert.equal(StreamSpecification.StreamViewType, 'NEW_AND_OLD_IMAGES');
  }
  for (const { data } of others) assert.deepEqual(properties(data, 'AWS::DynamoDB::GlobalTable'), []);
});

test('design §6: every replica of the registry can be restored to any second, and no replica of the grants', () => {
  for (const { TableName, Replicas } of properties(home.data, 'AWS::DynamoDB::GlobalTable')) {
    for (const { PointInTimeRecoverySpecification: recovery } of Replicas) {
      assert.equal(recovery?.PointInTimeRecoveryEnabled, TableName.endsWith('Registry') ? true : undefined);
    }
  }
});

test('design §8: the tables of one region have the names that a second region will know them by', () => {
  const one = Template.fromStack(newDeployment().data);
  const found = properties(one, 'AWS::DynamoDB::GlobalTable').map(({ TableName }) => TableName);
  assert.deepEqual(found.sort(), ['Certbound-Grants', 'Certbound-Registry']);
});

test('design §3: functions of a region touch the tables of their region alone', () => {
  for (const { region, app } of others) {
    const roles = properties(app, 'AWS::IAM::Role');
    const statements = roles.flatMap(({ Policies }) => Policies?.[0].PolicyDocument.Statement ?? []);
    const arns = statements
      .filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('dynamodb:')))
      .map(({ Resource: resource }) => JSON.stringify(resource));
    assert.ok(arns.length > 0);
    for (const arn of arns) assert.match(arn, new RegExp(`:dynamodb:${region}:123456789012:table/CertboundGlobal-`));
    for (const { Environment } of properties(app, 'AWS::Lambda::Function')) {
      assert.equal(Environment.Variables.REGISTRY_TABLE, 'CertboundGlobal-Registry');
    }
  }
});

test("aws §7: the other regions have replicas of the home region's KMS keys", () => {
  assert.equal(resources(home.data, 'AWS::KMS::Key').length, 2);
  for (const { data } of others) {
    assert.equal(resources(data, 'AWS::KMS::Key').length, 0);
    assert.equal(resources(data, 'AWS::KMS::ReplicaKey').length, 2);
  }
});

test('design §8: each region has a truststore and a publisher of its own: by the stream at home, by the minute elsewhere', () => {
  const clock = (app: Template) =>
    properties(app, 'AWS::Events::Rule')
      .filter(({ Targets }) => JSON.stringify(Targets).includes('TruststorePublisher'))
      .map(({ ScheduleExpression }) => ScheduleExpression);
  assert.equal(resources(home.app, 'AWS::Lambda::EventSourceMapping').length, 1);
  assert.deepEqual(clock(home.app), ['rate(15 minutes)']);
  for (const { data, app } of others) {
    assert.equal(resources(data, 'AWS::S3::Bucket').length, 2);
    assert.equal(resources(app, 'Custom::Truststore').length, 2);
    assert.deepEqual(resources(app, 'AWS::Lambda::EventSourceMapping'), []);
    assert.deepEqual(clock(app), ['rate(1 minute)']);
    assert.doesNotMatch(JSON.stringify(app.toJSON()), /dynamodb:ListStreams/);
  }
});

test('RFC 8414 §2: every region has the same two hosts and one issuer', () => {
  for (const { app } of templates) {
    assert.equal(app.toJSON()['Outputs'].Issuer.Value, 'https://auth.example.com');
    const hosts = properties(app, 'AWS::ApiGatewayV2::DomainName').map(({ DomainName }) => DomainName);
    assert.ok(hosts.includes('auth.example.com') && hosts.includes('mtls.auth.example.com'), hosts.join());
  }
});

/** The domain name of a host, and the logical id of the API that it leads to. */
function hostOf(app: Template, name: string) {
  const [id, { Properties }] =
    resources(app, 'AWS::ApiGatewayV2::DomainName').find(([, each]) => each.Properties.DomainName === name) ??
    assert.fail(name);
  const mapping = properties(app, 'AWS::ApiGatewayV2::ApiMapping').find(({ DomainName }) => DomainName.Ref === id);
  return { domain: Properties, api: String(mapping?.ApiId.Ref) };
}

test('C34: of the two hosts of a region alone, the one without mutual TLS leads to the public API alone', () => {
  for (const { region, app } of templates) {
    const { domain, api } = hostOf(app, `auth-${region}.example.com`);
    assert.match(api, /^publicGateway/);
    assert.equal(domain.MutualTlsAuthentication, undefined);
    assert.match(hostOf(app, `mtls.auth-${region}.example.com`).api, /^mtlsGateway/);
    const { RegionalUri, RegionalMtlsUri } = app.toJSON()['Outputs'];
    assert.equal(RegionalUri.Value, `https://auth-${region}.example.com`);
    assert.equal(RegionalMtlsUri.Value, `https://mtls.auth-${region}.example.com`);
    const [certificate] = properties(app, 'AWS::CertificateManager::Certificate');
    assert.deepEqual(certificate.SubjectAlternativeNames, [
      'mtls.auth.example.com',
      `auth-${region}.example.com`,
      `mtls.auth-${region}.example.com`,
    ]);
  }
});

test('design §8: the mTLS host of a region has a truststore that the publisher keeps like that of the shared host', () => {
  for (const { region, app } of templates) {
    const names = ['mtls.auth.example.com', `mtls.auth-${region}.example.com`];
    const published = resources(app, 'Custom::Truststore').map(([id, { Properties }]) => {
      const { TruststoreUri, TruststoreVersion } = hostOf(app, Properties.Domain).domain.MutualTlsAuthentication;
      assert.deepEqual(TruststoreVersion, { 'Fn::GetAtt': [id, 'VersionId'] });
      return [Properties.Domain, TruststoreUri['Fn::Join'][1].at(-1)];
    });
    assert.deepEqual(published, [
      [names[0], '/truststore.pem'],
      [names[1], '/regional/truststore.pem'],
    ]);
    const [publisher] = resources(app, 'AWS::Lambda::Function').filter(([id]) => id.startsWith('TruststorePublisher'));
    const targets = JSON.stringify(publisher?.[1].Properties.Environment.Variables.TRUSTSTORES).replaceAll('\\', '');
    for (const name of names) assert.ok(targets.includes(`"domain":"${name}"`), targets);
    assert.doesNotMatch(targets, /"tenants"|"except"/);
  }
});

test('API Gateway: domain names of an account are made and updated one after the other', () => {
  for (const { app } of templates) {
    const names = resources(app, 'AWS::ApiGatewayV2::DomainName') as [string, Resource & { DependsOn?: string[] }][];
    const ids = names.map(([id]) => id);
    const before = names.map(([, { DependsOn = [] }]) => DependsOn.filter((id) => ids.includes(id)));
    assert.deepEqual(before.map(({ length }) => length).sort(), [0, 1, 1, 1]);
    assert.equal(new Set(before.flat()).size, 3);
  }
});

test('RFC 8705 §5: the table of endpoints has each of them at every host of the region', () => {
  for (const { region, app } of templates) {
    const { [region]: table } = JSON.parse(app.toJSON()['Outputs'].Endpoints.Value);
    assert.deepEqual(table.token, [
      'https://auth.example.com/token',
      'https://mtls.auth.example.com/token',
      `https://auth-${region}.example.com/token`,
      `https://mtls.auth-${region}.example.com/token`,
    ]);
  }
});

test('design §8: Route 53 asks the host of each region by HTTPS, and answers for both hosts with the nearest that is healthy', () => {
  for (const { region, app } of templates) {
    const [[health, check] = assert.fail(), ...more]: [string, Resource][] = resources(
      app,
      'AWS::Route53::HealthCheck',
    );
    assert.deepEqual(more, []);
    const { Type, FullyQualifiedDomainName, ResourcePath } = check.Properties.HealthCheckConfig;
    assert.deepEqual(
      [Type, FullyQualifiedDomainName, ResourcePath],
      ['HTTPS', `auth-${region}.example.com`, '/.well-known/oauth-authorization-server'],
    );
    assert.equal(records(app).length, 4);
    for (const record of records(app)) {
      assert.equal(record.Region, region);
      assert.deepEqual(record.HealthCheckId, { Ref: health });
    }
  }
  const identifiers = templates.flatMap(({ app }) =>
    records(app).map(({ Name, Type, SetIdentifier }) => `${Name} ${Type} ${SetIdentifier}`),
  );
  assert.equal(new Set(identifiers).size, 12);
});

test('design §8: one region has neither a health check nor a host of its own', () => {
  const one = Template.fromStack(newDeployment().app);
  assert.deepEqual(resources(one, 'AWS::Route53::HealthCheck'), []);
  for (const { Region } of properties(one, 'AWS::Route53::RecordSet')) assert.equal(Region, undefined);
  const { RegionalUri, RegionalMtlsUri } = one.toJSON()['Outputs'];
  assert.deepEqual([RegionalUri, RegionalMtlsUri], [undefined, undefined]);
});
