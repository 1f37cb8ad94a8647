import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration } from '../../lib/constructs/configuration.ts';
import { regionalHosts } from '../../lib/constructs/host-configuration.ts';
import { cdkJson, readFromRoot } from './stacks.ts';

type Changes = Readonly<Record<string, unknown>>;

const acme = {
  domainName: 'auth.acme.example',
  mtlsDomainName: 'mtls.auth.acme.example',
  hostedZoneName: 'acme.example',
  hostedZoneId: 'Z0123456789ACME',
  initialTruststore: 'docs/example-truststore.pem',
};
const arn = (region: string) => `arn:aws:acm:${region}:123456789012:certificate/0a1b2c3d`;
const two = { regions: ['eu-central-1', 'eu-west-1'] };
const noZone = { hostedZoneId: undefined, hostedZoneName: undefined };

const parse = (tenantHosts: unknown, changes: Changes = {}) =>
  parseConfiguration({ ...cdkJson, ...changes, tenantHosts }, readFromRoot);

/** The problems that a configuration is refused for, one a line. */
function problems(tenantHosts: unknown, changes: Changes = {}): readonly string[] {
  try {
    parse(tenantHosts, changes);
  } catch (error) {
    return String(error instanceof Error && error.message)
      .split('\n  ')
      .slice(1);
  }
  return assert.fail(`accepted: ${JSON.stringify(tenantHosts)}`);
}

test('design §8: the hosts of a tenant have the keys that the shared hosts have', () => {
  const [hosts, ...more] = parse({ acme: { ...acme, ownershipCertificateArn: arn('eu-central-1') } }).tenantHosts;
  assert.deepEqual(more, []);
  const { truststore, ...rest } = hosts ?? assert.fail();
  assert.equal(truststore.bundle.certificates.length, 1);
  assert.deepEqual(rest, {
    tenant: 'acme',
    domainName: 'auth.acme.example',
    mtlsDomainName: 'mtls.auth.acme.example',
    zone: { hostedZoneId: 'Z0123456789ACME', zoneName: 'acme.example' },
    certificateArns: {},
    ownershipCertificateArns: { 'eu-central-1': arn('eu-central-1') },
  });
});

for (const nobody of [undefined, '', {}]) {
  test(`design §8: ${JSON.stringify(nobody)} is no tenant with hosts of its own`, () => {
    assert.deepEqual(parse(nobody).tenantHosts, []);
  });
}

test('design §8: every problem of every tenant is told at once, with the path of the key and its value', () => {
  const found = problems(
    {
      acme: { ...acme, domainName: 'Auth.acme.example', mtlsDomainName: 7, hostedZoneId: 'zone' },
      beta: { initialTruststore: 'package.json', certificateArn: 'arn', ownershipCertificateArn: [1] },
    },
    { domainName: 'AUTH' },
  );
  const allowed = 'the ARN of an ACM certificate, one for each region';
  assert.deepEqual([...found].sort(), [
    'domainName="AUTH": a host name in lower case',
    'tenantHosts.acme.domainName="Auth.acme.example": a host name in lower case',
    'tenantHosts.acme.hostedZoneId="zone": the id of a Route 53 hosted zone, Z…',
    'tenantHosts.acme.mtlsDomainName=7: a host name in lower case',
    `tenantHosts.beta.certificateArn="arn": ${allowed}`,
    'tenantHosts.beta.domainName="": a host name in lower case',
    'tenantHosts.beta.initialTruststore="package.json": it holds no certificate in PEM form',
    'tenantHosts.beta.mtlsDomainName="": a host name in lower case',
    `tenantHosts.beta.ownershipCertificateArn=[1]: ${allowed}`,
  ]);
});

const many = Object.fromEntries(
  Array.from({ length: 7 }, (_, index) => [
    `t${index}`,
    { ...acme, domainName: `t${index}.acme.example`, mtlsDomainName: `m${index}.acme.example` },
  ]),
);

