/** How long and how often one certificate may make us ask: a certificate names the addresses, so it must not set the cost. */

/** Milliseconds for one fetch, and for all that one request waits for. */
export const fetchTimeout = 2500;
const requestTime = 4000;
/** Addresses asked for one certificate. */
export const maximumFetches = 4;

export type Budget = {
  /** Milliseconds that the next fetch may take; undefined when there is nothing left. */
  next(): number | undefined;
  /** Counts a fetch that timed out, where there is no clock to tell. */
  spend(milliseconds: number): void;
};

/** The budget of one certificate, from when its request `began` or from this moment; in milliseconds of a monotonic clock. */
export function fetchBudget(now?: () => number, began = now?.() ?? 0): Budget {
  let left = maximumFetches;
  let spent = 0;
  return {
    next() {
      const time = Math.floor(Math.min(fetchTimeout, requestTime - (now ? now() - began : spent)));
      if (left === 0 || time <= 0) return undefined;
      left -= 1;
      return time;
    },
    spend(milliseconds) {
      spent += milliseconds;
    },
  };
}
