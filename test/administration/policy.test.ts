import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { entrySettings } from '../../lib/administration/entry-settings.ts';
import { changeEntryPolicy, changePolicy, showEntryPolicy, showPolicy } from '../../lib/administration/policy.ts';
import { tenantSettings } from '../../lib/administration/tenant-settings.ts';
import { addEntries } from '../../lib/administration/truststore.ts';
import type { SettingInput } from '../../lib/administration/value-form.ts';
import { defaultStatusPolicy } from '../../lib/status/policy.ts';
import { issueClient, issueIntermediate, issueRoot, toPem } from '../pki/issue.ts';
import { accepted, operator, refusals, registry, type TestRegistry } from './registry.ts';

const root = issueRoot();
const intermediate = issueIntermediate(root);
const leaf = issueClient(intermediate);
const pem = (der: Uint8Array) => Buffer.from(toPem(der));

let stores: TestRegistry;
before(async () => {
  stores = await registry();
  for (const tenant of ['default', 'other']) {
    const file = Buffer.concat([pem(root.der), pem(intermediate.der)]);
    accepted(await addEntries(tenant, { file }, operator, stores));
  }
});

const values = (members: Readonly<Record<string, SettingInput | undefined>>) => new Map(Object.entries(members));
const set = (members: Readonly<Record<string, SettingInput | undefined>>, tenant = 'default') =>
  changePolicy(tenant, values(members), operator, stores);
const setEntry = (
  members: Readonly<Record<string, SettingInput | undefined>>,
  entry: string = root.certificate.thumbprint,
  tenant = 'default',
) => changeEntryPolicy(tenant, entry, values(members), operator, stores);

const tenantRow = async (name = 'default') => {
  const row = await stores.tenants.find(name);
  assert.ok(row);
  return row;
};
const entryRow = async (der: Uint8Array) =>
  (await stores.truststore.entries('default')).find(({ certificate }) => Buffer.compare(certificate, der) === 0);

/** Values that each setting of a tenant takes, with the member of the row that holds them. */
const tenantValues: Readonly<Record<string, readonly [text: string, read: string, value: unknown][]>> = {
  mode: [
    ['off', 'mode', 'off'],
    ['soft-fail', 'mode', 'soft-fail'],
  ],
  order: [['crl', 'order', 'crl']],
  depth: [['leaf', 'depth', 'leaf']],
  max_status_age: [
    ['0', 'maxStatusAge', 0],
    ['86400', 'maxStatusAge', 86_400],
  ],
  nonce: [['require', 'nonce', 'require']],
  cert_id_hash: [['sha256', 'certIdHash', 'sha256']],
  ocsp_method: [['get', 'ocspMethod', 'get']],
  short_lived: [['864000', 'shortLived', 864_000]],
  negative_age: [['1', 'negativeAge', 1]],
  hosts: [
    [
      'OCSP.example, crl.example:8080,[2001:db8::1]:80',
      'hosts',
      ['ocsp.example', 'crl.example:8080', '[2001:db8::1]:80'],
    ],
  ],
  certificate_bound_access_tokens: [['client', 'certificate_bound_access_tokens', 'client']],
  self_signed_path: [['require', 'self_signed_path', 'require']],
  legacy_audiences: [['true', 'legacy_audiences', true]],
  show_reasons: [['true', 'show_reasons', true]],
  grant_type_aliases: [
    [
      'urn:hid:oauth:grant-type:client-secret-pki',
      'grant_type_aliases',
      ['urn:hid:oauth:grant-type:client-secret-pki'],
    ],
  ],
  access_token_signing_alg: [['EdDSA', 'access_token_signing_alg', 'EdDSA']],
  signed_introspection: [['true', 'signed_introspection', true]],
  assurance: [
    ['tls_client_auth=2,private_key_jwt=urn:a:1', 'assurance', { tls_client_auth: '2', private_key_jwt: 'urn:a:1' }],
  ],
  access_token_lifetime: [['60', 'access_token_lifetime', 60]],
  default_resource: [['urn:api:1', 'default_resource', 'urn:api:1']],
  scopes_supported: [['read write,read', 'scopes_supported', ['read', 'write']]],
};

