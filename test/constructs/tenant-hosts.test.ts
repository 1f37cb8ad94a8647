import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { parseConfig } from '../../lib/config.ts';
import { newDeployment, type Resource, resources } from './stacks.ts';

const config = 'config/example-tenant-hosts.json';
const { app: stack } = newDeployment({ config });
const app = Template.fromStack(stack);
const properties = (type: string, of = app) => resources(of, type).map(([, each]) => each.Properties);
const outputs = app.toJSON()['Outputs'];
const hosts = {
  'auth.acme.example': 'acme',
  'mtls.auth.acme.example': 'acme',
  'beta.example.com': 'beta',
  'mtls-beta.example.com': 'beta',
};

function domainOf(name: string, of = app) {
  const [id, { Properties }] =
    resources(of, 'AWS::ApiGatewayV2::DomainName').find(([, each]) => each.Properties.DomainName === name) ??
    assert.fail(name);
  const [mapping, ...more] = properties('AWS::ApiGatewayV2::ApiMapping', of).filter(
    ({ DomainName }) => DomainName.Ref === id,
  );
  assert.deepEqual(more, []);
  return { id, domain: Properties, api: String(mapping?.ApiId.Ref) };
}

const functions = resources(app, 'AWS::Lambda::Function').filter(([, { Properties }]) => Properties.Environment);
const isPublisher = ([id]: [string, Resource]) => id.startsWith('TruststorePublisher');
const publisher = functions.find(isPublisher) ?? assert.fail('there is a publisher');

