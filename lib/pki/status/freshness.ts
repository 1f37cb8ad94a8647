/** The limits of freshness of an answer about status (RFC 6960 §4.2.2.1, RFC 5280 §6.3.3). */

/** Seconds that the clocks of a responder and ours may differ. */
export const skew = 300;

/** Seconds that an answer without nextUpdate may be old: there is no promise when newer information will be had. */
export const maxAgeWithoutNextUpdate = { ocsp: 86_400, crl: 7 * 86_400 } as const;

export const plusSeconds = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000);

export const earlierOf = (a: Date, b: Date): Date => (a <= b ? a : b);

export type Times = { readonly thisUpdate: Date; readonly nextUpdate?: Date | undefined };

/**
 * Whether an answer holds at `at`: `thisUpdate ≤ at + 300 s`, `at − 300 s ≤ nextUpdate`; without nextUpdate it holds
 * `maxAge` seconds (RFC 6960 §4.2.2.1, RFC 5280 §5.1.2.4–5).
 */
export function isCurrent({ thisUpdate, nextUpdate }: Times, maxAge: number, at: Date): boolean {
  if (thisUpdate > plusSeconds(at, skew)) return false;
  if (nextUpdate === undefined) return plusSeconds(thisUpdate, maxAge) >= at;
  return nextUpdate >= thisUpdate && nextUpdate >= plusSeconds(at, -skew);
}
