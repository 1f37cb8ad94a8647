import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  defaultKeySettings,
  hastened,
  type KeySettings,
  latePurposes,
  plannedKey,
  type Rotation,
  rotate,
  withdrawn,
} from '../../lib/oauth/key-schedule.ts';
import { activeKey, type KeySlot, keyState, type SigningKey } from '../../lib/oauth/signing-key.ts';

const at = 1_800_000_000;
const day = 86_400;
const slot: KeySlot = { purpose: 'access_token', alg: 'ES256' };
const settings: KeySettings = { publishAhead: day, lifetime: 30 * day, longestToken: day };

let serial = 0;
const made = (plan: Rotation['create'][number]): SigningKey => ({
  ...plan,
  region: 'local',
  kid: `kid-${++serial}`,
  public_jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  private_key: Uint8Array.of(1),
  wrapped_by: 'local:test',
});
const first = (active_at = at) => made(plannedKey([], slot, { at: active_at, active_at }, settings));

/** The rows with those of them that were changed. */
function changed(keys: readonly SigningKey[], change: readonly SigningKey[]): readonly SigningKey[] {
  return keys.map((key) => change.find(({ kid }) => kid === key.kid) ?? key);
}

/** The rows after a rotation was carried out. */
function carriedOut(keys: readonly SigningKey[], { create, change, remove }: Rotation): readonly SigningKey[] {
  const changed = new Map(change.map((key) => [key.kid, key]));
  const kept = keys.filter((key) => !remove.includes(key)).map((key) => changed.get(key.kid) ?? key);
  return [...kept, ...create.map(made)];
}

test('FAPI 2.0 §5.4.2: a key is published, active, retiring, removed, each from its second on (S23)', () => {
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

test('FAPI 2.0 §5.4.2: a successor is published a day before it signs, and signs when its predecessor retires', () => {
  const key = first();
  assert.deepEqual(rotate([key], [slot], at + 27 * day, settings).create, []);
  const { create, change } = rotate([key], [slot], at + 28 * day, settings);
  assert.deepEqual(change, []);
  const [next] = create;
  assert.ok(next);
  assert.deepEqual([next.number, next.published_at, next.active_at], [2, at + 28 * day, key.retire_at]);
  assert.ok(next.active_at - next.published_at >= settings.publishAhead);
});

test('FAPI 2.0 §5.4.2: while a successor waits no other is made', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [slot], at + 28 * day, settings));
  assert.deepEqual(rotate(keys, [slot], at + 29 * day, settings), { create: [], change: [], remove: [] });
});

test('FAPI 2.0 §5.4.2: where the schedule ran late the old key signs until the new one may', () => {
  const key = first();
  const late = key.retire_at - 3600;
  const { create, change } = rotate([key], [slot], late, settings);
  assert.equal(create[0]?.active_at, late + day);
  assert.deepEqual([change[0]?.retire_at, change[0]?.remove_at], [late + day, late + 2 * day]);
});

test('FAPI 2.0 §5.4.2: a key whose last token has expired is removed, not before', () => {
  const key = first();
  const stays = rotate([key], [], key.remove_at - 1, settings);
  assert.deepEqual(stays.remove, []);
  assert.deepEqual(rotate([key], [slot], key.remove_at, settings).remove, [key]);
});

test('RFC 7517 §4.5: an early rotation publishes the successor as long ahead as any', () => {
  const hasty = changed([first()], hastened([first()], 'access_token', at + day, settings));
  const key = first();
  const keys = changed([key], hastened([key], 'access_token', at + day, settings));
  assert.deepEqual([keys[0]?.retire_at, keys[0]?.remove_at], [at + 2 * day, at + 3 * day]);
  const late = at + day + 3600;
  const { create, change } = rotate(keys, [slot], late, settings);
  assert.deepEqual([create[0]?.published_at, create[0]?.active_at], [late, late + day]);
  assert.equal(change[0]?.retire_at, late + day, 'and until then the old one signs');
  assert.equal(hasty.length, 1);
});

test('RFC 7517 §4.5: asking twice for an early rotation, or with nothing that signs, changes nothing', () => {
  const key = first();
  const once = changed([key], hastened([key], 'access_token', at + day, settings));
  assert.deepEqual(hastened(once, 'access_token', at + day + 60, settings), []);
  const rotated = carriedOut(once, rotate(once, [slot], at + day + 60, settings));
  assert.equal(rotated.length, 2);
  assert.deepEqual(hastened(rotated, 'access_token', at + day + 120, settings), []);
  assert.deepEqual(hastened([], 'access_token', at, settings), []);
  assert.deepEqual(hastened([key], 'introspection', at, settings), []);
});