test('certbound policy: every setting of a tenant has a value here', () => {
  assert.deepEqual(Object.keys(tenantValues).toSorted(), tenantSettings.map(({ name }) => name).toSorted());
});

for (const [name, cases] of Object.entries(tenantValues)) {
  test(`certbound policy: ${name} is set, shown as the tenant's, and unset to its default`, async () => {
    const before = await tenantRow();
    for (const [text, member, value] of cases) {
      const told = accepted(await set({ [name]: text }));
      assert.equal(told.changes.length, 1);
      const row: Readonly<Record<string, unknown>> = { ...(await tenantRow()), ...(await tenantRow()).status_policy };
      assert.deepEqual(row[member], value);
      const shown = accepted(await showPolicy('default', stores)).settings.find((each) => each.name === name);
      assert.equal(shown?.source, 'tenant');
      assert.equal(shown?.text, told.changes[0]?.to);
      assert.deepEqual(accepted(await set({ [name]: shown?.text })).changes, [], 'what is shown can be set');
    }
    accepted(await set({ [name]: undefined }));
    assert.deepEqual(await tenantRow(), before);
    const shown = accepted(await showPolicy('default', stores)).settings.find((each) => each.name === name);
    assert.equal(shown?.source, 'default');
  });
}

const hostile = [
  '',
  ' ',
  'null',
  'undefined',
  '-1',
  '1e3',
  '0x10',
  '1.5',
  '٣',
  '__proto__',
  'constructor',
  'Hard-Fail',
  'off\n',
  '99999999999',
  '\u0000',
  'a'.repeat(100_000),
];

/** What else each setting must not take. */
const wrongTenantValues: Readonly<Record<string, readonly string[]>> = {
  max_status_age: ['86401', '010'],
  short_lived: ['0', '864001'],
  negative_age: ['0', '3601'],
  hosts: [
    'any,a.example',
    'https://ocsp.example',
    'ocsp.example:0',
    'ocsp.example:65536',
    'a..b',
    '*.example',
    'a,,b',
    'a/b',
    'user@a',
    '-a',
    Array.from({ length: 101 }, (_, index) => `h${index}`).join(),
  ],
  grant_type_aliases: ['client_credentials', 'password', 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'none,urn:a:b'],
  assurance: [
    'tls_client_auth',
    'tls_client_auth=',
    'password=2',
    'tls_client_auth=1,tls_client_auth=2',
    'tls_client_auth="2"',
    'tls_client_auth=a=b',
    'constructor=1',
  ],
  access_token_lifetime: ['0', '86401'],
  default_resource: ['relative', 'https://a.example#f', 'https://a b'],
  scopes_supported: ['a"b', 'a\\b', ',', 'é'],
  cert_id_hash: ['md5', 'sha512'],
  access_token_signing_alg: ['none', 'HS256', 'RS256'],
};

/** Scope values are nearly any word. */
const allowedOfHostile: Readonly<Record<string, readonly string[]>> = {
  scopes_supported: [
    'null',
    'undefined',
    '-1',
    '1e3',
    '0x10',
    '1.5',
    '__proto__',
    'constructor',
    'Hard-Fail',
    '99999999999',
    'off\n',
    'a'.repeat(100_000),
  ],
  hosts: ['null', 'undefined', '1e3', '0x10', '1.5', 'constructor', 'hard-fail', 'Hard-Fail', '99999999999', 'off\n'],
};

test('certbound policy: a wrong value is refused with its setting and changes nothing, also beside right ones', async () => {
  const before = await tenantRow();
  const trail = stores.trail.length;
  for (const { name } of tenantSettings) {
    const wrong = [
      ...hostile.filter((text) => !allowedOfHostile[name]?.includes(text)),
      ...(wrongTenantValues[name] ?? []),
    ];
    for (const text of wrong) {
      const told = refusals(await set({ depth: 'leaf', [name]: text }), `${name}=${text.slice(0, 40)}`);
      assert.equal(told.length, 1, `${name}=${text.slice(0, 40)}`);
      assert.ok(told[0]?.startsWith(name), told[0]);
      assert.match(told[0] ?? '', /must be/);
      assert.ok((told[0] ?? '').length < 600, 'a long value is cut');
    }
    assert.match(refusals(await set({ [name]: Uint8Array.of(1) }))[0] ?? '', /must be/);
  }
  assert.deepEqual(await tenantRow(), before);
  assert.equal(stores.trail.length, trail);
});

