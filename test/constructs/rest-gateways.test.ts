import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayPaths, type Host, httpRoutes } from '../../lib/routes.ts';
import { type Resource, resources, templates } from './stacks.ts';

const { app } = templates({ publicApi: 'rest', mtlsApi: 'rest' });
const apis = resources(app, 'AWS::ApiGateway::RestApi');
const stages = resources(app, 'AWS::ApiGateway::Stage');
const methods = resources(app, 'AWS::ApiGateway::Method').map(([, { Properties }]) => Properties);
const paths = Object.fromEntries(resources(app, 'AWS::ApiGateway::Resource'));
const domains = resources(app, 'AWS::ApiGatewayV2::DomainName');
const hosts: Readonly<Record<Host, string>> = { public: 'auth.example.com', mtls: 'mtls.auth.example.com' };

function apiOf(host: Host): string {
  const [domain] = domains.find(([, { Properties }]) => Properties.DomainName === hosts[host]) ?? assert.fail(host);
  const mapped = resources(app, 'AWS::ApiGatewayV2::ApiMapping')
    .map(([, { Properties }]) => Properties)
    .filter(({ DomainName }) => DomainName.Ref === domain);
  assert.equal(mapped.length, 1);
  assert.equal(mapped[0].ApiMappingKey, undefined);
  const [, stage] = stages.find(([id]) => id === mapped[0].Stage.Ref) ?? assert.fail('no stage');
  assert.deepEqual(stage.Properties.RestApiId, mapped[0].ApiId);
  return mapped[0].ApiId.Ref;
}

/** The path of a resource from the root of its API. */
function pathOf(id: string): string {
  const { Properties }: Resource = paths[id] ?? assert.fail(id);
  return `${'Ref' in Properties.ParentId ? pathOf(Properties.ParentId.Ref) : ''}/${Properties.PathPart}`;
}

test('aws §1.4: with rest for both hosts there is no HTTP API, and the REST APIs have no other address', () => {
  assert.deepEqual(resources(app, 'AWS::ApiGatewayV2::Api'), []);
  assert.equal(apis.length, 2);
  for (const [, { Properties }] of apis) {
    assert.equal(Properties.DisableExecuteApiEndpoint, true);
    assert.deepEqual(Properties.EndpointConfiguration, { IpAddressType: 'dualstack', Types: ['REGIONAL'] });
  }
  for (const output of Object.values(app.toJSON()['Outputs'])) {
    assert.doesNotMatch(JSON.stringify(output), /execute-api/);
  }
});

for (const host of ['public', 'mtls'] as const) {
  test(`design §3: the REST API of the ${host} host has the paths of lib/routes.ts, as ANY, to the function of the row`, () => {
    const expected = httpRoutes
      .filter(([, route]) => route.hosts.includes(host))
      .flatMap(([, route]) => gatewayPaths(route).map((path) => `ANY ${path} ${route.lambda}`));
    const found = methods
      .filter(({ RestApiId }) => RestApiId.Ref === apiOf(host))
      .map(({ HttpMethod, ResourceId, Integration }) => {
        const target = /"([A-Za-z0-9]+)Function[0-9A-F]{8}","Arn"/.exec(
          JSON.stringify(Integration.Uri).replace(/\s/g, ''),
        );
        assert.equal(Integration.Type, 'AWS_PROXY');
        return { line: `${HttpMethod} ${pathOf(ResourceId.Ref)}`, target: target?.[1] ?? '' };
      });
    assert.deepEqual(
      found.map(({ line, target }) => `${line} ${target}`).sort(),
      expected.map((line) => line.replace(/-(?=[a-z]+$)/, '')).sort(),
    );
  });
}

test('S20: the mTLS host has its truststore before a REST API as well, and both take TLS 1.2 or later', () => {
  for (const [, { Properties }] of domains) {
    assert.equal(Properties.DomainNameConfigurations[0].SecurityPolicy, 'TLS_1_2');
    assert.equal('MutualTlsAuthentication' in Properties, Properties.DomainName === hosts.mtls);
  }
});

