/** The values of the keys of a configuration: each as a file has it or as a text of the command line; undefined is wrong. */
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { LogLevel } from '../config.ts';
import type { Signer } from './signing-keys.ts';

export type ApiKind = 'http' | 'rest';

const region = /^[a-z]{2}(-[a-z]+)+-[0-9]$/;
const certificate = /^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate\/[A-Za-z0-9-]+$/;
const hostAndPort = /^(\[[0-9a-f:]+\]|[a-z0-9.-]{1,253}):[0-9]{1,5}$/;
export const signers: readonly Signer[] = ['data-key-pair', 'kms'];
export const logLevels = ['info', 'error'] as const satisfies readonly LogLevel[];
export const apiKinds: readonly ApiKind[] = ['http', 'rest'];
export const retentions = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** How a problem is told: the key, its value, what is allowed. */
export const problem = (key: string, given: unknown, allowed: string) =>
  `${key}=${JSON.stringify(given ?? '')}: ${allowed}`;

/** A text of this form. */
export const matching = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value) ? value : undefined;

/** Exactly one of these texts. */
export const oneOf =
  <T extends string>(values: readonly T[]) =>
  (value: unknown): T | undefined =>
    values.find((each) => each === value);

/** The first is the home region. */
export function parseRegions(value: unknown): readonly string[] | undefined {
  const regions = listed(value);
  const found = new Set(regions.map(matching(region)).filter((each) => each !== undefined));
  return found.size > 0 && found.size <= 5 && found.size === regions.length ? [...found] : undefined;
}

/** On the command line a list is one text with commas. */
const listed = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : String(value).split(',').filter(Boolean);

/** One for each region, which the ARN says. */
export function parseCertificates(value: unknown): Readonly<Record<string, string>> | undefined {
  const arns = listed(value).map((arn) => (typeof arn === 'string' ? certificate.exec(arn) : null));
  const found = Object.fromEntries(arns.map((match) => [match?.[1] ?? '', match?.[0] ?? '']));
  return Object.keys(found).length === arns.length && !('' in found) ? found : undefined;
}

/** A list of `host:port`. */
export function parseHosts(value: unknown): readonly string[] | undefined {
  const hosts = listed(value);
  const found = hosts.map(matching(hostAndPort)).filter((each) => each !== undefined);
  return found.length === hosts.length ? found : undefined;
}

/** The days that CloudWatch Logs knows. */
export function parseRetention(value: unknown): RetentionDays | undefined {
  return retentions.find((days) => String(days) === String(value));
}

/** A whole number in these limits. */
export const parseCount =
  (most: number, least = 1) =>
  (value: unknown) =>
    /^(0|[1-9][0-9]{0,5})$/.test(String(value)) && Number(value) >= least && Number(value) <= most
      ? Number(value)
      : undefined;

/** On the command line a flag is a text. */
export function parseFlag(value: unknown): boolean | undefined {
  if (String(value) === 'true') return true;
  return String(value) === 'false' ? false : undefined;
}

/** AWS WAF: a limit is ten or more. */
export function parseAddressLimit(value: unknown): number | undefined {
  const limit = /^[1-9][0-9]{1,6}$/.test(String(value)) ? Number(value) : 0;
  return limit >= 10 && limit <= 2_000_000 ? limit : undefined;
}
