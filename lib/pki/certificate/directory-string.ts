/** Text in certificates: the ASN.1 string types (X.680 §41) and their preparation for comparison (RFC 4518 §2). */
import { contents, DerError, type Element, tags } from './der.ts';

const numericString = 0x12;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a string type; undefined for any other type. Bytes that the type does not allow are an error. */
export function readText(element: Element): string | undefined {
  switch (element.tag) {
    case tags.utf8String:
      return decodeUtf8(element);
    case tags.printableString:
    case tags.ia5String:
    case tags.visibleString:
    case numericString:
      return readAscii(element);
    case tags.teletexString:
      // T.61 is dead; those who still write it mean ISO 8859-1, as OpenSSL and every browser read it.
      return Buffer.from(contents(element)).toString('latin1');
    case tags.bmpString:
      return decodeBmp(element);
    case tags.universalString:
      return decodeUniversal(element);
    default:
      return undefined;
  }
}

/** IA5String and its subsets: seven bits. PrintableString with `*`, `@` or `_` is common and harmless. */
export function readAscii(element: Element): string {
  const { bytes } = element;
  let text = '';
  for (let i = element.contents; i < element.end; i++) {
    const byte = bytes[i] ?? 0x80;
    if (byte >= 0x80) throw new DerError('not ASCII', i);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeUtf8(element: Element): string {
  try {
    return utf8.decode(contents(element));
  } catch {
    throw new DerError('not UTF-8', element.start);
  }
}

/** UCS-2: two octets a character, no surrogates. */
function decodeBmp(element: Element): string {
  const bytes = contents(element);
  if (bytes.length % 2 !== 0) throw new DerError('BMPString of odd length', element.start);
  const text = Buffer.from(bytes).swap16().toString('utf16le');
  if (/[\ud800-\udfff]/.test(text)) throw new DerError('surrogate in BMPString', element.start);
  return text;
}

/** UCS-4: four octets a character. */
function decodeUniversal(element: Element): string {
  const bytes = Buffer.from(contents(element));
  if (bytes.length % 4 !== 0) throw new DerError('UniversalString not of four octets a character', element.start);
  let text = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const point = bytes.readUInt32BE(i);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw new DerError('no character', element.start);
    text += String.fromCodePoint(point);
  }
  return text;
}

const plain = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
/** RFC 4518 §2.2: what is mapped to nothing and can be seen by nobody. */
const ignored = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200b|[\ufe00-\ufe0f]|\ufffc/g;
const spaces = /[\t\n\v\f\r\u0085\p{Z}]+/gu;
/** Controls, formats, unassigned, private use, replacement character. */
const unfit = /[\p{C}\ufffd]/u;

/**
 * RFC 4518 §2: transcode, map, normalise (NFKC), prohibit, insignificant spaces; two values of a caseIgnore type are equal
 * when this is. Undefined for text with characters that the profile deletes though they can carry meaning (a NUL above
 * all: it must not equal the text without it), prohibits or does not know: such values equal only themselves.
 */
export function prepare(text: string): string | undefined {
  if (plain.test(text)) return text.toLowerCase();
  const mapped = text.replace(ignored, '').replace(spaces, ' ');
  if (unfit.test(mapped)) return undefined;
  const folded = fold(fold(mapped).normalize('NFKC')).normalize('NFKC');
  return folded.replace(spaces, ' ').trim();
}

/** RFC 3454 B.2 as far as it matters: what lower case alone leaves apart is ß and the final sigma. */
const fold = (text: string): string => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
