/** Asking for CRLs about one certificate: complete ones by distribution point, deltas on top (RFC 5280 §6.3.3 (a)). */

import type { Certificate } from '../pki/certificate/certificate.ts';
import type { DistributionPoint } from '../pki/certificate/distribution-point.ts';
import { type Crl, type CrlFailure, parseCrl } from '../pki/status/crl.ts';
import { isAbout } from '../pki/status/crl-scope.ts';
import { findSigner, type SignerPath } from '../pki/status/crl-signer.ts';
import { crlStatus } from '../pki/status/crl-status.ts';
import type { Finding, Refused } from '../pki/status/finding.ts';
import { earlierOf, isCurrent, maxAgeWithoutNextUpdate, plusSeconds, skew } from '../pki/status/freshness.ts';
import { fail, ok, type Result } from '../result.ts';
import { maximumFetches } from './budget.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { type Answered, obtain, type Question, questionKey, type Reply, type Silence } from './evidence.ts';
import { findKept, keptKey, uploadedKey, want } from './kept-crl.ts';
import { askingOf, type Level, silentStatus, statusOf } from './level.ts';
import { unlistedHost } from './listed-hosts.ts';
import type { ResponderCheck } from './ocsp-source.ts';
import { negativeAgeOf } from './policy.ts';
import { crlAddresses } from './sources.ts';

/** A request does not read more than this; larger lists are for the scheduled function, which keeps shards of them. */
const maximumCrlBytes = 4 * 1024 * 1024;

/** What was had from the points of one certificate. */
type Gathered = {
  readonly answers: (Answered<Crl> & { readonly stale: boolean })[];
  readonly silences: Silence[];
  /** None is asked twice, and no more than four: a CRL can name a signer that names the CRL again. */
  readonly asked: Set<string>;
};

/** Addresses, point by point; those of one point are alternatives. The operator's address takes the place of all. */
export function crlPlan({
  certificate,
  override,
}: Pick<Level, 'certificate' | 'override'>): readonly (readonly string[])[] {
  if (override.crlUrl) return [[override.crlUrl]];
  return addressesOf(certificate.cRLDistributionPoints);
}

const addressesOf = (points: readonly DistributionPoint[] = []): readonly (readonly string[])[] =>
  points.map(crlAddresses).filter((urls) => urls.length > 0);

/** The status by the CRLs of the certificate's points, asked for until they suffice; then by the uploaded one. */
export async function askCrls(level: Level, plan = crlPlan(level)): Promise<CertificateStatus> {
  const gathered: Gathered = { answers: [], silences: [], asked: new Set() };
  const queue = [...plan];
  for (let urls = queue.shift(); urls !== undefined; urls = queue.shift()) {
    const crl = await askPoint(urls, level, gathered);
    if (crl === undefined) continue;
    const deltas = addressesOf([...(crl.freshestCrl ?? []), ...(level.certificate.freshestCRL ?? [])]);
    // Complete lists are kept, deltas are not: they are small, and old in an hour.
    const { crls: _, ...ports } = level.ports;
    await askPoint(deltas.flat(), { ...level, ports }, gathered);
    const finding = findingOf(level, gathered);
    if (finding.ok) return statusOf(level, 'crl', replyOf(finding.value, gathered));
    queue.push(...pointsOfSigner(crl, level));
  }
  await addUploaded(level, gathered);
  const finding = findingOf(level, gathered);
  if (finding.ok) return statusOf(level, 'crl', replyOf(finding.value, gathered));
  return silentStatus(level, 'crl', gravest([finding.failure, ...gathered.silences]));
}

/** The first of the addresses that has a current CRL, be it an earlier one; one that has expired may still revoke. */
async function askPoint(urls: readonly string[], level: Level, gathered: Gathered): Promise<Crl | undefined> {
  for (const url of urls) {
    if (gathered.asked.has(url) || gathered.asked.size >= maximumFetches) continue;
    gathered.asked.add(url);
    const { answer, silence } = await askAddress(url, level);
    if (silence) gathered.silences.push(silence);
    if (answer === undefined) continue;
    gathered.answers.push({ ...answer, stale: silence !== undefined });
    if (holds(answer.value, level)) return answer.value;
  }
  return undefined;
}

