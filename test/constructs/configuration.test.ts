import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfiguration } from '../../lib/constructs/configuration.ts';
import { cdkJson, readFromRoot } from './stacks.ts';

const parse = (changes: Readonly<Record<string, unknown>>) =>
  parseConfiguration({ ...cdkJson, ...changes }, readFromRoot);

/** The problems that a configuration is refused for, one a line. */
function problems(changes: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    parse(changes);
  } catch (error) {
    const [first, ...rest] = String(error instanceof Error && error.message).split('\n  ');
    assert.equal(first, 'The configuration of the deployment has problems:');
    return rest;
  }
  return assert.fail(`accepted: ${JSON.stringify(changes)}`);
}

const root = join(import.meta.dirname, '..', '..');
const example = JSON.parse(readFromRoot('config/example.json'));
const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';

test('design §8: cdk.json names a configuration', () => {
  const configuration = parse({});
  assert.equal(configuration.domainName, 'auth.example.com');
  assert.equal(configuration.mtlsDomainName, 'mtls.auth.example.com');
  assert.deepEqual(configuration.regions, ['eu-central-1']);
  assert.deepEqual(configuration.zone, { hostedZoneId: 'Z0123456789EXAMPLE', zoneName: 'example.com' });
  assert.equal(configuration.account, undefined);
  assert.deepEqual(configuration.certificateArns, {});
  assert.equal(configuration.logRetentionDays, 365);
  assert.deepEqual(configuration.throttling, { rate: 1000, burst: 500 });
  assert.equal(configuration.truststore.bundle.certificates.length, 1);
});

test('design §8: a key of the context goes before that of the file, and the file before the default', () => {
  const file = JSON.stringify({ ...example, name: 'FromFile', throttlingRate: 7, registryMaxAge: 9 });
  const readFile = (path: string) => (path === 'config/production.json' ? file : readFromRoot(path));
  const { name, registryMaxAge, throttling } = parseConfiguration(
    { config: 'config/production.json', name: 'FromContext', registryMaxAge: undefined },
    readFile,
  );
  assert.deepEqual([name, registryMaxAge, throttling], ['FromContext', 30, { rate: 7, burst: 500 }]);
});

const files: readonly (readonly [string, unknown, string, RegExp])[] = [
  ['is not there', 'no/such.json', '', /^config="no\/such\.json": a JSON file that can be read \(.+\)$/],
  ['is no JSON', 'x.json', '{', /^config="x\.json": a JSON file that can be read \(.+\)$/],
  ['is a list', 'x.json', '[]', /^config="x\.json": a file with one JSON object$/],
  ['is null', 'x.json', 'null', /^config="x\.json": a file with one JSON object$/],
  ['names another', 'x.json', '{"config":"y.json"}', /^config="x\.json": no key "config" inside the file$/],
  ['is no path', 7, '', /^config=7: the path of a JSON file$/],
];

for (const [what, config, contents, message] of files) {
  test(`design §8: a configuration file that ${what} is refused, with its name`, () => {
    const readFile = (path: string) => (path === 'x.json' ? contents : readFromRoot(path));
    assert.throws(() => parseConfiguration({ config }, readFile), { message });
  });
}

test('design §8: a key that the file spells wrong is refused', () => {
  const readFile = (path: string) =>
    path === 'x.json' ? JSON.stringify({ ...example, wafLimit: 5 }) : readFromRoot(path);
  assert.throws(() => parseConfiguration({ config: 'x.json' }, readFile), /wafLimit=5: no key of the configuration/);
});

for (const config of readdirSync(join(root, 'config'))) {
  test(`design §8: config/${config} is a configuration`, () => {
    const { domainName } = parseConfiguration({ config: `config/${config}` }, readFromRoot);
    assert.equal(domainName, 'auth.example.com');
  });
}

test('design §8: values may be texts, as the command line gives them', () => {
  const configuration = parse({
    regions: 'eu-west-1',
    logRetentionDays: '30',
    throttlingRate: '20',
    throttlingBurst: '5',
    statusAllowHosts: 'ocsp.internal:8080,10.0.0.7:80',
    registryMaxAge: '5',
    tracing: 'true',
    dashboard: 'false',
    provisionedConcurrency: '0',
  });
  assert.deepEqual(configuration.regions, ['eu-west-1']);
  assert.equal(configuration.logRetentionDays, 30);
  assert.deepEqual(configuration.throttling, { rate: 20, burst: 5 });
  assert.deepEqual(configuration.statusAllowHosts, ['ocsp.internal:8080', '10.0.0.7:80']);
  assert.equal(configuration.registryMaxAge, 5);
  const { tracing, dashboard, provisionedConcurrency } = configuration;
  assert.deepEqual([tracing, dashboard, provisionedConcurrency], [true, false, 0]);
});

test('design §8: an empty text takes back what cdk.json says', () => {
  const configuration = parse({ hostedZoneId: '', hostedZoneName: '', certificateArn, account: '123456789012' });
  assert.equal(configuration.zone, undefined);
  assert.deepEqual(configuration.certificateArns, { 'eu-central-1': certificateArn });
  assert.equal(configuration.account, '123456789012');
  const file = JSON.stringify({ ...example, registryMaxAge: 9, tracing: true });
  const readFile = (path: string) => (path === 'x.json' ? file : readFromRoot(path));
  const { registryMaxAge, tracing } = parseConfiguration(
    { config: 'x.json', registryMaxAge: '', tracing: '' },
    readFile,
  );
  assert.deepEqual([registryMaxAge, tracing], [30, false]);
});