test('RFC 7517 §4.5: a withdrawn key is out at once, and the schedule makes one that signs at once', () => {
  const key = first();
  const keys = changed([key], withdrawn([key], key.kid, at + day));
  assert.equal(keyState(keys[0] ?? key, at + day), 'removed');
  const { create, remove } = rotate(keys, [slot], at + day, settings);
  assert.deepEqual([create[0]?.active_at, create[0]?.number], [at + day, 2]);
  assert.deepEqual(remove, keys);
});

test('RFC 7517 §4.5: with a withdrawn key the successor that waits signs at once', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [slot], at + 28 * day, settings));
  const now = at + 28 * day + 60;
  const after = changed(keys, withdrawn(keys, key.kid, now));
  assert.equal(activeKey(after, 'access_token', now)?.number, 2);
  assert.deepEqual(rotate(after, [slot], now, settings).create, []);
});

test('RFC 7517 §4.5: a withdrawn successor leaves the key that signs, and gets a successor itself', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [slot], at + 28 * day, settings));
  const [, next] = keys;
  assert.ok(next);
  const now = at + 28 * day + 60;
  const after = changed(keys, withdrawn(keys, next.kid, now));
  assert.equal(activeKey(after, 'access_token', now)?.kid, key.kid);
  assert.equal(rotate(after, [slot], now, settings).create[0]?.number, 3);
});

test('RFC 7517 §4.5: a kid that is none of these keys, or out already, changes nothing', () => {
  const key = first();
  assert.deepEqual(withdrawn([key], 'other', at + day), []);
  const [gone] = withdrawn([key], key.kid, at + day);
  assert.ok(gone);
  assert.deepEqual(withdrawn([gone], key.kid, at + day + 1), []);
});

test('RFC 8725 §3.1: another algorithm signs when its first key has been published as long as any', () => {
  const key = first();
  const keys = carriedOut([key], rotate([key], [{ ...slot, alg: 'PS256' }], at + day, settings));
  assert.deepEqual(
    [at + day, at + 2 * day - 1, at + 2 * day].map((second) => activeKey(keys, 'access_token', second)?.alg),
    ['ES256', 'ES256', 'PS256'],
  );
  assert.deepEqual([keys[0]?.remove_at, keys[1]?.number], [at + 3 * day, 1]);
});

test('RFC 8725 §3.1: an algorithm that is taken back before it signed leaves nobody without a key', () => {
  let keys: readonly SigningKey[] = [first()];
  for (const [index, alg] of (['PS256', 'EdDSA', 'ES256', 'PS256', 'ES256'] as const).entries()) {
    const now = at + day + index * 3600;
    keys = carriedOut(keys, rotate(keys, [{ ...slot, alg }], now, settings));
    assert.ok(activeKey(keys, 'access_token', now));
  }
  for (let now = at + day; now < at + 5 * day; now += 1800) assert.ok(activeKey(keys, 'access_token', now));
  assert.equal(activeKey(keys, 'access_token', at + 4 * day)?.alg, 'ES256');
});

test('RFC 7517 §4.2: a key of one purpose never takes the place of another', () => {
  const key = first();
  assert.equal(activeKey([key], 'introspection', at), undefined);
  assert.equal(activeKey([key], 'access_token', at)?.kid, key.kid);
});

test('aws §7: the schedule is late where a successor cannot be published long enough any more', () => {
  const key = first();
  const late = (now: number, keys = [key]) => latePurposes(keys, [slot], now, settings);
  assert.deepEqual(late(key.retire_at - day), []);
  assert.deepEqual(late(key.retire_at - day + 1), ['access_token']);
  assert.deepEqual(late(key.retire_at + day), ['access_token'], 'and where nothing signs any more');
  assert.deepEqual(late(at, []), [], 'a tenant that never signed is not');
});

type Step = {
  readonly pause: number;
  readonly run: boolean;
  readonly act: 'none' | 'hasten' | 'withdraw';
  readonly alg: KeySlot['alg'];
};

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    pause: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 60, max: 6 * 3600 }) },
      fc.integer({ min: 60, max: 8 * day }),
    ),
    run: fc.boolean(),
    act: fc.oneof({ weight: 6, arbitrary: fc.constant('none' as const) }, fc.constantFrom('hasten', 'withdraw')),
    alg: fc.oneof({ weight: 8, arbitrary: fc.constant('ES256' as const) }, fc.constantFrom('PS256', 'EdDSA')),
  }),
  { minLength: 20, maxLength: 120 },
);

