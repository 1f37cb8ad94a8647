/** Every answer that an OCSP responder can give, right, wrong or none, through the real server (RFC 6960). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type HostileAnswer, ocspAnswer, ocspAnswers } from './hostile-responder-answers.ts';
import {
  accessToken,
  assertIssue,
  faults,
  type HostileServer,
  playBehaviour,
  startHostileServer,
} from './hostile-responder-server.ts';

let hostile: HostileServer;

before(async () => {
  hostile = await startHostileServer();
});

after(() => hostile?.close());

/** The row of protocol §4.2 that a worth belongs to. */
const row = ({ worth }: HostileAnswer): string => (worth === 'unavailable' ? 'P12, P13' : 'P12');

describe('an OCSP responder', { concurrency: 3 }, () => {
  for (const [index, behaviour] of ocspAnswers.entries()) {
    test(`${row(behaviour)}: ${behaviour.what}: the certificate is ${behaviour.worth}`, async () => {
      const leaf = (subject: string, path: string) =>
        hostile.pki.client(subject, { ocsp: hostile.responder.url(path) });
      await playBehaviour(hostile, behaviour, leaf, (scene) => ocspAnswer(scene), {
        path: `/ocsp/${index}`,
        counted: true,
      });
    });
  }

  test('P13: a name that does not resolve is no answer', async () => {
    const leaf = hostile.pki.client('CN=client', { ocsp: 'http://no-such-name.invalid/ocsp' });
    const behaviour = { what: '', reply: () => new Uint8Array(), worth: 'unavailable' as const };
    const [hard, soft] = await Promise.all([hostile.token('hard', leaf), hostile.token('soft', leaf)]);
    assertIssue(hard, 'hard', behaviour);
    assertIssue(soft, 'soft', behaviour);
  });

  test('P13: a port where nobody listens any more is no answer; what was said before it closed still holds', async () => {
    const { doomed, pki, token, introspect } = hostile;
    const held = pki.client('CN=client', { ocsp: doomed.url('/ocsp') });
    const fresh = pki.client('CN=client', { ocsp: doomed.url('/fresh') });
    doomed.set('/ocsp', () => ocspAnswer({ pki, leaf: held, now: new Date() }));
    const issued = accessToken(await token('hard', held));
    await doomed.close();
    const behaviour = {
      what: '',
      reply: () => new Uint8Array(),
      worth: 'unavailable' as const,
      detail: /ECONNREFUSED/,
    };
    assertIssue(await token('hard', fresh), 'hard', behaviour);
    assertIssue(await token('soft', fresh), 'soft', behaviour);
    const { answer, line } = await introspect('hard', issued);
    assert.equal(JSON.parse(answer.body).active, true);
    assert.match(JSON.stringify(line['certificate_status']), /"stale":true/);
  });
});

test('P18: «revoked» is for good: an earlier good answer that is sent again changes nothing', async () => {
  const { pki, responder, say, token } = hostile;
  const leaf = pki.client('CN=client', { ocsp: responder.url('/replay') });
  const earlier = ocspAnswer({ pki, leaf, now: new Date() });
  say('/replay', leaf, () => earlier);
  assert.equal((await token('hard', leaf)).answer.status, 200);
  say('/replay', leaf, (scene) => ocspAnswer(scene, { status: 'revoked', reason: 1 }));
  assert.equal((await token('hard', leaf)).line['reason'], 'certificate_revoked');
  say('/replay', leaf, () => earlier);
  const asked = responder.asked('/replay');
  for (let again = 0; again < 3; again++) {
    assert.equal((await token('hard', leaf)).line['reason'], 'certificate_revoked');
  }
  assert.equal(responder.asked('/replay'), asked, 'nobody is asked any more');
});

test('RFC 6749 §5.2: after all of it no request was answered with a fault, and the server serves', async () => {
  const { pki, responder, say, token, server, canary } = hostile;
  const leaf = pki.client('CN=client', { ocsp: responder.url('/last') });
  say('/last', leaf, (scene) => ocspAnswer(scene));
  assert.equal((await token('hard', leaf)).answer.status, 200);
  assert.deepEqual(faults(server), []);
  assert.equal(canary.asked(), 0);
});
