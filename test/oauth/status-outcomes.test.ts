/** The table of status outcomes (protocol §4.2), row by row, at issue and at introspection, with the reason in the record. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { httpStatus, silence } from '../e2e/hostile-responder.ts';
import { type HostileAnswer, ocspAnswer, type Scene } from '../e2e/hostile-responder-answers.ts';
import type { Issued } from '../pki/issue.ts';
import { type Answered, accessToken, inactive, type StatusServer, statusServer } from './status-server.ts';

const modes = ['hard-fail', 'soft-fail'] as const;
const minute = 60;

const both = (t: TestContext, fetch = {}) =>
  statusServer(t, { tenants: { 'hard-fail': { mode: 'hard-fail' }, 'soft-fail': { mode: 'soft-fail' } }, fetch });

function assertRefused({ status, json, line, headers }: Answered, reason: string): void {
  assert.deepEqual([status, json['error'], line.reason], [401, 'invalid_client', reason]);
  assert.equal(headers['retry-after'], undefined);
  assert.ok(line.certificate_status, 'the statuses are in the record');
}

function assertInactive({ status, body, line }: Answered, reason: string): void {
  assert.deepEqual([status, body, line.active, line.reason], [200, inactive, false, reason]);
}

function assertRetry({ status, json, line, headers }: Answered, reason: string, seconds: number): void {
  assert.deepEqual([status, json['error'], line.reason], [503, 'temporarily_unavailable', reason]);
  assert.equal(headers['retry-after'], String(seconds));
}

/** A token on an answer that has no nextUpdate and has almost had its 24 hours, so that the token outlives it. */
async function tokenOnLastMinutes(server: StatusServer, leaf: Issued, tenant: string): Promise<string> {
  const yesterday = new Date(server.clock.now.getTime() - (24 * 60 - 10) * minute * 1_000);
  server.say(leaf, { thisUpdate: yesterday, nextUpdate: null });
  return accessToken(await server.token(leaf, {}, tenant));
}

for (const mode of modes) {
  for (const [word, said, reason] of [
    ['revoked', { status: 'revoked', reason: 1 }, 'certificate_revoked'],
    ['on hold', { status: 'revoked', reason: 6 }, 'certificate_on_hold'],
    ['unknown', { status: 'unknown' }, 'status_unknown'],
  ] as const) {
    test(`P12: ${word}: 401 ${reason} at issue, inactive at introspection (${mode})`, async (t) => {
      const server = await both(t);
      const leaf = server.client();
      const token = accessToken(await server.token(leaf, {}, mode));
      server.say(leaf, said);
      server.pass(301);
      assertInactive(await server.introspect(token, server.api, {}, mode), reason);
      assertRefused(await server.token(leaf, {}, mode), reason);
      const fresh = server.client();
      server.say(fresh, said);
      assertRefused(await server.token(fresh, {}, mode), reason);
    });
  }

  for (const [word, said] of [
    ['revoked', { status: 'revoked', reason: 2 }],
    ['on hold', { status: 'revoked', reason: 6 }],
  ] as const) {
    test(`P17: an intermediate that is ${word}: 401 issuer_revoked at issue, inactive at introspection (${mode})`, async (t) => {
      const server = await both(t);
      const ca = server.intermediate();
      await server.stores.truststore.add(mode, { type: 'intermediate', certificate: ca.der });
      const leaf = server.client({ issuer: ca });
      const token = accessToken(await server.token(leaf, {}, mode));
      assert.equal((await server.introspect(token, server.api, {}, mode)).json['active'], true);
      server.say(ca, said);
      server.pass(301);
      assertInactive(await server.introspect(token, server.api, {}, mode), 'issuer_revoked');
      assertRefused(await server.token(leaf, {}, mode), 'issuer_revoked');
      assertRefused(await server.token(server.client({ issuer: ca }), {}, mode), 'issuer_revoked');
    });
  }

  test(`protocol §4.2: no source at all: 401 no_status_source at issue, inactive at introspection (${mode})`, async (t) => {
    const server = await both(t);
    const leaf = server.pki.client('CN=client', {});
    assertRefused(await server.token(leaf, {}, mode), 'no_status_source');
    await server.setPolicy({ mode: 'off' }, mode);
    const token = accessToken(await server.token(leaf, {}, mode));
    assert.equal((await server.introspect(token, server.api, {}, mode)).json['active'], true);
    await server.setPolicy({ mode }, mode);
    assertInactive(await server.introspect(token, server.api, {}, mode), 'no_status_source');
    assert.deepEqual(server.asked, []);
  });

  test(`P12, N11: a bad signature and no good answer: 503 at issue, inactive at introspection (${mode})`, async (t) => {
    const server = await both(t);
    const leaf = server.client();
    const token = await tokenOnLastMinutes(server, leaf, mode);
    server.say(leaf, { signer: server.pki.impostor });
    server.pass(11 * minute);
    assertInactive(await server.introspect(token, server.api, {}, mode), 'status_untrusted');
    const fresh = server.client();
    server.say(fresh, { signer: server.pki.impostor });
    assertRetry(await server.token(fresh, {}, mode), 'status_untrusted', 30);
    server.pass(20);
    assertRetry(await server.token(fresh, {}, mode), 'status_untrusted', 10);
  });

  test(`N11: good, older than maxStatusAge, the responder silent, inside nextUpdate: accepted and active, flagged stale (${mode})`, async (t) => {
    const server = await both(t);
    const leaf = server.client();
    const token = accessToken(await server.token(leaf, {}, mode));
    server.behave(leaf, () => httpStatus(500));
    server.pass(301);
    const introspected = await server.introspect(token, server.api, { binding: '1' }, mode);
    assert.equal(introspected.json['active'], true);
    assert.deepEqual(introspected.json['binding'], {
      verdict: 'bound',
      status: 'good',
      as_of: (server.clock.now.getTime() - 301_000) / 1_000,
      stale: true,
    });
    const issued = await server.token(leaf, {}, mode);
    assert.equal(issued.status, 200);
    for (const { line } of [introspected, issued]) {
      assert.deepEqual(
        line.certificate_status?.map(({ status, stale, softFailed }) => [status, stale, softFailed]),
        [['good', true, false]],
      );
    }
    // RFC 6960 §2.4: nextUpdate, and five minutes of skew, end the token.
    assert.equal(issued.json['expires_in'], 3_600 + 300 - 301);
  });
}

