/** Why a path was refused: the closed vocabulary of its verdicts, with evidence (RFC 5280 §6). */
import type { Thumbprint } from './certificate/thumbprint.ts';

/** Which certificate of the path: 0 is the end entity, the last is the trust anchor. */
export type CertificateReference = {
  readonly index: number;
  readonly subject: string;
  readonly thumbprint: Thumbprint;
};

/** The bytes are no certificate of RFC 5280 §4.1 in DER; `at` is an offset into them. */
export type CertificateFailure = {
  readonly reason: 'certificate_unparsable';
  readonly problem: string;
  readonly at?: number;
};

/** What each path reason has to show for itself. */
export type PathEvidence =
  | { readonly reason: 'chain_untrusted'; readonly issuer: string }
  | { readonly reason: 'chain_incomplete'; readonly issuer: string }
  | { readonly reason: 'signature_invalid'; readonly issuer: string }
  | { readonly reason: 'certificate_nonconforming'; readonly problem: string }
  | { readonly reason: 'certificate_expired'; readonly at: Date; readonly notAfter: Date }
  | { readonly reason: 'certificate_not_yet_valid'; readonly at: Date; readonly notBefore: Date }
  | { readonly reason: 'issuer_expired'; readonly at: Date; readonly notAfter: Date }
  | { readonly reason: 'basic_constraints'; readonly problem: string }
  | { readonly reason: 'path_length'; readonly problem: string }
  | { readonly reason: 'name_constraints'; readonly name: string; readonly problem: string }
  | { readonly reason: 'policy'; readonly problem: string }
  | { readonly reason: 'key_usage'; readonly missing: 'digitalSignature' | 'keyCertSign' }
  | {
      readonly reason: 'eku_client_auth_missing';
      readonly extendedKeyUsage: readonly string[];
      readonly wanted: string;
    }
  | { readonly reason: 'critical_extension_unknown'; readonly extension: string }
  | { readonly reason: 'weak_key'; readonly key: string }
  | { readonly reason: 'weak_signature'; readonly algorithm: string }
  | { readonly reason: 'budget_exceeded'; readonly budget: string; readonly limit: number };

/** A failed path: the most specific failure found; `others` are those of the other paths that were tried. */
export type PathFailure = (CertificateFailure | (PathEvidence & { readonly certificate: CertificateReference })) & {
  readonly others?: readonly PathFailure[];
};

export type PathReason = PathFailure['reason'];

/**
 * How much a failure says, the most telling last. A path that reached an anchor and failed there tells more than one that
 * found no issuer; a spent budget tells nothing of the certificate but ends the search, so nothing may hide it.
 */
const rank: readonly PathReason[] = [
  'chain_untrusted',
  'chain_incomplete',
  'signature_invalid',
  'weak_signature',
  'weak_key',
  'basic_constraints',
  'key_usage',
  'certificate_nonconforming',
  'certificate_unparsable',
  'critical_extension_unknown',
  'path_length',
  'policy',
  'name_constraints',
  'issuer_expired',
  'certificate_not_yet_valid',
  'certificate_expired',
  'eku_client_auth_missing',
  'budget_exceeded',
];

/** The most specific of the failures, the others with it; of equals the one that was met first. */
export function mostSpecific(failures: readonly [PathFailure, ...PathFailure[]]): PathFailure {
  const best = failures.reduce((a, b) => (rank.indexOf(b.reason) > rank.indexOf(a.reason) ? b : a));
  const others = failures.filter((failure) => failure !== best);
  return others.length === 0 ? best : { ...best, others };
}

/** One sentence for operators, in one line: names out of a certificate cannot forge a second one. */
export function describe(failure: PathFailure): string {
  return oneLine(sentence(failure));
}

export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}

function sentence(failure: PathFailure): string {
  if (failure.reason === 'certificate_unparsable') {
    return `The certificate cannot be parsed: ${failure.problem}${failure.at === undefined ? '' : ` at byte ${failure.at}`}.`;
  }
  return `Certificate ${failure.certificate.index} of the path (${failure.certificate.subject}) ${pathPhrase(failure)}.`;
}

function pathPhrase(failure: PathEvidence): string {
  switch (failure.reason) {
    case 'chain_untrusted':
      return `leads to no trust anchor: the truststore has no certificate of its issuer ${failure.issuer}`;
    case 'chain_incomplete':
      return `leads to no trust anchor: the certificate of its issuer ${failure.issuer} is missing`;
    case 'signature_invalid':
      return `was not signed by the key of ${failure.issuer}`;
    case 'certificate_nonconforming':
    case 'basic_constraints':
    case 'path_length':
    case 'policy':
      return failure.problem;
    case 'certificate_expired':
    case 'issuer_expired':
      return `expired at ${failure.notAfter.toISOString()}, it is ${failure.at.toISOString()}`;
    case 'certificate_not_yet_valid':
      return `is not valid before ${failure.notBefore.toISOString()}, it is ${failure.at.toISOString()}`;
    case 'name_constraints':
      return `has the name ${failure.name}, which ${failure.problem}`;
    case 'key_usage':
      return `has a keyUsage without ${failure.missing}`;
    case 'eku_client_auth_missing':
      return `has the extendedKeyUsage [${failure.extendedKeyUsage.join(', ')}], wanted is ${failure.wanted}`;
    case 'critical_extension_unknown':
      return `has the critical extension ${failure.extension}, which is not known`;
    case 'weak_key':
      return `has a key that is not allowed: ${failure.key}`;
    case 'weak_signature':
      return `is signed with an algorithm that is not allowed: ${failure.algorithm}`;
    case 'budget_exceeded':
      return `needs more than ${failure.limit} ${failure.budget} to be judged`;
  }
}
