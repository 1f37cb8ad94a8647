import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Config, parseConfig, toEnvironment } from '../lib/config.ts';

const table = fc.stringMatching(/^[A-Za-z0-9_.-]{3,40}$/);
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));

const keyArn = fc
  .tuple(fc.constantFrom('aws', 'aws-cn', 'aws-us-gov'), fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.uuid())
  .map(([partition, region, id]) => `arn:${partition}:kms:${region}:111122223333:key/${id}`);

const keyWrap = fc.oneof(
  fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((key) => ({ kind: 'local' as const, key: Buffer.from(key).toString('base64url') })),
  fc
    .tuple(keyArn, keyArn)
    .filter(([access_token, introspection]) => access_token !== introspection)
    .map(([access_token, introspection]) => ({ kind: 'kms' as const, access_token, introspection })),
  fc
    .tuple(fc.stringMatching(/^[a-z0-9-]{1,32}$/), fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/))
    .map(([region, deployment]) => ({ kind: 'kms-sign' as const, region, deployment })),
);

const arn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd';

const settings = {
  registryTable: table,
  grantsTable: table,
  tenantHosts: fc.dictionary(host, fc.stringMatching(/^[a-z0-9-]{1,63}$/)),
  registryMaxAge: fc.integer({ min: 0, max: 300 }),
  statusAllowHosts: fc.array(
    fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([name, port]) => `${name}:${port}`),
  ),
  logLevel: fc.constantFrom('info', 'error', 'silent'),
} as const;

const name = fc.string({ minLength: 1 });
const object = fc.record({ bucket: name, key: name }, { noNullPrototype: true });
const tenantNames = fc.array(fc.stringMatching(/^[a-z0-9-]{1,63}$/));
const truststores = fc.array(
  fc.record(
    { domain: host, object, initial: object, tenants: tenantNames, except: tenantNames },
    { requiredKeys: ['domain', 'object'], noNullPrototype: true },
  ),
  { minLength: 1 },
);

const config: fc.Arbitrary<Config> = fc.oneof(
  fc.record(settings),
  fc.record({ ...settings, keyWrap }),
  fc.record({ ...settings, truststores }),
  fc.record({ ...settings, metricsNamespace: fc.stringMatching(/^[A-Za-z0-9_./#-]{1,255}$/) }),
) as never;

test('config: parseConfig(toEnvironment(c)) equals c', () => {
  fc.assert(
    fc.property(config, (c) =>
      assert.deepEqual({ ...parseConfig(toEnvironment(c)) }, { ...c, tenantHosts: { ...c.tenantHosts } }),
    ),
  );
});

test('config: every problem is reported at once, with the variable, its value and what is allowed', () => {
  const environment = {
    REGISTRY_TABLE: 'x',
    TENANT_HOSTS: '[]',
    REGISTRY_MAX_AGE: '301',
    STATUS_ALLOW_HOSTS: 'ocsp.example',
    LOG_LEVEL: 'debug',
    METRICS_NAMESPACE: 'a b',
  };
  assert.throws(
    () => parseConfig(environment),
    (error: Error) => {
      for (const part of [
        'REGISTRY_TABLE="x"',
        'GRANTS_TABLE=""',
        'TENANT_HOSTS="[]"',
        'REGISTRY_MAX_AGE="301"',
        'STATUS_ALLOW_HOSTS="ocsp.example"',
        'LOG_LEVEL="debug"',
        'info, error, silent',
      ]) {
        assert.ok(error.message.includes(part), `${part} in ${error.message}`);
      }
      return true;
    },
  );
});

for (const hosts of ['{', 'null', '{"a.example":1}', '{"A.example":"a"}', '{"a.example":"A"}', '{"a..example":"a"}']) {
  test(`config: TENANT_HOSTS=${hosts} is refused`, () => {
    assert.throws(
      () => parseConfig({ REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants', TENANT_HOSTS: hosts }),
      /TENANT_HOSTS/,
    );
  });
}

for (const wrap of [
  'local:',
  'local:abc',
  `local:${'A'.repeat(42)}B`,
  `local:${'A'.repeat(44)}`,
  'A'.repeat(43),
  'none',
  'kms:',
  `kms:${arn}`,
  `kms:${arn},${arn}`,
  `kms:${arn},${arn}5,${arn}6`,
  `kms:alias/x,${arn}`,
  `kms:${arn},arn:aws:kms:eu-central-1:111122223333:alias/x`,
  'kms-sign:eu-central-1',
  'kms-sign:eu-central-1,',
  'kms-sign:eu-central-1,a,b',
  'kms-sign:eu central,a',
]) {
  test(`config: KEY_WRAP=${wrap} is refused, and not repeated`, () => {
    assert.throws(
      () => parseConfig({ REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants', KEY_WRAP: wrap }),
      (error: Error) => /KEY_WRAP=…/.test(error.message) && !error.message.includes(wrap.slice(6) || '\u0000'),
    );
  });
}

for (const text of [
  'nonsense',
  '{}',
  '[null]',
  '[{}]',
  '[{"domain":"m.example"}]',
  '[{"domain":"M.example","object":{"bucket":"b","key":"k"}}]',
  '[{"domain":"m.example","object":{"bucket":"","key":"k"}}]',
  '[{"domain":"m.example","object":{"bucket":"b","key":"k"},"initial":{}}]',
  '[{"domain":"m.example","object":{"bucket":"b","key":"k"},"tenants":["A#B"]}]',
  '[{"domain":"m.example","object":{"bucket":"b","key":"k"},"tenants":"all"}]',
  '[{"domain":"m.example","object":{"bucket":"b","key":"k"},"except":"acme"}]',
]) {
  test(`config: TRUSTSTORES=${text} is refused`, () => {
    const environment = { REGISTRY_TABLE: 'registry', GRANTS_TABLE: 'grants', TRUSTSTORES: text };
    assert.throws(() => parseConfig(environment), /TRUSTSTORES=.*a JSON list of domain, object, initial, tenants/);
  });
}
