/**
 * The verdict on a certification path: built (RFC 4158), validated (RFC 5280 §6.1), and its end entity fit to be a TLS client.
 *
 * Does not look at revocation: `lib/status` does, for a path that is valid.
 */
import { fail, ok, type Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { printName } from '../certificate/name.ts';
import { type SignatureFailure, verifySignature } from '../certificate/signature.ts';
import { type SignatureAlgorithms, strictAlgorithms } from '../certificate/signature-algorithms.ts';
import { mostSpecific, type PathFailure } from '../reason.ts';
import { buildPaths } from './building.ts';
import type { SerialNumbers } from './conformance.ts';
import { refuseClient } from './end-entity.ts';
import { type Path, referTo } from './path.ts';
import { anyPolicy } from './policies.ts';
import { refusePath } from './processing.ts';
import type { Inputs } from './state.ts';
import type { ExtendedKeyUsagePolicy, Truststore } from './truststore.ts';
import { BudgetError, maximumHelpers, noWork, spend, type Work } from './work.ts';

declare const verified: unique symbol;

/** A valid path, leaf first, anchor last; only `validatePath` makes one. */
export type VerifiedPath = {
  readonly certificates: readonly Certificate[];
  readonly anchor: Certificate;
  /** The earliest end of validity on the path. */
  readonly notAfter: Date;
  readonly truststoreVersion: string;
  readonly [verified]: true;
};

export type PathOptions = {
  readonly truststore: Truststore;
  readonly at: Date;
  /** Untrusted certificates that may help to build the path, such as the chain stored at registration; at most 32. */
  readonly helpers?: readonly Certificate[];
  /** Where no entry of the path has a policy of its own; default `required-if-present`. */
  readonly extendedKeyUsage?: ExtendedKeyUsagePolicy;
  /** `any` leaves out the rules for a client's certificate: for signers of CRLs, whose own rules the caller adds. */
  readonly purpose?: 'client' | 'any';
  /** RFC 5280 §6.1.1 (c) and (e) to (g); by default any policy, nothing required, nothing inhibited. */
  readonly initialPolicySet?: readonly string[];
  readonly initialExplicitPolicy?: boolean;
  readonly initialPolicyMappingInhibit?: boolean;
  readonly initialAnyPolicyInhibit?: boolean;
  /** Weaker algorithms and odd serial numbers are for old test vectors alone. */
  readonly algorithms?: SignatureAlgorithms;
  readonly serialNumbers?: SerialNumbers;
  /** Counts what the verdict has cost. */
  readonly work?: Work;
};

/** RFC 5280 §6.1, RFC 4158: the first valid path to a trust anchor, or the most specific reason why there is none. */
export function validatePath(leaf: Certificate, options: PathOptions): Result<VerifiedPath, PathFailure> {
  const { truststore, helpers = [], work = noWork(), algorithms = strictAlgorithms } = options;
  const failures: PathFailure[] = [];
  const refuse = (failure: PathFailure): void => {
    failures.push(failure);
  };
  try {
    if (helpers.length > maximumHelpers) throw new BudgetError('helper certificates', maximumHelpers);
    const verifyLink = linkVerifier(algorithms, work);
    for (const path of buildPaths(leaf, { truststore, helpers, verifyLink, work, refuse })) {
      const failure = judge(path, { ...inputs(path, options), algorithms, verifyLink, work });
      if (failure === undefined) return ok(verifiedPath(path, truststore.version));
      refuse(failure);
    }
  } catch (error) {
    if (!(error instanceof BudgetError)) throw error;
    refuse({ reason: 'budget_exceeded', budget: error.budget, limit: error.limit, certificate: referTo(leaf, 0) });
  }
  const [first, ...rest] = failures;
  return fail(first === undefined ? untrusted(leaf) : mostSpecific([first, ...rest]));
}

const untrusted = (leaf: Certificate): PathFailure => ({
  reason: 'chain_untrusted',
  issuer: printName(leaf.issuer),
  certificate: referTo(leaf, 0),
});

/** RFC 5280 §6.1, then what the end entity must be beyond it. */
function judge(path: Path, inputs: Inputs): PathFailure | undefined {
  const refused = refusePath(path, inputs);
  if (refused !== undefined || inputs.extendedKeyUsage === undefined) return refused;
  const [{ certificate }] = path;
  const evidence = refuseClient(certificate, inputs.extendedKeyUsage);
  return evidence && { ...evidence, certificate: referTo(certificate, 0) };
}

type OptionInputs = Omit<Inputs, 'algorithms' | 'verifyLink' | 'work'>;

function inputs(path: Path, options: PathOptions): OptionInputs {
  const { extendedKeyUsage = 'required-if-present', purpose = 'client' } = options;
  const decided = path.map(({ policy }) => policy?.extendedKeyUsage).find((policy) => policy !== undefined);
  return {
    at: options.at,
    initialPolicySet: new Set(options.initialPolicySet ?? [anyPolicy]),
    initialPolicyMappingInhibit: options.initialPolicyMappingInhibit ?? false,
    initialExplicitPolicy: options.initialExplicitPolicy ?? false,
    initialAnyPolicyInhibit: options.initialAnyPolicyInhibit ?? false,
    extendedKeyUsage: purpose === 'client' ? (decided ?? extendedKeyUsage) : undefined,
    serialNumbers: options.serialNumbers ?? 'positive',
  };
}

/** Each pair of certificate and key is verified once a verdict, however many paths it lies on. */
function linkVerifier(algorithms: SignatureAlgorithms, work: Work): Inputs['verifyLink'] {
  const known = new Map<string, Result<true, SignatureFailure>>();
  return (certificate, issuer) => {
    const link = `${certificate.thumbprint} ${issuer.spkiSha256}`;
    const remembered = known.get(link);
    if (remembered !== undefined) return remembered;
    spend(work, 'signatures');
    const verified = verifySignature(certificate.signed, issuer.publicKeyInfo, algorithms);
    known.set(link, verified);
    return verified;
  };
}

function verifiedPath(path: Path, truststoreVersion: string): VerifiedPath {
  const certificates = path.map(({ certificate }) => certificate);
  const anchor = (path.at(-1) ?? path[0]).certificate;
  const notAfter = new Date(Math.min(...certificates.map((certificate) => certificate.notAfter.getTime())));
  const value: Omit<VerifiedPath, typeof verified> = { certificates, anchor, notAfter, truststoreVersion };
  return Object.freeze(value) as VerifiedPath;
}
