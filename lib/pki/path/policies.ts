/**
 * Certificate policies (RFC 5280 §6.1.2 (a), §6.1.3 (d) to (f), §6.1.4 (a) and (b), §6.1.5 (g)) as the graph of RFC 9618,
 * which holds a policy at most once a depth: the tree of RFC 5280 grows exponentially when certificates want it to.
 */
import type { Certificate } from '../certificate/certificate.ts';
import type { PolicyMapping } from '../certificate/extensions.ts';
import { BudgetError, maximumPolicies } from './work.ts';

export const anyPolicy = '2.5.29.32.0';

/** RFC 9618 §5.2 (a): valid_policy is the key in the graph; expected_policy_set changes when policies are mapped. */
type Node = { readonly policy: string; readonly parents: ReadonlySet<Node>; expected: ReadonlySet<string> };
type Level = ReadonlyMap<string, Node>;

/** valid_policy_graph, the anchor's level first; undefined is NULL. */
export type PolicyGraph = readonly [Level, ...Level[]] | undefined;

/** RFC 9618 §5.2 (a): one node of depth zero. */
export function initialPolicyGraph(): PolicyGraph {
  return [new Map([[anyPolicy, { policy: anyPolicy, parents: new Set(), expected: new Set([anyPolicy]) }]])];
}

/** RFC 9618 §5.3 (d) and (e): the graph with the level of one more certificate. Throws `BudgetError`. */
export function addPolicies(graph: PolicyGraph, certificate: Certificate, anyPolicyCounts: boolean): PolicyGraph {
  const policies = certificate.certificatePolicies;
  if (graph === undefined || policies === undefined) return undefined;
  if (policies.length > maximumPolicies) throw new BudgetError('policies in a certificate', maximumPolicies);
  return prune([...graph, new Map(children(lastLevel(graph), policies, anyPolicyCounts))]);
}

function* children(above: Level, policies: readonly string[], anyPolicyCounts: boolean): Generator<[string, Node]> {
  const expecting = nodesByExpectedPolicy(above);
  const wildcard = above.get(anyPolicy);
  const child = (policy: string, parents: ReadonlySet<Node>): [string, Node] => [
    policy,
    { policy, parents, expected: new Set([policy]) },
  ];
  // (d)(1): policies that are expected above, else those that anyPolicy above stands for.
  for (const policy of policies) {
    const parents = expecting.get(policy) ?? (wildcard && new Set([wildcard]));
    if (policy !== anyPolicy && parents !== undefined) yield child(policy, parents);
  }
  if (!policies.includes(anyPolicy) || !anyPolicyCounts) return;
  // (d)(2): anyPolicy stands for whatever else is expected above.
  for (const [policy, parents] of expecting) if (!policies.includes(policy)) yield child(policy, parents);
  if (wildcard !== undefined) yield child(anyPolicy, new Set([wildcard]));
}

const lastLevel = (graph: readonly [Level, ...Level[]]): Level => graph.at(-1) ?? graph[0];

function nodesByExpectedPolicy(level: Level): ReadonlyMap<string, ReadonlySet<Node>> {
  const nodes = new Map<string, Set<Node>>();
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const known = nodes.get(policy);
      if (known === undefined) nodes.set(policy, new Set([node]));
      else known.add(node);
    }
  }
  return nodes;
}

/** RFC 9618 §5.3 (d)(3): nodes without children go, from below; without a root the graph is NULL. */
function prune(graph: readonly [Level, ...Level[]]): PolicyGraph {
  let below = lastLevel(graph);
  const levels = [below];
  for (const level of graph.slice(0, -1).toReversed()) {
    const parents = new Set([...below.values()].flatMap((node) => [...node.parents]));
    below = new Map([...level].filter(([, node]) => parents.has(node)));
    levels.unshift(below);
  }
  const [root, ...rest] = levels;
  return root === undefined || root.size === 0 ? undefined : [root, ...rest];
}

/** RFC 5280 §6.1.4 (a): nothing maps to or from anyPolicy. */
export const mapsAnyPolicy = (mappings: readonly PolicyMapping[]): boolean =>
  mappings.some(
    ({ issuerDomainPolicy, subjectDomainPolicy }) =>
      issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy,
  );

/** RFC 9618 §5.4 (b): maps the policies of the last level, or removes them where mapping is inhibited. */
export function mapPolicies(graph: PolicyGraph, mappings: readonly PolicyMapping[], inhibited: boolean): PolicyGraph {
  if (mappings.length > maximumPolicies) throw new BudgetError('policy mappings in a certificate', maximumPolicies);
  if (graph === undefined) return undefined;
  const level = new Map(lastLevel(graph));
  const wildcard = level.get(anyPolicy);
  for (const [policy, group] of Map.groupBy(mappings, ({ issuerDomainPolicy }) => issuerDomainPolicy)) {
    const node = level.get(policy);
    if (inhibited) {
      level.delete(policy);
    } else if (node !== undefined || wildcard !== undefined) {
      const expected = new Set(group.map(({ subjectDomainPolicy }) => subjectDomainPolicy));
      // A policy that only anyPolicy stands for becomes a sibling of it.
      level.set(policy, { policy, parents: (node ?? wildcard)?.parents ?? new Set(), expected });
    }
  }
  const [first, ...rest] = [...graph.slice(0, -1), level];
  return first === undefined ? undefined : prune([first, ...rest]);
}

/** RFC 9618 §5.5 (g): the user-constrained-policy-set; empty where no policy is valid and acceptable. */
export function userConstrainedPolicies(graph: PolicyGraph, initial: ReadonlySet<string>): ReadonlySet<string> {
  const authority = new Set<string>();
  if (graph === undefined) return authority;
  for (const level of graph.slice(1)) {
    for (const { policy, parents } of level.values()) {
      if (policy !== anyPolicy && [...parents].some((parent) => parent.policy === anyPolicy)) authority.add(policy);
    }
  }
  if (lastLevel(graph).has(anyPolicy)) authority.add(anyPolicy);
  if (initial.has(anyPolicy)) return authority;
  return authority.has(anyPolicy) ? initial : new Set([...authority].filter((policy) => initial.has(policy)));
}
