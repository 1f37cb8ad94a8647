/** The status of a certificate by CRLs (RFC 5280 §6.3.3): a pure function of certificate, path, CRLs and time. */
import { fail, ok, type Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import type { DistributionPoint } from '../certificate/distribution-point.ts';
import type { Crl } from './crl.ts';
import { findDelta } from './crl-delta.ts';
import { type CrlEntry, findEntry } from './crl-entry.ts';
import type { CrlWork } from './crl-index.ts';
import { allReasons, isWithin, noReasons, outOfScope, pointsOf, type Reasons, reasonsOf } from './crl-scope.ts';
import { findSigner, type SignerOptions, type SignerPath } from './crl-signer.ts';
import type { Finding, Refused } from './finding.ts';
import { earlierOf, isCurrent, maxAgeWithoutNextUpdate, plusSeconds, skew } from './freshness.ts';
import { statusOfReason } from './revocation-reason.ts';

export type CrlOptions = SignerOptions & {
  readonly certificate: Certificate;
  /** Complete and delta CRLs, in any order. */
  readonly crls: readonly Crl[];
  readonly at: Date;
  /** Seconds since thisUpdate after which no CRL is used, whatever its nextUpdate; default 7 days without nextUpdate. */
  readonly maxAge?: number | undefined;
  readonly work?: CrlWork | undefined;
};

/** What one CRL, with its delta, says by way of one distribution point. */
type Saying = { readonly times: Times; readonly reasons: Reasons; readonly entry: CrlEntry | undefined };
type Times = { readonly thisUpdate: Date; readonly nextUpdate?: Date };

/**
 * RFC 5280 §6.3.3: revoked as soon as one CRL in scope says so; good once CRLs in scope cover all reasons. `unavailable`
 * where they do not, `untrusted` where one was in scope but not signed by whom it should be.
 */
export function crlStatus(options: CrlOptions, trusting: ReadonlySet<string> = new Set()): Result<Finding, Refused> {
  const problems: Refused[] = [];
  const sayings: Saying[] = [];
  const complete = options.crls.filter(({ baseCrlNumber }) => baseCrlNumber === undefined).toSorted(newestFirst);
  for (const point of pointsOf(options.certificate)) {
    for (const crl of complete) {
      const said = consult(crl, point, coveredBy(sayings), options, trusting);
      if (said.ok) sayings.push(said.value);
      else problems.push(said.failure);
    }
  }
  return conclude(sayings, problems);
}

const newestFirst = (a: Crl, b: Crl): number => b.thisUpdate.getTime() - a.thisUpdate.getTime();

const coveredBy = (sayings: readonly Saying[]): Reasons =>
  sayings.reduce((covered, { reasons }) => covered | reasons, noReasons);

function conclude(sayings: readonly Saying[], problems: readonly Refused[]): Result<Finding, Refused> {
  const revocations = sayings.flatMap(revocationOf);
  const gravest = revocations.find(({ status }) => status === 'revoked') ?? revocations[0];
  if (gravest !== undefined) return ok(gravest);
  if (isWithin(allReasons, coveredBy(sayings))) return ok({ status: 'good', ...narrowest(sayings) });
  const worst = problems.find(({ status }) => status === 'untrusted') ?? problems[0];
  return fail(worst ?? { status: 'unavailable', detail: 'no CRL in scope covers all reasons' });
}

/** (k): removeFromCRL means not revoked. */
function revocationOf({ entry, times }: Saying): readonly Finding[] {
  if (entry === undefined || entry.reason === 'removeFromCRL') return [];
  const { revokedAt, reason } = entry;
  return [{ ...times, status: statusOfReason(reason), revokedAt, ...(reason && { revocationReason: reason }) }];
}

/** What is good by several CRLs is so while all of them hold. */
function narrowest(sayings: readonly Saying[]): Times {
  const thisUpdate = sayings.map(({ times }) => times.thisUpdate).reduce(earlierOf);
  if (sayings.every(({ times }) => times.nextUpdate === undefined)) return { thisUpdate };
  return { thisUpdate, nextUpdate: sayings.map(({ times }) => endOf(times)).reduce(earlierOf) };
}

const endOf = ({ thisUpdate, nextUpdate }: Times): Date =>
  nextUpdate ?? plusSeconds(thisUpdate, maxAgeWithoutNextUpdate.crl);

function consult(
  crl: Crl,
  point: DistributionPoint,
  covered: Reasons,
  options: CrlOptions,
  trusting: ReadonlySet<string>,
): Result<Saying, Refused> {
  const out = outOfScope(crl, options.certificate, point);
  if (out !== undefined) return unavailable(out);
  const reasons = reasonsOf(crl, point);
  if (isWithin(reasons, covered)) return unavailable('the CRL adds no reason');
  const signer = findSigner(crl, options);
  if (!signer.ok) return signer;
  const standing = signerStanding(signer.value, options, trusting);
  return standing.ok ? look(crl, signer.value[0], reasons, options) : standing;
}

const unavailable = (detail: string) => fail<Refused>({ status: 'unavailable', detail });

/**
 * (f): the path of a signer that is not on the certificate's own path is validated like any other, revocation included. A
 * CRL may cover its own signer (PKITS 4.14.30): it is believed about that until it says otherwise.
 */
function signerStanding(path: SignerPath, options: CrlOptions, trusting: ReadonlySet<string>): Result<true, Refused> {
  const known = new Set([...trusting, ...options.authorities.map(({ thumbprint }) => thumbprint), path[0].thumbprint]);
  for (const [index, certificate] of path.slice(0, -1).entries()) {
    const { thumbprint } = certificate;
    if (trusting.has(thumbprint) || options.authorities.some((each) => each.thumbprint === thumbprint)) continue;
    const status = crlStatus({ ...options, certificate, authorities: path.slice(index + 1) }, known);
    if (!status.ok) return unavailable(`the status of the CRL issuer: ${status.failure.detail}`);
    if (status.value.status !== 'good') return fail({ status: 'untrusted', detail: 'the CRL issuer is revoked' });
  }
  return ok(true);
}

/** (i) to (l): the delta first, then the complete CRL. */
function look(crl: Crl, signer: Certificate, reasons: Reasons, options: CrlOptions): Result<Saying, Refused> {
  const { certificate, at, work } = options;
  if (crl.thisUpdate > plusSeconds(at, skew)) return unavailable('the CRL is from the future');
  const delta = findDelta(crl, signer, options);
  const changed = delta && findEntry(delta, certificate, work);
  if (delta && changed?.ok && changed.value) return ok({ times: timesOf(delta), reasons, entry: changed.value });
  const usable = delta && changed?.ok ? delta : crl;
  const found = findEntry(crl, certificate, work);
  if (!found.ok) return unavailable(found.failure.detail);
  // RFC 5280 §5.3.1: removeFromCRL is for delta CRLs only; here it would free whoever is on the list.
  if (found.value?.reason === 'removeFromCRL') return unavailable('removeFromCRL in a complete CRL');
  const permanent = found.value !== undefined && statusOfReason(found.value.reason) === 'revoked';
  // Revoked is for good, so a CRL that has expired is still believed when it says that; for all else it is too old.
  if (!permanent && !isUsable(usable, options)) return unavailable('the CRL is not current');
  return ok({ times: timesOf(usable), reasons, entry: found.value });
}

function isUsable(crl: Crl, { at, maxAge }: CrlOptions): boolean {
  if (maxAge !== undefined && plusSeconds(crl.thisUpdate, maxAge) < at) return false;
  return isCurrent(crl, maxAgeWithoutNextUpdate.crl, at);
}

const timesOf = ({ thisUpdate, nextUpdate }: Crl): Times => ({ thisUpdate, ...(nextUpdate && { nextUpdate }) });
