import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addPolicies, initialPolicyGraph, mapPolicies, type PolicyGraph } from '../../../lib/pki/path/policies.ts';
import {
  anyPolicy,
  certificatePolicies,
  type Extension,
  type Issued,
  inhibitAnyPolicy,
  issue,
  issueClient,
  issueIntermediate,
  issueRoot,
  mustParse,
  newKey,
  policyConstraints,
  policyMappings,
} from '../issue.ts';
import { type ChainOptions, reason } from './chain.ts';

const root = issueRoot();
const gold = '1.3.6.1.4.1.99999.10.1';
const silver = '1.3.6.1.4.1.99999.10.2';
const required: ChainOptions = { initialExplicitPolicy: true };

/** Leaf first: a chain below the root whose certificates have these extensions, the topmost last; `self` names repeat. */
function chain(...levels: readonly (readonly Extension[])[]): readonly Issued[] {
  const issued = [root];
  for (const [index, extensions] of levels.toReversed().entries()) {
    const issuer = issued[0]!;
    const last = index === levels.length - 1;
    issued.unshift(
      last ? issueClient(issuer, { extensions }) : issueIntermediate(issuer, { subject: `CN=CA ${index}`, extensions }),
    );
  }
  return issued;
}

const g = certificatePolicies([gold]);
const s = certificatePolicies([silver]);
const any = certificatePolicies([anyPolicy]);

test('RFC 5280 §6.1.3 (d): a policy that is on every certificate is valid', () => {
  assert.equal(reason(chain([g], [g]), required), 'ok');
  assert.equal(reason(chain([g], [certificatePolicies([gold, silver])]), required), 'ok');
  assert.equal(reason(chain([g], [s]), required), 'policy');
  assert.equal(reason(chain([s], [g], [certificatePolicies([gold, silver])]), required), 'policy');
});

test('RFC 5280 §6.1.3 (d)(1)(ii) and (d)(2): anyPolicy stands for every policy', () => {
  assert.equal(reason(chain([g], [any]), required), 'ok');
  assert.equal(reason(chain([any], [g]), required), 'ok');
  assert.equal(reason(chain([any], [any]), required), 'ok');
});

test('RFC 5280 §6.1.3 (e) and (f): without policies there is none where one is required', () => {
  assert.equal(reason(chain([g], []), required), 'policy');
  assert.equal(reason(chain([], [g]), required), 'policy');
  assert.equal(reason(chain([], [])), 'ok', 'nothing is required by default');
  assert.equal(reason(chain([s], [g])), 'ok');
});

test('RFC 5280 §6.1.5 (g): the policies must be among the initial set', () => {
  assert.equal(reason(chain([g], [g]), { ...required, initialPolicySet: [gold] }), 'ok');
  assert.equal(reason(chain([g], [g]), { ...required, initialPolicySet: [silver] }), 'policy');
  assert.equal(reason(chain([g], [any]), { ...required, initialPolicySet: [silver, gold] }), 'ok');
  assert.equal(reason(chain([any], [any]), { ...required, initialPolicySet: [silver] }), 'ok');
  assert.equal(reason(chain([g], [g]), { initialPolicySet: [silver] }), 'ok', 'a set alone requires nothing');
});

test('RFC 5280 §6.1.4 (i): requireExplicitPolicy counts certificates, self-issued ones not', () => {
  const explicit = (skip: number) => policyConstraints(skip);
  assert.equal(reason(chain([], [explicit(0)])), 'policy');
  assert.equal(reason(chain([g], [explicit(0), g])), 'ok');
  assert.equal(reason(chain([], [], [explicit(2)])), 'policy', 'wrap-up (a) counts the end entity');
  assert.equal(reason(chain([], [], [explicit(3)])), 'ok');
  assert.equal(reason(chain([explicit(0)], [])), 'policy', 'wrap-up (b)');
  assert.equal(reason(chain([explicit(1)], [])), 'ok');
  const first = issueIntermediate(root, { subject: 'CN=Same', extensions: [explicit(2)] });
  const same = issueIntermediate(first, { subject: 'CN=Same' });
  assert.equal(reason([issueClient(same), same, first, root]), 'ok', 'the self-issued one is not counted');
});

test('RFC 5280 §6.1.4 (a): nothing maps to or from anyPolicy', () => {
  assert.equal(reason(chain([any], [any, policyMappings([[anyPolicy, gold]])])), 'policy');
  assert.equal(reason(chain([any], [any, policyMappings([[gold, anyPolicy]])])), 'policy');
});

