import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayPaths, type Host, httpRoutes } from '../../lib/routes.ts';
import { type Resource, resources, templates } from './stacks.ts';

const { app } = templates();
const hosts: Readonly<Record<Host, string>> = { public: 'auth.example.com', mtls: 'mtls.auth.example.com' };
const domains = resources(app, 'AWS::ApiGatewayV2::DomainName');
const mappings = resources(app, 'AWS::ApiGatewayV2::ApiMapping');
const integrations = Object.fromEntries(resources(app, 'AWS::ApiGatewayV2::Integration'));
const permissions = resources(app, 'AWS::Lambda::Permission');

const domain = (host: Host): [string, Resource] =>
  domains.find(([, { Properties }]) => Properties.DomainName === hosts[host]) ?? assert.fail(`no domain ${host}`);

/** The logical id of the API that a host is mapped to. */
function api(host: Host): string {
  const found = mappings.filter(([, { Properties }]) => Properties.DomainName.Ref === domain(host)[0]);
  assert.equal(found.length, 1);
  return found[0]?.[1].Properties.ApiId.Ref;
}

const routesOf = (apiId: string) =>
  resources(app, 'AWS::ApiGatewayV2::Route')
    .map(([, { Properties }]) => Properties)
    .filter(({ ApiId }) => ApiId.Ref === apiId);

test('C34: the execute-api endpoint of every API is disabled', () => {
  const apis = resources(app, 'AWS::ApiGatewayV2::Api');
  assert.equal(apis.length, 2);
  for (const [, { Properties }] of apis) assert.equal(Properties.DisableExecuteApiEndpoint, true);
  assert.deepEqual(resources(app, 'AWS::ApiGateway::RestApi'), []);
  assert.deepEqual(resources(app, 'AWS::Lambda::Url'), []);
});

test('S20: both domain names take TLS 1.2 or later', () => {
  assert.equal(domains.length, 2);
  for (const [, { Properties }] of domains) {
    assert.equal(Properties.DomainNameConfigurations.length, 1);
    assert.equal(Properties.DomainNameConfigurations[0].SecurityPolicy, 'TLS_1_2');
    assert.equal(Properties.DomainNameConfigurations[0].EndpointType, 'REGIONAL');
  }
});

test('RFC 8705 §5: the mTLS host has a truststore with its version; the public host has none', () => {
  const { MutualTlsAuthentication } = domain('mtls')[1].Properties;
  assert.match(JSON.stringify(MutualTlsAuthentication.TruststoreUri), /s3:\/\/.*\/truststore\.pem/);
  const [publication, attribute] = MutualTlsAuthentication.TruststoreVersion['Fn::GetAtt'];
  assert.equal(attribute, 'VersionId');
  assert.deepEqual(
    resources(app, 'Custom::Truststore').map(([id]) => id),
    [publication],
  );
  assert.equal(domain('public')[1].Properties.MutualTlsAuthentication, undefined);
});

test('RFC 8705 §5: each host is mapped at its root to an API of its own', () => {
  assert.notEqual(api('public'), api('mtls'));
  for (const [, { Properties }] of mappings) {
    assert.equal(Properties.Stage, '$default');
    assert.equal(Properties.ApiMappingKey, undefined);
  }
});

for (const host of ['public', 'mtls'] as const) {
  test(`design §3: the ${host} host has exactly the paths of lib/routes.ts, for the root and the tenants, as ANY`, () => {
    const expected = httpRoutes
      .filter(([, route]) => route.hosts.includes(host))
      .flatMap(([, route]) => gatewayPaths(route).map((path) => `ANY ${path}`));
    assert.deepEqual(
      routesOf(api(host))
        .map(({ RouteKey }) => RouteKey)
        .sort(),
      expected.sort(),
    );
  });

  test(`design §3: each path of the ${host} host reaches the function of its row`, () => {
    for (const [, route] of httpRoutes.filter(([, { hosts: served }]) => served.includes(host))) {
      for (const path of gatewayPaths(route)) {
        const { Target } = routesOf(api(host)).find(({ RouteKey }) => RouteKey === `ANY ${path}`) ?? assert.fail(path);
        const integration = integrations[Target['Fn::Join'][1][1].Ref]?.Properties;
        assert.equal(integration.PayloadFormatVersion, '2.0');
        const target = integration.IntegrationUri['Fn::GetAtt'][0];
        assert.ok(target.startsWith(`${route.lambda}Function`), `${path} → ${target}`);
      }
    }
  });
}

test('design §8: only the two APIs may call the function of an endpoint, and they may call no other', () => {
  const apis = new Set([api('public'), api('mtls')]);
  const callable = new Set<string>();
  for (const [, { Properties }] of permissions) {
    // What the clock starts is told by test/constructs/schedules.test.ts and truststore-publication.test.ts.
    if (Properties.Principal === 'events.amazonaws.com') continue;
    assert.equal(Properties.Principal, 'apigateway.amazonaws.com');
    const parts: readonly { Ref?: string }[] = Properties.SourceArn['Fn::Join'][1];
    assert.ok(parts.some(({ Ref }) => Ref !== undefined && apis.has(Ref)));
    callable.add(Properties.FunctionName['Fn::GetAtt'][0]);
  }
  const endpoints = new Set(httpRoutes.map(([, { lambda }]) => lambda));
  assert.equal(callable.size, endpoints.size);
  for (const id of callable)
    assert.ok(
      [...endpoints].some((lambda) => id.startsWith(`${lambda}Function`)),
      id,
    );
});

