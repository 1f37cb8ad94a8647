/** Attribute types of distinguished names: their names and how their values compare (RFC 4519, RFC 5280 Appendix A, RFC 4514 §3). */

/** `text` compares as caseIgnoreMatch or caseIgnoreIA5Match does; types that are not listed compare octet by octet. */
export type AttributeType = { readonly oid: string; readonly name: string; readonly ia5: boolean };

/** The name that is printed, its identifier. */
const rows: readonly (readonly [name: string, oid: string])[] = [
  ['CN', '2.5.4.3'],
  ['SN', '2.5.4.4'],
  ['serialNumber', '2.5.4.5'],
  ['C', '2.5.4.6'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['STREET', '2.5.4.9'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['title', '2.5.4.12'],
  ['description', '2.5.4.13'],
  ['businessCategory', '2.5.4.15'],
  ['postalCode', '2.5.4.17'],
  ['postOfficeBox', '2.5.4.18'],
  ['name', '2.5.4.41'],
  ['givenName', '2.5.4.42'],
  ['initials', '2.5.4.43'],
  ['generationQualifier', '2.5.4.44'],
  ['dnQualifier', '2.5.4.46'],
  ['pseudonym', '2.5.4.65'],
  ['organizationIdentifier', '2.5.4.97'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['emailAddress', '1.2.840.113549.1.9.1'],
  ['unstructuredName', '1.2.840.113549.1.9.2'],
  ['unstructuredAddress', '1.2.840.113549.1.9.8'],
  ['jurisdictionLocalityName', '1.3.6.1.4.1.311.60.2.1.1'],
  ['jurisdictionStateOrProvinceName', '1.3.6.1.4.1.311.60.2.1.2'],
  ['jurisdictionCountryName', '1.3.6.1.4.1.311.60.2.1.3'],
];

/** Other names that tools print or people write, in lower case. */
const aliases = new Map([
  ['commonname', 'CN'],
  ['surname', 'SN'],
  ['countryname', 'C'],
  ['localityname', 'L'],
  ['s', 'ST'],
  ['stateorprovincename', 'ST'],
  ['streetaddress', 'STREET'],
  ['organizationname', 'O'],
  ['organizationalunitname', 'OU'],
  ['t', 'title'],
  ['gn', 'givenName'],
  ['g', 'givenName'],
  ['userid', 'UID'],
  ['domaincomponent', 'DC'],
  ['e', 'emailAddress'],
  ['email', 'emailAddress'],
  ['jurisdictionl', 'jurisdictionLocalityName'],
  ['jurisdictionofincorporationlocalityname', 'jurisdictionLocalityName'],
  ['jurisdictionst', 'jurisdictionStateOrProvinceName'],
  ['jurisdictionofincorporationstateorprovincename', 'jurisdictionStateOrProvinceName'],
  ['jurisdictionc', 'jurisdictionCountryName'],
  ['jurisdictionofincorporationcountryname', 'jurisdictionCountryName'],
]);

export const emailAddress = '1.2.840.113549.1.9.1';
const domainComponent = '0.9.2342.19200300.100.1.25';

const byOid = new Map(
  rows.map(([name, oid]) => [oid, { oid, name, ia5: oid === emailAddress || oid === domainComponent }]),
);

export const findAttributeType = (oid: string): AttributeType | undefined => byOid.get(oid);

/** RFC 4514 §3: a descriptor in any case, or a dotted identifier, `OID.` before it allowed; undefined for anything else. */
export function parseAttributeType(text: string): string | undefined {
  const dotted = text.replace(/^oid\./i, '');
  if (/^(?:[01]\.(?:0|[1-3]?\d)|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(dotted)) return dotted;
  const name = (aliases.get(text.toLowerCase()) ?? text).toLowerCase();
  return rows.find(([known]) => known.toLowerCase() === name)?.[1];
}
