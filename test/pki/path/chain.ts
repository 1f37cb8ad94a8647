/** Short ways to a verdict on an issued chain. */
import { buildTruststore, type EntryPolicy } from '../../../lib/pki/path/truststore.ts';
import { type PathOptions, type VerifiedPath, validatePath } from '../../../lib/pki/path/validation.ts';
import { describe, type PathFailure, type PathReason } from '../../../lib/pki/reason.ts';
import type { Result } from '../../../lib/result.ts';
import { at, type Issued } from '../issue.ts';

export type ChainOptions = Omit<PathOptions, 'truststore' | 'at' | 'helpers'> & {
  readonly at?: Date;
  readonly policy?: EntryPolicy;
};

/** The verdict on a chain given leaf first, anchor last; the rest are helpers. */
export function judge(
  chain: readonly Issued[],
  { policy, ...options }: ChainOptions = {},
): Result<VerifiedPath, PathFailure> {
  const [leaf, ...rest] = chain.map(({ certificate }) => certificate);
  const anchor = rest.pop();
  if (leaf === undefined || anchor === undefined) throw new Error('a chain has two certificates');
  const truststore = buildTruststore([{ type: 'anchor', certificate: anchor, ...(policy && { policy }) }], '1');
  return validatePath(leaf, { at, ...options, truststore, helpers: rest });
}

export const reasonOf = (result: Result<VerifiedPath, PathFailure>): PathReason | 'ok' =>
  result.ok ? 'ok' : result.failure.reason;

/** `ok` or the reason, for tables of expectations. */
export const reason = (chain: readonly Issued[], options?: ChainOptions): PathReason | 'ok' =>
  reasonOf(judge(chain, options));

export const sentence = (result: Result<VerifiedPath, PathFailure>): string =>
  result.ok ? 'ok' : describe(result.failure);
