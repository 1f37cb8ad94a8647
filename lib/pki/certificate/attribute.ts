/** One attribute of a distinguished name: type, value, and the form in which it is compared (RFC 5280 §7.1, RFC 4517 §4.2). */
import { findAttributeType } from './attribute-type.ts';
import { type Element, encoding, tags, takePair } from './der.ts';
import { readOid } from './der-value.ts';
import { write } from './der-writer.ts';
import { prepare, readText } from './directory-string.ts';

export type Attribute = {
  /** Dotted. */
  readonly type: string;
  /** The value in DER, tag and length included. */
  readonly der: Uint8Array;
  /** The value, where it is a string type. */
  readonly text: string | undefined;
};

/** RFC 5280 §4.1.2.4: RelativeDistinguishedName, one attribute as a rule. */
export type RelativeName = readonly Attribute[];

/** RFC 5280 §4.1.2.4: AttributeTypeAndValue. */
export function readAttribute(element: Element): Attribute {
  const [type, value] = takePair(element);
  return attributeOfValue(readOid(type), value);
}

export const attributeOfValue = (type: string, value: Element): Attribute => ({
  type,
  der: encoding(value),
  text: readText(value),
});

/** The attribute that a text stands for: IA5String where the type wants it (RFC 4519 §2.4, RFC 2985 §5.2.1), else UTF8String. */
export function attributeOfText(type: string, text: string): Attribute {
  const bytes = Buffer.from(text, 'utf8');
  const ia5 = findAttributeType(type)?.ia5 === true && bytes.length === text.length;
  return { type, der: write(ia5 ? tags.ia5String : tags.utf8String, bytes), text };
}

/**
 * Two attributes are equal when this is: the prepared text where the type compares by caseIgnoreMatch or
 * caseIgnoreIA5Match, whatever string type holds it; the DER for all other types and for text unfit to be compared.
 */
export function comparable({ type, der, text }: Attribute): string {
  const prepared = text === undefined || findAttributeType(type) === undefined ? undefined : prepare(text);
  return prepared === undefined ? `${type}#${Buffer.from(der).toString('hex')}` : `${type}=${prepared}`;
}