test('RFC 5280 §6.1.4 (b)(1): a mapped policy is expected below under its new name', () => {
  const mapping = policyMappings([[gold, silver]]);
  assert.equal(reason(chain([s], [g, mapping]), required), 'ok');
  assert.equal(reason(chain([g], [g, mapping]), required), 'policy');
  assert.equal(reason(chain([s], [g, mapping]), { ...required, initialPolicySet: [gold] }), 'ok');
  assert.equal(reason(chain([s], [g, mapping]), { ...required, initialPolicySet: [silver] }), 'policy');
  assert.equal(
    reason(chain([s], [any, mapping]), { ...required, initialPolicySet: [gold] }),
    'ok',
    'anyPolicy stands for gold',
  );
});

test('RFC 5280 §6.1.4 (b)(2): where mapping is inhibited the mapped policies go', () => {
  const mapping = policyMappings([[gold, silver]]);
  assert.equal(reason(chain([s], [g, mapping]), { ...required, initialPolicyMappingInhibit: true }), 'policy');
  assert.equal(reason(chain([s], [g, mapping], [g, policyConstraints(undefined, 0)]), required), 'policy');
  assert.equal(reason(chain([s], [g, mapping], [g, policyConstraints(undefined, 1)]), required), 'ok');
  assert.equal(
    reason(chain([s], [certificatePolicies([gold, silver]), mapping]), {
      ...required,
      initialPolicyMappingInhibit: true,
    }),
    'ok',
    'the other policy stays',
  );
});

test('RFC 5280 §6.1.4 (j): inhibitAnyPolicy counts down, self-issued certificates may still use it', () => {
  assert.equal(reason(chain([any], [any]), { ...required, initialAnyPolicyInhibit: true }), 'policy');
  assert.equal(reason(chain([any], [g, inhibitAnyPolicy(0)]), required), 'policy');
  assert.equal(reason(chain([any], [g, inhibitAnyPolicy(1)]), required), 'ok');
  assert.equal(reason(chain([any], [any], [g, inhibitAnyPolicy(1)]), required), 'policy');
  const first = issueIntermediate(root, { subject: 'CN=Same', extensions: [g, inhibitAnyPolicy(0)] });
  const same = issueIntermediate(first, { subject: 'CN=Same', extensions: [any] });
  assert.equal(reason([issueClient(same, { extensions: [g] }), same, first, root], required), 'ok');
  assert.equal(reason([issueClient(same, { extensions: [any] }), same, first, root], required), 'policy');
});

test('RFC 5937 §3: policies of an anchor narrow the initial set', () => {
  const top = issueRoot({ subject: 'CN=Gold root', extensions: [g] });
  const client = (extension: Extension) => [issueClient(top, { extensions: [extension] }), top];
  assert.equal(reason(client(g), required), 'ok');
  assert.equal(reason(client(s), required), 'policy');
  assert.equal(reason(client(g), { ...required, initialPolicySet: [silver] }), 'policy');
  assert.equal(reason(client(s), { ...required, policy: { constraints: 'ignore' } }), 'ok');
  const strict = issueRoot({ subject: 'CN=Strict root', extensions: [policyConstraints(0, 0), inhibitAnyPolicy(0)] });
  assert.equal(reason([issueClient(strict), strict]), 'policy');
  assert.equal(reason([issueClient(strict, { extensions: [any] }), strict]), 'policy');
  assert.equal(reason([issueClient(strict, { extensions: [g] }), strict]), 'ok');
});

test('more than 64 policies or mappings in a certificate end the verdict', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `1.3.6.1.4.1.99999.${i}`);
  assert.equal(reason(chain([certificatePolicies(many(64))], [any])), 'ok');
  assert.equal(reason(chain([certificatePolicies(many(65))], [any])), 'budget_exceeded');
  const pairs = (count: number) => many(count).map((oid) => [oid, gold] as const);
  assert.equal(reason(chain([g], [any, policyMappings(pairs(64))])), 'ok');
  assert.equal(reason(chain([g], [any, policyMappings(pairs(65))])), 'budget_exceeded');
});

test('RFC 9618 §3: the graph grows by policies a level, where the tree of RFC 5280 would grow exponentially', () => {
  const key = newKey();
  const oids = Array.from({ length: 8 }, (_, i) => `1.3.6.1.4.1.99999.${i}`);
  const everyToEvery = oids.flatMap((a) => oids.map((b) => [a, b] as const));
  const certificate = mustParse(
    issue({ key, extensions: [certificatePolicies(oids), policyMappings(everyToEvery)] }).der,
  );
  let graph: PolicyGraph = initialPolicyGraph();
  for (let depth = 0; depth < 30; depth++) {
    graph = mapPolicies(addPolicies(graph, certificate, true), certificate.policyMappings ?? [], false);
  }
  assert.equal(graph?.length, 31);
  const nodes = graph?.reduce((sum, level) => sum + level.size, 0) ?? 0;
  assert.ok(nodes <= 1 + 30 * oids.length, `${nodes} nodes`);
});
