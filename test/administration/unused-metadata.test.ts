import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unusedMembers } from '../../lib/administration/unused-metadata.ts';
import { parseClientMetadata } from '../../lib/oauth/client-metadata.ts';

const methods: readonly (readonly [string, object])[] = [
  ['tls_client_auth', { tls_client_auth_subject_dn: 'CN=a' }],
  ['self_signed_tls_client_auth', { jwks_uri: 'https://a.example/jwks' }],
  ['private_key_jwt', { jwks_uri: 'https://a.example/jwks' }],
  ['none', {}],
];

test('RFC 7591 §2: every member that is read is one that something is done with', () => {
  const read = new Set<string>();
  for (const [token_endpoint_auth_method, own] of methods) {
    const metadata = new Proxy(
      { client_id: 'a', token_endpoint_auth_method, ...own },
      {
        get(target, member) {
          if (typeof member === 'string') read.add(member);
          return Reflect.get(target, member);
        },
      },
    );
    assert.ok(parseClientMetadata(metadata).ok, token_endpoint_auth_method);
  }
  assert.ok(read.size > 15);
  assert.deepEqual(unusedMembers({ client_id: 'a', ...Object.fromEntries([...read].map((each) => [each, 'x'])) }), []);
});

test('RFC 7591 §2: what describes a client to people is nothing to be told of, in any language', () => {
  const metadata = { client_id: 'a', contacts: [], 'client_name#ja-Jpan-JP': 'x', logo_uri: 'https://a.example/logo' };
  assert.deepEqual(unusedMembers(metadata), []);
});

for (const [member, what] of [
  ['scpoe', 'a misspelt member'],
  ['tls_client_auth_ca_pin', 'a restriction that there is not'],
  ['client_secret', 'a secret that nothing would be proven by'],
  ['__proto__', 'a member that an object has already'],
] as const) {
  test(`RFC 7591 §2: ${what} is ignored, and the operator is told`, () => {
    const metadata = JSON.parse(`{"client_id":"a","${member}":"x"}`);
    assert.deepEqual(unusedMembers(metadata), [`a: nothing is done with ${member}; is it misspelt?`]);
  });
}