test('FAPI 2.0 §5.4.2: whatever runs when, no token is signed by an unpublished key, and each is verifiable until it expires', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      let keys: readonly SigningKey[] = [];
      let now = at;
      // Keys that could not be published ahead: the first one, and the next one after a withdrawal or a gap.
      const exempt = new Set<string>();
      const dead = new Set<string>();
      const signed: { readonly kid: string; readonly exp: number }[] = [];
      for (const { pause, run, act, alg } of sequence) {
        now += pause;
        const wanted = { ...slot, alg };
        if (act === 'hasten') keys = changed(keys, hastened(keys, 'access_token', now, settings));
        if (act === 'withdraw') {
          const victim = activeKey(keys, 'access_token', now);
          const change = withdrawn(keys, victim?.kid ?? '', now);
          if (victim !== undefined) dead.add(victim.kid);
          for (const { kid } of change) exempt.add(kid);
          keys = changed(keys, change);
        }
        if (run) {
          const plan = rotate(keys, [wanted], now, settings);
          for (const { kid } of plan.change.filter(({ active_at }) => active_at === now)) exempt.add(kid);
          keys = carriedOut(keys, plan);
          assert.deepEqual(
            rotate(keys, [wanted], now, settings),
            { create: [], change: [], remove: [] },
            'done is done',
          );
        }
        // What the function that signs does where there is no key.
        if (activeKey(keys, 'access_token', now) === undefined) {
          keys = [...keys, made(plannedKey(keys, wanted, { at: now, active_at: now }, settings))];
        }
        for (const key of keys.filter((each) => each.active_at === each.published_at)) exempt.add(key.kid);
        const signer = activeKey(keys, 'access_token', now);
        assert.ok(signer, 'a key signs');
        assert.ok(signer.published_at <= now && keyState(signer, now) !== 'removed', 'it is published');
        if (!exempt.has(signer.kid)) assert.ok(signer.published_at <= now - settings.publishAhead, 'and was ahead');
        signed.push({ kid: signer.kid, exp: now + settings.longestToken });
        for (const { kid, exp } of signed.filter((token) => token.exp > now && !dead.has(token.kid))) {
          const key = keys.find((each) => each.kid === kid);
          assert.ok(key !== undefined && key.remove_at >= exp, 'what was signed can be verified');
        }
        if (run)
          assert.ok(
            keys.every((key) => keyState(key, now) !== 'removed'),
            'old keys are gone',
          );
      }
      const switches = sequence.filter(({ alg }, index) => alg !== sequence[index - 1]?.alg).length;
      assert.ok(keys.filter((key) => key.retire_at > now).length <= 2 + switches, 'rows do not pile up');
    }),
    { numRuns: 300 },
  );
});

test('FAPI 2.0 §5.4.2: with a run each hour only the first key was not published ahead', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom<KeySlot['alg']>('ES256', 'PS256', 'EdDSA'), { minLength: 1, maxLength: 6 }),
      (algs) => {
        let keys: readonly SigningKey[] = [];
        const signers = new Set<SigningKey>();
        for (let hour = 0; hour < 24 * 80; hour += 1) {
          const now = at + hour * 3600;
          const alg = algs[Math.floor((hour / (24 * 80)) * algs.length)] ?? 'ES256';
          keys = carriedOut(keys, rotate(keys, [{ ...slot, alg }], now, settings));
          const signer = activeKey(keys, 'access_token', now);
          assert.ok(signer);
          signers.add(signer);
          assert.deepEqual(latePurposes(keys, [{ ...slot, alg }], now, settings), []);
        }
        const unpublished = [...signers].filter((key) => key.active_at - key.published_at < settings.publishAhead);
        assert.equal(new Set(unpublished.map(({ kid }) => kid)).size, 1);
      },
    ),
    { numRuns: 15 },
  );
});

test('performance §5: the defaults publish longer ahead than a JWKS may be kept, and cover the longest token', () => {
  assert.ok(defaultKeySettings.publishAhead >= 300);
  assert.ok(defaultKeySettings.longestToken > 86_400);
});
