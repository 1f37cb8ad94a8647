/** Name constraints (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c), §6.1.4 (g)): what each CA permits and excludes below it. */
import type { NameConstraints, Subtree } from '../certificate/extensions.ts';
import { type GeneralNameType, printGeneralName } from '../certificate/general-name.ts';
import { type ConstrainedName, type ConstrainingSubtree, constrainingSubtree } from './constrained-name.ts';
import { spend, type Work } from './work.ts';

/** The subtrees of one form; `processed` is false where one of them cannot be compared. */
type Subtrees = { readonly all: readonly ConstrainingSubtree[]; readonly processed: boolean };
type SubtreesByType = ReadonlyMap<GeneralNameType, Subtrees>;

/**
 * permitted_subtrees and excluded_subtrees of RFC 5280 §6.1.2 (b) and (c). The intersection of §6.1.4 (g) is not computed:
 * a name is in it when it is in the permitted subtrees of each certificate that constrains its form.
 */
export type ConstraintState = readonly { readonly permitted: SubtreesByType; readonly excluded: SubtreesByType }[];

/** RFC 5280 §6.1.4 (g): the state with the constraints of one more certificate. */
export const constrain = (state: ConstraintState, { permitted, excluded }: NameConstraints): ConstraintState => [
  ...state,
  { permitted: byType(permitted), excluded: byType(excluded) },
];

function byType(subtrees: readonly Subtree[]): SubtreesByType {
  const groups = Map.groupBy(subtrees.map(constrainingSubtree), ({ base }) => base.type);
  const entries = Array.from(groups, ([type, all]) => {
    return [type, { all, processed: all.every(({ covers }) => covers !== undefined) }] as const;
  });
  return new Map(entries);
}

export type ConstraintViolation = { readonly name: string; readonly problem: string };

/** RFC 5280 §6.1.3 (b) and (c): the first name that is not permitted or is excluded. Throws `BudgetError`. */
export function constraintViolation(
  names: readonly ConstrainedName[],
  state: ConstraintState,
  work: Work,
): ConstraintViolation | undefined {
  for (const name of state.length === 0 ? [] : names) {
    for (const { permitted, excluded } of state) {
      const problem =
        notPermitted(name, permitted.get(name.type), work) ?? excludedBy(name, excluded.get(name.type), work);
      if (problem !== undefined) return { name: printGeneralName(name.name), problem };
    }
  }
  return undefined;
}

const cannotBeCompared = 'cannot be compared with a name constraint on names of its form';

/** RFC 5280 §6.1.3 (b): a form without permitted subtrees is not restricted. */
function notPermitted(name: ConstrainedName, permitted: Subtrees | undefined, work: Work): string | undefined {
  if (permitted === undefined) return undefined;
  if (!isComparable(name, permitted)) return cannotBeCompared;
  for (const { covers } of permitted.all) {
    spend(work, 'comparisons');
    if (covers?.(name.form)) return undefined;
  }
  return 'is in no permitted subtree of a name constraint';
}

/** RFC 5280 §6.1.3 (c). */
function excludedBy(name: ConstrainedName, excluded: Subtrees | undefined, work: Work): string | undefined {
  if (excluded === undefined) return undefined;
  if (!isComparable(name, excluded)) return cannotBeCompared;
  for (const subtree of excluded.all) {
    spend(work, 'comparisons');
    if (subtree.covers?.(name.form) || mayStandFor(name, subtree)) {
      return `is in the excluded subtree ${printGeneralName(subtree.base)} of a name constraint`;
    }
  }
  return undefined;
}

/** RFC 5280 §4.2.1.10: a constraint that is not processed refuses every name of its form; so does a name nobody can read. */
const isComparable = ({ form }: ConstrainedName, { processed }: Subtrees): boolean =>
  processed && form.kind !== 'unreadable';

const mayStandFor = ({ form }: ConstrainedName, { wildcardParent }: ConstrainingSubtree): boolean =>
  form.kind === 'host' && form.wildcard && form.host === wildcardParent;
