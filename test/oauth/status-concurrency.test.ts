/** Many requests at once: one question upstream, and no CA that keeps the clients of another waiting (pki §4). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { guardedFetch } from '../../lib/adapters/http/fetch.ts';
import { type Behaviour, httpStatus, reset } from '../e2e/hostile-responder.ts';
import { ocspAnswer } from '../e2e/hostile-responder-answers.ts';
import type { Issued } from '../pki/issue.ts';
import { type Answered, accessToken, type StatusServer, statusServer } from './status-server.ts';

const crowd = 100;

/** A responder that answers when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Holds back every answer about the certificate until the gate is open. */
function holdBack(server: StatusServer, leaf: Issued) {
  const { open, opened } = gate();
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const behaviour: Behaviour = async () => {
    arrive();
    await opened;
    return server.answer(leaf);
  };
  server.responder.set(server.pathOf(leaf), behaviour);
  return { open, arrived };
}

const crowdOf = (act: () => Promise<Answered>) => Array.from({ length: crowd }, act);
const statuses = (answers: readonly Answered[]) => new Set(answers.map(({ status }) => status));

test('P14: 100 first requests at once with one certificate make one request upstream', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const { open, arrived } = holdBack(server, leaf);
  const requests = crowdOf(() => server.token(leaf));
  await arrived;
  open();
  assert.deepEqual(statuses(await Promise.all(requests)), new Set([200]));
  assert.deepEqual([server.asked.length, server.responder.asked()], [1, 1]);
});

test('P14: 100 introspections at once of tokens whose answer is due make one request upstream', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  const token = accessToken(await server.token(leaf));
  server.pass(301);
  server.asked.length = 0;
  const answers = await Promise.all(crowdOf(() => server.introspect(token, server.api)));
  assert.ok(answers.every(({ json }) => json['active'] === true));
  assert.equal(server.asked.length, 1);
});

test('P13: 100 requests at once while the responder is down make one request upstream, and 100 more make none', async (t) => {
  const server = await statusServer(t);
  const leaf = server.client();
  server.behave(leaf, () => httpStatus(500));
  for (let again = 0; again < 2; again++) {
    const answers = await Promise.all(crowdOf(() => server.token(leaf)));
    assert.deepEqual(statuses(answers), new Set([503]));
    assert.equal(server.asked.length, 1);
  }
  server.pass(31);
  await Promise.all(crowdOf(() => server.token(leaf)));
  assert.equal(server.asked.length, 2);
});

test('pki §4: two tenants share no answer: each asks once', async (t) => {
  const server = await statusServer(t, { tenants: { one: {}, two: {} } });
  const leaf = server.client();
  const requests = ['one', 'two'].flatMap((tenant) => crowdOf(() => server.token(leaf, {}, tenant)));
  assert.deepEqual(statuses(await Promise.all(requests)), new Set([200]));
  assert.equal(server.asked.length, 2);
});

test('pki §4: while the responder of one CA is silent, the clients of another are served', async (t) => {
  const server = await statusServer(t);
  await server.stores.truststore.add('default', { type: 'anchor', certificate: server.pki.mute.der });
  const [slow, quick] = [server.client(), server.client({ issuer: server.pki.mute })];
  const { open, arrived } = holdBack(server, slow);
  const order: string[] = [];
  const waiting = crowdOf(async () => {
    const answer = await server.token(slow);
    order.push('slow');
    return answer;
  });
  await arrived;
  for (let served = 0; served < 10; served++) {
    assert.equal((await server.token(quick)).status, 200);
    order.push('quick');
  }
  assert.deepEqual(order, Array(10).fill('quick'), 'not one of the slow ones has ended');
  open();
  assert.deepEqual(statuses(await Promise.all(waiting)), new Set([200]));
  assert.deepEqual(server.asked.length, 2);
});

test('pki §4: while one certificate waits for its responder, others of the same CA are served', async (t) => {
  const server = await statusServer(t);
  const [slow, other] = [server.client(), server.client()];
  const { open, arrived } = holdBack(server, slow);
  const waiting = server.token(slow);
  await arrived;
  assert.equal((await server.token(other)).status, 200);
  const token = accessToken(await server.token(other));
  assert.equal((await server.introspect(token, server.api)).json['active'], true);
  open();
  assert.equal((await waiting).status, 200);
});

test('pki §4: a responder that is down for one CA costs the others nothing: no negative cache but its own', async (t) => {
  const server = await statusServer(t);
  await server.stores.truststore.add('default', { type: 'anchor', certificate: server.pki.mute.der });
  const [down, up] = [server.client(), server.client({ issuer: server.pki.mute })];
  server.behave(down, () => httpStatus(500));
  assert.equal((await server.token(down)).status, 503);
  assert.equal((await server.token(up)).status, 200);
  assert.equal((await server.token(server.client())).status, 200);
});

