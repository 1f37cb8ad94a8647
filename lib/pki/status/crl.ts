/** Certificate revocation lists (RFC 5280 §5): what one says, before anything of it is believed. */
import { fail, ok, type Result } from '../../result.ts';
import {
  close,
  constructedTag,
  DerError,
  decode,
  type Element,
  encoding,
  enter,
  root,
  tags,
  take,
  takeIf,
  takeOnly,
} from '../certificate/der.ts';
import { readTime } from '../certificate/der-time.ts';
import { readCount, readInteger } from '../certificate/der-value.ts';
import { type DistributionPoint, readDistributionPoints } from '../certificate/distribution-point.ts';
import { type Name, readName } from '../certificate/name.ts';
import { type Signed, takeSameAlgorithm, takeSigned } from '../certificate/signature.ts';
import type { CrlEntry, EntryTarget } from './crl-entry.ts';
import { type CrlIndex, type CrlWork, indexEntries } from './crl-index.ts';
import type { EntryRange } from './crl-scan.ts';
import { type Extensions, noExtensions, readExtensions, unknownCritical } from './extensions.ts';
import { type IssuingDistributionPoint, readIssuingDistributionPoint } from './issuing-distribution-point.ts';

export type CrlFailure = { readonly reason: 'malformed'; readonly detail: string };

export type Crl = {
  readonly der: Uint8Array;
  readonly signed: Signed;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly crlNumber?: bigint;
  /** RFC 5280 §5.2.4: makes this a delta CRL, on top of any complete CRL with this number or a later one. */
  readonly baseCrlNumber?: bigint;
  readonly issuingDistributionPoint?: IssuingDistributionPoint;
  /** RFC 5280 §5.2.6: where delta CRLs for this one are. */
  readonly freshestCrl?: readonly DistributionPoint[];
  readonly entries: EntryRange;
  /** Walks the entries when first asked for; a failure where one of them is malformed or beyond us. */
  readonly index: (work?: CrlWork) => Result<CrlIndex, CrlFailure>;
  /** Only of a list that was verified before and kept (`kept-crl.ts`): its entries are not in `entries`. */
  readonly kept?: {
    /** base64url of the SHA-256 of the key that the signature was verified with. */
    readonly signer: string;
    /** As `findEntry`; a failure for a certificate whose entry would be in another shard. */
    readonly find: (certificate: EntryTarget) => Result<CrlEntry | undefined, CrlFailure>;
  };
};

const oids = {
  crlNumber: '2.5.29.20',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  freshestCrl: '2.5.29.46',
};

/** RFC 5280 §5.2: also authorityKeyIdentifier, issuerAltName and authorityInfoAccess, which change nothing in the verdict. */
const processedExtensions = new Set([...Object.values(oids), '2.5.29.35', '2.5.29.18', '1.3.6.1.5.5.7.1.1']);

/** RFC 5280 §5.1.2.3: longer numbers are not ours to reckon with. */
const maximumNumberOctets = 20;

/** All but the entries: names and extensions are read before the signature is verified, so their cost must be bounded. */
const maximumHeaderBytes = 65_536;

/** RFC 5280 §5.1: a CRL in DER, its entries not yet walked. A critical extension that is not processed fails it (§5.2). */
export function parseCrl(der: Uint8Array): Result<Crl, CrlFailure> {
  const parsed = decode(() => readCrl(root(der)));
  return parsed.ok ? ok(parsed.value) : fail(malformed(parsed.failure));
}

const malformed = ({ problem, at }: { readonly problem: string; readonly at: number }): CrlFailure => ({
  reason: 'malformed',
  detail: `${problem} at byte ${at}`,
});

function readCrl(element: Element): Crl {
  const outer = enter(element);
  const { data, proof } = takeSigned(outer);
  close(outer);

  const tbs = enter(data);
  const version = readVersion(takeIf(tbs, tags.integer));
  takeSameAlgorithm(tbs, proof);
  const issuer = take(tbs, tags.sequence);
  const thisUpdate = readTime(take(tbs));
  const nextUpdate = takeIf(tbs, tags.utcTime) ?? takeIf(tbs, tags.generalizedTime);
  const revoked = takeIf(tbs, tags.sequence);
  const explicit = takeIf(tbs, constructedTag(0));
  close(tbs);

  const entries = readRange(revoked, element, version);
  if (element.end - (entries.end - entries.start) > maximumHeaderBytes) throw new DerError('too large', element.start);
  return Object.freeze({
    der: encoding(element),
    signed: proof,
    issuer: readName(issuer),
    thisUpdate,
    ...(nextUpdate && { nextUpdate: readTime(nextUpdate) }),
    ...readKnownExtensions(readCrlExtensions(explicit, version)),
    entries,
    index: lazyIndex(entries),
  });
}

/** RFC 5280 §5.1.2.1: absent is v1, present is v2. */
function readVersion(element: Element | undefined): 1 | 2 {
  if (element === undefined) return 1;
  if (readCount(element) !== 1) throw new DerError('no such version', element.start);
  return 2;
}

/** RFC 5280 §5.1.2.6: without revoked certificates the list is absent, not empty. */
function readRange(revoked: Element | undefined, { bytes }: Element, version: 1 | 2): EntryRange {
  if (revoked === undefined) return { bytes, start: 0, end: 0, version };
  if (revoked.contents === revoked.end) throw new DerError('empty revokedCertificates', revoked.start);
  return { bytes, start: revoked.contents, end: revoked.end, version };
}

function readCrlExtensions(explicit: Element | undefined, version: 1 | 2): Extensions {
  if (explicit === undefined) return noExtensions;
  if (version === 1) throw new DerError('extensions in a v1 CRL', explicit.start);
  const extensions = readExtensions(takeOnly(explicit, constructedTag(0)));
  const unknown = unknownCritical(extensions, processedExtensions);
  if (unknown !== undefined) throw new DerError(`critical extension ${unknown} not known`, explicit.start);
  return extensions;
}

function readKnownExtensions(extensions: Extensions) {
  const read = <T>(oid: string, reader: (element: Element) => T): T | undefined => {
    const extension = extensions.get(oid);
    return extension && reader(root(extension.value));
  };
  const crlNumber = read(oids.crlNumber, readCrlNumber);
  const baseCrlNumber = read(oids.deltaCrlIndicator, readCrlNumber);
  const issuingDistributionPoint = read(oids.issuingDistributionPoint, readIssuingDistributionPoint);
  const freshestCrl = read(oids.freshestCrl, readDistributionPoints);
  return {
    ...(crlNumber !== undefined && { crlNumber }),
    ...(baseCrlNumber !== undefined && { baseCrlNumber }),
    ...(issuingDistributionPoint && { issuingDistributionPoint }),
    ...(freshestCrl && { freshestCrl }),
  };
}

/** RFC 5280 §5.2.3: not negative, up to 20 octets. */
function readCrlNumber(element: Element): bigint {
  const octets = readInteger(element);
  if (octets.length > maximumNumberOctets || (octets[0] ?? 0) >= 0x80)
    throw new DerError('CRL number out of range', element.start);
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

function lazyIndex(range: EntryRange): Crl['index'] {
  let index: Result<CrlIndex, CrlFailure> | undefined;
  return (work) => {
    if (index !== undefined) return index;
    const walked = decode(() => indexEntries(range, work));
    index = walked.ok ? walked : fail(malformed(walked.failure));
    return index;
  };
}
