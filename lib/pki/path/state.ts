/** The state of path validation (RFC 5280 §6.1.2), and what the trust anchor's own certificate adds to it (RFC 5937 §3). */

import type { Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import type { SignatureFailure } from '../certificate/signature.ts';
import type { SignatureAlgorithms } from '../certificate/signature-algorithms.ts';
import type { PathEvidence } from '../reason.ts';
import type { SerialNumbers } from './conformance.ts';
import { type ConstraintState, constrain } from './name-constraints.ts';
import { anyPolicy, initialPolicyGraph, type PolicyGraph } from './policies.ts';
import type { ExtendedKeyUsagePolicy } from './truststore.ts';
import type { Work } from './work.ts';

/** RFC 5280 §6.1.1: the inputs, the path apart. */
export type Inputs = {
  readonly at: Date;
  readonly initialPolicySet: ReadonlySet<string>;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialExplicitPolicy: boolean;
  readonly initialAnyPolicyInhibit: boolean;
  /** Undefined where the path is not for client authentication. */
  readonly extendedKeyUsage: ExtendedKeyUsagePolicy | undefined;
  readonly algorithms: SignatureAlgorithms;
  readonly serialNumbers: SerialNumbers;
  readonly verifyLink: (certificate: Certificate, issuer: Certificate) => Result<true, SignatureFailure>;
  readonly work: Work;
};

/** RFC 5280 §6.1.2: the state variables. The working public key and issuer name are those of the certificate before. */
export type State = {
  validPolicyGraph: PolicyGraph;
  constraints: ConstraintState;
  explicitPolicy: number;
  inhibitAnyPolicy: number;
  policyMapping: number;
  maxPathLength: number;
  /** The input, narrowed by the policies of the anchor. */
  userInitialPolicySet: ReadonlySet<string>;
};

/** One certificate and its place in the path; `final` is certificate n, the end entity. */
export type Place = { readonly certificate: Certificate; readonly issuer: Certificate; readonly final: boolean };

/** One clause: why it refuses the certificate, or undefined and the state brought forward. */
export type Step = (place: Place, state: State, inputs: Inputs) => PathEvidence | undefined;

/** RFC 5280 §6.1.2, for a path of n certificates below the anchor. */
export const initialState = (inputs: Inputs, n: number): State => ({
  validPolicyGraph: initialPolicyGraph(),
  constraints: [],
  explicitPolicy: inputs.initialExplicitPolicy ? 0 : n + 1,
  inhibitAnyPolicy: inputs.initialAnyPolicyInhibit ? 0 : n + 1,
  policyMapping: inputs.initialPolicyMappingInhibit ? 0 : n + 1,
  maxPathLength: n,
  userInitialPolicySet: inputs.initialPolicySet,
});

/**
 * RFC 5937 §3: the state narrowed by what the anchor's certificate says. Counters are taken as §6.1.4 (i), (j) and (m) of
 * RFC 5280 would leave them if the anchor were certificate 0 of the path.
 */
export function applyAnchor(anchor: Certificate, state: State): void {
  const { basicConstraints, nameConstraints, certificatePolicies } = anchor;
  state.maxPathLength = Math.min(state.maxPathLength, basicConstraints?.pathLenConstraint ?? Infinity);
  if (nameConstraints !== undefined) state.constraints = constrain(state.constraints, nameConstraints);
  applyPolicyConstraints(anchor, state);
  if (certificatePolicies === undefined || certificatePolicies.includes(anyPolicy)) return;
  const initial = state.userInitialPolicySet;
  const common = initial.has(anyPolicy) ? certificatePolicies : certificatePolicies.filter((one) => initial.has(one));
  state.userInitialPolicySet = new Set(common);
}

/** RFC 5280 §6.1.4 (i) and (j). */
export function applyPolicyConstraints({ policyConstraints, inhibitAnyPolicy }: Certificate, state: State): void {
  state.explicitPolicy = Math.min(state.explicitPolicy, policyConstraints?.requireExplicitPolicy ?? Infinity);
  state.policyMapping = Math.min(state.policyMapping, policyConstraints?.inhibitPolicyMapping ?? Infinity);
  state.inhibitAnyPolicy = Math.min(state.inhibitAnyPolicy, inhibitAnyPolicy ?? Infinity);
}
