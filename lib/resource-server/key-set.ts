/** The issuer's keys (RFC 7517 §5) in the memory of an API: read when a key is missing, never for every token. */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

export type KeySetOptions = {
  /** Reads the document at `jwks_uri`; rejects where it cannot be had. */
  readonly read: () => Promise<JSONWebKeySet>;
  readonly now: () => Date;
  /** Seconds after which the document is read again, as its `Cache-Control` says. */
  readonly maxAge?: number;
  /** Seconds between two readings because of a `kid` nobody knows, so that made-up ones cost nothing. */
  readonly cooldown?: number;
  /** Seconds for which keys are used although the document cannot be read again. */
  readonly staleIfError?: number;
};

type Held = { readonly key: JWTVerifyGetKey; readonly readAt: number };

/** For `checkJwt`. A key that left the document is not used any more once it was read again. */
export function keySet({
  read,
  now,
  maxAge = 300,
  cooldown = 30,
  staleIfError = 3600,
}: KeySetOptions): JWTVerifyGetKey {
  let held: Held | undefined;
  let reading: Promise<Held> | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;

  const age = (time: number) => (now().getTime() - time) / 1000;

  function refresh(): Promise<Held> {
    triedAt = now().getTime();
    reading ??= read()
      .then((document) => {
        held = { key: createLocalJWKSet(document), readAt: triedAt };
        return held;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  async function current(): Promise<Held> {
    if (held !== undefined && age(held.readAt) < maxAge) return held;
    const known = held;
    if (known === undefined) return refresh();
    if (age(triedAt) < cooldown && reading === undefined) return usable(known);
    return refresh().catch(() => usable(known));
  }

  function usable(known: Held): Held {
    if (age(known.readAt) < maxAge + staleIfError) return known;
    throw new Error('the keys of the issuer are too old and cannot be read again');
  }

  return async (header, token) => {
    const known = await current();
    try {
      return await known.key(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || age(triedAt) < cooldown) throw error;
      const fresh = await refresh().catch(() => known);
      return fresh.key(header, token);
    }
  };
}
