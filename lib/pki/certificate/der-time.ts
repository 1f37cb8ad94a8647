/** UTCTime and GeneralizedTime in the one form that certificates, CRLs and OCSP may use (RFC 5280 §4.1.2.5). */
import { byteAt, DerError, type Element, expectTag, tags } from './der.ts';

/** RFC 5280 §4.1.2.5: `Time`, either form; GeneralizedTime before 2050 is read too, as PKITS 4.2.4 and 4.2.8 want. */
export function readTime(element: Element): Date {
  return element.tag === tags.utcTime ? readUtcTime(element) : readGeneralizedTime(element);
}

/** RFC 5280 §4.1.2.5.1: YYMMDDHHMMSSZ; years 50–99 are of the 20th century. */
function readUtcTime(element: Element): Date {
  const [year = 0, ...rest] = readPairs(element, 6);
  return date(element, year >= 50 ? 1900 + year : 2000 + year, rest);
}

/** RFC 5280 §4.1.2.5.2: YYYYMMDDHHMMSSZ, no fractional seconds. */
export function readGeneralizedTime(element: Element, tag: number = tags.generalizedTime): Date {
  expectTag(element, tag);
  const [century = 0, year = 0, ...rest] = readPairs(element, 7);
  return date(element, century * 100 + year, rest);
}

/** That many pairs of digits, then a Z. */
function readPairs(element: Element, pairs: number): number[] {
  const { bytes, contents, end } = element;
  if (end - contents !== pairs * 2 + 1 || bytes[end - 1] !== 0x5a) throw malformed(element);
  return Array.from({ length: pairs }, (_, index) => {
    const tens = byteAt(bytes, contents + index * 2) - 0x30;
    const ones = byteAt(bytes, contents + index * 2 + 1) - 0x30;
    if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw malformed(element);
    return tens * 10 + ones;
  });
}

const malformed = (element: Element) => new DerError('time not in the form of RFC 5280 §4.1.2.5', element.start);

function date(element: Element, year: number, rest: readonly number[]): Date {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest;
  const value = new Date(0);
  // Date.UTC would read the years 0 to 99 as of the 20th century.
  value.setUTCFullYear(year, month - 1, day);
  value.setUTCHours(hour, minute, second);
  // 30 February has become 2 March.
  const same =
    value.getUTCFullYear() === year &&
    value.getUTCMonth() === month - 1 &&
    value.getUTCDate() === day &&
    value.getUTCHours() === hour &&
    value.getUTCMinutes() === minute &&
    value.getUTCSeconds() === second;
  if (!same) throw new DerError('no such date', element.start);
  return value;
}
