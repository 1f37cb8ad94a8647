/** How much work one verdict may cost, whatever the certificates say: budgets instead of clocks. */

/** Counted as it is done; a caller who passes one in sees what a verdict has cost. */
export type Work = { signatures: number; comparisons: number; nodes: number };

export const noWork = (): Work => ({ signatures: 0, comparisons: 0, nodes: 0 });

/**
 * Signatures: Go allows 100, webpki 100; a path of six needs five. Comparisons: webpki's 250,000, which is 500 names against
 * 500 constraints. Nodes: certificates looked at while building; bridges of real federations need some dozens.
 */
const limits: Readonly<Work> = { signatures: 64, comparisons: 250_000, nodes: 500 };

const words: Readonly<Record<keyof Work, string>> = {
  signatures: 'signature checks',
  comparisons: 'name constraint comparisons',
  nodes: 'candidate issuers',
};

/** Ends a search from any depth; `validatePath` turns it into the failure `budget_exceeded`. */
export class BudgetError extends Error {
  readonly budget: string;
  readonly limit: number;
  constructor(budget: string, limit: number) {
    super(`more than ${limit} ${budget}`);
    this.budget = budget;
    this.limit = limit;
  }
}

/** Counts one step; the first beyond the limit is not done. */
export function spend(work: Work, kind: keyof Work): void {
  if (work[kind] >= limits[kind]) throw new BudgetError(words[kind], limits[kind]);
  work[kind] += 1;
}

/** Certificates of a path, end entity and anchor included. */
export const maximumPathLength = 6;
/** Certificates beside the truststore that a path may be built with. */
export const maximumHelpers = 32;
/** Policies and mappings of one certificate (RFC 9618 §4.1 leaves it to us; real ones have fewer than ten). */
export const maximumPolicies = 64;
