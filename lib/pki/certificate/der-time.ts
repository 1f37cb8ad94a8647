/** UTCTime and GeneralizedTime in the one form that certificates, CRLs and OCSP may use (RFC 5280 §4.1.2.5). */
import { byteAt, DerError, type Element, expectTag, tags } from './der.ts';

/** RFC 5280 §4.1.2.5: `Time`, either form; GeneralizedTime before 2050 is read too, as PKITS 4.2.4 and 4.2.8 want. */
export const readTime = (element: Element): Date =>
  element.tag === tags.utcTime ? dateOf(element) : readGeneralizedTime(element);

/** RFC 5280 §4.1.2.5.2: YYYYMMDDHHMMSSZ, no fractional seconds. */
export function readGeneralizedTime(element: Element): Date {
  expectTag(element, tags.generalizedTime);
  return dateOf(element);
}

const dateOf = ({ bytes, contents, end, tag }: Element): Date => new Date(readMoment(bytes, contents, end, tag));

/** Date.UTC reads the years 0 to 99 as of the 20th century; the calendar repeats itself after this many milliseconds. */
const fourCenturies = 146_097 * 86_400_000;

/**
 * Epoch milliseconds of the contents of a time with this tag: pairs of digits, then a Z, a date that exists. Allocates nothing,
 * because a CRL has a million of them. Throws `DerError`.
 */
export function readMoment(bytes: Uint8Array, start: number, end: number, tag: number): number {
  const utc = tag === tags.utcTime;
  if (end - start !== (utc ? 13 : 15) || bytes[end - 1] !== 0x5a) throw malformed(start);
  const short = twoDigits(bytes, end - 13);
  // RFC 5280 §4.1.2.5.1: years 50–99 of a UTCTime are of the 20th century.
  const century = utc ? (short < 50 ? 20 : 19) : twoDigits(bytes, start);
  const year = 100 * century + short;
  const month = twoDigits(bytes, end - 11);
  const day = twoDigits(bytes, end - 9);
  const hour = twoDigits(bytes, end - 7);
  const minute = twoDigits(bytes, end - 5);
  const second = twoDigits(bytes, end - 3);
  if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > daysOf(month, year)) {
    throw new DerError('no such date', start);
  }
  return Date.UTC(year + 400, month - 1, day, hour, minute, second) - fourCenturies;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = byteAt(bytes, at) - 0x30;
  const ones = byteAt(bytes, at + 1) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw malformed(at);
  return tens * 10 + ones;
}

const malformed = (at: number) => new DerError('time not in the form of RFC 5280 §4.1.2.5', at);

const monthDays = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(month: number, year: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (monthDays[month] ?? 0);
}
