/**
 * Certification path validation, clause by clause (RFC 5280 §6.1.3 to §6.1.5). The steps stand in the order of the RFC, and
 * the first that refuses ends the path. Revocation, (a)(3), is judged by `lib/status` once the path is valid.
 */
import { matchName, printName } from '../certificate/name.ts';
import { isStrongKey } from '../certificate/public-key.ts';
import type { PathFailure } from '../reason.ts';
import { nonconformity } from './conformance.ts';
import { constrainedNames } from './constrained-name.ts';
import { refuseIssuerExtendedKeyUsage } from './extended-key-usage.ts';
import { constrain, constraintViolation } from './name-constraints.ts';
import { type Path, referTo } from './path.ts';
import { addPolicies, mapPolicies, mapsAnyPolicy, userConstrainedPolicies } from './policies.ts';
import { applyAnchor, applyPolicyConstraints, type Inputs, initialState, type Place, type Step } from './state.ts';

/** RFC 5280 §6.1.3 (a)(1). */
const signed: Step = ({ certificate, issuer }, _, { verifyLink }) => {
  const verified = verifyLink(certificate, issuer);
  if (verified.ok) return undefined;
  const { failure } = verified;
  return failure.reason === 'signature_invalid' ? { ...failure, issuer: printName(issuer.subject) } : failure;
};

/** RFC 5280 §6.1.3 (a)(2), §4.1.2.5: both bounds inclusive, in whole seconds, which is all that a certificate can say. */
const inValidityPeriod: Step = ({ certificate: { notBefore, notAfter }, final }, _, { at }) => {
  const now = Math.floor(at.getTime() / 1000) * 1000;
  if (!(now >= notBefore.getTime())) return { reason: 'certificate_not_yet_valid', at, notBefore };
  if (now <= notAfter.getTime()) return undefined;
  return { reason: final ? 'certificate_expired' : 'issuer_expired', at, notAfter };
};

/** RFC 5280 §6.1.3 (a)(4). */
const namesIssuer: Step = ({ certificate, issuer }) =>
  matchName(certificate.issuer, issuer.subject)
    ? undefined
    : { reason: 'chain_untrusted', issuer: printName(certificate.issuer) };

/** Beyond §6.1: keys on the allow-list only, that of the end entity included, and only points that are on their curve. */
const strongKey: Step = ({ certificate: { publicKeyInfo } }, _, { algorithms }) => {
  const { label, keyObject } = publicKeyInfo;
  if (!isStrongKey(publicKeyInfo, algorithms)) return { reason: 'weak_key', key: label };
  return keyObject === undefined ? { reason: 'weak_key', key: `${label} that no key can have` } : undefined;
};

/** Beyond §6.1: the profile of RFC 5280 §4. */
const conforming: Step = ({ certificate, final }, _, { serialNumbers }) => {
  const problem = nonconformity(certificate, final, serialNumbers);
  return problem === undefined ? undefined : { reason: 'certificate_nonconforming', problem };
};

/** RFC 5280 §6.1.3 (b) and (c). */
const withinNameConstraints: Step = ({ certificate, final }, { constraints }, { work }) => {
  if ((certificate.selfIssued && !final) || constraints.length === 0) return undefined;
  const violation = constraintViolation(constrainedNames(certificate), constraints, work);
  return violation && { reason: 'name_constraints', ...violation };
};

/** RFC 5280 §6.1.3 (d) and (e). */
const policies: Step = ({ certificate, final }, state) => {
  const anyPolicyCounts = state.inhibitAnyPolicy > 0 || (!final && certificate.selfIssued);
  state.validPolicyGraph = addPolicies(state.validPolicyGraph, certificate, anyPolicyCounts);
  return undefined;
};

/** RFC 5280 §6.1.3 (f). */
const policyWhereRequired: Step = (_, { explicitPolicy, validPolicyGraph }) =>
  explicitPolicy > 0 || validPolicyGraph !== undefined
    ? undefined
    : { reason: 'policy', problem: 'has no valid certificate policy where one is required' };

/** RFC 5280 §6.1.4 (a) and (b). */
const policyMappings: Step = ({ certificate: { policyMappings } }, state) => {
  if (policyMappings === undefined) return undefined;
  if (mapsAnyPolicy(policyMappings)) return { reason: 'policy', problem: 'maps anyPolicy' };
  state.validPolicyGraph = mapPolicies(state.validPolicyGraph, policyMappings, state.policyMapping === 0);
  return undefined;
};

/** RFC 5280 §6.1.4 (g). */
const nameConstraints: Step = ({ certificate: { nameConstraints } }, state) => {
  if (nameConstraints !== undefined) state.constraints = constrain(state.constraints, nameConstraints);
  return undefined;
};

/** RFC 5280 §6.1.4 (h). */
const countDown: Step = ({ certificate: { selfIssued } }, state) => {
  if (selfIssued) return undefined;
  state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
  state.policyMapping = Math.max(0, state.policyMapping - 1);
  state.inhibitAnyPolicy = Math.max(0, state.inhibitAnyPolicy - 1);
  return undefined;
};

/** RFC 5280 §6.1.4 (i) and (j). */
const policyConstraints: Step = ({ certificate }, state) => {
  applyPolicyConstraints(certificate, state);
  return undefined;
};

/** RFC 5280 §6.1.4 (k); v1 and v2 certificates cannot say that they are a CA's and are none. */
const isCertificateAuthority: Step = ({ certificate: { basicConstraints } }) => {
  if (basicConstraints?.cA === true) return undefined;
  const problem = basicConstraints
    ? 'issued a certificate and is not a CA'
    : 'issued a certificate without basicConstraints';
  return { reason: 'basic_constraints', problem };
};

