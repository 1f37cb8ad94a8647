/** What one function has found out, the others know: evidence and certificate rows, across processes (design §6). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memoryEvidenceStore } from '../../lib/adapters/memory/evidence-store.ts';
import { httpStatus } from '../e2e/hostile-responder.ts';
import type { Issued } from '../pki/issue.ts';
import { accessToken, inactive, statusServer } from './status-server.ts';

/** The token function and the introspection function: each has a memory of its own, both have one store. */
async function functions(t: TestContext) {
  const issuing = await statusServer(t);
  const introspecting = await statusServer(t, { beside: issuing });
  const leaf = issuing.client();
  const token = accessToken(await issuing.token(leaf));
  const { api } = issuing;
  return { issuing, introspecting, leaf, token, introspect: () => introspecting.introspect(token, api) };
}

test('design §6: a certificate that was just looked at by one function is not asked about by another', async (t) => {
  const { issuing, introspecting, leaf, introspect } = await functions(t);
  issuing.behave(leaf, () => httpStatus(500));
  assert.equal((await introspect()).json['active'], true);
  assert.equal((await introspecting.token(leaf)).status, 200);
  assert.deepEqual(introspecting.asked, []);
});

test('N10: a revocation that one function has seen is seen by all, be the responder silent afterwards', async (t) => {
  const { issuing, introspecting, leaf, introspect } = await functions(t);
  assert.equal((await introspect()).json['active'], true);
  issuing.say(leaf, { status: 'revoked', reason: 1 });
  issuing.pass(301);
  assert.equal((await issuing.token(leaf)).line.reason, 'certificate_revoked');
  issuing.behave(leaf, () => httpStatus(500));
  const { body, line } = await introspect();
  assert.deepEqual([body, line.reason], [inactive, 'certificate_revoked']);
  assert.deepEqual(introspecting.asked, []);
});

test('P13: a responder that one function found silent is left alone by the others', async (t) => {
  const { issuing, introspecting } = await functions(t);
  const fresh = issuing.client();
  issuing.behave(fresh, () => httpStatus(500));
  assert.equal((await issuing.token(fresh)).status, 503);
  issuing.pass(10);
  const { status, headers } = await introspecting.token(fresh);
  assert.deepEqual([status, headers['retry-after'], introspecting.asked.length], [503, '20', 0]);
});

test('N10: what a newer answer says is not taken back by a function that holds an older one', async (t) => {
  const { issuing, introspecting, leaf, token } = await functions(t);
  assert.equal((await introspecting.introspect(token, issuing.api)).json['active'], true);
  issuing.pass(301);
  issuing.say(leaf, { status: 'revoked', reason: 6 });
  assert.equal((await introspecting.introspect(token, issuing.api)).body, inactive);
  const { status, line } = await issuing.token(leaf);
  assert.deepEqual([status, line.reason], [401, 'certificate_on_hold']);
});

test('P18: «revoked» outlives the evidence: a new function reads it from the certificate row, days after, in soft-fail', async (t) => {
  const issuing = await statusServer(t, { tenants: { default: { mode: 'soft-fail' } } });
  const leaf = issuing.client();
  const token = accessToken(await issuing.token(leaf));
  issuing.say(leaf, { status: 'revoked', reason: 1 });
  issuing.pass(301);
  assert.equal((await issuing.introspect(token, issuing.api)).body, inactive);
  issuing.behave(leaf, () => httpStatus(500));
  issuing.pass(3 * 86_400);
  const stores = { ...issuing.stores, evidence: memoryEvidenceStore() };
  const reading = await statusServer(t, { beside: { ...issuing, stores } });
  const { status, line } = await reading.token(leaf);
  assert.deepEqual([status, line.reason, reading.asked], [401, 'certificate_revoked', []]);
});

/** A cache is no trust root: whoever can write rows of evidence can make nobody good. */
const forgeries: readonly (readonly [what: string, der: (server: Forged) => Uint8Array])[] = [
  ['an answer of an impostor', ({ issuing, leaf }) => issuing.answer(leaf, { signer: issuing.pki.impostor })],
  ['an answer about another certificate', ({ issuing }) => issuing.answer(issuing.client())],
  [
    'an answer that has expired',
    ({ issuing, leaf }) =>
      issuing.answer(leaf, {
        thisUpdate: new Date(issuing.clock.now.getTime() - 7_200_000),
        nextUpdate: new Date(issuing.clock.now.getTime() - 3_600_000),
      }),
  ],
  ['garbage', () => Buffer.from('good')],
];
type Forged = { readonly issuing: Awaited<ReturnType<typeof functions>>['issuing']; readonly leaf: Issued };

for (const [what, forge] of forgeries) {
  test(`pki §4: ${what} in the shared evidence is not believed`, async (t) => {
    const { issuing } = await functions(t);
    const leaf = issuing.client();
    issuing.behave(leaf, () => httpStatus(500));
    const keys: string[] = [];
    const { evidence } = issuing.stores;
    const der = forge({ issuing, leaf });
    const forged = {
      ...issuing.stores,
      evidence: {
        find: async (tenant: string, key: string) => {
          keys.push(key);
          return key.endsWith('.silent') ? evidence.find(tenant, key) : { der, fetchedAt: issuing.clock.now };
        },
        save: evidence.save,
      },
    };
    const reading = await statusServer(t, { beside: { ...issuing, stores: forged } });
    const { status, line } = await reading.token(leaf);
    assert.deepEqual([status, line.reason], [503, 'revocation_unavailable']);
    assert.ok(keys.length > 0, 'the evidence was looked at');
  });
}
