/** Whether a name lies in a subtree (RFC 5280 §4.2.1.10): names and subtrees are read once, then only compared. */
import { emailAddress } from '../certificate/attribute-type.ts';
import type { Certificate } from '../certificate/certificate.ts';
import type { Subtree } from '../certificate/extensions.ts';
import type { GeneralName, GeneralNameType } from '../certificate/general-name.ts';
import { isWithin, type Name } from '../certificate/name.ts';

/** A name in the form in which it is compared; `unreadable` are forms that nobody compares and malformed names. */
type Form =
  | { readonly kind: 'host'; readonly host: string; readonly wildcard: boolean }
  | { readonly kind: 'mailbox'; readonly local: string; readonly host: string }
  | { readonly kind: 'address'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: Name }
  | { readonly kind: 'unreadable' };

export type ConstrainedName = { readonly type: GeneralNameType; readonly form: Form; readonly name: GeneralName };

/** Undefined where the subtree cannot be processed: then each name of its type must be refused. */
export type Covers = ((form: Form) => boolean) | undefined;

export type ConstrainingSubtree = {
  readonly base: GeneralName;
  readonly covers: Covers;
  /** `*.` before it could stand for the base, so that an excluded base excludes that wildcard too. */
  readonly wildcardParent: string | undefined;
};

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostPattern = new RegExp(`^(?=.{1,253}$)(?:${label}\\.)*(?=\\d*[a-z_-])${label}$`);
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const dotString = new RegExp(`^${atom}(?:\\.${atom})*$`);
const quotedString = /^"((?:[ !#-[\]-~]|\\[ -~])*)"$/;
const unreadable: Form = { kind: 'unreadable' };

/** RFC 5280 §6.1.3 (b): the subject, where there is one, its e-mail addresses, and every subjectAltName. */
export function constrainedNames({ subject, subjectAltName }: Certificate): readonly ConstrainedName[] {
  const names: GeneralName[] = subject.rdns.length > 0 ? [{ type: 'directoryName', value: subject }] : [];
  // RFC 5280 §4.2.1.10 wants these looked at where no subjectAltName has an e-mail address; nothing forbids it elsewhere.
  const addresses = subject.rdns.flat().filter(({ type }) => type === emailAddress);
  for (const { text } of addresses) names.push({ type: 'rfc822Name', value: text ?? '' });
  return [...names, ...subjectAltName].map((name) => ({ type: name.type, form: readForm(name), name }));
}

function readForm(name: GeneralName): Form {
  switch (name.type) {
    case 'dNSName':
      return readHost(name.value);
    case 'rfc822Name':
      return readMailbox(name.value);
    case 'uniformResourceIdentifier':
      return readUriHost(name.value);
    case 'iPAddress':
      return { kind: 'address', octets: name.value };
    case 'directoryName':
      return { kind: 'directory', name: name.value };
    default:
      return unreadable;
  }
}

/** RFC 5280 §4.2.1.6, and the wildcard of RFC 6125 §6.4.3, which stands for any one label. */
function readHost(text: string): Form {
  const wildcard = text.startsWith('*.');
  const host = (wildcard ? text.slice(2) : text).toLowerCase();
  return hostPattern.test(host) ? { kind: 'host', host, wildcard } : unreadable;
}

function readMailbox(text: string): Form {
  const at = text.lastIndexOf('@');
  const local = readLocalPart(text.slice(0, Math.max(at, 0)));
  const host = text.slice(at + 1).toLowerCase();
  return local !== undefined && hostPattern.test(host) ? { kind: 'mailbox', local, host } : unreadable;
}

/** RFC 5321 §4.1.2: without the quotes and backslashes, which make no other mailbox. */
function readLocalPart(text: string): string | undefined {
  return dotString.test(text) ? text : quotedString.exec(text)?.[1]?.replace(/\\(.)/g, '$1');
}

/** RFC 5280 §4.2.1.10: a URI without a host name in its authority must be refused where URIs are constrained. */
function readUriHost(text: string): Form {
  const [, authority = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text) ?? [];
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase();
  return hostPattern.test(host) ? { kind: 'host', host, wildcard: false } : unreadable;
}

export const constrainingSubtree = ({ base, inRange }: Subtree): ConstrainingSubtree => ({
  base,
  // RFC 5280 §4.2.1.10: minimum is 0 and maximum absent; whoever meets others processes or refuses them.
  covers: inRange ? coverage(base) : undefined,
  wildcardParent: base.type === 'dNSName' ? /^[^.]+\.(.+)$/.exec(base.value.toLowerCase())?.[1] : undefined,
});

function coverage(base: GeneralName): Covers {
  switch (base.type) {
    case 'dNSName':
      return dnsCoverage(base.value.toLowerCase());
    case 'rfc822Name':
      return mailboxCoverage(base.value);
    case 'uniformResourceIdentifier':
      return domainCoverage(base.value.toLowerCase());
    case 'iPAddress':
      return addressCoverage(base.value);
    case 'directoryName':
      return (form) => form.kind === 'directory' && isWithin(form.name, base.value);
    default:
      return undefined;
  }
}

/**
 * RFC 5280 §4.2.1.10: the host itself and what grows by labels on its left; the empty name covers all. A leading period is
 * not defined for this form and so not processed.
 */
function dnsCoverage(base: string): Covers {
  if (base === '') return (form) => form.kind === 'host';
  if (!hostPattern.test(base)) return undefined;
  return (form) => form.kind === 'host' && isHostWithin(form.host, base);
}

const isHostWithin = (host: string, base: string): boolean => host === base || host.endsWith(`.${base}`);

/** RFC 5280 §4.2.1.10: a mailbox, all mailboxes of a host, or with a leading period those of all hosts below a domain. */
function mailboxCoverage(base: string): Covers {
  if (!base.includes('@')) return domainCoverage(base.toLowerCase());
  const mailbox = readMailbox(base);
  if (mailbox.kind !== 'mailbox') return undefined;
  return (form) => form.kind === 'mailbox' && form.local === mailbox.local && form.host === mailbox.host;
}

/**
 * RFC 5280 §4.2.1.10 for URIs and mailboxes: one host, or with a leading period all hosts below, but not the domain. The
 * empty host is not defined for these forms and so not processed.
 */
function domainCoverage(base: string): Covers {
  const domain = base.startsWith('.');
  if (!hostPattern.test(domain ? base.slice(1) : base)) return undefined;
  return (form) => {
    if (form.kind !== 'host' && form.kind !== 'mailbox') return false;
    return domain ? form.host.endsWith(base) : form.host === base;
  };
}

/** RFC 5280 §4.2.1.10, RFC 4632 §3.1: an address and a contiguous mask, 8 octets for IPv4, 32 for IPv6. */
function addressCoverage(base: Uint8Array): Covers {
  const size = base.length / 2;
  if (size !== 4 && size !== 16) return undefined;
  const network = base.subarray(0, size);
  const mask = base.subarray(size);
  const bits = Array.from(mask, (octet) => octet.toString(2).padStart(8, '0')).join('');
  if (!/^1*0*$/.test(bits)) return undefined;
  return (form) =>
    form.kind === 'address' &&
    form.octets.length === size &&
    form.octets.every((octet, i) => ((octet ^ (network[i] ?? 0)) & (mask[i] ?? 0xff)) === 0);
}
