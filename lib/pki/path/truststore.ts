/** A truststore: certificates that are trusted, and certificates that only help to get there (RFC 5280 §6.1.1 (d), RFC 4158 §2.4). */
import { type Certificate, parseTrustedEncoding } from '../certificate/certificate.ts';
import { constructedTag, decode, encoding, enter, root, take, takeIf } from '../certificate/der.ts';
import { type Name, readName } from '../certificate/name.ts';

export { type Bundle, type BundleProblem, parseBundle } from './bundle.ts';

/** What the operator decided for the paths that go through an entry; the entry nearest to the end entity speaks first. */
export type EntryPolicy = {
  /** Default `required-if-present`. */
  readonly extendedKeyUsage?: ExtendedKeyUsagePolicy;
  /** An intermediate may end a path. */
  readonly partialChain?: boolean;
  /** RFC 5937: whether the constraints in an anchor's certificate bind its paths; default `enforce`. */
  readonly constraints?: 'enforce' | 'ignore';
};

/**
 * `required-if-present`: an extendedKeyUsage must have clientAuth or anyExtendedKeyUsage. `required`: there must be one, with
 * clientAuth by name. `allow-server-auth-only`: serverAuth will do, for public CAs that no longer issue clientAuth.
 */
export type ExtendedKeyUsagePolicy = 'required-if-present' | 'required' | 'allow-server-auth-only';

export type TruststoreEntry = {
  readonly type: 'anchor' | 'intermediate';
  readonly certificate: Certificate;
  readonly policy?: EntryPolicy;
};

/** An entry as it was stored after it had been parsed once; it is parsed again when a path needs it. */
export type StoredEntry = Omit<TruststoreEntry, 'certificate'> & { readonly der: Uint8Array };

/** A certificate that could have issued another, and what it may be used as. */
export type Candidate = {
  readonly certificate: Certificate;
  readonly type: 'anchor' | 'intermediate';
  readonly policy?: EntryPolicy | undefined;
};

export type Truststore = {
  readonly version: string;
  readonly entries: readonly (TruststoreEntry | StoredEntry)[];
  /**
   * RFC 5280 §6.1.3 (a)(4): the entries with this subject, in batches: first those that encode the name in the same
   * octets, then the others. A caller who finds a path in the first never pays for the second.
   */
  readonly candidates: (subject: Name) => Iterable<readonly Candidate[]>;
};

type Slot = { readonly candidate: () => Candidate | undefined };
/** The entries whose subjects are encoded in the same octets. */
type Namesakes = { readonly subject: Uint8Array; readonly slots: Slot[] };

/** The truststore of these entries. `version` goes into every verified path, so that it can be cached by it. */
export function buildTruststore(entries: readonly (TruststoreEntry | StoredEntry)[], version: string): Truststore {
  const byEncoding = new Map<string, Namesakes>();
  for (const entry of entries) {
    const subject = 'der' in entry ? subjectEncoding(entry.der) : entry.certificate.subject.der;
    if (subject === undefined) continue;
    const key = encodingKey(subject);
    const namesakes = byEncoding.get(key) ?? { subject, slots: [] };
    namesakes.slots.push(slot(entry));
    byEncoding.set(key, namesakes);
  }
  let byName: ReadonlyMap<string, readonly Slot[]> | undefined;
  return Object.freeze({
    version,
    entries,
    *candidates(subject: Name) {
      const same = byEncoding.get(encodingKey(subject.der))?.slots ?? [];
      yield same.flatMap(filled);
      byName ??= indexByName(byEncoding.values());
      yield (byName.get(subject.key) ?? []).filter((one) => !same.includes(one)).flatMap(filled);
    },
  });
}

/** A string of one octet a character: hashing happens in the Map, at a tenth of the cost of SHA-256. */
const encodingKey = (der: Uint8Array): string =>
  Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('latin1');

const filled = ({ candidate }: Slot): readonly Candidate[] => {
  const found = candidate();
  return found === undefined ? [] : [found];
};

function slot(entry: TruststoreEntry | StoredEntry): Slot {
  if (!('der' in entry)) return { candidate: () => entry };
  let parsed: { readonly candidate: Candidate | undefined } | undefined;
  return {
    candidate() {
      parsed ??= { candidate: parseStored(entry) };
      return parsed.candidate;
    },
  };
}

/** An entry that no longer parses (by a parser that has become stricter) is trusted for nothing. */
function parseStored({ der, type, policy }: StoredEntry): Candidate | undefined {
  const certificate = parseTrustedEncoding(der);
  return certificate.ok ? { certificate: certificate.value, type, policy } : undefined;
}

/** Only as much of a certificate as is needed to find its subject (RFC 5280 §4.1). */
function subjectEncoding(der: Uint8Array): Uint8Array | undefined {
  const found = decode(() => {
    const tbs = enter(take(enter(root(der))));
    takeIf(tbs, constructedTag(0));
    for (const _ of ['serialNumber', 'signature', 'issuer', 'validity']) take(tbs);
    return encoding(take(tbs));
  });
  return found.ok ? found.value : undefined;
}

function indexByName(all: Iterable<Namesakes>): ReadonlyMap<string, readonly Slot[]> {
  const byName = new Map<string, Slot[]>();
  for (const { subject, slots } of all) {
    const name = decode(() => readName(root(subject)));
    if (name.ok) byName.set(name.value.key, [...(byName.get(name.value.key) ?? []), ...slots]);
  }
  return byName;
}

/**
 * What a certificate can be in a truststore: a self-issued CA is an anchor, another CA an intermediate, and whatever may not
 * issue is a client's (RFC 5280 §4.2.1.9).
 */
export function classify(certificate: Certificate): 'anchor' | 'intermediate' | 'client' {
  if (certificate.basicConstraints?.cA !== true) return 'client';
  return certificate.selfIssued ? 'anchor' : 'intermediate';
}
