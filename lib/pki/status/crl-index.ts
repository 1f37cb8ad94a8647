/** Finding one serial number among the entries of a CRL: offsets in typed arrays, 12 bytes an entry at most. */
import { type EntryRange, scanEntries } from './crl-scan.ts';

/** Counted as it is done: how many entries were walked, and how many were looked at to find one. */
export type CrlWork = { entries: number; probes: number };

export type CrlIndex = {
  readonly entries: number;
  /** Offsets of the entries with this serial number and of the certificateIssuer in force there (0: the CRL's issuer). */
  readonly find: (serial: Uint8Array, work?: CrlWork) => readonly { readonly entry: number; readonly issuer: number }[];
};

/** SEQUENCE, a serial number of one octet, UTCTime: no entry is shorter. */
const shortestEntry = 2 + 3 + 15;

/** Walks the entries once, linear in bytes. Throws `DerError` where `scanEntries` does. */
export function indexEntries(range: EntryRange, work?: CrlWork): CrlIndex {
  const { bytes } = range;
  const capacity = Math.floor((range.end - range.start) / shortestEntry);
  const mask = 2 ** Math.ceil(Math.log2(Math.max(capacity, 8))) - 1;
  const heads = new Int32Array(mask + 1);
  const offsets = new Int32Array(capacity + 1);
  const next = new Int32Array(capacity + 1);
  let issuers: Int32Array | undefined;
  let count = 0;
  scanEntries(range, (entry, serial, serialEnd, issuer) => {
    count += 1;
    offsets[count] = entry;
    const slot = hashOctets(bytes, serial, serialEnd) & mask;
    next[count] = heads[slot] ?? 0;
    heads[slot] = count;
    if (issuer === 0) return;
    issuers ??= new Int32Array(capacity + 1);
    issuers[count] = issuer;
  });
  if (work) work.entries += count;
  return {
    entries: count,
    find(serial, spent) {
      const found = [];
      let number = heads[hashOctets(serial, 0, serial.length) & mask] ?? 0;
      for (; number !== 0; number = next[number] ?? 0) {
        if (spent) spent.probes += 1;
        const entry = offsets[number] ?? 0;
        if (hasSerial(bytes, entry, serial)) found.push({ entry, issuer: issuers?.[number] ?? 0 });
      }
      return found;
    },
  };
}

/** FNV-1a. Who can choose the serial numbers of a CRL can make its own lookups slow, and still no slower than a walk. */
function hashOctets(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}

/** Compares with the INTEGER that begins the entry; the walk has checked both headers. */
function hasSerial(bytes: Uint8Array, entry: number, serial: Uint8Array): boolean {
  const integer = afterHeader(bytes, entry);
  const from = afterHeader(bytes, integer);
  if (serial.length < 0x80 && bytes[integer + 1] !== serial.length) return false;
  for (let at = 0; at < serial.length; at += 1) if (bytes[from + at] !== serial[at]) return false;
  return true;
}

function afterHeader(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] ?? 0;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}
