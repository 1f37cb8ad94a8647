/** Attribute types of distinguished names: their names and how their values compare (RFC 4519, RFC 5280 Appendix A, RFC 4514 §3). */

/** `text` compares as caseIgnoreMatch or caseIgnoreIA5Match does; types that are not listed compare octet by octet. */
export type AttributeType = { readonly oid: string; readonly name: string; readonly ia5: boolean };

/** The name that is printed, its identifier, other names that tools print or people write. */
const rows: readonly (readonly [name: string, oid: string, aliases?: readonly string[]])[] = [
  ['CN', '2.5.4.3', ['commonName']],
  ['SN', '2.5.4.4', ['surname']],
  ['serialNumber', '2.5.4.5'],
  ['C', '2.5.4.6', ['countryName']],
  ['L', '2.5.4.7', ['localityName']],
  ['ST', '2.5.4.8', ['S', 'stateOrProvinceName']],
  ['STREET', '2.5.4.9', ['streetAddress']],
  ['O', '2.5.4.10', ['organizationName']],
  ['OU', '2.5.4.11', ['organizationalUnitName']],
  ['title', '2.5.4.12', ['T']],
  ['description', '2.5.4.13'],
  ['businessCategory', '2.5.4.15'],
  ['postalCode', '2.5.4.17'],
  ['postOfficeBox', '2.5.4.18'],
  ['name', '2.5.4.41'],
  ['givenName', '2.5.4.42', ['GN', 'G']],
  ['initials', '2.5.4.43'],
  ['generationQualifier', '2.5.4.44'],
  ['dnQualifier', '2.5.4.46'],
  ['pseudonym', '2.5.4.65'],
  ['organizationIdentifier', '2.5.4.97'],
  ['UID', '0.9.2342.19200300.100.1.1', ['userId']],
  ['DC', '0.9.2342.19200300.100.1.25', ['domainComponent']],
  ['emailAddress', '1.2.840.113549.1.9.1', ['E', 'email']],
  ['unstructuredName', '1.2.840.113549.1.9.2'],
  ['unstructuredAddress', '1.2.840.113549.1.9.8'],
  [
    'jurisdictionLocalityName',
    '1.3.6.1.4.1.311.60.2.1.1',
    ['jurisdictionL', 'jurisdictionOfIncorporationLocalityName'],
  ],
  [
    'jurisdictionStateOrProvinceName',
    '1.3.6.1.4.1.311.60.2.1.2',
    ['jurisdictionST', 'jurisdictionOfIncorporationStateOrProvinceName'],
  ],
  ['jurisdictionCountryName', '1.3.6.1.4.1.311.60.2.1.3', ['jurisdictionC', 'jurisdictionOfIncorporationCountryName']],
];

export const emailAddress = '1.2.840.113549.1.9.1';
const domainComponent = '0.9.2342.19200300.100.1.25';

const byOid = new Map<string, AttributeType>(
  rows.map(([name, oid]) => [oid, { oid, name, ia5: oid === emailAddress || oid === domainComponent }]),
);
const byName = new Map<string, string>(
  rows.flatMap(([name, oid, aliases = []]) => [name, ...aliases].map((alias) => [alias.toLowerCase(), oid])),
);

export const findAttributeType = (oid: string): AttributeType | undefined => byOid.get(oid);

/** RFC 4514 §3: a descriptor in any case, or a dotted identifier, `OID.` before it allowed; undefined for anything else. */
export function parseAttributeType(text: string): string | undefined {
  const dotted = text.replace(/^oid\./i, '');
  if (/^(?:[01]\.(?:0|[1-3]?\d)|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(dotted)) return dotted;
  return byName.get(text.toLowerCase());
}
