/** Writing a verified CRL down for its readers (`kept-crl.ts`): the changed shards first, the head last. */
import { hash } from 'node:crypto';
import { constructedTag, decode, encoding, enter, root, tags, take, takeIf } from '../pki/certificate/der.ts';
import { writeSequence } from '../pki/certificate/der-writer.ts';
import type { Crl } from '../pki/status/crl.ts';
import { entryOctets } from './crl-shard.ts';
import { shardsOf } from './crl-sharding.ts';
import type { KeptHead } from './kept-crl.ts';
import type { CrlWriter, Validators } from './ports.ts';

/** A list of so few entries has them in its head, so that it costs one read. */
const maximumInline = 700;

/** Seconds that rows outlive their list, or that nobody has renewed them; and after which unchanged shards are renewed. */
const keptFor = 30 * 86_400;
const renewedAfter = 7 * 86_400;
/** Seconds beyond its nextUpdate, so that a list is refused for its age and not for being gone. */
const keptAfterEnd = 7 * 86_400;

const secondsOf = (time: Date): number => Math.floor(time.getTime() / 1000);

export type Keeping = {
  /** base64url of the SHA-256 of the key that verified the signature. */
  readonly signer: string;
  readonly fetchedAt: Date;
  readonly validators: Validators;
  /** Nobody renews the list: it is kept until then at least. */
  readonly until?: Date | undefined;
};

/** Writes the list under its key; false where its entries cannot be read. Rejects where the writer does. */
export async function keep(key: string, crl: Crl, keeping: Keeping, crls: CrlWriter): Promise<boolean> {
  const skeleton = decode(() => withoutEntries(crl.der));
  const shards = shardsOf(crl);
  if (!skeleton.ok || shards === undefined) return false;
  const { signer, fetchedAt, validators, until } = keeping;
  const now = secondsOf(fetchedAt);
  const exp = Math.max(now + keptFor, until ? secondsOf(until) + keptAfterEnd : 0);
  const [first = new Uint8Array(), ...others] = shards;
  const inline = others.length === 0 && first.length <= maximumInline * entryOctets;
  if (!inline) await writeShards(key, shards, { now, exp, all: until !== undefined }, crls);
  const head: KeptHead = {
    crl: Buffer.from(skeleton.value).toString('base64'),
    signer,
    fetchedAt: fetchedAt.getTime(),
    validators,
    shards: inline ? 0 : shards.length,
    ...(inline && { entries: Buffer.from(first).toString('base64') }),
  };
  await crls.saveHead(key, JSON.stringify(head), exp);
  return true;
}

/** The same list still stands: only when it was asked for last is written. */
export async function renew(key: string, head: KeptHead, fetchedAt: Date, crls: CrlWriter): Promise<void> {
  const now = secondsOf(fetchedAt);
  if (head.shards > 0) await renewShards(key, now, crls);
  await crls.saveHead(key, JSON.stringify({ ...head, fetchedAt: fetchedAt.getTime() }), now + keptFor);
}

/** The CRL without revokedCertificates (RFC 5280 §5.1). Its signature stays as a shape: nobody verifies it again. */
function withoutEntries(der: Uint8Array): Uint8Array {
  const outer = enter(root(der));
  const tbs = enter(take(outer, tags.sequence));
  const signature = [encoding(take(outer)), encoding(take(outer))];
  const version = takeIf(tbs, tags.integer);
  const always = [take(tbs), take(tbs), take(tbs)];
  const nextUpdate = takeIf(tbs, tags.utcTime) ?? takeIf(tbs, tags.generalizedTime);
  takeIf(tbs, tags.sequence);
  const extensions = takeIf(tbs, constructedTag(0));
  const kept = [version, ...always, nextUpdate, extensions].flatMap((element) => (element ? [encoding(element)] : []));
  return writeSequence(writeSequence(...kept), ...signature);
}

/** A row that only the writer reads: which shards are as they should be, and since when. */
type Digests = { readonly shards: number; readonly writtenAt: number; readonly digests: readonly string[] };

type Writing = { readonly now: number; readonly exp: number; readonly all: boolean };

/**
 * Writes the shards that changed. What will be written is struck from the digests first: a writer that fails half way leaves
 * no digest that a shard does not have.
 */
async function writeShards(key: string, shards: readonly Uint8Array[], writing: Writing, crls: CrlWriter) {
  const { now, exp, all } = writing;
  const before = await findDigests(key, crls);
  const same = !all && before?.shards === shards.length && before.writtenAt + renewedAfter >= now;
  const writtenAt = same ? before.writtenAt : now;
  const digests = shards.map((shard) => hash('sha256', shard, 'base64url').slice(0, 16));
  const unchanged = digests.map((digest, index) => same && before.digests[index] === digest);
  const save = (each: readonly string[]) =>
    saveDigests(key, { shards: shards.length, writtenAt, digests: each }, exp, crls);
  if (before && unchanged.includes(false)) await save(digests.map((digest, index) => (unchanged[index] ? digest : '')));
  for (const [index, shard] of shards.entries()) {
    if (!unchanged[index]) await crls.saveShard(key, `${shards.length}-${index}`, shard, exp);
  }
  await save(digests);
}

/** Rows that would expire before their list does are written again. */
async function renewShards(key: string, now: number, crls: CrlWriter): Promise<void> {
  const before = await findDigests(key, crls);
  if (before === undefined || before.writtenAt + renewedAfter >= now) return;
  for (let index = 0; index < before.shards; index += 1) {
    const name = `${before.shards}-${index}`;
    const shard = await crls.findShard(key, name);
    if (shard !== undefined) await crls.saveShard(key, name, shard, now + keptFor);
  }
  await saveDigests(key, { ...before, writtenAt: now }, now + keptFor, crls);
}

const digestsName = 'digests';

/** Undefined where there are none that can be read: then every shard is written. */
async function findDigests(key: string, crls: CrlWriter): Promise<Digests | undefined> {
  const stored = await crls.findShard(key, digestsName);
  try {
    return stored && JSON.parse(Buffer.from(stored).toString());
  } catch {
    return undefined;
  }
}

const saveDigests = (key: string, digests: Digests, exp: number, crls: CrlWriter): Promise<void> =>
  crls.saveShard(key, digestsName, Buffer.from(JSON.stringify(digests)), exp);
