/** Everything that can stand where a CRL should be, through the real server (RFC 5280 §5, §6.3). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { HostileAnswer } from './hostile-responder-answers.ts';
import { crlAbout, crlAnswers, deltaNaming, withDelta } from './hostile-responder-crls.ts';
import {
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

const row = ({ worth }: HostileAnswer): string => (worth === 'unavailable' ? 'P13, P15' : 'P15');
const worth = (what: HostileAnswer['worth'], detail?: RegExp): HostileAnswer => ({
  what,
  worth: what,
  reply: () => new Uint8Array(),
  ...(detail && { detail }),
});

describe('a CRL server', { concurrency: 3 }, () => {
  for (const [index, behaviour] of crlAnswers.entries()) {
    test(`${row(behaviour)}: ${behaviour.what}: the certificate is ${behaviour.worth}`, async () => {
      const leaf = (subject: string, path: string) => hostile.pki.client(subject, { crl: hostile.responder.url(path) });
      await playBehaviour(hostile, behaviour, leaf, (scene) => crlAbout(scene), {
        path: `/crl/${index}`,
        counted: false,
      });
    });
  }

  test('P15: the CRL of a CA that may sign none is not believed, whatever it says', async () => {
    const { pki, responder, token } = hostile;
    const leaf = pki.client('CN=client', { crl: responder.url('/mute') }, { issuer: pki.mute });
    responder.set('/mute', () => crlAbout({ pki: { ...pki, ca: pki.mute }, now: new Date() }));
    assert.deepEqual(pki.mute.certificate.keyUsage, new Set(['keyCertSign']));
    for (const tenant of ['hard', 'soft'] as const) {
      assertIssue(await token(tenant, leaf), tenant, worth('untrusted', /may not sign CRLs/));
    }
  });

  for (const [reason, means] of [
    [1, 'revoked'],
    [6, 'on_hold'],
    [8, 'good'],
  ] as const) {
    test(`P15: a delta with reason ${reason} makes the certificate ${means}`, async () => {
      const { pki, responder, say, token } = hostile;
      const path = `/delta/${reason}`;
      const leaf = pki.client('CN=client', { crl: responder.url(path) });
      say(path, leaf, (scene) => withDelta(scene, responder.url(`${path}/delta`)));
      say(`${path}/delta`, leaf, (scene) => deltaNaming(scene, reason));
      assertIssue(await token('hard', leaf), 'hard', worth(means));
      assert.equal(responder.asked(`${path}/delta`), 1);
    });
  }

  test('P15: of two sources the first that answers counts: a list that is silent leaves it to OCSP, and the other way round', async () => {
    const { pki, responder, say, token } = hostile;
    const leaf = pki.client('CN=client', { ocsp: responder.url('/both/ocsp'), crl: responder.url('/both/crl') });
    say('/both/crl', leaf, (scene) => crlAbout(scene));
    const { answer, line } = await token('hard', leaf);
    assert.equal(answer.status, 200, answer.body);
    assert.match(JSON.stringify(line['certificate_status']), /"source":"crl","status":"good"/);
    assert.equal(responder.asked('/both/ocsp'), 1);
  });
});

test('RFC 6749 §5.2: after all of it no request was answered with a fault, and the server serves', async () => {
  const { pki, responder, say, token, server, canary } = hostile;
  const leaf = pki.client('CN=client', { crl: responder.url('/last') });
  say('/last', leaf, (scene) => crlAbout(scene));
  assert.equal((await token('hard', leaf)).answer.status, 200);
  assert.deepEqual(faults(server), []);
  assert.equal(canary.asked(), 0);
});
