/** GeneralName (RFC 5280 §4.2.1.6): read from DER, never from printed text, and compared with registered values (RFC 8705 §2.1.2). */
import { fail, ok, type Result } from '../../result.ts';
import { constructedTag, contextTag, DerError, type Element, encoding, takeAll, takeOnly } from './der.ts';
import { readOctetString, readOid } from './der-value.ts';
import { readAscii } from './directory-string.ts';
import { parseAddress } from './ip-address.ts';
import { type Name, printName, readName } from './name.ts';

export type GeneralName =
  | { readonly type: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier' | 'registeredID'; readonly value: string }
  | { readonly type: 'directoryName'; readonly value: Name }
  | { readonly type: 'iPAddress'; readonly value: Uint8Array }
  /** Not interpreted: the whole GeneralName in DER. */
  | { readonly type: 'otherName' | 'x400Address' | 'ediPartyName'; readonly value: Uint8Array };

export type GeneralNameType = GeneralName['type'];

/** RFC 5280 §4.2.1.6: one to many names. */
export const readGeneralNames = (element: Element, tag?: number): readonly GeneralName[] =>
  takeAll(element, tag, 1).map(readGeneralName);

/** RFC 5280 §4.2.1.6: one name; an address must be of 4 or 16 octets, text must be ASCII and not empty. */
export function readGeneralName(element: Element): GeneralName {
  const name = readGeneralNameOrSubtree(element);
  if (name.type === 'iPAddress' && name.value.length !== 4 && name.value.length !== 16) {
    throw new DerError('iPAddress neither of 4 nor of 16 octets', element.start);
  }
  if (name.value === '') throw new DerError(`empty ${name.type}`, element.start);
  return name;
}

/** The base of a subtree (RFC 5280 §4.2.1.10), where an address has its mask and text may be empty. */
export function readGeneralNameOrSubtree(element: Element): GeneralName {
  switch (element.tag) {
    case constructedTag(0):
      return { type: 'otherName', value: encoding(element) };
    case contextTag(1):
      return { type: 'rfc822Name', value: readAscii(element) };
    case contextTag(2):
      return { type: 'dNSName', value: readAscii(element) };
    case constructedTag(3):
      return { type: 'x400Address', value: encoding(element) };
    case constructedTag(4):
      // Name is a CHOICE, so its tag is EXPLICIT (X.680 §31.2.7).
      return { type: 'directoryName', value: readName(takeOnly(element, constructedTag(4))) };
    case constructedTag(5):
      return { type: 'ediPartyName', value: encoding(element) };
    case contextTag(6):
      return { type: 'uniformResourceIdentifier', value: readAscii(element) };
    case contextTag(7):
      return { type: 'iPAddress', value: readOctetString(element, contextTag(7)) };
    case contextTag(8):
      return { type: 'registeredID', value: readOid(element, contextTag(8)) };
    default:
      throw new DerError('no form of GeneralName', element.start);
  }
}

/** A name for people, in one line. */
export function printGeneralName(name: GeneralName): string {
  switch (name.type) {
    case 'directoryName':
      return printName(name.value);
    case 'iPAddress':
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
      return `${name.type} ${Buffer.from(name.value).toString('hex')}`;
    default:
      return name.value;
  }
}

export type GeneralNameFailure = { readonly reason: 'name_unparsable'; readonly problem: string };

const refuse = (problem: string) => fail<GeneralNameFailure>({ reason: 'name_unparsable', problem });

const label = '(?!-)[a-z0-9_-]{1,63}(?<!-)';
const dnsName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*$`);

/** RFC 5280 §7.2: a host name in lower case and A-labels; wildcards and trailing dots are no names of a client. */
export function parseDnsName(text: string): Result<string, GeneralNameFailure> {
  const ascii = isAscii(text) ? text.toLowerCase() : toAsciiLabels(text);
  if (ascii === undefined || !dnsName.test(ascii)) return refuse('not a host name');
  if (/^\d+$/.test(ascii.slice(ascii.lastIndexOf('.') + 1))) return refuse('an IP address is not a host name');
  return ok(ascii);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant.
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text);

/** RFC 5280 §7.2 by way of the URL parser, the one IDNA implementation at hand; it must not see any other part of a URL. */
function toAsciiLabels(text: string): string | undefined {
  if (!/^[\p{L}\p{M}\p{N}._-]+$/u.test(text)) return undefined;
  return URL.canParse(`https://${text}`) ? new URL(`https://${text}`).hostname : undefined;
}

/** C14: whole names, in any case; a wildcard matches nothing, on neither side (RFC 8705 §7.5). */
export const matchDnsName = (registered: string, presented: string): boolean =>
  !registered.includes('*') && registered !== '' && registered.toLowerCase() === presented.toLowerCase();

const uri = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#\s]*))?([^\s]*)$/i;

/** RFC 3986 §3: an absolute URI in ASCII, as a certificate holds it. */
export function parseUri(text: string): Result<string, GeneralNameFailure> {
  if (!isAscii(text) || comparableUri(text) === undefined) return refuse('not an absolute URI');
  return ok(text);
}

/** RFC 5280 §7.4: scheme and host in any case, all the rest as it is written. */
export function matchUri(registered: string, presented: string): boolean {
  const wanted = comparableUri(registered);
  return wanted !== undefined && wanted === comparableUri(presented);
}

function comparableUri(text: string): string | undefined {
  const [, scheme, authority, rest] = uri.exec(text) ?? [];
  if (scheme === undefined || rest === undefined || (authority === undefined && rest === '')) return undefined;
  if (authority === undefined) return `${scheme.toLowerCase()}:${rest}`;
  const host = authority.lastIndexOf('@') + 1;
  return `${scheme.toLowerCase()}://${authority.slice(0, host)}${authority.slice(host).toLowerCase()}${rest}`;
}

/** RFC 5321 §4.1.2 in its common form: a local part and a host name in lower case and A-labels. */
export function parseEmail(text: string): Result<string, GeneralNameFailure> {
  const [, local, host = ''] = /^([^\s@"(),:;<>[\\\]]+)@([^@]+)$/.exec(text) ?? [];
  const domain = parseDnsName(host);
  if (local === undefined || !isAscii(local) || !domain.ok) return refuse('not an e-mail address');
  return ok(`${local}@${domain.value}`);
}

/** RFC 5280 §7.5: the local part exactly, the host in any case. */
export function matchEmail(registered: string, presented: string): boolean {
  const wanted = comparableEmail(registered);
  return wanted !== undefined && wanted === comparableEmail(presented);
}

function comparableEmail(text: string): string | undefined {
  const at = text.lastIndexOf('@');
  return at < 1 || at === text.length - 1 ? undefined : text.slice(0, at) + text.slice(at).toLowerCase();
}

/** RFC 4291 §2.2, RFC 8705 §2.1.2: one IPv4 or IPv6 address in any of its forms, without zone or mask. */
export const parseIpAddress = (text: string): Result<string, GeneralNameFailure> =>
  parseAddress(text) === undefined ? refuse('not an IP address') : ok(text);

/** C16: octet by octet (RFC 8705 §2.1.2); an IPv4-mapped IPv6 address is not the IPv4 address. */
export function matchIpAddress(registered: string, presented: Uint8Array): boolean {
  const wanted = parseAddress(registered);
  return wanted !== undefined && Buffer.compare(wanted, presented) === 0;
}
