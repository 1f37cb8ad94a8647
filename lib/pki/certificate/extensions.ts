/** The extensions of a certificate that take part in a verdict (RFC 5280 §4.2), each decoded strictly. */
import {
  close,
  constructedTag,
  contextTag,
  DerError,
  type Element,
  enter,
  more,
  tags,
  take,
  takeAll,
  takeIf,
  takeOptional,
  takePair,
  takeWrapped,
} from './der.ts';
import { readBoolean, readCount, readInteger, readNamedBits, readNull, readOctetString, readOid } from './der-value.ts';
import { type DistributionPoint, readDistributionPoints } from './distribution-point.ts';
import { type GeneralName, readGeneralName, readGeneralNameOrSubtree, readGeneralNames } from './general-name.ts';

export type Extension = { readonly oid: string; readonly critical: boolean; readonly value: Uint8Array };

export const keyUsages = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof keyUsages)[number];

/** `inRange` is false where minimum or maximum say something other than RFC 5280 §4.2.1.10 lets them. */
export type Subtree = { readonly base: GeneralName; readonly inRange: boolean };
export type NameConstraints = { readonly permitted: readonly Subtree[]; readonly excluded: readonly Subtree[] };

export type PolicyMapping = { readonly issuerDomainPolicy: string; readonly subjectDomainPolicy: string };

/** What the known extensions say; an absent extension is an absent member. */
export type KnownExtensions = {
  readonly basicConstraints?: { readonly cA: boolean; readonly pathLenConstraint?: number };
  readonly keyUsage?: ReadonlySet<KeyUsage>;
  readonly extendedKeyUsage?: readonly string[];
  readonly subjectAltName?: readonly GeneralName[];
  readonly issuerAltName?: readonly GeneralName[];
  readonly nameConstraints?: NameConstraints;
  readonly certificatePolicies?: readonly string[];
  readonly policyMappings?: readonly PolicyMapping[];
  readonly policyConstraints?: { readonly requireExplicitPolicy?: number; readonly inhibitPolicyMapping?: number };
  readonly inhibitAnyPolicy?: number;
  readonly authorityKeyIdentifier?: {
    readonly keyIdentifier?: Uint8Array;
    readonly authorityCertIssuer?: readonly GeneralName[];
    readonly authorityCertSerialNumber?: Uint8Array;
  };
  readonly subjectKeyIdentifier?: Uint8Array;
  readonly cRLDistributionPoints?: readonly DistributionPoint[];
  readonly freshestCRL?: readonly DistributionPoint[];
  readonly authorityInfoAccess?: readonly { readonly accessMethod: string; readonly accessLocation: GeneralName }[];
  readonly noRevAvail?: true;
};

type Decoder = (element: Element) => KnownExtensions;

const decoders = new Map<string, Decoder>([
  ['2.5.29.14', (element) => ({ subjectKeyIdentifier: readOctetString(element) })],
  ['2.5.29.15', (element) => ({ keyUsage: readKeyUsage(element) })],
  ['2.5.29.17', (element) => ({ subjectAltName: readGeneralNames(element) })],
  ['2.5.29.18', (element) => ({ issuerAltName: readGeneralNames(element) })],
  ['2.5.29.19', (element) => ({ basicConstraints: readBasicConstraints(element) })],
  ['2.5.29.30', (element) => ({ nameConstraints: readNameConstraints(element) })],
  ['2.5.29.31', (element) => ({ cRLDistributionPoints: readDistributionPoints(element) })],
  ['2.5.29.32', (element) => ({ certificatePolicies: readCertificatePolicies(element) })],
  ['2.5.29.33', (element) => ({ policyMappings: takeAll(element, undefined, 1).map(readPolicyMapping) })],
  ['2.5.29.35', (element) => ({ authorityKeyIdentifier: readAuthorityKeyIdentifier(element) })],
  ['2.5.29.36', (element) => ({ policyConstraints: readPolicyConstraints(element) })],
  ['2.5.29.37', (element) => ({ extendedKeyUsage: takeAll(element, undefined, 1).map((purpose) => readOid(purpose)) })],
  ['2.5.29.46', (element) => ({ freshestCRL: readDistributionPoints(element) })],
  ['2.5.29.54', (element) => ({ inhibitAnyPolicy: readCount(element) })],
  ['2.5.29.56', (element) => readNoRevAvail(element)],
  ['1.3.6.1.5.5.7.1.1', (element) => ({ authorityInfoAccess: takeAll(element, undefined, 1).map(readAccess) })],
]);

/** RFC 5280 §4.2: at least one extension, none twice. */
export function readExtensions(element: Element): {
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly known: KnownExtensions;
} {
  const extensions = new Map<string, Extension>();
  let known: KnownExtensions = {};
  for (const item of takeAll(element, undefined, 1)) {
    const { oid, critical, value } = readExtension(item);
    if (extensions.has(oid)) throw new DerError(`extension ${oid} twice`, item.start);
    extensions.set(oid, { oid, critical, value: readOctetString(value) });
    const decoder = decoders.get(oid);
    if (decoder !== undefined) known = { ...known, ...decoder(takeWrapped(value)) };
  }
  return { extensions, known };
}