/** What is kept of the list, while that is young; else the list itself, and what is kept where that cannot be had. */
async function askAddress(url: string, level: Level): Promise<Reply<Crl>> {
  const { at, authorities, endEntity, index, policy, ports } = level;
  const unlisted = unlistedHost(url, level);
  if (unlisted !== undefined) {
    return { silence: { status: 'unavailable', detail: unlisted, retryAt: plusSeconds(at, negativeAgeOf(policy)) } };
  }
  if (ports.crls === undefined) return obtain(crlQuestion(url, level), askingOf(level), ports);
  const crl = keptKey(url, authorities);
  const kept = await findKept(crl, (list) => targetsOf(list, level), ports.crls);
  const answer = kept && { value: kept.crl, fetchedAt: kept.fetchedAt, cached: true };
  if (endEntity) await want({ crl, url, index }, endEntity, at, ports.crls);
  if (answer && isYoung(answer.fetchedAt, level)) return { answer };
  const reply = await obtain(crlQuestion(url, level), askingOf(level), ports);
  return answer ? newerOf(answer, reply, level) : explained(reply);
}

/** Whose entries a list is looked through for: the certificate's, and its signer's where that is not on the path. */
const targetsOf = (crl: Crl, level: Level): readonly Certificate[] => {
  const signer = findSigner(crl, level);
  return [level.certificate, ...(signer.ok ? offPath(signer.value, level.authorities) : [])];
};

/**
 * A list from the network that is older than the kept one is a replay or from a mirror that lags: what was seen stays. So
 * it does where the newer one is about other certificates: it is no successor.
 */
function newerOf(kept: Answered<Crl>, { answer, silence }: Reply<Crl>, level: Level): Reply<Crl> {
  if (answer && !isAbout(answer.value, level.certificate)) return { answer: kept, silence: elsewhere(level) };
  if (answer && answer.value.thisUpdate >= kept.value.thisUpdate) return { answer, ...(silence && { silence }) };
  if (silence) return { answer: kept, silence };
  return { answer: answer ? { ...kept, fetchedAt: answer.fetchedAt } : kept };
}

const elsewhere = ({ at, policy }: Level): Silence => ({
  status: 'unavailable',
  detail: 'the list in the place of the one that is kept is about other certificates',
  retryAt: plusSeconds(at, negativeAgeOf(policy)),
});

/** Said to the operator whose CA has such lists. */
function explained({ answer, silence }: Reply<Crl>): Reply<Crl> {
  if (answer || !silence?.detail.startsWith('too_large'))
    return { ...(answer && { answer }), ...(silence && { silence }) };
  return { silence: { ...silence, detail: `${silence.detail}; the scheduled refresh will fetch and keep it` } };
}

const holds = (crl: Crl, { at }: Level): boolean => isCurrent(crl, maxAgeWithoutNextUpdate.crl, at);

const isYoung = (fetchedAt: Date, { at, policy }: Level): boolean =>
  fetchedAt <= plusSeconds(at, skew) && plusSeconds(fetchedAt, policy.maxStatusAge) >= at;

function crlQuestion(url: string, level: Level): Question<Crl> {
  return {
    key: questionKey('crl', url, ...level.authorities.map(({ thumbprint }) => thumbprint)),
    address: `${level.issuer.thumbprint} ${url}`,
    request: (timeout) => ({ url, method: 'GET', accept: 'application/pkix-crl', maxBytes: maximumCrlBytes, timeout }),
    verify: async (der) => verifyCrl(der, level),
    lifetime: (crl) => (holds(crl, level) ? level.policy.maxStatusAge : negativeAgeOf(level.policy)),
    thisUpdate: ({ thisUpdate }) => thisUpdate,
    hasExpired: (crl) => !holds(crl, level),
  };
}

