/**
 * CRLs that were fetched and verified before they are needed (RFC 5280 §6.3), as a reader finds them: a head that stands for
 * all but the entries, and shards in which an entry is found without the list.
 */

import type { Certificate } from '../pki/certificate/certificate.ts';
import { type Crl, parseCrl } from '../pki/status/crl.ts';
import type { EntryTarget } from '../pki/status/crl-entry.ts';
import { plusSeconds } from '../pki/status/freshness.ts';
import { fail } from '../result.ts';
import { entryKey, findInShard, shardName } from './crl-shard.ts';
import { questionKey } from './evidence.ts';
import type { CrlSource, CrlStore, Validators } from './ports.ts';

/** What is kept of a CRL besides its shards; plain data, as JSON. */
export type KeptHead = {
  /** base64 of the CRL in DER without its entries: who issued it, when, for which scope. */
  readonly crl: string;
  /** base64url of the SHA-256 of the key that its signature was verified with. */
  readonly signer: string;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
  readonly validators: Validators;
  /** 0: the entries are in `entries`. */
  readonly shards: number;
  /** base64, as in a shard. */
  readonly entries?: string;
};

export type KeptCrl = { readonly crl: Crl; readonly fetchedAt: Date };

/** The key of a list that is fetched from `url` for certificates with these authorities above them, the issuer first. */
export const keptKey = (url: string, authorities: readonly Certificate[]): string =>
  questionKey('kept', url, ...authorities.map(({ thumbprint }) => thumbprint));

/** The key of the list that an operator uploaded for a CA. */
export const uploadedKey = (issuer: Certificate): string => questionKey('uploaded', issuer.thumbprint);

/** The head, or undefined where it does not parse: then nothing is kept. */
export function parseHead(text: string | undefined): KeptHead | undefined {
  if (text === undefined) return undefined;
  try {
    const head: unknown = JSON.parse(text);
    return isHead(head) ? head : undefined;
  } catch {
    return undefined;
  }
}

function isHead(head: unknown): head is KeptHead {
  if (typeof head !== 'object' || head === null) return false;
  const { crl, signer, fetchedAt, validators, shards, entries }: Partial<Record<keyof KeptHead, unknown>> = head;
  const texts = [crl, signer].every((each) => typeof each === 'string');
  const counts = [fetchedAt, shards].every((each) => Number.isSafeInteger(each) && Number(each) >= 0);
  if (Number.isNaN(new Date(Number(fetchedAt)).getTime())) return false;
  return texts && counts && typeof validators === 'object' && (shards !== 0 || typeof entries === 'string');
}

/**
 * The list as it was kept, good for questions about the targets that it makes one ask about; undefined where it is not kept or
 * cannot be read.
 */
export async function findKept(
  key: string,
  targetsOf: (crl: Crl) => readonly EntryTarget[],
  crls: CrlStore,
): Promise<KeptCrl | undefined> {
  const head = parseHead(await crls.findHead(key));
  const parsed = head && parseCrl(Buffer.from(head.crl, 'base64'));
  if (head === undefined || !parsed?.ok) return undefined;
  const { shards, entries = '', signer, fetchedAt } = head;
  const found = new Map<string, Uint8Array>();
  const find: NonNullable<Crl['kept']>['find'] = (target) => {
    const wanted = entryKey(target.issuer, target.serial);
    const shard = found.get(shardName(wanted, shards));
    if (shard === undefined) return fail({ reason: 'malformed', detail: 'kept CRL: the entry is in another shard' });
    return findInShard(shard, wanted);
  };
  const crl: Crl = { ...parsed.value, kept: { signer, find } };
  for (const { issuer, serial } of targetsOf(crl)) {
    const name = shardName(entryKey(issuer, serial), shards);
    const shard =
      shards === 0 ? Buffer.from(entries, 'base64') : (found.get(name) ?? (await crls.findShard(key, name)));
    if (shard === undefined) return undefined;
    found.set(name, shard);
  }
  return { crl, fetchedAt: new Date(fetchedAt) };
}

/** Seconds that a list is kept after a certificate that names it was last seen. */
const wantedFor = 30 * 86_400;
/** Seconds after which a process says again that it wants a list. */
const wantedAgain = 86_400;
const maximumWanted = 10_000;

const lastWanted = new WeakMap<CrlStore, Map<string, Date>>();

/** Asks that the list be kept, once a day and process. Does not throw. */
export async function want(
  source: Omit<CrlSource, 'exp' | 'certificate'>,
  endEntity: Certificate,
  at: Date,
  crls: CrlStore,
): Promise<void> {
  const times = lastWanted.get(crls) ?? new Map<string, Date>();
  lastWanted.set(crls, times);
  const last = times.get(source.crl);
  if (last !== undefined && plusSeconds(last, wantedAgain) > at) return;
  if (times.size >= maximumWanted) times.clear();
  times.set(source.crl, at);
  const until = Math.min(plusSeconds(at, wantedFor).getTime(), endEntity.notAfter.getTime());
  await crls.want({ ...source, certificate: endEntity.der, exp: Math.floor(until / 1000) });
}