/** RFC 5280 §4.1: Extension. A `critical` of FALSE must not be encoded (X.690 §11.5). */
export function readExtension(element: Element): { oid: string; critical: boolean; value: Element } {
  const cursor = enter(element);
  const oid = readOid(take(cursor));
  const critical = takeIf(cursor, tags.boolean);
  if (critical !== undefined && !readBoolean(critical)) throw new DerError('critical FALSE encoded', critical.start);
  const value = take(cursor, tags.octetString);
  close(cursor);
  return { oid, critical: critical !== undefined, value };
}

/** RFC 5280 §4.2.1.9. A cA of FALSE that is encoded although it is the default is so common that every verifier reads it. */
function readBasicConstraints(element: Element): NonNullable<KnownExtensions['basicConstraints']> {
  const [cA, pathLength] = takeOptional(element, [tags.boolean, tags.integer]);
  return {
    cA: cA !== undefined && readBoolean(cA),
    ...(pathLength && { pathLenConstraint: readCount(pathLength) }),
  };
}

/** RFC 5280 §4.2.1.3: at least one bit is set. */
function readKeyUsage(element: Element): ReadonlySet<KeyUsage> {
  const bits = readNamedBits(element);
  if (bits.size === 0) throw new DerError('keyUsage without a bit', element.start);
  return new Set(keyUsages.filter((_, bit) => bits.has(bit)));
}

/** RFC 5280 §4.2.1.10: permitted or excluded subtrees or both. */
function readNameConstraints(element: Element): NameConstraints {
  const [permitted, excluded] = takeOptional(element, [constructedTag(0), constructedTag(1)]);
  if (permitted === undefined && excluded === undefined) throw new DerError('empty nameConstraints', element.start);
  return {
    permitted: permitted === undefined ? [] : takeAll(permitted, constructedTag(0), 1).map(readSubtree),
    excluded: excluded === undefined ? [] : takeAll(excluded, constructedTag(1), 1).map(readSubtree),
  };
}

function readSubtree(element: Element): Subtree {
  const cursor = enter(element);
  const base = readGeneralNameOrSubtree(take(cursor));
  const minimum = takeIf(cursor, contextTag(0));
  const maximum = takeIf(cursor, contextTag(1));
  close(cursor);
  const fromZero = minimum === undefined || readCount(minimum, contextTag(0)) === 0;
  if (maximum !== undefined) readCount(maximum, contextTag(1));
  return { base, inRange: fromZero && maximum === undefined };
}

/** RFC 5280 §4.2.1.4: no policy twice; qualifiers are for people and not looked at. */
function readCertificatePolicies(element: Element): readonly string[] {
  const policies = takeAll(element, undefined, 1).map((information) => {
    const cursor = enter(information);
    const policy = readOid(take(cursor));
    if (more(cursor)) takeAll(take(cursor), undefined, 1);
    close(cursor);
    return policy;
  });
  if (new Set(policies).size !== policies.length) throw new DerError('certificate policy twice', element.start);
  return policies;
}

function readPolicyMapping(element: Element): PolicyMapping {
  const [issuerDomainPolicy, subjectDomainPolicy] = takePair(element);
  return { issuerDomainPolicy: readOid(issuerDomainPolicy), subjectDomainPolicy: readOid(subjectDomainPolicy) };
}

/** RFC 5280 §4.2.1.11: never an empty sequence. */
function readPolicyConstraints(element: Element): NonNullable<KnownExtensions['policyConstraints']> {
  const [explicit, mapping] = takeOptional(element, [contextTag(0), contextTag(1)]);
  if (explicit === undefined && mapping === undefined) throw new DerError('empty policyConstraints', element.start);
  return {
    ...(explicit && { requireExplicitPolicy: readCount(explicit, contextTag(0)) }),
    ...(mapping && { inhibitPolicyMapping: readCount(mapping, contextTag(1)) }),
  };
}

/** RFC 5280 §4.2.1.1. */
function readAuthorityKeyIdentifier(element: Element): NonNullable<KnownExtensions['authorityKeyIdentifier']> {
  const [key, issuer, serial] = takeOptional(element, [contextTag(0), constructedTag(1), contextTag(2)]);
  return {
    ...(key && { keyIdentifier: readOctetString(key, contextTag(0)) }),
    ...(issuer && { authorityCertIssuer: readGeneralNames(issuer, constructedTag(1)) }),
    ...(serial && { authorityCertSerialNumber: readInteger(serial, contextTag(2)) }),
  };
}

/** RFC 9608 §2: a NULL. */
function readNoRevAvail(element: Element): KnownExtensions {
  readNull(element);
  return { noRevAvail: true };
}

/** RFC 5280 §4.2.2.1: AccessDescription. */
function readAccess(element: Element): { accessMethod: string; accessLocation: GeneralName } {
  const [method, location] = takePair(element);
  return { accessMethod: readOid(method), accessLocation: readGeneralName(location) };
}
