/** A verified CRL cut into shards (`crl-shard.ts`): once an entry, linear in its bytes, a million of them in typed arrays. */
import { decode } from '../pki/certificate/der.ts';
import type { Name } from '../pki/certificate/name.ts';
import type { Crl } from '../pki/status/crl.ts';
import { elementAt, issuersAt, readEntry } from '../pki/status/crl-entry.ts';
import { scanEntries } from '../pki/status/crl-scan.ts';
import { codeOfReason, gravityOf, reasonOfCode } from '../pki/status/revocation-reason.ts';
import { choosingOctets, comparedOctets, entryKey, entryOctets, noReason } from './crl-shard.ts';

/** Entries of a shard on average; 1260 of them would fill it. */
const entriesPerShard = 900;
export const maximumShardBytes = 16_384;

/** As in a shard, with the octets that choose it in front. */
const recordOctets = choosingOctets + entryOctets;

/** The shards of all entries, each below its limit; undefined where an entry cannot be read. */
export function shardsOf(crl: Crl): readonly Uint8Array[] | undefined {
  const table = decode(() => tableOf(crl));
  if (!table.ok) return undefined;
  const entries = table.value.length / recordOctets;
  for (let count = Math.max(1, Math.ceil(entries / entriesPerShard)); ; count *= 2) {
    const shards = divide(table.value, count);
    if (shards.every(({ length }) => length <= maximumShardBytes)) return shards;
  }
}

/** One record for each issuer of each entry. Throws `DerError`. */
function tableOf(crl: Crl): Uint8Array {
  const issuers = issuersOf(crl);
  let count = 0;
  scanEntries(crl.entries, (_entry, _serial, _end, issuerAt) => {
    count += issuers(issuerAt).length;
  });
  const table = new Uint8Array(count * recordOctets);
  const view = new DataView(table.buffer);
  let at = 0;
  scanEntries(crl.entries, (entry, serial, serialEnd, issuerAt) => {
    const { revokedAt, reason } = readEntry(elementAt(crl, entry));
    const seconds = Math.floor(revokedAt.getTime() / 1000);
    for (const issuer of issuers(issuerAt)) {
      table.set(entryKey(issuer, crl.entries.bytes.subarray(serial, serialEnd)), at);
      table[at + choosingOctets + comparedOctets] = reason === undefined ? noReason : codeOfReason(reason);
      view.setUint32(at + recordOctets - 4, Math.min(Math.max(seconds, 0), 0xffff_ffff));
      at += recordOctets;
    }
  });
  return table;
}

/** Many entries stand under one name: it is read once. */
function issuersOf(crl: Crl): (issuerAt: number) => readonly Name[] {
  let last: { readonly at: number; readonly names: readonly Name[] } | undefined;
  return (at) => {
    if (last?.at !== at) last = { at, names: issuersAt(crl, at) };
    return last.names;
  };
}

function divide(table: Uint8Array, count: number): readonly Uint8Array[] {
  const view = new DataView(table.buffer);
  const positions: number[][] = Array.from({ length: count }, () => []);
  for (let at = 0; at < table.length; at += recordOctets) positions[view.getUint32(at) % count]?.push(at);
  return positions.map((list) => shardOf(table, list));
}

function shardOf(table: Uint8Array, positions: readonly number[]): Uint8Array {
  const view = new DataView(table.buffer);
  const compare = (a: number, b: number) =>
    view.getUint32(a + choosingOctets) - view.getUint32(b + choosingOctets) ||
    view.getUint32(a + choosingOctets + 4) - view.getUint32(b + choosingOctets + 4);
  const gravity = (at: number) => gravityOf(reasonOfCode(view.getUint8(at + choosingOctets + comparedOctets)));
  const time = (at: number) => view.getUint32(at + recordOctets - 4);
  const sorted = positions.toSorted((a, b) => compare(a, b) || gravity(b) - gravity(a) || time(a) - time(b));
  const distinct = sorted.filter((at, index) => index === 0 || compare(at, sorted[index - 1] ?? at) !== 0);
  const shard = new Uint8Array(distinct.length * entryOctets);
  for (const [index, at] of distinct.entries()) {
    shard.set(table.subarray(at + choosingOctets, at + recordOctets), index * entryOctets);
  }
  return shard;
}
