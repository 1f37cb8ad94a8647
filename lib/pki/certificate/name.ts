/** Distinguished names: from DER (RFC 5280 §4.1.2.4), as text (RFC 4514), compared (RFC 5280 §7.1, RFC 4517 §4.2.15). */
import { fail, ok, type Result } from '../../result.ts';
import { type Attribute, comparable, type RelativeName, readAttribute } from './attribute.ts';
import { findAttributeType } from './attribute-type.ts';
import { type Element, encoding, tags, takeAll } from './der.ts';
import { writeOid, writeSequence, writeSet } from './der-writer.ts';
import { prepare } from './directory-string.ts';
import { type NameFailure, parseRelativeNames } from './name-text.ts';

export type { NameFailure, RelativeName };

export type Name = {
  readonly der: Uint8Array;
  /** In the order of the encoding, the most significant first: the reverse of RFC 4514 text. */
  readonly rdns: readonly RelativeName[];
  /** One string an RDN: equal strings, equal RDNs. Made once, when first compared. */
  readonly comparable: readonly string[];
  /** All of `comparable` in one: the key of an index by name. */
  readonly key: string;
};

/** RFC 5280 §4.1.2.4. The order within a SET is not checked: it changes no comparison, and CAs get it wrong. */
export function readName(element: Element): Name {
  const rdns = takeAll(element).map((rdn) => takeAll(rdn, tags.set, 1).map(readAttribute));
  return nameOf(encoding(element), rdns);
}

/** The name of these RDNs, given in the order of the encoding. */
export function makeName(rdns: readonly RelativeName[]): Name {
  const sets = rdns.map((rdn) => writeSet(...rdn.map(({ type, der }) => writeSequence(writeOid(type), der))));
  return nameOf(writeSequence(...sets), rdns);
}

function nameOf(der: Uint8Array, rdns: readonly RelativeName[]): Name {
  let prepared: readonly string[] | undefined;
  let key: string | undefined;
  return Object.freeze({
    der,
    rdns,
    get comparable() {
      prepared ??= rdns.map(comparableRdn);
      return prepared;
    },
    get key(): string {
      // Prepared text holds no control character, so these separators cannot be forged.
      key ??= this.comparable.join('\u0001');
      return key;
    },
  });
}

/** RFC 4514 §2.2: a set, so the order of its attributes does not matter; `+` is not the same as two RDNs. */
const comparableRdn = (rdn: RelativeName): string => [...new Set(rdn.map(comparable))].sort().join('\u0002');

/** RFC 5280 §7.1, RFC 4517 §4.2.15 distinguishedNameMatch: as many RDNs, in the same order, each pair equal as sets. */
export const matchName = (a: Name, b: Name): boolean =>
  a.rdns.length === b.rdns.length &&
  (Buffer.compare(a.der, b.der) === 0 || a.comparable.every((rdn, index) => rdn === b.comparable[index]));

/** Whether the names would match if one were written the other way round: for the log, never for a verdict. */
export function matchNameReversed(a: Name, b: Name): boolean {
  const last = b.comparable.length - 1;
  return a.rdns.length === b.rdns.length && a.comparable.every((rdn, index) => rdn === b.comparable[last - index]);
}

/** RFC 5280 §4.2.1.10: whether the name lies in the subtree below `base` (or is `base`). */
export const isWithin = (name: Name, base: Name): boolean =>
  base.rdns.length <= name.rdns.length && base.comparable.every((rdn, index) => rdn === name.comparable[index]);

/** RFC 4514 §2: the text of a name, the most specific RDN first; `parseName` reads it back to a name that matches. */
export const printName = (name: Name): string =>
  name.rdns
    .toReversed()
    .map((rdn) => rdn.map(printAttribute).join('+'))
    .join(',');

/** RFC 4514 §2.4: `#` and the DER in hex for types without a name here and for text that is not fit to be read. */
function printAttribute({ type, der, text }: Attribute): string {
  const known = findAttributeType(type);
  const readable = known !== undefined && text !== undefined && prepare(text) !== undefined;
  return `${known?.name ?? type}=${readable ? escapeText(text) : `#${Buffer.from(der).toString('hex')}`}`;
}

/** RFC 4514 §2.4: a space or `#` at the beginning, a space at the end, and the specials. */
const escapeText = (text: string): string => text.replace(/^[ #]|["+,;<>\\]| $/g, '\\$&');

/** The longest text that is looked at: that of a subject in a certificate of 16 KB would be refused by every directory. */
const maximumTextLength = 8192;

/**
 * RFC 4514 §3: the name that a text stands for, the most specific RDN first, with spaces around `,`, `=` and `+`. The empty
 * name is refused: registered for a client, it would match each certificate without a subject.
 */
export function parseName(text: string): Result<Name, NameFailure> {
  if (text.length > maximumTextLength) return fail({ reason: 'name_unparsable', problem: 'too long', at: 0 });
  const rdns = parseRelativeNames(text);
  return rdns.ok ? ok(makeName(rdns.value.toReversed())) : rdns;
}
