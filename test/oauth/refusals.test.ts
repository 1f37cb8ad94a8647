import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { boundedMemory } from '../../lib/adapters/memory/memory.ts';
import type { MemoryAuditStore } from '../../lib/adapters/memory/operator-stores.ts';
import type { KeyedCertificate } from '../../lib/local/certificate-authority.ts';
import type { RequestRecord } from '../../lib/oauth/audit.ts';
import { invalidClient } from '../../lib/oauth/error.ts';
import type { TenantSnapshot } from '../../lib/oauth/ports.ts';
import { keepRefusal } from '../../lib/oauth/refusals.ts';
import { thumbprint } from '../../lib/pki/certificate/thumbprint.ts';
import { type AuthorizationServer, authorizationServer } from './authorization-server.ts';

let server: AuthorizationServer;
let stranger: KeyedCertificate;

beforeEach(async () => {
  server = await authorizationServer();
  await server.register({ client_id: 'client', tls_client_auth_subject_dn: 'CN=client' });
  stranger = await server.issue({ subject: 'CN=stranger' });
});

const kept = () => (server.stores.audit as MemoryAuditStore).refusals('default');
const writes = () => server.calls.filter((call) => call === 'audit.refusal').length;

test('design §6: a refusal with a certificate is kept: who, when, why, which certificate', async () => {
  await server.token(stranger);
  assert.deepEqual(
    kept().map(({ detail, ...row }) => [row, typeof detail]),
    [
      [
        {
          at: server.clock.now.getTime() / 1000,
          client_id: 'client',
          reason: 'subject_mismatch',
          thumbprint: thumbprint(stranger.der),
        },
        'string',
      ],
    ],
  );
});

test('design §6: at most one a (tenant, client, reason, minute), and the store is not asked again', async () => {
  for (let i = 0; i < 10; i++) await server.token(stranger);
  assert.deepEqual([kept().length, writes()], [1, 1]);
  server.pass(60);
  await server.token(stranger);
  assert.deepEqual([kept().length, writes()], [2, 2]);
});

test('design §6: nobody fills the table by making up clients, and none is told by who is written', async () => {
  for (let i = 0; i < 50; i++) await server.token(stranger, { client_id: `made-up-${i}` });
  assert.deepEqual(
    kept().map(({ client_id, reason }) => [client_id, reason]),
    [['', 'client_unknown']],
  );
  assert.equal(writes(), 50, 'one write each, as for a client that is registered');
});

test('design §6: what anybody can send, without a certificate, is logged only', async () => {
  const answer = await server.post('/token', { grant_type: 'client_credentials', client_id: 'client' });
  assert.deepEqual([answer.status, answer.line?.reason], [401, 'no_certificate']);
  assert.deepEqual([kept(), writes()], [[], 0]);
});

test('design §6: a success keeps nothing, nor does a mistake that has no reason', async () => {
  const leaf = await server.issue({ subject: 'CN=client' });
  assert.equal((await server.token(leaf)).status, 200);
  assert.equal((await server.token(leaf, { grant_type: 'password' })).status, 400);
  assert.equal((await server.token(leaf, { scope: 'none' })).status, 400);
  assert.deepEqual([kept(), writes()], [[], 0]);
});

test('design §6: a store that fails changes no answer, and the log says so', async () => {
  const record: RequestRecord = { client_id: 'client', thumbprint: 'x' };
  const snapshot = { tenant: { name: 'default' }, clients: boundedMemory(1) } as unknown as TenantSnapshot;
  const failing = keepRefusal({ refusal: async () => Promise.reject(new Error('no answer')) }, boundedMemory(1));
  await failing(invalidClient('client_unknown', 'x'.repeat(5000)), { record, snapshot, at: new Date(0) });
  assert.equal(record.refusal_not_kept, true);
});

test('RFC 6749 §5.2 (S24): what is kept changes nothing in the answer', async () => {
  const first = await server.token(stranger);
  const second = await server.token(stranger);
  assert.deepEqual([second.status, second.headers, second.body], [first.status, first.headers, first.body]);
});

test('RFC 6749 §10: a kept refusal has no token, secret or certificate in it', async () => {
  await server.token(stranger, { scope: 'secret-scope' });
  const text = JSON.stringify(kept());
  assert.ok(!text.includes('secret-scope') && !text.includes('BEGIN'));
});