/**
 * Whether a CRL is worth remembering: well-formed, signed by whom it says, not of the future. Whether it is in scope and what
 * it says when it has expired is not asked here.
 */
function verifyCrl(der: Uint8Array, level: Level): Result<Crl, Refused> {
  const parsed = parseOnce(der);
  if (!parsed.ok) return unavailable(parsed.failure.detail);
  const crl = parsed.value;
  const signer = findSigner(crl, level);
  if (!signer.ok) return signer;
  if (crl.thisUpdate > plusSeconds(level.at, skew)) return unavailable('the CRL is not current');
  const index = crl.index();
  return index.ok ? ok(crl) : unavailable(index.failure.detail);
}

const unavailable = (detail: string) => fail<Refused>({ status: 'unavailable', detail });

const parsed = new WeakMap<Uint8Array, Result<Crl, CrlFailure>>();

/** A CRL that stays in memory is parsed and indexed once: its bytes do not change. */
function parseOnce(der: Uint8Array): Result<Crl, CrlFailure> {
  const known = parsed.get(der) ?? parseCrl(der);
  parsed.set(der, known);
  return known;
}

/** Of an uploaded list only its own dates say how old it is. */
async function addUploaded(level: Level, { answers }: Gathered): Promise<void> {
  const { override, issuer, certificate, ports, at } = level;
  const uploaded = override.crl && verifyCrl(override.crl, level);
  if (uploaded?.ok) answers.push({ value: uploaded.value, fetchedAt: at, cached: true, stale: false });
  if (!override.uploadedCrl || ports.crls === undefined) return;
  const kept = await findKept(uploadedKey(issuer), () => [certificate], ports.crls);
  if (kept) answers.push({ value: kept.crl, fetchedAt: at, cached: true, stale: false });
}

const findingOf = (level: Level, { answers }: Gathered): Result<Finding, Refused> =>
  crlStatus({ ...level, crls: answers.map(({ value }) => value) });

function replyOf(value: Finding, { answers, silences }: Gathered) {
  const fetchedAt = answers.map((answer) => answer.fetchedAt).reduce(earlierOf);
  const answer = { value, fetchedAt, cached: answers.every(({ cached }) => cached) };
  const silence = silences[0];
  return answers.some(({ stale }) => stale) && silence ? { answer, silence } : { answer };
}

const gravest = (refusals: readonly (Refused & Partial<Silence>)[]): Refused & Partial<Silence> =>
  refusals.find(({ status, retryAt }) => status === 'untrusted' && retryAt) ??
  refusals.find(({ status }) => status === 'untrusted') ??
  refusals.find(({ retryAt }) => retryAt) ?? { status: 'unavailable', detail: refusals[0]?.detail ?? 'no CRL' };

/** RFC 5280 §6.3.3 (f): the signer's own status is asked for as well, where it is not one of the path. */
function pointsOfSigner(crl: Crl, level: Level): readonly (readonly string[])[] {
  const signer = findSigner(crl, level);
  return signer.ok
    ? offPath(signer.value, level.authorities).flatMap((each) => addressesOf(each.cRLDistributionPoints))
    : [];
}

const offPath = (path: SignerPath, authorities: readonly Certificate[]): readonly Certificate[] =>
  path.slice(0, -1).filter(({ thumbprint }) => authorities.every((each) => each.thumbprint !== thumbprint));

/** RFC 6960 §4.2.2.2.1: the CRL that the delegate names, or else that of the certificate which it speaks for. */
export const checkDelegate: ResponderCheck = async (responder, level) => {
  const own = crlPlan({ certificate: responder, override: level.override });
  const { status } = await askCrls(
    { ...level, certificate: responder, endEntity: undefined },
    own.length > 0 ? own : crlPlan(level),
  );
  if (status === 'good') return 'good';
  return status === 'revoked' || status === 'on_hold' ? 'revoked' : 'undetermined';
};