/** RFC 5280 §6.1.4 (l). */
const pathLength: Step = ({ certificate: { selfIssued } }, state) => {
  if (selfIssued) return undefined;
  if (state.maxPathLength <= 0)
    return { reason: 'path_length', problem: 'is a CA more than a pathLenConstraint allows' };
  state.maxPathLength -= 1;
  return undefined;
};

/** RFC 5280 §6.1.4 (m). */
const pathLenConstraint: Step = ({ certificate: { basicConstraints } }, state) => {
  state.maxPathLength = Math.min(state.maxPathLength, basicConstraints?.pathLenConstraint ?? Infinity);
  return undefined;
};

/** RFC 5280 §6.1.4 (n). */
const mayIssue: Step = ({ certificate: { keyUsage } }) =>
  keyUsage === undefined || keyUsage.has('keyCertSign') ? undefined : { reason: 'key_usage', missing: 'keyCertSign' };

/** Beyond §6.1: purposes nest. */
const extendedKeyUsage: Step = ({ certificate }, _, { extendedKeyUsage }) =>
  extendedKeyUsage && refuseIssuerExtendedKeyUsage(certificate, extendedKeyUsage);

/**
 * Extensions that are processed here or in `lib/pki/status`. Those that RFC 5280 §4.2 says must not be critical are not among
 * them: who marks them so means something that we do not know.
 */
const processed: ReadonlySet<string> = new Set([
  '2.5.29.15', // keyUsage
  '2.5.29.17', // subjectAltName
  '2.5.29.18', // issuerAltName
  '2.5.29.19', // basicConstraints
  '2.5.29.30', // nameConstraints
  '2.5.29.31', // cRLDistributionPoints
  '2.5.29.32', // certificatePolicies
  '2.5.29.33', // policyMappings
  '2.5.29.36', // policyConstraints
  '2.5.29.37', // extKeyUsage
  '2.5.29.54', // inhibitAnyPolicy
]);

/** RFC 5280 §6.1.4 (o) and §6.1.5 (f), §4.2. */
const knownCriticalExtensions: Step = ({ certificate: { extensions } }) => {
  for (const { oid, critical } of extensions.values()) {
    if (critical && !processed.has(oid)) return { reason: 'critical_extension_unknown', extension: oid };
  }
  return undefined;
};

/** RFC 5280 §6.1.5 (a), (b) and (g). */
const acceptablePolicy: Step = ({ certificate }, state) => {
  state.explicitPolicy = Math.max(0, state.explicitPolicy - 1);
  if (certificate.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
  const acceptable = userConstrainedPolicies(state.validPolicyGraph, state.userInitialPolicySet);
  return state.explicitPolicy > 0 || acceptable.size > 0
    ? undefined
    : { reason: 'policy', problem: 'has no acceptable certificate policy where one is required' };
};

/** RFC 5280 §6.1.3, for every certificate of the path. */
const basicProcessing: readonly Step[] = [
  strongKey,
  signed,
  inValidityPeriod,
  namesIssuer,
  conforming,
  withinNameConstraints,
  policies,
  policyWhereRequired,
];

/** RFC 5280 §6.1.4, after every certificate but the last. */
const preparation: readonly Step[] = [
  policyMappings,
  nameConstraints,
  countDown,
  policyConstraints,
  isCertificateAuthority,
  pathLength,
  pathLenConstraint,
  mayIssue,
  extendedKeyUsage,
  knownCriticalExtensions,
];

/** RFC 5280 §6.1.5, after the last. */
const wrapUp: readonly Step[] = [knownCriticalExtensions, acceptablePolicy];

/**
 * What an anchor that comes as a certificate must be itself; RFC 5280 §6.1 takes only its name and key. The profile is not
 * asked for: roots with serial number 0 are still about.
 */
const anchorRules: readonly Step[] = [
  strongKey,
  inValidityPeriod,
  isCertificateAuthority,
  mayIssue,
  knownCriticalExtensions,
];

/** RFC 5280 §6.1: undefined when the path is valid. Throws `BudgetError`. */
export function refusePath(path: Path, inputs: Inputs): PathFailure | undefined {
  const n = path.length - 1;
  const state = initialState(inputs, n);
  const anchor = path.at(-1) ?? path[0];
  const constrained = anchor.policy?.constraints !== 'ignore';
  const rules = constrained ? [...anchorRules, extendedKeyUsage] : anchorRules;
  const refused = refuse({ certificate: anchor.certificate, issuer: anchor.certificate, final: false }, n, rules);
  if (refused !== undefined) return refused;
  if (constrained) applyAnchor(anchor.certificate, state);
  let issuer = anchor.certificate;
  for (const [index, { certificate }] of [...path.slice(0, -1).entries()].reverse()) {
    const final = index === 0;
    const failure = refuse({ certificate, issuer, final }, index, [
      ...basicProcessing,
      ...(final ? wrapUp : preparation),
    ]);
    if (failure !== undefined) return failure;
    issuer = certificate;
  }
  return undefined;

  function refuse(place: Place, index: number, steps: readonly Step[]): PathFailure | undefined {
    for (const step of steps) {
      const evidence = step(place, state, inputs);
      if (evidence !== undefined) return { ...evidence, certificate: referTo(place.certificate, index) };
    }
    return undefined;
  }
}