const refused: readonly (readonly [string, unknown, RegExp, Changes?])[] = [
  ['a text, as the command line gives it', '{"acme":{}}', /^tenantHosts="\{.*in a configuration file$/],
  ['a list', [acme], /^tenantHosts=\[.*an object of tenant names/],
  ['more tenants than the publisher can know', many, /^tenantHosts=\[.*at most 6 tenants/],
  ['hosts that are no object', { acme: 'auth.acme.example' }, /^tenantHosts\.acme="auth.*an object with the hosts/],
  ['hosts that are a list', { acme: [acme] }, /^tenantHosts\.acme=/],
  ['a tenant in upper case', { Acme: acme }, /^tenantHosts\.Acme=.*1 to 63 characters/],
  ['the tenant default', { default: acme }, /^tenantHosts\.default=.*are domainName and mtlsDomainName/],
  ['a key that is spelled wrong', { acme: { ...acme, mtlsDomain: 'x' } }, /^tenantHosts\.acme\.mtlsDomain="x": no key/],
  ['a key of the whole deployment', { acme: { ...acme, regions: 'x' } }, /^tenantHosts\.acme\.regions="x": no key of/],
  ['no truststore', { acme: { ...acme, initialTruststore: undefined } }, /^tenantHosts\.acme\.initialTruststore=/],
  ['half a zone', { acme: { ...acme, hostedZoneId: '' } }, /^tenantHosts\.acme\.hostedZoneId, .*needs both/],
  ['neither zone nor certificate', { acme: { ...acme, ...noZone } }, /^tenantHosts\.acme\.certificateArn="".*or else/],
  [
    'a host outside its zone',
    { acme: { ...acme, domainName: 'auth.example.com.acme' } },
    /^tenantHosts\.acme\.domainName=.*a host in the hosted zone acme\.example$/,
  ],
  [
    'a certificate of another region',
    { acme: { ...acme, certificateArn: arn('us-east-1') } },
    /^tenantHosts\.acme\.certificateArn=.*a certificate in eu-central-1$/,
  ],
  [
    'no zone, and a certificate of one region of two',
    { acme: { ...acme, ...noZone, certificateArn: arn('eu-west-1') } },
    /^tenantHosts\.acme\.certificateArn=.*for each region/,
    two,
  ],
  [
    'a zone in several regions, where nobody asks for the health of any',
    { acme },
    /^tenantHosts\.acme\.hostedZoneId="Z0123456789ACME": no zone in several regions/,
    { ...two, ...noZone, certificateArn: [arn('eu-central-1'), arn('eu-west-1')] },
  ],
  [
    'one host for both',
    { acme: { ...acme, mtlsDomainName: 'auth.acme.example' } },
    /^tenantHosts\.acme\.mtlsDomainName=.*another host than tenantHosts\.acme\.domainName$/,
  ],
  [
    'the shared public host',
    {
      acme: {
        ...acme,
        domainName: 'auth.example.com',
        hostedZoneName: 'example.com',
        mtlsDomainName: 'mtls.acme.example.com',
      },
    },
    /^tenantHosts\.acme\.domainName="auth\.example\.com": another host than domainName$/,
  ],
  [
    'the shared mTLS host as its public one',
    {
      acme: {
        ...acme,
        domainName: 'mtls.auth.example.com',
        hostedZoneName: 'example.com',
        mtlsDomainName: 'mtls.acme.example.com',
      },
    },
    /^tenantHosts\.acme\.domainName=.*another host than mtlsDomainName$/,
  ],
  [
    'a host that a region has for itself',
    {
      acme: {
        ...acme,
        domainName: 'auth-eu-west-1.example.com',
        hostedZoneName: 'example.com',
        mtlsDomainName: 'mtls.acme.example.com',
      },
    },
    /^tenantHosts\.acme\.domainName=.*another host than domainName in eu-west-1$/,
    two,
  ],
  [
    'a health check that asks for that tenant at the shared host',
    { acme },
    /^healthCheckPath=.*a tenant without hosts of its own$/,
    { healthCheckPath: '/.well-known/oauth-authorization-server/t/acme' },
  ],
  [
    'a host of another tenant',
    { acme, beta: { ...acme, domainName: 'beta.acme.example' } },
    /^tenantHosts\.beta\.mtlsDomainName=.*another host than tenantHosts\.acme\.mtlsDomainName$/,
  ],
];

for (const [what, tenantHosts, expected, changes] of refused) {
  test(`design §8: tenantHosts with ${what} is refused for that alone`, () => {
    const found = problems(tenantHosts, changes);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', expected);
  });
}

test('design §8: in several regions a host that is no host any more with the name of a region is refused', () => {
  const label = 'a'.repeat(55);
  const found = problems(undefined, { ...two, domainName: `${label}.example.com` });
  assert.deepEqual(
    found.map((line) => line.split('=')[0]),
    ['domainName in eu-central-1', 'domainName in eu-west-1'],
  );
});

test('design §8: in several regions the mTLS host too must be below the zone', () => {
  const [found, ...more] = problems(undefined, { ...two, mtlsDomainName: 'example.com' });
  assert.deepEqual(more, []);
  assert.match(found ?? '', /^mtlsDomainName=.*below the zone/);
});

test('design §8: the region stands in the first label of the public host, and in the same place of the mTLS host below it', () => {
  const hosts = (domainName: string, mtlsDomainName: string) =>
    Object.values(regionalHosts({ domainName, mtlsDomainName }, 'eu-west-1'));
  assert.deepEqual(hosts('auth.example.com', 'mtls.auth.example.com'), [
    'auth-eu-west-1.example.com',
    'mtls.auth-eu-west-1.example.com',
  ]);
  assert.deepEqual(hosts('auth.example.com', 'mtls.example.com'), [
    'auth-eu-west-1.example.com',
    'mtls-eu-west-1.example.com',
  ]);
  assert.deepEqual(hosts('auth.example.com', 'mtls-auth.example.com')[1], 'mtls-auth-eu-west-1.example.com');
});