/** A text of the template, with `{Ref}` in place of what nobody knows before the deployment. */
const joined = (value: { 'Fn::Join': [string, readonly unknown[]] } | string): string =>
  typeof value === 'string'
    ? value
    : value['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : '{Ref}')).join(value['Fn::Join'][0]);

test('design §5: the hosts of a tenant lead to the same two APIs, that with mutual TLS to the one behind mutual TLS', () => {
  for (const name of ['auth.acme.example', 'beta.example.com']) {
    const { domain, api } = domainOf(name);
    assert.match(api, /^publicGateway/);
    assert.equal(domain.MutualTlsAuthentication, undefined);
  }
  for (const name of ['mtls.auth.acme.example', 'mtls-beta.example.com']) {
    const { domain, api } = domainOf(name);
    assert.match(api, /^mtlsGateway/);
    assert.equal(domain.DomainNameConfigurations[0].SecurityPolicy, 'TLS_1_2');
    assert.ok(domain.MutualTlsAuthentication.TruststoreVersion);
  }
});

test('design §5: each mTLS host has an object of its own, and the version that is published for that object', () => {
  const found = resources(app, 'Custom::Truststore').map(([id, { Properties }]) => {
    const { TruststoreUri, TruststoreVersion } = domainOf(Properties.Domain).domain.MutualTlsAuthentication;
    assert.deepEqual(TruststoreVersion, { 'Fn::GetAtt': [id, 'VersionId'] });
    return [Properties.Domain, joined(TruststoreUri)];
  });
  assert.deepEqual(found, [
    ['mtls.auth.example.com', 's3://{Ref}/truststore.pem'],
    ['mtls.auth.acme.example', 's3://{Ref}/tenants/acme/truststore.pem'],
    ['mtls-beta.example.com', 's3://{Ref}/tenants/beta/truststore.pem'],
  ]);
});

test('design §5: the publisher puts the CAs of such a tenant into its truststore, and never into the shared one', () => {
  const { Variables } = publisher[1].Properties.Environment;
  const environment = { REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants' };
  const { truststores = [] } = parseConfig({ ...environment, TRUSTSTORES: joined(Variables.TRUSTSTORES) });
  assert.deepEqual(
    truststores.map(({ domain, object, tenants, except }) => [domain, object.key, tenants, except]),
    [
      ['mtls.auth.example.com', 'truststore.pem', undefined, ['acme', 'beta']],
      ['mtls.auth.acme.example', 'tenants/acme/truststore.pem', ['acme'], undefined],
      ['mtls-beta.example.com', 'tenants/beta/truststore.pem', ['beta'], undefined],
    ],
  );
});

test('design §5: every function that answers requests knows whose each host is', () => {
  const others = functions.filter((each) => !isPublisher(each));
  assert.ok(others.length >= 6);
  for (const [id, { Properties }] of others) {
    assert.deepEqual(JSON.parse(Properties.Environment.Variables.TENANT_HOSTS), hosts, id);
  }
});

test('design §3: the publisher may change these domain names and put these objects, each by its name', () => {
  const [role = assert.fail()] = resources(app, 'AWS::IAM::Role').filter(isPublisher);
  const statements: readonly { Action: string | string[]; Resource: unknown }[] =
    role[1].Properties.Policies[0].PolicyDocument.Statement;
  const of = (action: string) => {
    const found = statements.filter((each) => [each.Action].flat().includes(action));
    assert.equal(found.length, 1);
    return [found[0]?.Resource]
      .flat()
      .map((each) => joined(each as string))
      .sort();
  };
  assert.deepEqual(of('apigateway:PATCH'), [
    'arn:aws:apigateway:eu-central-1::/domainnames/mtls-beta.example.com',
    'arn:aws:apigateway:eu-central-1::/domainnames/mtls.auth.acme.example',
    'arn:aws:apigateway:eu-central-1::/domainnames/mtls.auth.example.com',
  ]);
  assert.deepEqual(of('s3:PutObject'), [
    '{Ref}/tenants/acme/truststore.pem',
    '{Ref}/tenants/beta/truststore.pem',
    '{Ref}/truststore.pem',
  ]);
});

test('design §8: a tenant has the certificate that is named, or one of its own two hosts, validated in its own zone', () => {
  const made = properties('AWS::CertificateManager::Certificate').map((each) => [
    each.DomainName,
    each.SubjectAlternativeNames,
    each.DomainValidationOptions[0].HostedZoneId,
  ]);
  assert.deepEqual(made, [
    ['auth.example.com', ['mtls.auth.example.com'], 'Z0123456789EXAMPLE'],
    ['auth.acme.example', ['mtls.auth.acme.example'], 'Z0123456789ACME'],
  ]);
  const arn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000';
  for (const name of ['beta.example.com', 'mtls-beta.example.com']) {
    assert.equal(domainOf(name).domain.DomainNameConfigurations[0].CertificateArn, arn);
  }
});

test('design §8: an alarm watches each certificate of each host', () => {
  const expiring = properties('AWS::CloudWatch::Alarm').filter(({ MetricName }) => MetricName === 'DaysToExpiry');
  assert.equal(expiring.length, 3);
  assert.equal(new Set(expiring.map(({ Dimensions }) => JSON.stringify(Dimensions))).size, 3);
});

test('design §8: records are made in the zone of the tenant, and told where it has none', () => {
  const records = properties('AWS::Route53::RecordSet').map(({ Name, HostedZoneId }) => `${HostedZoneId} ${Name}`);
  assert.deepEqual(records.filter((each) => !each.endsWith('.example.com.')).sort(), [
    'Z0123456789ACME auth.acme.example.',
    'Z0123456789ACME auth.acme.example.',
    'Z0123456789ACME mtls.auth.acme.example.',
    'Z0123456789ACME mtls.auth.acme.example.',
  ]);
  assert.ok(!records.some((each) => each.includes('beta')));
  assert.equal(joined(outputs.TenantRecords.Value), 'beta.example.com CNAME {Ref}, mtls-beta.example.com CNAME {Ref}');
});

test('RFC 8414 §2: the outputs say what the row of each tenant must have as its issuer and its mTLS base address', () => {
  assert.deepEqual(JSON.parse(outputs.TenantHosts.Value), {
    acme: { Issuer: 'https://auth.acme.example', MtlsBaseUri: 'https://mtls.auth.acme.example' },
    beta: { Issuer: 'https://beta.example.com', MtlsBaseUri: 'https://mtls-beta.example.com' },
  });
});

test('design §8: in several regions Route 53 asks the public host of a region for the hosts of tenants too', () => {
  const arn = (region: string) => `arn:aws:acm:${region}:123456789012:certificate/0a1b2c3d`;
  const regions = ['eu-central-1', 'us-east-1'];
  const acme = {
    domainName: 'auth.acme.example',
    mtlsDomainName: 'mtls.auth.acme.example',
    hostedZoneName: 'acme.example',
    hostedZoneId: 'Z0123456789ACME',
    certificateArn: regions.map(arn),
    initialTruststore: 'docs/example-truststore.pem',
  };
  for (const { app: each } of newDeployment({ regions, tenantHosts: { acme } }).regions) {
    const template = Template.fromStack(each);
    const [[health] = assert.fail(), ...more] = resources(template, 'AWS::Route53::HealthCheck');
    assert.deepEqual(more, []);
    const records = properties('AWS::Route53::RecordSet', template).filter(({ Name }) => Name.includes('acme'));
    assert.equal(records.length, 4);
    for (const { Region, HealthCheckId } of records) {
      assert.deepEqual([Region, HealthCheckId], [each.region, { Ref: health }]);
    }
    for (const name of ['auth.acme.example', 'mtls.auth.acme.example']) {
      assert.equal(domainOf(name, template).domain.DomainNameConfigurations[0].CertificateArn, arn(each.region));
    }
  }
});

test('design §5: without such tenants every truststore is of all tenants, and no host is of one', () => {
  const plain = Template.fromStack(newDeployment().app);
  const environments = properties('AWS::Lambda::Function', plain).flatMap(({ Environment }) => Environment ?? []);
  for (const { Variables } of environments) assert.equal(Variables.TENANT_HOSTS, '{}');
  assert.doesNotMatch(JSON.stringify(environments), /except/);
  const { TenantHosts, TenantRecords } = plain.toJSON()['Outputs'];
  assert.deepEqual([TenantHosts, TenantRecords], [undefined, undefined]);
});