test('certbound policy: all problems are told at once', async () => {
  const told = refusals(await set({ mode: 'maybe', depth: 'deep', nosuch: '1' }));
  assert.equal(told.length, 3);
  assert.match(told[0] ?? '', /^mode "maybe": must be hard-fail \| soft-fail \| off/);
  assert.match(told[2] ?? '', /^setting "nosuch": there is no such setting/);
});

for (const name of ['__proto__', 'constructor', 'toString', 'overrides', 'status_policy', 'issuer', 'name', '']) {
  test(`certbound policy: ${JSON.stringify(name)} is no setting of tenants or entries`, async () => {
    assert.match(
      refusals(await changePolicy('default', new Map([[name, 'x']]), operator, stores))[0] ?? '',
      /no such setting/,
    );
    const entry = await changeEntryPolicy(
      'default',
      root.certificate.thumbprint,
      new Map([[name, 'x']]),
      operator,
      stores,
    );
    assert.match(refusals(entry)[0] ?? '', /no such setting/);
  });
}

test('certbound policy: nothing named is refused', async () => {
  assert.match(refusals(await set({}))[0] ?? '', /no setting is named/);
});

for (const tenant of ['', 'nobody', 'Default', '../default', '__proto__', 'x'.repeat(64), 'default\n']) {
  test(`design §5: tenant ${JSON.stringify(tenant.slice(0, 20))} is refused everywhere in policies`, async () => {
    const all = [
      await showPolicy(tenant, stores),
      await set({ mode: 'off' }, tenant),
      await showEntryPolicy(tenant, root.certificate.thumbprint, stores),
      await setEntry({ mode: 'off' }, root.certificate.thumbprint, tenant),
    ];
    for (const result of all) assert.match(refusals(result)[0] ?? '', /^tenant .*is not registered/);
  });
}

test('design §5: what one tenant sets, another does not have', async () => {
  accepted(await set({ mode: 'off' }, 'other'));
  accepted(await setEntry({ revocation: 'none' }, root.certificate.thumbprint, 'other'));
  assert.equal((await tenantRow()).status_policy.mode, 'hard-fail');
  assert.equal((await entryRow(root.der))?.status, undefined);
  accepted(await set({ mode: undefined }, 'other'));
});

test('certbound policy: a change is written down with who, what, from and to; one that changes nothing is not', async () => {
  const before = stores.trail.length;
  accepted(await set({ mode: 'soft-fail', depth: 'chain' }));
  assert.deepEqual(stores.trail.slice(before), [
    {
      tenant: 'default',
      at: operator.at.getTime() / 1000,
      actor: 'alice',
      action: 'policy.set',
      subject: 'tenant default',
      detail: 'mode hard-fail → soft-fail',
    },
  ]);
  accepted(await set({ mode: 'soft-fail' }));
  assert.equal(stores.trail.length, before + 1);
  accepted(await set({ mode: undefined }));
});

test('certbound policy: what cannot be written down is not changed', async () => {
  const audit = { change: async () => Promise.reject(new Error('no trail')) };
  await assert.rejects(changePolicy('default', values({ mode: 'off' }), operator, { ...stores, audit }), /no trail/);
  assert.equal((await tenantRow()).status_policy.mode, 'hard-fail');
});

test('certbound policy: dangerous values are taken and come with a caution, the defaults with none', async () => {
  for (const [name, text] of [
    ['mode', 'off'],
    ['mode', 'soft-fail'],
    ['depth', 'leaf'],
    ['show_reasons', 'true'],
    ['legacy_audiences', 'true'],
    ['certificate_bound_access_tokens', 'off'],
  ] as const) {
    assert.match(accepted(await set({ [name]: text })).cautions[0] ?? 'none', new RegExp(`^${name}: `));
    assert.deepEqual(accepted(await set({ [name]: undefined })).cautions, []);
  }
});

