/** Keeping a CRL up to date outside of requests (RFC 5280 §6.3): fetched when it is due, verified, and kept in pieces. */

import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import type { Truststore } from '../pki/path/truststore.ts';
import { validatePath } from '../pki/path/validation.ts';
import { type Crl, parseCrl } from '../pki/status/crl.ts';
import { isAbout } from '../pki/status/crl-scope.ts';
import { findSigner, type SignerOptions } from '../pki/status/crl-signer.ts';
import { isCurrent, maxAgeWithoutNextUpdate, plusSeconds } from '../pki/status/freshness.ts';
import { signerPathsIn } from '../pki/status/signer-paths.ts';
import { fail, ok, type Result } from '../result.ts';
import { keep, renew } from './crl-keeping.ts';
import { effectivePolicy } from './effective-policy.ts';
import { type KeptHead, keptKey, parseHead, uploadedKey } from './kept-crl.ts';
import { unlistedHost } from './listed-hosts.ts';
import type { StatusPolicy } from './policy.ts';
import type { ConditionalFetch, CrlSource, CrlWriter, Validators } from './ports.ts';
import { describe } from './reason.ts';

/** A request reads less; here there is time. */
const maximumCrlBytes = 64 * 1024 * 1024;
/** Milliseconds. */
const fetchTimeout = 25_000;

export type CrlRefreshFailure = {
  readonly reason: 'path_invalid' | 'not_wanted' | 'unavailable' | 'untrusted' | 'malformed' | 'not_current' | 'older';
  readonly detail: string;
};

export type CrlRefreshOptions = { readonly truststore: Truststore; readonly policy: StatusPolicy; readonly at: Date };

export type CrlRefreshPorts = { readonly fetch: ConditionalFetch; readonly crls: CrlWriter };

type Refusable<T> = Result<T, CrlRefreshFailure>;

const refuse = (reason: CrlRefreshFailure['reason'], detail: string) => fail<CrlRefreshFailure>({ reason, detail });

/**
 * Fetches the list when it is due, and keeps it when it verifies. `fresh`: not due. A list that is older than the kept one, or
 * does not verify, changes nothing. Rejects only where the writer does.
 */
export async function refreshCrl(
  source: CrlSource,
  options: CrlRefreshOptions,
  ports: CrlRefreshPorts,
): Promise<Refusable<'refreshed' | 'not_modified' | 'fresh'>> {
  const { at } = options;
  const wanting = wantingOf(source, options);
  if (!wanting.ok) return wanting;
  const head = parseHead(await ports.crls.findHead(source.crl));
  const known = head && crlOf(head);
  if (head && known && !isDue(head, known, effectivePolicy(options.policy, wanting.value.authorities), at))
    return ok('fresh');
  const fetched = await fetchList(source.url, known && head?.validators, ports);
  if (!fetched.ok) return fetched;
  if (fetched.value !== 'not_modified') {
    return keepFetched(source, fetched.value, { ...wanting.value, known }, options, ports);
  }
  if (head === undefined || known === undefined) return refuse('unavailable', 'not modified, but nothing is kept');
  await renew(source.crl, head, at, ports.crls);
  return ok('not_modified');
}

type FetchedList = { readonly body: Uint8Array; readonly validators: Validators };

async function fetchList(
  url: string,
  validators: Validators | undefined,
  { fetch }: CrlRefreshPorts,
): Promise<Refusable<FetchedList | 'not_modified'>> {
  const fetched = await fetch({
    url,
    method: 'GET',
    accept: 'application/pkix-crl',
    maxBytes: maximumCrlBytes,
    timeout: fetchTimeout,
    ...(validators && { validators }),
  });
  return fetched.ok ? fetched : refuse('unavailable', `${fetched.failure.reason}: ${fetched.failure.detail}`);
}

async function keepFetched(
  source: CrlSource,
  { body, validators }: FetchedList,
  { certificate, authorities, known }: Wanting & { readonly known: Crl | undefined },
  { truststore, at }: CrlRefreshOptions,
  { crls }: CrlRefreshPorts,
): Promise<Refusable<'refreshed'>> {
  const verified = verify(
    body,
    { authorities, signerPaths: signerPathsIn(truststore, authorities, { at }) },
    known,
    at,
  );
  if (!verified.ok) return verified;
  const { crl, signer } = verified.value;
  if (known && isAbout(known, certificate) && !isAbout(crl, certificate)) {
    return refuse('not_wanted', 'the list is about other certificates than the one that is kept');
  }
  const kept = await keep(source.crl, crl, { signer, fetchedAt: at, validators }, crls);
  return kept ? ok('refreshed') : refuse('malformed', 'the entries cannot be read');
}