test('pki §4: no more than four addresses a certificate, however many requests', async (t) => {
  const server = await statusServer(t);
  const { ocspAccess } = await import('../pki/issue.ts');
  const urls = Array.from({ length: 50 }, (_, index) => server.responder.url(`/many/${index}`));
  const leaf = server.pki.client('CN=client', {}, { extensions: [ocspAccess(urls)] });
  const answers = await Promise.all(crowdOf(() => server.token(leaf)));
  assert.deepEqual(statuses(answers), new Set([503]));
  assert.equal(server.asked.length, 4);
});

/** A name that leads to loopback, and one that leads there besides a public address. */
const names: Readonly<Record<string, readonly string[]>> = {
  'loopback.example': ['127.0.0.1'],
  'mixed.example': ['192.0.2.1', '127.0.0.1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'public-and-private.example': ['8.8.8.8', '10.0.0.1'],
};

for (const [name, addresses] of Object.entries(names)) {
  test(`P14: a name whose address is ${addresses.join(' and ')} is not asked`, async (t: TestContext) => {
    const resolved: string[] = [];
    const resolve = async (host: string) => {
      resolved.push(host);
      return names[host] ?? [];
    };
    const server = await statusServer(t, { fetch: { allowHosts: [], resolve } });
    const leaf = server.pki.client('CN=client', { ocsp: `http://${name}/ocsp` });
    const { status, line } = await server.token(leaf);
    assert.deepEqual([status, line.reason], [503, 'revocation_unavailable']);
    assert.match(String(line.detail), /url_refused: .*the address is not public/);
    // Resolved once, so that no second answer can lead elsewhere than what was looked at.
    assert.deepEqual([resolved, server.responder.connections()], [[name], 0]);
  });
}

test('P14: what was resolved and looked at is what is connected to: a name is asked for once', async (t) => {
  const server = await statusServer(t);
  let asked = 0;
  // The second answer is where an attacker would lead us.
  const resolve = async () => (asked++ === 0 ? ['127.0.0.1'] : ['169.254.169.254']);
  const port = server.responder.host.split(':')[1];
  const fetch = guardedFetch({ allowHosts: [`rebinding.example:${port}`], resolve });
  server.responder.set('/ocsp', () => Buffer.from('answer'));
  const request = { url: `http://rebinding.example:${port}/ocsp`, method: 'GET', accept: '*/*' } as const;
  const answer = await fetch({ ...request, maxBytes: 100, timeout: 2_000 });
  assert.equal(answer.ok && Buffer.from(answer.value).toString(), 'answer');
  assert.deepEqual([asked, server.responder.connections()], [1, 1]);
});

/** Closes the connection, whatever is asked. */
const dead = () => reset;

test('P13: a responder that is down is left alone whichever certificate is asked about, and is asked again in time', async (t) => {
  const server = await statusServer(t);
  const url = server.responder.url('/shared');
  server.responder.set('/shared', dead);
  const leaves = Array.from({ length: 10 }, () => server.pki.client('CN=client', { ocsp: url }));
  const [first, ...others] = leaves;
  assert.ok(first);
  for (const leaf of leaves) {
    const { status, headers } = await server.token(leaf);
    assert.equal(status, 503);
    assert.equal(headers['retry-after'], '30');
  }
  assert.equal(server.asked.length, 3, 'three in a row, then nobody');
  server.pass(29);
  const told = await server.token(others[8] ?? first);
  assert.deepEqual([told.status, told.headers['retry-after'], server.asked.length], [503, '1', 3]);
  server.pass(2);
  const crowd = await Promise.all(leaves.map((leaf) => server.token(leaf)));
  assert.deepEqual(statuses(crowd), new Set([503]));
  assert.equal(server.asked.length, 4, 'one question finds out for all, also of ten at once');
  const answers = new Map(
    leaves.map((leaf) => [leaf, () => ocspAnswer({ pki: server.pki, leaf, now: server.clock.now })]),
  );
  server.pass(31);
  for (const [leaf, answer] of answers) {
    server.responder.set('/shared', answer);
    assert.equal((await server.token(leaf)).status, 200);
  }
});

test('P13: errors are answers: a responder that has none for one certificate is asked about the others', async (t) => {
  const server = await statusServer(t);
  const url = server.responder.url('/shared');
  server.responder.set('/shared', () => httpStatus(404));
  for (let count = 0; count < 6; count++) {
    assert.equal((await server.token(server.pki.client('CN=client', { ocsp: url }))).status, 503);
  }
  assert.equal(server.asked.length, 6);
});

test('P13: no CA silences the responder of another by naming its address', async (t) => {
  const server = await statusServer(t);
  await server.stores.truststore.add('default', { type: 'anchor', certificate: server.pki.mute.der });
  const url = server.responder.url('/shared');
  server.responder.set('/shared', dead);
  for (let count = 0; count < 5; count++) {
    const leaf = server.pki.client('CN=client', { ocsp: url }, { issuer: server.pki.mute });
    assert.equal((await server.token(leaf)).status, 503);
  }
  const leaf = server.pki.client('CN=client', { ocsp: url });
  server.responder.set('/shared', () => ocspAnswer({ pki: server.pki, leaf, now: server.clock.now }));
  assert.equal((await server.token(leaf)).status, 200);
});