const responder = issueClient(root, { subject: 'CN=responder' });

const entryValues: Readonly<Record<string, readonly [SettingInput, unknown]>> = {
  mode: ['soft-fail', { status: { mode: 'soft-fail' } }],
  order: ['crl-ocsp', { status: { order: 'crl-ocsp' } }],
  depth: ['leaf', { status: { depth: 'leaf' } }],
  max_status_age: ['7', { status: { maxStatusAge: 7 } }],
  nonce: ['prefer', { status: { nonce: 'prefer' } }],
  cert_id_hash: ['sha256', { status: { certIdHash: 'sha256' } }],
  ocsp_method: ['get', { status: { ocspMethod: 'get' } }],
  short_lived: ['3600', { status: { shortLived: 3600 } }],
  negative_age: ['60', { status: { negativeAge: 60 } }],
  responder_url: ['http://ocsp.example/x?y', { status: { responderUrl: 'http://ocsp.example/x?y' } }],
  responder_certificate: [pem(responder.der), { status: { responderCertificate: responder.der } }],
  crl_url: ['https://crl.example:8443/a.crl', { status: { crlUrl: 'https://crl.example:8443/a.crl' } }],
  revocation: ['none', { status: { revocation: 'none' } }],
  extended_key_usage: ['required', { policy: { extendedKeyUsage: 'required' } }],
  constraints: ['ignore', { policy: { constraints: 'ignore' } }],
};

test('certbound policy: every setting of an entry has a value here', () => {
  assert.deepEqual(
    [...Object.keys(entryValues), 'partial_chain'].toSorted(),
    entrySettings.map(({ name }) => name).toSorted(),
  );
});

for (const [name, [input, members]] of Object.entries(entryValues)) {
  test(`certbound policy: ${name} of an entry is set, shown as the entry's, and unset without a trace`, async () => {
    const told = accepted(await setEntry({ [name]: input }));
    assert.equal(told.changes.length, 1);
    assert.deepEqual(await entryRow(root.der), { type: 'anchor', certificate: root.der, ...(members as object) });
    const shown = accepted(await showEntryPolicy('default', root.certificate.thumbprint, stores)).settings;
    assert.equal(shown.find((each) => each.name === name)?.source, 'entry');
    const listed = accepted(await showPolicy('default', stores)).entries;
    assert.deepEqual(
      listed.map(({ settings }) => settings.map((each) => each.name)),
      [[name]],
    );
    accepted(await setEntry({ [name]: undefined }));
    assert.deepEqual(await entryRow(root.der), { type: 'anchor', certificate: root.der });
  });
}

test('certbound policy: an entry that says the default of the tenant says it for itself', async () => {
  accepted(await setEntry({ mode: 'hard-fail' }));
  accepted(await set({ mode: 'off' }));
  const shown = accepted(await showEntryPolicy('default', root.certificate.thumbprint, stores)).settings;
  assert.deepEqual(
    shown.find(({ name }) => name === 'mode'),
    { name: 'mode', text: 'hard-fail', value: 'hard-fail', source: 'entry' },
  );
  accepted(await setEntry({ mode: undefined }));
  const inherited = accepted(await showEntryPolicy('default', root.certificate.thumbprint, stores)).settings;
  assert.deepEqual(
    inherited.find(({ name }) => name === 'mode'),
    { name: 'mode', text: 'off', value: 'off', source: 'tenant' },
  );
  accepted(await set({ mode: undefined }));
});

const wrongEntryValues: Readonly<Record<string, readonly SettingInput[]>> = {
  responder_url: [
    'ldap://ocsp.example',
    'file:///etc/passwd',
    'http://user@ocsp.example',
    'http://u:p@ocsp.example',
    'http://',
    'ocsp.example',
    'http://ocsp.example#a',
    'http://a b',
    'http:\\\\a',
    `http://a/${'x'.repeat(2_000)}`,
  ],
  crl_url: ['ldaps://crl.example', 'javascript:alert(1)', 'http://@'],
  responder_certificate: [
    Buffer.alloc(0),
    'text',
    Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'),
    Buffer.concat([pem(root.der), pem(responder.der)]),
    root.der.subarray(0, 100),
    Buffer.alloc(5 * 1024 * 1024),
  ],
  revocation: ['off'],
  extended_key_usage: ['any'],
  constraints: ['maybe'],
};

