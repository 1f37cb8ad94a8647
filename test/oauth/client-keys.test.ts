import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryEvidenceCache } from '../../lib/adapters/memory/evidence-cache.ts';
import { type AssertionKey, parseAssertionJwk } from '../../lib/oauth/client-jwk.ts';
import { keyFinder } from '../../lib/oauth/client-keys.ts';
import type { TenantSnapshot } from '../../lib/oauth/ports.ts';
import { ok } from '../../lib/result.ts';
import type { EvidenceCache, Fetch } from '../../lib/status/ports.ts';
import { authorizationServer, start } from './authorization-server.ts';
import { signingPair } from './client-authentication/registered-keys.ts';

const registered = { kind: 'jwks_uri', uri: 'https://keys.example/jwks' } as const;
const [old, next] = [signingPair('ES256', 'old'), signingPair('ES256', 'next')];
const named = (kid: string) => (keys: readonly AssertionKey[]) => keys.find((key) => key.kid === kid);
const later = (seconds: number) => new Date(start.getTime() + seconds * 1000);

const found = await (await authorizationServer()).server.registry.snapshot('default');
assert.ok(found);
const tenant: TenantSnapshot = found;

/** A tenant whose clients' keys are at one address, and how often it was asked. */
function published(cache: (memory: EvidenceCache) => EvidenceCache = (memory) => memory) {
  const state = { keys: [old.jwk], fetched: 0 };
  const fetch: Fetch = async () => {
    state.fetched++;
    return ok(Buffer.from(JSON.stringify({ keys: state.keys })));
  };
  const snapshot: TenantSnapshot = { ...tenant, status: { fetch, cache: cache(memoryEvidenceCache()) } };
  return { state, snapshot };
}

test('RFC 7591 §2, C27: who joins one that only reads what is kept asks once more for the key it lacks', async () => {
  const find = keyFinder('jws', parseAssertionJwk);
  let crowd: Promise<unknown> | undefined;
  const { state, snapshot } = published((memory) => ({
    save: memory.save,
    async find(key) {
      if (key.endsWith('.unknown')) crowd ??= find(registered, named('old'), snapshot, later(10));
      else if (crowd !== undefined) await new Promise(setImmediate);
      return memory.find(key);
    },
  }));
  assert.ok(await find(registered, named('old'), snapshot, start));
  state.keys = [old.jwk, next.jwk];
  assert.ok(await find(registered, named('next'), snapshot, later(10)));
  assert.ok(await crowd);
  assert.equal(state.fetched, 2);
});

test('RFC 7591 §2, C27: another process that has fetched since saves this one the fetch', async () => {
  const shared = memoryEvidenceCache();
  const process = () =>
    published((memory) => ({
      find: memory.find,
      findShared: shared.find,
      save: async (key, evidence) => {
        await memory.save(key, evidence);
        await shared.save(key, evidence);
      },
    }));
  const [one, two] = [process(), process()];
  const find = [keyFinder('jws', parseAssertionJwk), keyFinder('jws', parseAssertionJwk)] as const;
  assert.ok(await find[0](registered, named('old'), one.snapshot, start));
  assert.ok(await find[1](registered, named('old'), two.snapshot, later(1)));
  assert.deepEqual([one.state.fetched, two.state.fetched], [1, 0]);
  // What one process did not find at the address, the other does not look for.
  assert.equal(await find[0](registered, named('nobody'), one.snapshot, later(10)), undefined);
  assert.equal(await find[1](registered, named('nobody'), two.snapshot, later(11)), undefined);
  assert.deepEqual([one.state.fetched, two.state.fetched], [2, 0]);
});

test('RFC 7591 §2: a set that is kept is parsed once', async () => {
  let parsed = 0;
  const find = keyFinder('jws', (jwk) => {
    parsed++;
    return parseAssertionJwk(jwk);
  });
  const { snapshot } = published();
  for (let second = 0; second < 5; second++) {
    assert.ok(await find(registered, named('old'), snapshot, later(second)));
  }
  assert.equal(parsed, 1);
});
