/** What a CRL says about one certificate (RFC 5280 §5.3, §6.3.3 (i) and (j)). */
import { fail, ok, type Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { type Cursor, decode, type Element, enter, more, root, take } from '../certificate/der.ts';
import { readTime } from '../certificate/der-time.ts';
import { readGeneralNames } from '../certificate/general-name.ts';
import { matchName, type Name } from '../certificate/name.ts';
import type { Crl, CrlFailure } from './crl.ts';
import type { CrlWork } from './crl-index.ts';
import { readExtensions } from './extensions.ts';
import { gravityOf, type RevocationReason, readRevocationReason } from './revocation-reason.ts';

export type CrlEntry = { readonly revokedAt: Date; readonly reason?: RevocationReason };

export type EntryTarget = Pick<Certificate, 'serial' | 'issuer'>;

/** Of an indirect CRL each issuer may have the serial number once; to read more than this would be somebody's attack on us. */
const maximumNamesakes = 100;

const reasonCode = '2.5.29.21';

/**
 * The entry for a certificate, by serial number and certificate issuer; undefined where there is none. Of several the gravest
 * counts, of equals the earliest. A failure where the CRL cannot be used for any certificate.
 */
export function findEntry(
  crl: Crl,
  certificate: EntryTarget,
  work?: CrlWork,
): Result<CrlEntry | undefined, CrlFailure> {
  if (crl.kept) return crl.kept.find(certificate);
  const index = crl.index(work);
  if (!index.ok) return index;
  const candidates = index.value.find(certificate.serial, work);
  if (candidates.length > maximumNamesakes)
    return fail({ reason: 'malformed', detail: 'too many entries with one serial number' });
  const found = decode(() =>
    candidates
      .filter(({ issuer }) => isIssuer(crl, issuer, certificate.issuer))
      .map(({ entry }) => readEntry(elementAt(crl, entry))),
  );
  if (!found.ok) return fail({ reason: 'malformed', detail: found.failure.problem });
  return ok(found.value.toSorted(gravestFirst)[0]);
}

const gravestFirst = (a: CrlEntry, b: CrlEntry): number =>
  gravityOf(b.reason) - gravityOf(a.reason) || a.revokedAt.getTime() - b.revokedAt.getTime();

const isIssuer = (crl: Crl, issuerAt: number, wanted: Name): boolean =>
  issuersAt(crl, issuerAt).some((name) => matchName(name, wanted));

/** RFC 5280 §5.3.3: the CRL's issuer, unless this entry or one before it names another. Throws `DerError`. */
export function issuersAt(crl: Crl, issuerAt: number): readonly Name[] {
  if (issuerAt === 0) return [crl.issuer];
  const names = readGeneralNames(elementAt(crl, issuerAt));
  return names.flatMap((name) => (name.type === 'directoryName' ? [name.value] : []));
}

/** The entry at an offset that the walk has visited. */
export function elementAt({ entries }: Crl, position: number): Element {
  const cursor: Cursor = { bytes: entries.bytes, position, end: entries.end, depth: 0 };
  return take(cursor);
}

/** RFC 5280 §5.1.2.6, §5.3.1. Throws `DerError`. */
export function readEntry(element: Element): CrlEntry {
  const cursor = enter(element);
  take(cursor);
  const revokedAt = readTime(take(cursor));
  const value = more(cursor) ? readExtensions(take(cursor)).get(reasonCode)?.value : undefined;
  return value === undefined ? { revokedAt } : { revokedAt, reason: readRevocationReason(root(value)) };
}
