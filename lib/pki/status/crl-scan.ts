/**
 * Walking the entries of a CRL without making anything of them (RFC 5280 §5.1.2.6, §5.3): every byte is checked, nothing is
 * allocated, because a CRL has a million entries and is asked about one of them.
 */
import { byteAt, DerError, stepInto, tags } from '../certificate/der.ts';
import { readMoment } from '../certificate/der-time.ts';
import { checkInteger } from '../certificate/der-value.ts';

/** Where the walk is, and the certificateIssuer in force there (RFC 5280 §5.3.3); one object for all of it. */
type Scan = { readonly bytes: Uint8Array; position: number; issuer: number };

/** Offsets into the CRL: of the entry, of its serial number, and of the certificateIssuer in force there (0: none yet). */
export type EntryVisitor = (entry: number, serial: number, serialEnd: number, certificateIssuer: number) => void;

export type EntryRange = {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly version: 1 | 2;
};

/** An entry is some 40 bytes, with a certificateIssuer some hundred more; what is found is read whole, so it is bounded. */
const maximumEntryBytes = 4096;

/** Extensions of entries that are processed, by the last arc of id-ce (RFC 5280 §5.3.1, §5.3.2, §5.3.3). */
const reasonCode = 21;
const holdInstruction = 23;
const invalidityDate = 24;
const certificateIssuer = 29;

/**
 * Visits every entry. Throws `DerError` at the first that is malformed or has a critical extension that is not processed:
 * RFC 5280 §5.3 forbids to use such a CRL for any certificate.
 */
export function scanEntries({ bytes, start, end, version }: EntryRange, visit: EntryVisitor): void {
  const scan: Scan = { bytes, position: start, issuer: 0 };
  while (scan.position < end) {
    const entry = scan.position;
    const entryEnd = open(scan, tags.sequence, end);
    if (entryEnd - entry > maximumEntryBytes) throw new DerError('entry too long', entry);
    const serialEnd = open(scan, tags.integer, entryEnd);
    const serial = scan.position;
    checkInteger(bytes, serial, serialEnd);
    scan.position = serialEnd;
    scanTime(scan, entryEnd);
    if (scan.position < entryEnd) {
      if (version === 1) throw new DerError('entry extension in a v1 CRL', entry);
      scanExtensions(scan, entryEnd);
    }
    visit(entry, serial, serialEnd, scan.issuer);
  }
}

/** Steps into a value with this tag and returns its end. */
function open(scan: Scan, tag: number, limit: number): number {
  if (scan.position >= limit || scan.bytes[scan.position] !== tag) {
    throw new DerError('another element expected', scan.position);
  }
  return stepInto(scan, limit);
}

/** RFC 5280 §5.1.2.6. */
function scanTime(scan: Scan, limit: number): void {
  const tag = scan.bytes[scan.position] === tags.utcTime ? tags.utcTime : tags.generalizedTime;
  const end = open(scan, tag, limit);
  readMoment(scan.bytes, scan.position, end, tag);
  scan.position = end;
}

/** RFC 5280 §5.3: at least one extension, none that is processed twice. */
function scanExtensions(scan: Scan, limit: number): void {
  if (open(scan, tags.sequence, limit) !== limit) throw new DerError('trailing bytes', scan.position);
  if (scan.position === limit) throw new DerError('empty', scan.position);
  let seen = 0;
  while (scan.position < limit) {
    const arc = scanExtension(scan, open(scan, tags.sequence, limit));
    const bit = arc > 0 ? 1 << (arc - 18) : 0;
    if ((seen & bit) !== 0) throw new DerError('entry extension twice', scan.position);
    seen |= bit;
  }
}

/** The arc of the extension where it is processed, or 0. */
function scanExtension(scan: Scan, end: number): number {
  const arc = scanType(scan, end);
  const critical = scanCritical(scan, end);
  if (open(scan, tags.octetString, end) !== end) throw new DerError('trailing bytes', scan.position);
  if (!scanValue(scan, arc, end) && critical) throw new DerError('critical entry extension not known', end);
  scan.position = end;
  return arc;
}

/** The last arc of an extension type below id-ce (2.5.29) that is processed, or 0. */
function scanType(scan: Scan, limit: number): number {
  const end = open(scan, tags.oid, limit);
  const { bytes, position } = scan;
  scan.position = end;
  if (end - position !== 3 || bytes[position] !== 0x55 || bytes[position + 1] !== 0x1d) return 0;
  const arc = byteAt(bytes, position + 2);
  return arc === reasonCode || arc === holdInstruction || arc === invalidityDate || arc === certificateIssuer ? arc : 0;
}

function scanCritical(scan: Scan, limit: number): boolean {
  if (scan.bytes[scan.position] !== tags.boolean) return false;
  const end = open(scan, tags.boolean, limit);
  if (end - scan.position !== 1 || scan.bytes[scan.position] !== 0xff) {
    throw new DerError('critical neither absent nor TRUE', end);
  }
  scan.position = end;
  return true;
}

/** Checks the value of an extension that is processed; false for any other. */
function scanValue(scan: Scan, arc: number, end: number): boolean {
  switch (arc) {
    case reasonCode: {
      const valueEnd = open(scan, tags.enumerated, end);
      const code = byteAt(scan.bytes, scan.position);
      // RFC 5280 §5.3.1: 0 to 10, and 7 is not used.
      if (valueEnd !== end || end - scan.position !== 1 || code > 10 || code === 7)
        throw new DerError('no such reason', end);
      return true;
    }
    case invalidityDate:
      if (scan.bytes[scan.position] !== tags.generalizedTime) throw new DerError('another element expected', end);
      scanTime(scan, end);
      if (scan.position !== end) throw new DerError('trailing bytes', end);
      return true;
    case holdInstruction:
      if (open(scan, tags.oid, end) !== end) throw new DerError('trailing bytes', end);
      return true;
    case certificateIssuer:
      // The names are read when an entry is looked up: reading each of them would dominate the walk.
      scan.issuer = scan.position;
      if (open(scan, tags.sequence, end) !== end) throw new DerError('trailing bytes', end);
      return true;
    default:
      return false;
  }
}
