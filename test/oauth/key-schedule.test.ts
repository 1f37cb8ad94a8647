import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  defaultKeySettings,
  type KeySettings,
  plannedKey,
  type Rotation,
  rotate,
} from '../../lib/oauth/key-schedule.ts';
import { activeKey, type KeySlot, keyState, type SigningKey } from '../../lib/oauth/signing-key.ts';

const at = 1_800_000_000;
const day = 86_400;
const slot: KeySlot = { purpose: 'access_token', alg: 'ES256' };
const settings: KeySettings = { publishAhead: day, lifetime: 30 * day, longestToken: day };

let serial = 0;
const made = (plan: Rotation['create'][number]): SigningKey => ({
  ...plan,
  kid: `kid-${++serial}`,
  public_jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  private_key: Uint8Array.of(1),
  wrapped_by: 'local:test',
});
const first = (active_at = at) => made(plannedKey([], slot, { at: active_at, active_at }, settings));

/** The rows after a rotation was carried out. */
function carriedOut(keys: readonly SigningKey[], { create, change, remove }: Rotation): readonly SigningKey[] {
  const changed = new Map(change.map((key) => [key.kid, key]));
  const kept = keys.filter((key) => !remove.includes(key)).map((key) => changed.get(key.kid) ?? key);
  return [...kept, ...create.map(made)];
}

test('FAPI2 §5.4.2: a key is published, active, retiring, removed, each from its second on (S23)', () => {
  const key = { published_at: 10, active_at: 20, retire_at: 30, remove_at: 40 };
  assert.deepEqual(
    [10, 19, 20, 29, 30, 39, 40, 50].map((second) => keyState(key, second)),
    ['published', 'published', 'active', 'active', 'retiring', 'retiring', 'removed', 'removed'],
  );
});

test('RFC 7517 §4.5: a slot without a key gets one that signs at once', () => {
  const { create, change, remove } = rotate([], [slot], at, settings);
  assert.deepEqual([change, remove], [[], []]);
  assert.deepEqual(create, [
    { ...slot, number: 1, published_at: at, active_at: at, retire_at: at + 30 * day, remove_at: at + 31 * day },
  ]);
});

test('RFC 7517 §4.5: a slot that nobody uses gets none', () => {
  assert.deepEqual(rotate([], [], at, settings), { create: [], change: [], remove: [] });
});

test('FAPI2 §5.4.2: a successor is published a day before it signs, and signs when its predecessor retires', () => {
  const key = first();
  assert.deepEqual(rotate([key], [slot], at + 27 * day, settings).create, []);
  const { create, change } = rotate([key], [slot], at + 28 * day, settings);
  assert.deepEqual(change, []);
  const [next] = create;
  assert.ok(next);
  assert.deepEqual([next.number, next.published_at, next.active_at], [2, at + 28 * day, key.retire_at]);
  assert.ok(next.active_at - next.published_at >= settings.publishAhead);
});

test('FAPI2 §5.4.2: while a successor waits no other is made', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [slot], at + 28 * day, settings));
  assert.deepEqual(rotate(keys, [slot], at + 29 * day, settings), { create: [], change: [], remove: [] });
});

test('FAPI2 §5.4.2: where the schedule ran late the old key signs until the new one may', () => {
  const key = first();
  const late = key.retire_at - 3600;
  const { create, change } = rotate([key], [slot], late, settings);
  assert.equal(create[0]?.active_at, late + day);
  assert.deepEqual([change[0]?.retire_at, change[0]?.remove_at], [late + day, late + 2 * day]);
});

test('FAPI2 §5.4.2: a key whose last token has expired is removed, not before', () => {
  const key = first();
  const stays = rotate([key], [], key.remove_at - 1, settings);
  assert.deepEqual(stays.remove, []);
  assert.deepEqual(rotate([key], [slot], key.remove_at, settings).remove, [key]);
});

test('RFC 7517 §4.5: an early rotation publishes the successor as long ahead as any', () => {
  const key = first();
  const { create, change } = rotate([key], [slot], at + day, settings, { early: true });
  assert.equal(create[0]?.active_at, at + 2 * day);
  assert.equal(change[0]?.retire_at, at + 2 * day);
});

test('RFC 7517 §4.5: a compromised key is out at once and the next signs at once', () => {
  const key = first();
  const { create, change } = rotate([key], [slot], at + day, settings, { compromised: key.kid });
  assert.equal(keyState(change[0] ?? key, at + day), 'removed');
  assert.equal(create[0]?.active_at, at + day);
  assert.equal(create[0]?.number, 2);
});

test('RFC 7517 §4.5: with a compromised key the successor that waits signs at once', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [slot], at + 28 * day, settings));
  const now = at + 28 * day + 60;
  const after = carriedOut(keys, rotate(keys, [slot], now, settings, { compromised: key.kid }));
  assert.equal(after.length, 2);
  assert.equal(activeKey(after, slot, now)?.number, 2);
});

test('RFC 7517 §4.5: a kid that is none of these keys changes nothing', () => {
  const key = first();
  assert.deepEqual(rotate([key], [slot], at + day, settings, { compromised: 'other' }).change, []);
});

test('RFC 8725 §3.1: with another algorithm the keys of the old one sign no more, and stay for their tokens', () => {
  const key = first();
  const { create, change } = rotate([key], [{ ...slot, alg: 'PS256' }], at + day, settings);
  assert.equal(keyState(change[0] ?? key, at + day), 'retiring');
  assert.equal(change[0]?.remove_at, at + 2 * day);
  assert.deepEqual([create[0]?.alg, create[0]?.number], ['PS256', 1]);
});

test('RFC 7517 §4.2: a key of one purpose never takes the place of another', () => {
  const key = first();
  assert.equal(activeKey([key], { ...slot, purpose: 'introspection' }, at), undefined);
  assert.equal(activeKey([key], { ...slot, alg: 'EdDSA' }, at), undefined);
  assert.equal(activeKey([key], slot, at)?.kid, key.kid);
});

test('FAPI2 §5.4.2: whenever the schedule runs, a key signs, it was published before, and its tokens outlive no JWKS', () => {
  const gaps = fc.array(fc.integer({ min: 600, max: 5 * day }), { minLength: 5, maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.array(fc.boolean()), (pauses, early) => {
      let keys: readonly SigningKey[] = [first()];
      let now = at;
      for (const [index, pause] of pauses.entries()) {
        now += pause;
        const known = new Set(keys.map(({ kid }) => kid));
        const signedUntilNow = activeKey(keys, slot, now - 1);
        keys = carriedOut(keys, rotate(keys, [slot], now, settings, { early: early[index] ?? false }));
        const signer = activeKey(keys, slot, now);
        assert.ok(signer, 'a key signs');
        if (signedUntilNow !== undefined) assert.ok(known.has(signer.kid), 'nobody is surprised by a new key');
        for (const key of keys) {
          assert.ok(key.published_at <= key.active_at && key.active_at <= key.retire_at);
          assert.ok(key.remove_at - key.retire_at >= settings.longestToken, 'the last token is covered');
        }
        assert.ok(keys.length <= 6, 'rows do not pile up');
      }
    }),
    { numRuns: 200 },
  );
});

test('performance §5: the defaults publish longer ahead than a JWKS may be kept, and cover the longest token', () => {
  assert.ok(defaultKeySettings.publishAhead >= 300);
  assert.ok(defaultKeySettings.longestToken > 86_400);
});