test('design §8: every problem is told at once, with the key, the value and what is allowed', () => {
  const found = problems({
    name: '1st',
    account: '12',
    regions: ['Frankfurt'],
    domainName: 'Auth.example.com',
    mtlsDomainName: 'localhost',
    hostedZoneId: 'example',
    hostedZoneName: 'example.com.',
    certificateArn: 'arn:aws:iam::123456789012:server-certificate/x',
    ownershipCertificateArn: 7,
    initialTruststore: 'no/such/file.pem',
    alarmEmail: 'nobody',
    logRetentionDays: 2,
    mtlsApi: 'websocket',
    publicApi: 'REST',
    wafRateLimit: 9,
    statusAllowHosts: ['http://10.0.0.7'],
    registryMaxAge: 301,
    throttlingRate: 0,
    throttlingBurst: '1e3',
    logLevel: 'silent',
    dashboard: 1,
    tracing: 'yes',
    provisionedConcurrency: -1,
  });
  const keys = found.map((line) => line.split('=')[0]);
  assert.deepEqual([...new Set(keys)].sort(), [
    'account',
    'alarmEmail',
    'certificateArn',
    'dashboard',
    'domainName',
    'hostedZoneId',
    'hostedZoneName',
    'initialTruststore',
    'logLevel',
    'logRetentionDays',
    'mtlsApi',
    'mtlsDomainName',
    'name',
    'ownershipCertificateArn',
    'provisionedConcurrency',
    'publicApi',
    'regions',
    'registryMaxAge',
    'statusAllowHosts',
    'throttlingBurst',
    'throttlingRate',
    'tracing',
    'wafRateLimit',
  ]);
  assert.equal(keys.length, new Set(keys).size, 'no key is told twice');
  assert.ok(found.includes('account="12": twelve digits'));
  assert.ok(found.includes('regions=["Frankfurt"]: one to five AWS regions, each once'));
});

const two = { regions: ['eu-central-1', 'eu-west-1'] };

const refused: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  ['no host', { domainName: undefined }, /^domainName="": a host name/],
  ['one host for both', { mtlsDomainName: 'auth.example.com' }, /^mtlsDomainName=.*another host than domainName/],
  ['a host with a port', { domainName: 'auth.example.com:443' }, /^domainName=/],
  ['a host with a scheme', { domainName: 'https://auth.example.com' }, /^domainName=/],
  ['a wildcard', { domainName: '*.example.com' }, /^domainName=/],
  ['an IP address', { domainName: '192.0.2.1' }, /^domainName=/],
  ['a host outside the zone', { domainName: 'auth.example.org' }, /a host in the hosted zone example\.com/],
  ['a host that ends like the zone', { domainName: 'auth.badexample.com' }, /a host in the hosted zone example\.com/],
  ['half a zone', { hostedZoneName: '' }, /^hostedZoneId, hostedZoneName: a hosted zone needs both/],
  [
    'neither zone nor certificate',
    { hostedZoneId: '', hostedZoneName: '' },
    /^certificateArn="".*or else a hosted zone/,
  ],
  ['a certificate of another region', { certificateArn, regions: ['us-east-1'] }, /a certificate in us-east-1/],
  ['a region twice', { regions: ['eu-west-1', 'eu-west-1'] }, /^regions=.*each once/],
  [
    'a host at the top of the zone in two regions',
    { ...two, domainName: 'example.com' },
    /^domainName=.*below the zone/,
  ],
  [
    'no zone, and a certificate for one of two regions',
    { ...two, hostedZoneId: '', hostedZoneName: '', certificateArn },
    /^certificateArn=.*for each region/,
  ],
  ['two certificates of one region', { ...two, certificateArn: [certificateArn, certificateArn] }, /^certificateArn=/],
  ['a health check without a path', { healthCheckPath: 'jwks' }, /^healthCheckPath=.*a path of the public host/],
  ['a log level that would hide faults', { logLevel: 'silent' }, /^logLevel="silent": one of info, error$/],
  ['half an instance', { provisionedConcurrency: 0.5 }, /^provisionedConcurrency=0\.5: instances from 0 to 1000$/],
  ['no region', { regions: [] }, /^regions=/],
  ['an address with a space', { alarmEmail: 'a b@example.com' }, /^alarmEmail=.*an e-mail address/],
  ['an address without a host', { alarmEmail: 'ops@' }, /^alarmEmail=/],
  ['a region that is no text', { regions: [1] }, /^regions=/],
  ['a key in the wrong case', { mtlsDomainname: 'x.example.com' }, /^mtlsDomainname="x\.example\.com": no key of the/],
  ['a truststore without a certificate', { initialTruststore: 'package.json' }, /it holds no certificate in PEM form/],
  ['no truststore', { initialTruststore: undefined }, /^initialTruststore="": the path of a PEM file/],
];

for (const [what, changes, expected] of refused) {
  test(`design §8: a configuration with ${what} is refused for that alone`, () => {
    const found = problems(changes);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', expected);
  });
}