test('aws §1.4: each stage has a WAF with a limit for each address and the common rules of AWS', () => {
  const acls = resources(app, 'AWS::WAFv2::WebACL');
  const associations = resources(app, 'AWS::WAFv2::WebACLAssociation').map(([, { Properties }]) => Properties);
  assert.equal(acls.length, 2);
  for (const [id] of stages) {
    const own = associations.filter(({ ResourceArn }) => JSON.stringify(ResourceArn).includes(`"${id}"`));
    assert.equal(own.length, 1, id);
  }
  for (const [, { Properties }] of acls) {
    const [limit, common, ...others] = Properties.Rules;
    assert.deepEqual(others, []);
    assert.equal(Properties.Scope, 'REGIONAL');
    assert.equal(limit.Statement.RateBasedStatement.Limit, 30_000);
    assert.equal(limit.Statement.RateBasedStatement.AggregateKeyType, 'IP');
    assert.equal(limit.Action.Block.CustomResponse.ResponseCode, 429);
    assert.equal(common.Statement.ManagedRuleGroupStatement.Name, 'AWSManagedRulesCommonRuleSet');
    assert.deepEqual(common.OverrideAction, { None: {} });
  }
});

test('house style: the WAF keeps no samples, which would show codes and credentials', () => {
  for (const [, { Properties }] of resources(app, 'AWS::WAFv2::WebACL')) {
    for (const { VisibilityConfig } of [Properties, ...Properties.Rules]) {
      assert.equal(VisibilityConfig.SampledRequestsEnabled, false);
    }
  }
});

test('RFC 7523, RFC 8252 §7.3: the WAF only counts long bodies, loopback redirect URIs and clients without a name', () => {
  for (const [, { Properties }] of resources(app, 'AWS::WAFv2::WebACL')) {
    const overrides = Properties.Rules[1].Statement.ManagedRuleGroupStatement.RuleActionOverrides;
    const names = overrides.map(({ Name }: { Name: string }) => Name);
    for (const name of ['SizeRestrictions_BODY', 'GenericRFI_QUERYARGUMENTS', 'NoUserAgent_HEADER']) {
      assert.ok(names.includes(name), name);
    }
    for (const { ActionToUse } of overrides) assert.deepEqual(ActionToUse, { Count: {} });
    assert.ok(!names.some((name: string) => name.startsWith('CrossSiteScripting')), names.join());
  }
});

test('design §8: a REST stage is throttled and writes no execution log; the access log holds no certificate or query', () => {
  assert.equal(stages.length, 2);
  for (const [, { Properties }] of stages) {
    const [settings, ...others] = Properties.MethodSettings;
    assert.deepEqual(others, []);
    assert.equal(settings.ThrottlingRateLimit, 1000);
    assert.equal(settings.ThrottlingBurstLimit, 500);
    assert.equal(settings.LoggingLevel, 'OFF');
    assert.equal(settings.DataTraceEnabled, false);
    const variables = Object.values<string>(JSON.parse(Properties.AccessLogSetting.Format));
    assert.ok(variables.includes('$context.error.message'));
    assert.ok(variables.includes('$context.identity.clientCert.subjectDN'));
    for (const variable of variables) {
      assert.match(variable, /^\$context\.[a-zA-Z.]+$/);
      assert.doesNotMatch(variable, /clientCertPem|authorizer|requestOverride/i);
    }
  }
});

test('aws §1.4: an unknown path of a REST API is answered 404, as by an HTTP API', () => {
  const answers = resources(app, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => Properties);
  assert.deepEqual(
    answers.map(({ ResponseType, StatusCode }) => [ResponseType, StatusCode]),
    [
      ['MISSING_AUTHENTICATION_TOKEN', '404'],
      ['MISSING_AUTHENTICATION_TOKEN', '404'],
    ],
  );
});

test('design §8: the hosts choose their kinds of API one by one', () => {
  const mixed = templates({ publicApi: 'rest' }).app;
  assert.equal(resources(mixed, 'AWS::ApiGateway::RestApi').length, 1);
  assert.equal(resources(mixed, 'AWS::ApiGatewayV2::Api').length, 1);
  assert.equal(resources(mixed, 'AWS::WAFv2::WebACL').length, 1);
});
