/** A responder that is down for an hour, second by second of a simulated clock: what hard-fail and soft-fail tenants get. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { httpStatus } from '../e2e/hostile-responder.ts';
import type { Issued } from '../pki/issue.ts';
import { type Answered, accessToken, type StatusServer, statusServer } from './status-server.ts';

const modes = ['hard-fail', 'soft-fail'] as const;
type Mode = (typeof modes)[number];

const hour = 3_600;
/** Seconds from one look to the next: no divisor of what is waited for. */
const step = 7;
const negativeAge = 30;
const skew = 300;

type Look = { readonly second: number; readonly issued: Answered; readonly introspected: Answered };

/** The hour of one mode: each step a token is asked for, and one from before is introspected. */
async function hourOf(t: TestContext, mode: Mode, { validity, about }: { validity: number; about: 'known' | 'new' }) {
  const server = await statusServer(t, { tenants: { default: { mode, maxStatusAge: 60 } } });
  const [old, fresh] = [server.client(), server.client()];
  server.say(old, { nextUpdate: new Date(server.clock.now.getTime() + validity * 1_000) });
  const token = accessToken(await server.token(old));
  const leaf = about === 'known' ? old : fresh;
  for (const each of [old, fresh]) server.behave(each, () => httpStatus(503));
  server.asked.length = 0;
  const looks: Look[] = [];
  for (let second = step; second <= hour; second += step) {
    server.pass(step);
    const issued = await server.token(leaf);
    looks.push({ second, issued, introspected: await server.introspect(token, server.api) });
  }
  return { server, old, fresh, looks };
}

/** The first issue after the end of the outage that is as before it, in seconds; each step one try. */
async function recovery(server: StatusServer, leaf: Issued): Promise<number> {
  server.say(leaf);
  for (let second = 0; second <= hour; second += 1) {
    const { status, line } = await server.token(leaf);
    const [found] = line.certificate_status ?? [];
    if (status === 200 && found?.status === 'good' && !found.stale) return second;
    server.pass(1);
  }
  throw new Error('it never recovered');
}

const leafStatus = ({ line }: Answered) => line.certificate_status?.[0];
const expiresIn = ({ json }: Answered) => Number(json['expires_in']);

for (const mode of modes) {
  test(`P13: an hour without responder, ${mode}, the answer outlives it: tokens are issued and active, flagged stale`, async (t) => {
    const { server, old, looks } = await hourOf(t, mode, { validity: 2 * hour, about: 'known' });
    for (const { second, issued, introspected } of looks) {
      const stale = second > 60;
      assert.deepEqual([issued.status, leafStatus(issued)?.stale], [200, stale], `${second}`);
      // nextUpdate and the skew are 7500 s after the start.
      assert.equal(expiresIn(issued), Math.min(hour, 2 * hour + skew - second));
      if (second < hour) assert.equal(introspected.json['active'], true, `${second}`);
    }
    assert.ok(server.asked.length <= hour / negativeAge, `asked ${server.asked.length} times`);
    assert.ok((await recovery(server, old)) <= negativeAge);
  });

  test(`P13: an hour without responder, ${mode}, the responder is asked once a negative-cache period, not at every request`, async (t) => {
    const { server, looks } = await hourOf(t, mode, { validity: 2 * hour, about: 'new' });
    assert.ok(looks.length > 500);
    // Two certificates; each is asked about at most every 30 s, so every 35 s by steps of seven.
    const periods = Math.ceil(hour / negativeAge);
    assert.ok(server.asked.length <= 2 * periods, `asked ${server.asked.length} times`);
    assert.ok(server.asked.length >= periods, 'but it is asked again and again');
  });
}

test('P13: hard-fail, a certificate nobody knew before: 503 with Retry-After for the whole hour, then recovery', async (t) => {
  const { server, fresh, looks } = await hourOf(t, 'hard-fail', { validity: 2 * hour, about: 'new' });
  for (const { second, issued } of looks) {
    const { status, json, headers, line } = issued;
    assert.deepEqual(
      [status, json['error'], line.reason],
      [503, 'temporarily_unavailable', 'revocation_unavailable'],
      `${second}`,
    );
    const wait = Number(headers['retry-after']);
    assert.ok(wait >= 1 && wait <= negativeAge, `Retry-After: ${wait}`);
  }
  assert.ok((await recovery(server, fresh)) <= negativeAge);
});

test('P13: soft-fail, a certificate nobody knew before: accepted for 300 s and flagged for the whole hour, then recovery', async (t) => {
  const { server, fresh, looks } = await hourOf(t, 'soft-fail', { validity: 2 * hour, about: 'new' });
  for (const { second, issued } of looks) {
    assert.equal(issued.status, 200, `${second}: ${issued.body}`);
    assert.deepEqual([leafStatus(issued)?.status, leafStatus(issued)?.softFailed], ['unavailable', true]);
    assert.ok(expiresIn(issued) <= 300 && expiresIn(issued) > 300 - negativeAge - step, issued.body);
  }
  assert.ok((await recovery(server, fresh)) <= negativeAge);
  assert.equal(expiresIn(await server.token(fresh)), hour, 'and lives as long as it should');
});