/** Keeps a list that an operator uploaded for a CA, under the rules of one that is fetched; signed by that CA's own key. */
export async function keepCrl(
  der: Uint8Array,
  { issuer, at }: { readonly issuer: Certificate; readonly at: Date },
  crls: CrlWriter,
): Promise<Refusable<{ readonly thisUpdate: Date; readonly nextUpdate?: Date; readonly entries: number }>> {
  const key = uploadedKey(issuer);
  const head = parseHead(await crls.findHead(key));
  const verified = verify(der, { authorities: [issuer] }, head && crlOf(head), at);
  if (!verified.ok) return verified;
  const { crl, signer } = verified.value;
  const kept = await keep(key, crl, { signer, fetchedAt: at, validators: {}, until: crl.nextUpdate ?? at }, crls);
  if (!kept) return refuse('malformed', 'the entries cannot be read');
  const index = crl.index();
  const { thisUpdate, nextUpdate } = crl;
  return ok({ thisUpdate, ...(nextUpdate && { nextUpdate }), entries: index.ok ? index.value.entries : 0 });
}

/** The certificate that names the list, and the authorities above it. */
type Wanting = { readonly certificate: Certificate; readonly authorities: readonly Certificate[] };

/** Who wants the list, if the path is valid and leads to it still. */
function wantingOf(
  { crl, certificate, index, url }: CrlSource,
  { truststore, policy, at }: CrlRefreshOptions,
): Refusable<Wanting> {
  const parsed = parseCertificate(certificate);
  if (!parsed.ok) return refuse('path_invalid', describe(parsed.failure));
  const path = validatePath(parsed.value, { truststore, at });
  if (!path.ok) return refuse('path_invalid', describe(path.failure));
  const [wanting, ...authorities] = path.value.certificates.slice(index);
  if (wanting === undefined || keptKey(url, authorities) !== crl)
    return refuse('not_wanted', 'the path leads to other authorities now');
  const [issuer] = authorities;
  const unlisted = unlistedHost(url, { policy, override: (issuer && policy.overrides?.[issuer.thumbprint]) ?? {} });
  return unlisted === undefined ? ok({ certificate: wanting, authorities }) : refuse('not_wanted', unlisted);
}

/** Seconds between two runs of the schedule: a list is renewed before readers find it too old. */
const untilNextRun = 60;

/** Older than `maxStatusAge` allows at the next run, or past 80 % of its life. */
function isDue({ fetchedAt }: KeptHead, { thisUpdate, nextUpdate }: Crl, { maxStatusAge }: StatusPolicy, at: Date) {
  const age = (at.getTime() - fetchedAt) / 1000;
  if (age < 0 || age >= Math.max(maxStatusAge - untilNextRun, maxStatusAge / 2)) return true;
  const life = nextUpdate ? (nextUpdate.getTime() - thisUpdate.getTime()) / 1000 : maxAgeWithoutNextUpdate.crl;
  return age >= untilNextRun && at >= plusSeconds(thisUpdate, 0.8 * life);
}

function crlOf({ crl }: KeptHead): Crl | undefined {
  const parsed = parseCrl(Buffer.from(crl, 'base64'));
  return parsed.ok ? parsed.value : undefined;
}

function verify(
  der: Uint8Array,
  options: SignerOptions,
  known: Crl | undefined,
  at: Date,
): Refusable<{ readonly crl: Crl; readonly signer: string }> {
  const parsed = parseCrl(der);
  if (!parsed.ok) return refuse('malformed', parsed.failure.detail);
  const crl = parsed.value;
  if (crl.baseCrlNumber !== undefined) return refuse('malformed', 'a delta CRL is no complete list');
  const signer = findSigner(crl, options);
  if (!signer.ok) return refuse(signer.failure.status, signer.failure.detail);
  if (!isCurrent(crl, maxAgeWithoutNextUpdate.crl, at)) return refuse('not_current', periodOf(crl));
  if (known && isOlder(crl, known)) return refuse('older', `${periodOf(crl)}; kept is ${periodOf(known)}`);
  const index = crl.index();
  return index.ok ? ok({ crl, signer: signer.value[0].spkiSha256 }) : refuse('malformed', index.failure.detail);
}

/** A replay, or a mirror that lags. */
const isOlder = (crl: Crl, known: Crl): boolean =>
  crl.thisUpdate < known.thisUpdate || (crl.crlNumber ?? 0n) < (known.crlNumber ?? 0n);

const periodOf = ({ thisUpdate, nextUpdate }: Crl): string =>
  `the list is of ${thisUpdate.toISOString()}, its successor was promised for ${nextUpdate?.toISOString() ?? 'no time'}`;
