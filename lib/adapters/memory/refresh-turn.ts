/** Whose turn it is to refresh CRLs, in memory, for tests: what processes share is `row`. */
import type { RefreshTurn } from '../../oauth/crl-refresh.ts';

export type TurnRow = { owner?: symbol; until?: Date };

export function memoryRefreshTurn(row: TurnRow = {}): RefreshTurn {
  let owner: symbol | undefined;
  return {
    async take(at, until) {
      if (row.until !== undefined && row.until > at) return false;
      owner = Symbol('turn');
      Object.assign(row, { owner, until });
      return true;
    },
    async giveBack(at) {
      if (row.owner === owner) row.until = at;
    },
  };
}
