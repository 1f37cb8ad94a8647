/**
 * The publication of a truststore: collect, check, put an object version, set it, look whether it took, write it down. The
 * registry's stream, the clock and CloudFormation run this same code, one at a time.
 */
import { type Assembly, assembleTruststore } from './assemble.ts';
import { type CollectPorts, collectCandidates, type Sources } from './collect.ts';
import { type DomainUpdate, settledDomain, updateDomain } from './domain-update.ts';
import { type HeldLease, type LeasePorts, seconds, withLease } from './lease.ts';
import type { DomainName, DomainNames, ObjectAddress, ObjectStore, PublicationStore } from './ports.ts';
import type { Publication, PublicationAttempt } from './publication.ts';
import { answeringRequests } from './requests.ts';

export type PublicationTarget = Sources & {
  /** The custom domain name. */
  readonly domain: string;
  /** Where API Gateway reads its truststore. The address never changes, only the version. */
  readonly object: ObjectAddress;
};

export type PublicationPorts = LeasePorts &
  CollectPorts & {
    readonly objects: ObjectStore;
    readonly domains: DomainNames;
    readonly publications: PublicationStore;
  };

export type PublicationOptions = {
  /** Who gives the version to the domain name: `deployment` is CloudFormation, which does it after this. */
  readonly setBy: 'publisher' | 'deployment';
  readonly signal: AbortSignal;
};

export type PublicationOutcome =
  /** `restored`: the domain name had another version than was published; nobody else may set it. */
  | { readonly outcome: 'published' | 'restored' | 'unchanged'; readonly publication: Publication }
  | { readonly outcome: 'failed'; readonly attempt: PublicationAttempt };

/**
 * Publishes what the registry holds now; nothing happens where that is published already. Throws when a store or S3 cannot
 * be used, or the time is up: nothing is published then, and another run does it.
 */
export async function publishTruststore(
  target: PublicationTarget,
  options: PublicationOptions,
  ports: PublicationPorts,
): Promise<PublicationOutcome> {
  return withLease(options.signal, ports, (held) => {
    const run = () => publishHeld(target, options, held, ports);
    // CloudFormation sets the version after this: whoever asked waits for a run that has seen it there.
    return options.setBy === 'deployment' ? run() : answeringRequests(target.domain, run, ports);
  });
}

async function publishHeld(
  target: PublicationTarget,
  { setBy, signal }: PublicationOptions,
  held: HeldLease,
  ports: PublicationPorts,
): Promise<PublicationOutcome> {
  const { domain } = target;
  const current = await ports.publications.current(domain);
  const candidates = await collectCandidates(target, signal, ports);
  const assembly = assembleTruststore(candidates, new Set(current?.thumbprints), ports.now());
  // What is published stays published: there is nothing to restore.
  if (!assembly.ok) return fail(domain, { ...assembly.failure, restored: true }, ports);
  const same = current?.sha256 === assembly.value.sha256 ? current : undefined;
  const version = same?.version ?? (await putOnce(target, assembly.value, signal, ports));
  const draft = publicationOf(domain, version, assembly.value, ports.now());
  if (setBy === 'deployment') {
    const { published_at } = same ?? draft;
    return written(same === undefined ? 'published' : 'unchanged', { ...draft, published_at }, ports);
  }

  const before = await settledDomain(domain, signal, ports);
  if (before === undefined) return fail(domain, { ...draft, ...notThere }, ports);
  if (same !== undefined && isAtRest(before, version)) return unchanged(same, draft, before, ports);
  const update = await updateDomain(domain, version, before, held, signal, ports);
  if (!update.done) return fail(domain, { ...draft, ...update }, ports);
  return written(same === undefined ? 'published' : 'restored', withWarnings(draft, update), ports);
}

const isAtRest = ({ status, truststoreVersion }: DomainName, version: string) =>
  status === 'AVAILABLE' && truststoreVersion === version;

const notThere = { reasons: ['there is no such domain name'], restored: true };

/** A bundle that API Gateway refused before is tried again as the version that it is: versions are not kept for ever. */
async function putOnce(
  { domain, object }: PublicationTarget,
  { pem, sha256 }: Assembly,
  signal: AbortSignal,
  { objects, publications }: PublicationPorts,
): Promise<string> {
  const failure = await publications.failure(domain);
  if (failure?.sha256 === sha256 && failure.version !== undefined) return failure.version;
  return objects.put(object, pem, signal);
}

function publicationOf(domain: string, version: string, assembly: Assembly, at: Date): Publication {
  const { pem, sha256, thumbprints, expires, refused, warnings } = assembly;
  const size = { certificates: thumbprints.length, bytes: pem.length, expires_at: seconds(expires) };
  return { domain, version, sha256, published_at: seconds(at), ...size, thumbprints, refused, warnings };
}

const withWarnings = (draft: Publication, { warnings }: Extract<DomainUpdate, { done: true }>): Publication => ({
  ...draft,
  warnings: [...draft.warnings, ...warnings],
});

/** The bundle is the same; what was left out of it may not be. */
async function unchanged(same: Publication, draft: Publication, before: DomainName, ports: PublicationPorts) {
  const now = {
    ...draft,
    published_at: same.published_at,
    warnings: [...draft.warnings, ...before.truststoreWarnings],
  };
  const isSame = JSON.stringify([now.refused, now.warnings]) === JSON.stringify([same.refused, same.warnings]);
  const settled = isSame && (await ports.publications.failure(now.domain)) === undefined;
  return settled ? ({ outcome: 'unchanged', publication: same } as const) : written('unchanged', now, ports);
}

async function written(
  outcome: 'published' | 'restored' | 'unchanged',
  publication: Publication,
  { publications }: PublicationPorts,
): Promise<PublicationOutcome> {
  await publications.published(publication);
  return { outcome, publication };
}

type Failure = Pick<PublicationAttempt, 'reasons' | 'refused' | 'restored' | 'sha256' | 'version'>;

async function fail(
  domain: string,
  { reasons, refused, restored, sha256, version }: Failure,
  { publications, now }: PublicationPorts,
): Promise<PublicationOutcome> {
  const bundle = { ...(sha256 !== undefined && { sha256 }), ...(version !== undefined && { version }) };
  const attempt = { domain, failed_at: seconds(now()), ...bundle, reasons, restored, refused };
  await publications.failed(attempt);
  return { outcome: 'failed', attempt };
}