const daysBefore = ({ now }: Scene, days: number) => new Date(now.getTime() - days * 86_400_000);

const silent = () => silence;

const silences: readonly (readonly [string, HostileAnswer['reply']])[] = [
  ['500', () => httpStatus(500)],
  ['silent', silent],
  ['garbage', () => Buffer.from('busy')],
  [
    'an answer that has expired',
    (scene) => ocspAnswer(scene, { thisUpdate: daysBefore(scene, 2), nextUpdate: daysBefore(scene, 1) }),
  ],
];

for (const [what, reply] of silences) {
  test(`P13: hard-fail: every source ${what}, no answer inside its nextUpdate: 503 with the rest of the negative cache, inactive`, async (t) => {
    const server = await both(t);
    const leaf = server.client();
    const token = await tokenOnLastMinutes(server, leaf, 'hard-fail');
    server.behave(leaf, reply);
    server.patience.short = reply === silent;
    server.pass(11 * minute);
    assertInactive(await server.introspect(token, server.api, {}, 'hard-fail'), 'revocation_unavailable');
    const fresh = server.client();
    server.behave(fresh, reply);
    assertRetry(await server.token(fresh, {}, 'hard-fail'), 'revocation_unavailable', 30);
    server.pass(12);
    assertRetry(await server.token(fresh, {}, 'hard-fail'), 'revocation_unavailable', 18);
  });

  test(`P13: soft-fail: every source ${what}, no answer inside its nextUpdate: accepted for 300 s and active, flagged`, async (t) => {
    const server = await both(t);
    const leaf = server.client();
    const token = await tokenOnLastMinutes(server, leaf, 'soft-fail');
    server.behave(leaf, reply);
    server.patience.short = reply === silent;
    server.pass(11 * minute);
    const introspected = await server.introspect(token, server.api, { binding: '1' }, 'soft-fail');
    assert.equal(introspected.json['active'], true);
    assert.equal((introspected.json['binding'] as { status: string }).status, 'unavailable');
    const fresh = server.client();
    server.behave(fresh, reply);
    const issued = await server.token(fresh, {}, 'soft-fail');
    assert.deepEqual([issued.status, issued.json['expires_in']], [200, 300]);
    for (const { line } of [introspected, issued]) {
      assert.deepEqual(
        line.certificate_status?.map(({ status, softFailed }) => [status, softFailed]),
        [['unavailable', true]],
      );
    }
  });
}

test('P13: soft-fail tolerates silence alone: what was revoked stays so when the responder falls silent', async (t) => {
  const server = await both(t);
  const leaf = server.client();
  server.say(leaf, { status: 'revoked', reason: 1 });
  assertRefused(await server.token(leaf, {}, 'soft-fail'), 'certificate_revoked');
  server.behave(leaf, () => httpStatus(500));
  server.pass(3_600);
  assertRefused(await server.token(leaf, {}, 'soft-fail'), 'certificate_revoked');
});

test('protocol §4.2: an unknown client_id with a certificate runs path and status before its 401', async (t) => {
  const server = await both(t);
  const leaf = server.client();
  server.behave(leaf, () => httpStatus(500));
  const known = await server.token(leaf, {}, 'hard-fail');
  const unknown = await server.token(leaf, { client_id: 'nobody' }, 'hard-fail');
  assertRetry(unknown, 'revocation_unavailable', 30);
  assert.equal(unknown.body, known.body);
  assert.equal(server.asked.length, 1);
});