test('design §8: each stage is throttled and deploys itself', () => {
  const stages = resources(app, 'AWS::ApiGatewayV2::Stage');
  assert.equal(stages.length, 2);
  for (const [, { Properties }] of stages) {
    assert.equal(Properties.StageName, '$default');
    assert.equal(Properties.AutoDeploy, true);
    assert.deepEqual(Properties.DefaultRouteSettings, { ThrottlingBurstLimit: 500, ThrottlingRateLimit: 1000 });
  }
});

test('house style: the access log is JSON, tells why a 403 was one, and holds no certificate, query or header', () => {
  for (const [, { Properties }] of resources(app, 'AWS::ApiGatewayV2::Stage')) {
    const { Format, DestinationArn } = Properties.AccessLogSettings;
    assert.ok(DestinationArn['Fn::GetAtt'][0]);
    // API Gateway: a template of an HTTP API's access log has at most 3 KB.
    assert.ok(Format.length < 3000);
    const fields: Record<string, string> = JSON.parse(Format);
    const variables = Object.values(fields);
    assert.ok(variables.includes('$context.error.message'));
    assert.ok(variables.includes('$context.identity.clientCert.subjectDN'));
    assert.ok(variables.includes('$context.identity.clientCert.serialNumber'));
    for (const variable of variables) {
      assert.match(variable, /^\$context\.[a-zA-Z.]+$/);
      assert.doesNotMatch(variable, /clientCertPem|authorizer|requestOverride/i);
    }
  }
});

test('design §5: with a zone, each host has an A and an AAAA record to its own domain name', () => {
  const records = resources(app, 'AWS::Route53::RecordSet').map(([, { Properties }]) => [
    Properties.Name,
    Properties.Type,
    Properties.AliasTarget.DNSName['Fn::GetAtt'][0],
  ]);
  const expected = (['public', 'mtls'] as const).flatMap((host) =>
    ['A', 'AAAA'].map((type) => [`${hosts[host]}.`, type, domain(host)[0]]),
  );
  assert.deepEqual(records.map(String).sort(), expected.map(String).sort());
  for (const [, { Properties }] of domains) {
    // An AAAA alias to a domain name that has IPv4 alone has no answer.
    assert.equal(Properties.DomainNameConfigurations[0].IpAddressType, 'dualstack');
  }
});

test('design §8: with a zone and no certificate, one is made for both hosts and validated by DNS', () => {
  const [[id, { Properties }] = assert.fail(), ...others] = resources(app, 'AWS::CertificateManager::Certificate');
  assert.deepEqual(others, []);
  assert.equal(Properties.ValidationMethod, 'DNS');
  assert.deepEqual([Properties.DomainName, ...Properties.SubjectAlternativeNames], [hosts.public, hosts.mtls]);
  for (const [, each] of domains)
    assert.deepEqual(each.Properties.DomainNameConfigurations[0].CertificateArn, { Ref: id });
});

test('design §8: without a zone there are no records, and the outputs name those to make', () => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b';
  const { app: bare } = templates({ hostedZoneId: '', hostedZoneName: '', certificateArn });
  assert.deepEqual(resources(bare, 'AWS::Route53::RecordSet'), []);
  assert.deepEqual(resources(bare, 'AWS::CertificateManager::Certificate'), []);
  const { PublicRecord, MtlsRecord } = bare.toJSON()['Outputs'];
  assert.match(JSON.stringify(PublicRecord), /"auth\.example\.com CNAME "/);
  assert.match(JSON.stringify(MtlsRecord), /"mtls\.auth\.example\.com CNAME "/);
  for (const [, { Properties }] of resources(bare, 'AWS::ApiGatewayV2::DomainName')) {
    assert.equal(Properties.DomainNameConfigurations[0].CertificateArn, certificateArn);
  }
});

test('design §8: an ownership certificate is given to the mTLS domain name alone', () => {
  const ownershipCertificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0c0d';
  const given = resources(templates({ ownershipCertificateArn }).app, 'AWS::ApiGatewayV2::DomainName').map(
    ([, { Properties }]) => [
      Properties.DomainName,
      Properties.DomainNameConfigurations[0].OwnershipVerificationCertificateArn,
    ],
  );
  assert.deepEqual(Object.fromEntries(given), { [hosts.public]: undefined, [hosts.mtls]: ownershipCertificateArn });
});

test('RFC 8414 §2: the outputs are the issuer, the mTLS base and the endpoints of the region', () => {
  const { Issuer, MtlsBaseUri, Endpoints } = app.toJSON()['Outputs'];
  assert.equal(Issuer.Value, 'https://auth.example.com');
  assert.equal(MtlsBaseUri.Value, 'https://mtls.auth.example.com');
  const table = JSON.parse(Endpoints.Value);
  assert.deepEqual(Object.keys(table), ['eu-central-1']);
  assert.deepEqual(table['eu-central-1'].token, [
    'https://auth.example.com/token',
    'https://mtls.auth.example.com/token',
  ]);
  assert.deepEqual(
    Object.keys(table['eu-central-1']),
    httpRoutes.map(([name]) => name),
  );
});
