/**
 * The entries of a CRL as hashes of certificate issuer and serial number (RFC 5280 §5.3), sorted, in pieces of which one tells
 * about one certificate. An entry is 13 octets: 8 of the hash, the reason code, 4 of the revocation time in epoch seconds.
 */
import { hash } from 'node:crypto';
import type { Name } from '../pki/certificate/name.ts';
import type { CrlFailure } from '../pki/status/crl.ts';
import type { CrlEntry } from '../pki/status/crl-entry.ts';
import { reasonOfCode } from '../pki/status/revocation-reason.ts';
import { fail, ok, type Result } from '../result.ts';

/** 4 octets that choose the shard, then 8 that are compared: of 10⁶ entries none is taken for another by chance. */
export type EntryKey = Uint8Array;

export const choosingOctets = 4;
export const comparedOctets = 8;
export const entryOctets = comparedOctets + 1 + 4;
/** No reason has this code. */
export const noReason = 0xff;

export const entryKey = ({ key }: Name, serial: Uint8Array): EntryKey =>
  hash('sha256', `${key}\u0003${Buffer.from(serial).toString('hex')}`, 'buffer').subarray(
    0,
    choosingOctets + comparedOctets,
  );

/** Where a list of `shards` shards has the entry, if it has it. */
export const shardIndex = (key: EntryKey, shards: number): number =>
  shards === 0 ? 0 : new DataView(key.buffer, key.byteOffset).getUint32(0) % shards;

export const shardName = (key: EntryKey, shards: number): string => `${shards}-${shardIndex(key, shards)}`;

/** RFC 5280 §6.3.3 (j): the entry, by binary search; a failure where the shard is not what it should be. */
export function findInShard(shard: Uint8Array, key: EntryKey): Result<CrlEntry | undefined, CrlFailure> {
  if (shard.length % entryOctets !== 0) return malformed('no whole number of entries');
  const sought = key.subarray(choosingOctets);
  let low = 0;
  let high = shard.length / entryOctets;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = middle * entryOctets;
    const order = Buffer.compare(sought, shard.subarray(start, start + comparedOctets));
    if (order === 0) return readEntry(shard.subarray(start + comparedOctets, start + entryOctets));
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return ok(undefined);
}

function readEntry(entry: Uint8Array): Result<CrlEntry, CrlFailure> {
  const [code = noReason] = entry;
  const revokedAt = new Date(new DataView(entry.buffer, entry.byteOffset).getUint32(1) * 1000);
  if (code === noReason) return ok({ revokedAt });
  const reason = reasonOfCode(code);
  return reason === undefined ? malformed('reason code not defined') : ok({ revokedAt, reason });
}

const malformed = (detail: string) => fail<CrlFailure>({ reason: 'malformed', detail: `kept CRL: ${detail}` });
