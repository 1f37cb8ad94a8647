import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessTokenRecord } from '../../lib/oauth/access-token.ts';
import { bindingVerdict, checkSufficiency } from '../../lib/oauth/binding-verdict.ts';
import type { IntrospectionRequest } from '../../lib/oauth/introspection-request.ts';
import type { TenantSnapshot } from '../../lib/oauth/ports.ts';
import type { Thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { accessTokenRecord } from '../contracts/fixtures.ts';

const own = 'A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0' as Thumbprint;
const other = 'OID_Sc2yReTDx9QS7f1SMUzNxsh7khJYmaIwqXw8Yuw' as Thumbprint;
const bound = accessTokenRecord({ cnf: { 'x5t#S256': own }, scope: 'read', aud: ['https://api.example'] });
const { cnf: _none, ...unbound } = bound;
const asked = (changes: Partial<IntrospectionRequest> = {}): IntrospectionRequest => ({
  token: 't',
  scope: [],
  resources: [],
  binding: true,
  ...changes,
});
const snapshot = { verdicts: { get: () => undefined } } as unknown as TenantSnapshot;

const cases: readonly (readonly [
  string,
  AccessTokenRecord,
  Partial<IntrospectionRequest>,
  string | undefined,
  string,
])[] = [
  ['RFC 8705 §3: its certificate', bound, { presented: own }, undefined, 'match'],
  ['RFC 8705 §3: another certificate', bound, { presented: other }, 'certificate_mismatch', 'mismatch'],
  ['RFC 8705 §3: none shown', bound, {}, undefined, 'bound'],
  [
    'RFC 8705 §3: a certificate for a token that is bound to none',
    unbound,
    { presented: own },
    'token_not_bound',
    'unbound',
  ],
  ['RFC 6750 §1: a token that is bound to none, and none shown', unbound, {}, undefined, 'unbound'],
  ['RFC 6750 §3.1: a scope it has', bound, { scope: ['read'] }, undefined, 'bound'],
  ['RFC 6750 §3.1: a scope it lacks', bound, { presented: own, scope: ['write'] }, 'scope_insufficient', 'refused'],
  ['RFC 8707 §2: a resource it is not for', unbound, { resources: ['urn:a'] }, 'audience_not_allowed', 'refused'],
  [
    'RFC 8705 §3: a mismatch comes before a scope',
    bound,
    { presented: other, scope: ['write'] },
    'certificate_mismatch',
    'mismatch',
  ],
];

for (const [name, token, changes, reason, verdict] of cases) {
  test(`${name}: ${verdict}`, () => {
    const result = checkSufficiency(token, asked(changes));
    assert.equal(result.ok ? undefined : result.failure, reason);
    const told = bindingVerdict(token, result.ok ? undefined : result.failure, asked(changes), snapshot);
    assert.deepEqual(told, { verdict, ...(reason !== undefined && { reason }) });
  });
}

test('RFC 8705 §3: a bound token of whose certificate nothing is known is refused, not called unbound', () => {
  assert.equal(bindingVerdict(bound, 'token_not_bound', asked(), snapshot).verdict, 'refused');
});
