/** UTCTime and GeneralizedTime in the one form that certificates, CRLs and OCSP may use (RFC 5280 §4.1.2.5). */
import { byteAt, contents, DerError, type Element, expectTag, tags } from './der.ts';

/** RFC 5280 §4.1.2.5: `Time`, either form; GeneralizedTime before 2050 is read too, as PKITS 4.2.4 and 4.2.8 want. */
export function readTime(element: Element): Date {
  if (element.tag !== tags.utcTime) return readGeneralizedTime(element);
  checkTime(element.bytes, element.contents, element.end, element.tag);
  const digits = digitsOf(element);
  // RFC 5280 §4.1.2.5.1: years 50–99 are of the 20th century.
  return dateOf(`${digits < '5' ? '20' : '19'}${digits}`);
}

/** RFC 5280 §4.1.2.5.2: YYYYMMDDHHMMSSZ, no fractional seconds. */
export function readGeneralizedTime(element: Element): Date {
  expectTag(element, tags.generalizedTime);
  checkTime(element.bytes, element.contents, element.end, element.tag);
  return dateOf(digitsOf(element));
}

const digitsOf = (element: Element): string => Buffer.from(contents(element)).toString('latin1');

const dateOf = (digits: string): Date =>
  new Date(digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3T$4:$5:$6'));

/** The contents of a time with this tag: pairs of digits, then a Z, a date that exists. Allocates nothing. Throws `DerError`. */
export function checkTime(bytes: Uint8Array, start: number, end: number, tag: number): void {
  const pairs = tag === tags.utcTime ? 6 : 7;
  if (end - start !== pairs * 2 + 1 || bytes[end - 1] !== 0x5a) throw malformed(start);
  const century = pairs === 6 ? 0 : 100 * twoDigits(bytes, start);
  const year = century + twoDigits(bytes, end - 13);
  const month = twoDigits(bytes, end - 11);
  const day = twoDigits(bytes, end - 9);
  const hour = twoDigits(bytes, end - 7);
  const minute = twoDigits(bytes, end - 5);
  const second = twoDigits(bytes, end - 3);
  if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > daysOf(month, year)) {
    throw new DerError('no such date', start);
  }
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = byteAt(bytes, at) - 0x30;
  const ones = byteAt(bytes, at + 1) - 0x30;
  if (tens < 0 || tens > 9 || ones < 0 || ones > 9) throw malformed(at);
  return tens * 10 + ones;
}

const malformed = (at: number) => new DerError('time not in the form of RFC 5280 §4.1.2.5', at);

const monthDays = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Two digits of a year do for leap years: UTCTime spans 1950 to 2049, in which every fourth year is one. */
function daysOf(month: number, year: number): number {
  const leap = year % 4 === 0 && (year < 100 || year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (monthDays[month] ?? 0);
}
