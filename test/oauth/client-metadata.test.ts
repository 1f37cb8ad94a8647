import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseClientMetadata } from '../../lib/oauth/client-metadata.ts';

const metadata = {
  client_id: 'payments',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=payments,O=Example,C=DE',
};

const without = (...members: string[]) =>
  Object.fromEntries(Object.entries(metadata).filter(([member]) => !members.includes(member)));

function refused(given: unknown, member: RegExp, problem = /./): void {
  const parsed = parseClientMetadata(given);
  assert.ok(!parsed.ok, 'accepted');
  assert.match(parsed.failure.member, member);
  assert.match(parsed.failure.problem, problem);
}

test('RFC 7591 §2: metadata with one subject is a client', () => {
  const parsed = parseClientMetadata({ ...metadata, scope: 'read write', contacts: ['ops@example.com'] });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value.scope, ['read', 'write']);
  assert.deepEqual(parsed.value.grant_types, ['client_credentials']);
  assert.ok(parsed.value.token_endpoint_auth_method === 'tls_client_auth');
  assert.equal(parsed.value.subject.kind, 'tls_client_auth_subject_dn');
});

test('RFC 9068: access_token_format is opaque unless it says jwt', () => {
  const formatOf = (given: object) => {
    const parsed = parseClientMetadata({ ...metadata, ...given });
    return parsed.ok ? parsed.value.access_token_format : undefined;
  };
  assert.deepEqual([formatOf({}), formatOf({ access_token_format: 'jwt' })], ['opaque', 'jwt']);
  for (const access_token_format of ['JWT', '', 'at+jwt', 1, null]) {
    refused({ ...metadata, access_token_format }, /^access_token_format$/);
  }
});

const subjects = {
  tls_client_auth_subject_dn: 'CN=a',
  tls_client_auth_san_dns: 'client.example.com',
  tls_client_auth_san_uri: 'https://client.example.com/a',
  tls_client_auth_san_ip: '2001:db8::1',
  tls_client_auth_san_email: 'ops@example.com',
};
const kinds = Object.entries(subjects);

for (const [kind, value] of kinds) {
  test(`RFC 8705 §2.1.2: ${kind} alone is a subject`, () => {
    const parsed = parseClientMetadata({ client_id: 'a', [kind]: value });
    assert.ok(parsed.ok && parsed.value.token_endpoint_auth_method === 'tls_client_auth');
    assert.deepEqual([parsed.value.subject.kind, parsed.value.subject.value], [kind, value]);
  });
  for (const [other, second] of kinds.filter(([name]) => name > kind)) {
    test(`RFC 8705 §2.1.2: ${kind} together with ${other} is refused (C19)`, () =>
      refused({ client_id: 'a', [kind]: value, [other]: second }, /tls_client_auth_/, /exactly one/));
  }
  for (const wrong of ['', 1, null, {}, [value], true]) {
    test(`RFC 8705 §2.1.2: ${kind} = ${JSON.stringify(wrong)} is refused`, () =>
      refused({ client_id: 'a', [kind]: wrong }, new RegExp(kind)));
  }
}

test('RFC 8705 §2.1.2: no subject at all is refused (C19)', () =>
  refused(without('tls_client_auth_subject_dn'), /tls_client_auth_/, /exactly one/));

for (const [kind, value] of [
  ['tls_client_auth_subject_dn', 'no name'],
  ['tls_client_auth_subject_dn', 'CN=a,'],
  ['tls_client_auth_subject_dn', '/C=DE/CN=a'],
  ['tls_client_auth_san_dns', 'a b'],
  ['tls_client_auth_san_uri', 'not a uri'],
  ['tls_client_auth_san_ip', '300.1.1.1'],
  ['tls_client_auth_san_ip', '10.0.0.0/8'],
  ['tls_client_auth_san_email', 'nobody'],
] as const) {
  test(`RFC 8705 §2.1.2: ${kind} = ${value} is refused by name`, () =>
    refused({ client_id: 'a', [kind]: value }, new RegExp(kind)));
}

for (const method of [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'TLS_CLIENT_AUTH',
  'constructor',
  '',
]) {
  test(`RFC 7591 §2: token_endpoint_auth_method ${JSON.stringify(method)} is refused`, () =>
    refused({ ...metadata, token_endpoint_auth_method: method }, /token_endpoint_auth_method/));
}

for (const id of [undefined, '', 1, 'a'.repeat(257), 'a\nb', 'ä', null]) {
  test(`RFC 6749 Appendix A.1: client_id ${JSON.stringify(id)?.slice(0, 20)} is refused`, () =>
    refused({ ...metadata, client_id: id }, /client_id/));
}

for (const [member, value] of [
  ['scope', 'a"b'],
  ['scope', ['read']],
  ['grant_types', 'client_credentials'],
  ['resources', ['/relative']],
  ['resources', ['https://api.example/#fragment']],
  ['resource_server_for', 'https://api.example'],
  ['access_token_lifetime', 0],
  ['access_token_lifetime', 1.5],
  ['access_token_lifetime', '60'],
  ['access_token_lifetime', 86_401],
  ['tls_client_certificate_bound_access_tokens', 'true'],
  ['disabled', 'no'],
] as const) {
  test(`RFC 7591 §3.2.2: ${member} = ${JSON.stringify(value)} is refused by name`, () =>
    refused({ ...metadata, [member]: value }, new RegExp(member)));
}

test('RFC 7591 §3.2.2: whatever is given, the verdict is a client or a named problem', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.record({ client_id: fc.string(), tls_client_auth_subject_dn: fc.string() })),
      (given) => {
        const parsed = parseClientMetadata(given);
        if (!parsed.ok) assert.ok(parsed.failure.member.length > 0 && parsed.failure.problem.length > 0);
      },
    ),
    { numRuns: 500 },
  );
});