test('P13: hard-fail, the answer ends within the hour: refused from nextUpdate and the skew on, and the token with it', async (t) => {
  const validity = 1_200;
  const end = validity + skew;
  const { server, old, looks } = await hourOf(t, 'hard-fail', { validity, about: 'known' });
  for (const { second, issued, introspected } of looks) {
    assert.equal(issued.status, second <= end ? 200 : 503, `${second}`);
    if (second <= end) assert.ok(expiresIn(issued) <= end - second || second === end, `${second}: ${issued.body}`);
    assert.equal(introspected.json['active'], second < end, `${second}`);
  }
  assert.ok((await recovery(server, old)) <= negativeAge);
});

test('P13: soft-fail, the answer ends within the hour: 300 s and flagged from nextUpdate and the skew on', async (t) => {
  const validity = 1_200;
  const end = validity + skew;
  const { server, old, looks } = await hourOf(t, 'soft-fail', { validity, about: 'known' });
  for (const { second, issued } of looks) {
    assert.equal(issued.status, 200, `${second}: ${issued.body}`);
    const flagged = leafStatus(issued)?.softFailed === true;
    assert.equal(flagged, second > end, `${second}`);
    if (flagged) assert.ok(expiresIn(issued) <= 300);
  }
  assert.ok((await recovery(server, old)) <= negativeAge);
});

/** A token that outlives the answer it was issued on: that had no nextUpdate and was some hours old. */
async function introspectionsOf(t: TestContext, mode: Mode) {
  const server = await statusServer(t, { tenants: { default: { mode, maxStatusAge: 60 } } });
  const leaf = server.client();
  const early = new Date(server.clock.now.getTime() - (24 * hour - 1_200) * 1_000);
  server.say(leaf, { thisUpdate: early, nextUpdate: null });
  const token = accessToken(await server.token(leaf));
  server.behave(leaf, () => httpStatus(503));
  const looks: { readonly second: number; readonly introspected: Answered }[] = [];
  for (let second = step; second < hour; second += step) {
    server.pass(step);
    looks.push({ second, introspected: await server.introspect(token, server.api, { binding: '1' }) });
  }
  return { server, looks };
}

const bindingOf = ({ json }: Answered) => json['binding'] as Readonly<Record<string, unknown>>;

test('N11: hard-fail, an hour of introspection: active and stale while the answer holds, then inactive', async (t) => {
  const { server, looks } = await introspectionsOf(t, 'hard-fail');
  for (const { second, introspected } of looks) {
    const holds = second <= 1_200;
    assert.equal(introspected.json['active'], holds, `${second}`);
    if (holds) assert.equal(bindingOf(introspected)['stale'], second > 60, `${second}`);
    else assert.equal(introspected.line.reason, 'revocation_unavailable');
  }
  assert.ok(server.asked.length <= (2 * hour) / negativeAge);
});

test('N11: soft-fail, an hour of introspection: active throughout, stale while the answer holds, then flagged', async (t) => {
  const { looks } = await introspectionsOf(t, 'soft-fail');
  for (const { second, introspected } of looks) {
    assert.equal(introspected.json['active'], true, `${second}`);
    const { status, stale } = bindingOf(introspected);
    if (second <= 1_200) assert.deepEqual([status, stale], ['good', second > 60], `${second}`);
    else assert.deepEqual([status, leafStatus(introspected)?.softFailed], ['unavailable', true], `${second}`);
  }
});

for (const mode of modes) {
  test(`N11: ${mode}: a live token is active again within one negative-cache period of the responder's return`, async (t) => {
    const server = await statusServer(t, { tenants: { default: { mode, maxStatusAge: 60 } } });
    const leaf = server.client();
    server.say(leaf, {
      thisUpdate: new Date(server.clock.now.getTime() - (24 * hour - 300) * 1_000),
      nextUpdate: null,
    });
    const token = accessToken(await server.token(leaf));
    server.behave(leaf, () => httpStatus(503));
    server.pass(1_000);
    const { json } = await server.introspect(token, server.api);
    assert.equal(json['active'], mode === 'soft-fail');
    server.say(leaf);
    server.pass(negativeAge);
    const { json: after, line } = await server.introspect(token, server.api);
    assert.equal(after['active'], true);
    assert.deepEqual(
      line.certificate_status?.map(({ status, stale, softFailed }) => [status, stale, softFailed]),
      [['good', false, false]],
    );
  });
}
