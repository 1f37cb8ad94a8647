import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { localKeyCustody } from '../../lib/adapters/local-key-custody.ts';
import { memoryStores } from '../../lib/adapters/memory/stores.ts';
import type { Stores } from '../../lib/adapters/stores.ts';
import { AskedWrongly } from '../../lib/command-line/command.ts';
import { exits, run } from '../../lib/command-line/run.ts';
import { rotateKeys } from '../../lib/oauth/key-rotation.ts';
import { defaultKeySettings } from '../../lib/oauth/key-schedule.ts';
import { newTenant } from '../../lib/oauth/tenant.ts';

const at = new Date('2026-06-15T12:00:00Z');
const local = localKeyCustody(new Uint8Array(32));
const tenant = newTenant({ name: 'default', issuer: 'https://auth.example', mtls_base_uri: 'https://mtls.example' });

let stores: Stores;
let kid: string;
beforeEach(async () => {
  stores = memoryStores();
  await stores.tenants.save(tenant);
  const custody = { access_token: local, introspection: local };
  kid = (await rotateKeys(tenant, at, defaultKeySettings, { ...stores, custody })).created[0] ?? assert.fail();
});

const certbound = (...args: string[]) =>
  run(args, () => ({
    operator: { actor: 'alice', at },
    now: () => at,
    wait: () => assert.fail('nothing is waited for'),
    tell: () => {},
    registry: async () => ({ stores, statusAllowHosts: [], published: true, close: async () => {} }),
    developmentCa: async () => {
      throw new AskedWrongly('No server runs here');
    },
    close: async () => {},
  }));

test('certbound keys list: a table for people, and everything but the private part for scripts', async () => {
  const { out, exit } = await certbound('keys', 'list');
  assert.equal(exit, exits.done);
  assert.match(out[0] ?? '', /^KID +FOR +ALG +STATE +SIGNS FROM +TO +REMOVED +KEPT BY$/);
  assert.match(
    out[1] ?? '',
    /access_token +ES256 +active +2026-06-15T12:00Z +2026-07-15T12:00Z +2026-07-16T12:01Z +local:/,
  );
  const [key] = JSON.parse((await certbound('keys', 'list', '--json')).out.join('\n'));
  assert.deepEqual([key.kid, key.state, 'private_key' in key], [kid, 'active', false]);
});

test('certbound keys rotate: says until when the key signs, and that nothing is to be done the second time', async () => {
  const first = await certbound('keys', 'rotate', '--purpose', 'access_token');
  assert.deepEqual(first.out, [
    `${kid} signs access tokens until 2026-06-16T12:00Z; its successor is published before`,
  ]);
  const again = await certbound('keys', 'rotate', '--purpose', 'access_token');
  assert.deepEqual([again.out, again.exit], [['Nothing to do: the next keys are on their way already.'], exits.done]);
});

test('certbound keys retire: tells what ended, and for how long others may not know; a kid with a hyphen is told apart', async () => {
  const { out, error, exit } = await certbound('keys', 'retire', '--', kid);
  assert.deepEqual([out.length, exit], [1, exits.done]);
  assert.match(out[0] ?? '', /^Retired: .*, which signed access tokens; the next key is made when it is needed\.$/);
  assert.deepEqual(error, ['caution: who verifies tokens by the JWKS may keep it for five minutes']);
  assert.match((await certbound('keys', 'retire', '--', kid)).out.join(), /has been removed before/);
  assert.match((await certbound('keys', 'retire', '--', '-x')).error.join(), /key "-x": is none of tenant default/);
});

for (const [args, told] of [
  [['keys', 'retire'], /the kid of one key is needed/],
  [['keys', 'retire', 'a', 'b'], /the kid of one key is needed/],
  [['keys', 'retire', 'unknown'], /key "unknown": is none of tenant default; see «keys list»/],
  [['keys', 'rotate', '--purpose', 'both'], /--purpose "both" is not known; write access_token or introspection/],
  [['keys', 'rotate', 'now'], /"now" is not understood here/],
  [['keys', 'rotate', '--purpose', 'introspection'], /has no key for introspection yet/],
  [['keys', 'list', '--tenant', 'nobody'], /tenant "nobody": is not registered/],
  [['keys', 'delete'], /keys takes list, rotate, retire/],
] as const) {
  test(`certbound ${args.join(' ')}: is refused with what to do`, async () => {
    const { out, error, exit } = await certbound(...args);
    assert.deepEqual([out, exit], [[], exits.askedWrongly]);
    assert.match(error.join('\n'), told);
  });
}
