/**
 * Building certification paths (RFC 4158): depth first from the end entity, the likeliest issuer first, every link verified
 * before it is followed, loops cut, all within a budget. A path that is built is not yet valid.
 */
import type { Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { matchName, printName } from '../certificate/name.ts';
import type { SignatureFailure } from '../certificate/signature.ts';
import type { PathFailure } from '../reason.ts';
import { type Branch, type Path, referTo } from './path.ts';
import type { Candidate, Truststore } from './truststore.ts';
import { maximumPathLength, spend, type Work } from './work.ts';

export type BuildingOptions = {
  readonly truststore: Truststore;
  /** Untrusted certificates that may lie between. */
  readonly helpers: readonly Certificate[];
  /** RFC 5280 §6.1.3 (a)(1): whether the issuer's key signed the certificate. */
  readonly verifyLink: (certificate: Certificate, issuer: Certificate) => Result<true, SignatureFailure>;
  readonly work: Work;
  /** Is told why a branch ended without an anchor. */
  readonly refuse: (failure: PathFailure) => void;
};

/** RFC 4158 §3: all paths from the certificate to a trust anchor, the most promising first. Throws `BudgetError`. */
export const buildPaths = (leaf: Certificate, options: BuildingOptions): Generator<Path> =>
  extend([{ certificate: leaf }], options);

function* extend(branch: Branch, options: BuildingOptions): Generator<Path> {
  const subject = lastOf(branch);
  let possible = 0;
  for (const candidate of issuersOf(subject, options)) {
    spend(options.work, 'nodes');
    if (isLoop(branch, candidate.certificate)) continue;
    possible += 1;
    const refused = refuseLink(branch, candidate.certificate, options);
    if (refused === undefined) yield* follow(branch, candidate, options);
    else options.refuse(refused);
  }
  if (possible === 0) options.refuse(deadEnd(branch));
}

const lastOf = (branch: Branch): Certificate => (branch.at(-1) ?? branch[0]).certificate;

/** RFC 5280 §6.1.3 (a)(4): by name; the truststore before the helpers, none twice. */
function* issuersOf(subject: Certificate, { truststore, helpers }: BuildingOptions): Generator<Candidate> {
  const met = new Set<string>();
  for (const candidates of truststore.candidates(subject.issuer)) {
    for (const candidate of rank(candidates, subject)) {
      met.add(candidate.certificate.thumbprint);
      yield candidate;
    }
  }
  const named = helpers.filter((helper) => !met.has(helper.thumbprint) && matchName(helper.subject, subject.issuer));
  const candidates = named.map((certificate): Candidate => ({ certificate, type: 'intermediate' }));
  yield* rank(candidates, subject);
}

/**
 * RFC 4158 §3.5.12: issuers whose subjectKeyIdentifier is the authorityKeyIdentifier come first, those with another one
 * last; anchors before intermediates. Nothing is excluded: RFC 5280 §4.2.1.1 makes the identifiers a help, not a rule.
 */
function rank(candidates: readonly Candidate[], subject: Certificate): readonly Candidate[] {
  if (candidates.length < 2) return candidates;
  const order = (candidate: Candidate) =>
    2 * keyIdentifierOrder(candidate.certificate, subject) + (candidate.type === 'anchor' ? 0 : 1);
  return candidates.toSorted((a, b) => order(a) - order(b));
}

function keyIdentifierOrder(issuer: Certificate, subject: Certificate): number {
  const wanted = subject.authorityKeyIdentifier?.keyIdentifier;
  const found = issuer.subjectKeyIdentifier;
  if (wanted === undefined || found === undefined) return 1;
  return Buffer.compare(wanted, found) === 0 ? 0 : 2;
}

/** RFC 4158 §5.2: a subject with the same key comes once in a path, whichever certificate says so. */
const isLoop = (branch: Branch, issuer: Certificate): boolean =>
  branch.some(
    ({ certificate }) =>
      Buffer.compare(certificate.publicKeyInfo.der, issuer.publicKeyInfo.der) === 0 &&
      matchName(certificate.subject, issuer.subject),
  );

/** Why the branch cannot go on to this issuer. */
function refuseLink(branch: Branch, issuer: Certificate, options: BuildingOptions): PathFailure | undefined {
  const subject = lastOf(branch);
  if (branch.length >= maximumPathLength) {
    const problem = `would need a path of more than ${maximumPathLength} certificates`;
    return { reason: 'path_length', problem, certificate: referTo(subject, branch.length - 1) };
  }
  const verified = options.verifyLink(subject, issuer);
  if (verified.ok) return undefined;
  // A weak key is the issuer's fault, the rest is the subject's.
  if (verified.failure.reason === 'weak_key') {
    return { ...verified.failure, certificate: referTo(issuer, branch.length) };
  }
  const certificate = referTo(subject, branch.length - 1);
  return verified.failure.reason === 'signature_invalid'
    ? { reason: 'signature_invalid', issuer: printName(issuer.subject), certificate }
    : { ...verified.failure, certificate };
}

function* follow(branch: Branch, { certificate, type, policy }: Candidate, options: BuildingOptions): Generator<Path> {
  const longer: Path = [...branch, { certificate, policy }];
  // An intermediate never becomes an anchor unless the operator said so.
  if (type === 'anchor' || policy?.partialChain === true) yield longer;
  if (type === 'intermediate') yield* extend(longer, options);
}

/** Nobody in the truststore or among the helpers could have issued the last certificate of the branch. */
function deadEnd(branch: Branch): PathFailure {
  const certificate = lastOf(branch);
  const unknown = branch.length === 1 || certificate.selfIssued;
  return {
    reason: unknown ? 'chain_untrusted' : 'chain_incomplete',
    issuer: printName(certificate.issuer),
    certificate: referTo(certificate, branch.length - 1),
  };
}