test('certbound policy: a wrong value of an entry is refused with its setting and changes nothing', async () => {
  const trail = stores.trail.length;
  for (const { name } of entrySettings) {
    for (const input of [...hostile, ...(wrongEntryValues[name] ?? [])]) {
      const told = refusals(await setEntry({ [name]: input }));
      assert.ok(told[0]?.startsWith(name), told[0]);
    }
  }
  assert.deepEqual(await entryRow(root.der), { type: 'anchor', certificate: root.der });
  assert.equal(stores.trail.length, trail);
});

test('certbound policy: hosts are of the tenant, addresses of the entry', async () => {
  assert.match(refusals(await setEntry({ hosts: 'a.example' }))[0] ?? '', /no such setting/);
  assert.match(refusals(await set({ crl_url: 'http://a.example' }))[0] ?? '', /need --entry/);
});

for (const [what, entry] of [
  ['no thumbprint', 'abc'],
  ['nothing', ''],
  ['a SHA-1 fingerprint', 'aa'.repeat(20)],
  ['the thumbprint of a certificate that is not there', leaf.certificate.thumbprint],
  ['another spelling of a thumbprint', `${'A'.repeat(42)}B`],
] as const) {
  test(`certbound policy: ${what} is no entry`, async () => {
    for (const result of [await setEntry({ mode: 'off' }, entry), await showEntryPolicy('default', entry, stores)]) {
      assert.match(refusals(result)[0] ?? '', /^entry .*truststore list/);
    }
  });
}

test('certbound policy: an entry is named in hexadecimal with and without colons as well', async () => {
  const hex = Buffer.from(root.certificate.thumbprint, 'base64url').toString('hex');
  const colons = hex.toUpperCase().replace(/..(?!$)/g, '$&:');
  for (const text of [hex, colons, `SHA256 Fingerprint=${colons}`]) {
    assert.equal(accepted(await showEntryPolicy('default', text, stores)).thumbprint, root.certificate.thumbprint);
  }
});

test('pki §3: partial_chain is for intermediates, constraints for where paths end', async () => {
  const id = intermediate.certificate.thumbprint;
  assert.match(refusals(await setEntry({ partial_chain: 'true' }))[0] ?? '', /^partial_chain: the entry is an anchor/);
  assert.match(refusals(await setEntry({ constraints: 'ignore' }, id))[0] ?? '', /^constraints: only an anchor/);
  accepted(await setEntry({ partial_chain: 'true', constraints: 'ignore' }, id));
  assert.deepEqual((await entryRow(intermediate.der))?.policy, { partialChain: true, constraints: 'ignore' });
  accepted(await setEntry({ partial_chain: undefined, constraints: undefined }, id));
  assert.equal((await entryRow(intermediate.der))?.policy, undefined);
});

test('design §6: a client certificate in the truststore has no policy', async () => {
  const self = issueRoot({ subject: 'CN=self', extensions: [] });
  await stores.truststore.add('default', { type: 'client', certificate: self.der });
  assert.match(refusals(await setEntry({ mode: 'off' }, self.certificate.thumbprint))[0] ?? '', /client certificate/);
  await stores.truststore.remove('default', self.certificate.thumbprint);
});

test('certbound policy: whatever text is set, the row stays a policy or nothing changes', async () => {
  const names = tenantSettings.map(({ name }) => name);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.oneof(fc.string(), fc.string({ unit: 'binary' })),
      async (name, text) => {
        const result = await set({ [name]: text });
        const shown = accepted(await showPolicy('default', stores)).settings.find((each) => each.name === name);
        if (result.ok) assert.equal(accepted(await set({ [name]: shown?.text })).changes.length, 0);
        else assert.equal(shown?.source, 'default');
        accepted(await set({ [name]: undefined }));
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual((await tenantRow()).status_policy, defaultStatusPolicy);
});
