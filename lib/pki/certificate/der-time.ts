/** UTCTime and GeneralizedTime in the one form that certificates, CRLs and OCSP may use (RFC 5280 §4.1.2.5). */
import { contents, DerError, type Element, expectTag, tags } from './der.ts';

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** RFC 5280 §4.1.2.5: `Time`, either form; GeneralizedTime before 2050 is read too, as PKITS 4.2.4 and 4.2.8 want. */
export function readTime(element: Element): Date {
  return element.tag === tags.utcTime ? readUtcTime(element) : readGeneralizedTime(element);
}

/** RFC 5280 §4.1.2.5.1: seconds present, Zulu; years 50–99 are of the 20th century. */
function readUtcTime(element: Element): Date {
  const [, year, ...rest] = match(element, utcTime);
  const short = Number(year);
  return date(element, short >= 50 ? 1900 + short : 2000 + short, rest);
}

/** RFC 5280 §4.1.2.5.2: seconds present, Zulu, no fractional seconds. */
export function readGeneralizedTime(element: Element, tag: number = tags.generalizedTime): Date {
  expectTag(element, tag);
  const [, year, ...rest] = match(element, generalizedTime);
  return date(element, Number(year), rest);
}

function match(element: Element, pattern: RegExp): RegExpExecArray {
  const matched = pattern.exec(String.fromCharCode(...contents(element).subarray(0, 32)));
  if (matched === null) throw new DerError('time not in the form of RFC 5280 §4.1.2.5', element.start);
  return matched;
}

function date(element: Element, year: number, rest: readonly string[]): Date {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = rest.map(Number);
  const value = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date.UTC reads the years 0 to 99 as of the 20th century and rolls 30 February over to March; both show here.
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
