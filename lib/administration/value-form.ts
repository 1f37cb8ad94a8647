/** How the values of settings are written and read: closed words, numbers with bounds, addresses, lists, certificates. */

import { isResource } from '../oauth/resource.ts';
import { parseScope } from '../oauth/scope.ts';
import { isStrongKey } from '../pki/certificate/public-key.ts';
import { thumbprint } from '../pki/certificate/thumbprint.ts';
import { parseBundle } from '../pki/path/truststore.ts';
import { fail, ok, type Result } from '../result.ts';

/** What a command line or a request gives: text, or the content of a file. */
export type SettingInput = string | Uint8Array;

export type ValueForm<T> = {
  /** What may be written, in words that follow «must be». */
  readonly allowed: string;
  readonly input?: 'file';
  /** The failure is what is wrong, in words that follow the value. */
  readonly parse: (input: SettingInput) => Result<T, string>;
  readonly print: (value: T) => string;
};

const textForm = <T>(
  allowed: string,
  parse: (text: string) => T | undefined,
  print: (value: T) => string = String,
): ValueForm<T> => ({
  allowed,
  print,
  parse(input) {
    const value = typeof input === 'string' ? parse(input) : undefined;
    return value === undefined ? fail(`must be ${allowed}`) : ok(value);
  },
});

/** One of these words. */
export const wordForm = <const T extends string>(...words: readonly T[]): ValueForm<T> =>
  textForm(words.join(' | '), (text) => words.find((word) => word === text));

export const flagForm: ValueForm<boolean> = textForm('true | false', (text) =>
  text === 'true' || text === 'false' ? text === 'true' : undefined,
);

/** Whole seconds. */
export const secondsForm = (least: number, most: number): ValueForm<number> =>
  textForm(`a whole number of seconds from ${least} to ${most}`, (text) => {
    const value = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : undefined;
  });

const hostPattern = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)(:([1-9][0-9]{0,4}))?$/;

const isHost = (text: string): boolean => {
  const port = hostPattern.exec(text)?.[4];
  return hostPattern.test(text) && Number(port ?? 0) <= 65_535 && !text.includes('..');
};

const listed = (text: string, separator: string): readonly string[] => [
  ...new Set(text.split(separator).map((each) => each.trim())),
];

const maximumListed = 100;

/** `host` or `host:port`, compared in lower case; no host stands for any. */
export const hostsForm: ValueForm<readonly string[]> = textForm(
  `any | up to ${maximumListed} of HOST or HOST:PORT separated by commas`,
  (text) => {
    const hosts = text === 'any' ? [] : listed(text.toLowerCase(), ',');
    return hosts.length <= maximumListed && hosts.every(isHost) && !hosts.includes('any') ? hosts : undefined;
  },
  (hosts) => (hosts.length === 0 ? 'any' : hosts.join(',')),
);

/** RFC 5280 §4.2.1.13, §4.2.2.1: an address as certificates name them. */
export const addressForm: ValueForm<string> = textForm(
  'an http or https URL without user name, password and fragment',
  (text) => {
    if (text.length > 2_000 || !/^https?:\/\/[^\s#\\]+$/i.test(text) || !URL.canParse(text)) return undefined;
    const { username, password, hostname } = new URL(text);
    return username === '' && password === '' && hostname !== '' ? text : undefined;
  },
);

/** RFC 8707 §2. */
export const resourceForm: ValueForm<string> = textForm('an absolute URI without a fragment', (text) =>
  text.length <= 2_000 && isResource(text) ? text : undefined,
);

/** RFC 6749 §3.3; «none» for none, because an empty value is what a forgotten variable of a shell looks like. */
export const scopesForm: ValueForm<readonly string[]> = textForm(
  'scope values separated by commas or spaces, or «none»',
  (text) => (text === 'none' ? [] : parseScope(text.replaceAll(',', ' '))),
  (values) => (values.length === 0 ? 'none' : values.join(',')),
);

/** RFC 6749 §4.5: extension grants are URIs; no other name can stand for `client_credentials`. */
export const grantTypesForm: ValueForm<readonly string[]> = textForm(
  'absolute URIs separated by commas, or «none»',
  (text) => {
    const values = text === 'none' ? [] : listed(text, ',');
    const reserved = values.some((value) => value.startsWith('urn:ietf:'));
    return values.length <= maximumListed && values.every(isResource) && !reserved ? values : undefined;
  },
  (values) => (values.length === 0 ? 'none' : values.join(',')),
);

/** `method=level` pairs. */
export const assuranceForm = (methods: readonly string[]): ValueForm<Readonly<Record<string, string>>> =>
  textForm(
    `METHOD=LEVEL pairs separated by commas, METHOD one of ${methods.join(', ')}, or «none»`,
    (text) => {
      const pairs = text === 'none' ? [] : listed(text, ',').map((pair) => pair.split('='));
      const right = pairs.every(
        ([method = '', level = '', ...rest]) =>
          rest.length === 0 && methods.includes(method) && /^[!-~]{1,200}$/.test(level) && !/["\\]/.test(level),
      );
      const twice = new Set(pairs.map(([method]) => method)).size < pairs.length;
      return right && !twice ? Object.fromEntries(pairs.map(([method, level]) => [method, level])) : undefined;
    },
    (value) => {
      const pairs = Object.entries(value).map(([method, level]) => `${method}=${level}`);
      return pairs.length === 0 ? 'none' : pairs.toSorted().join(',');
    },
  );

/** RFC 6960 §4.2.2.2: one certificate, PEM or DER, with a key that may sign. Printed as its thumbprint. */
export const certificateForm: ValueForm<Uint8Array> = {
  allowed: 'a file with one certificate, PEM or DER',
  input: 'file',
  print: thumbprint,
  parse(input) {
    const { certificates, problems } = parseBundle(typeof input === 'string' ? Buffer.from(input) : input);
    const [problem] = problems;
    if (problem !== undefined) return fail(`must be a file with one certificate: ${problem.problem}`);
    const [certificate, ...others] = certificates;
    if (certificate === undefined || others.length > 0) {
      return fail(`must be a file with one certificate: it has ${certificates.length}`);
    }
    const { der, publicKeyInfo } = certificate;
    return isStrongKey(publicKeyInfo) ? ok(der) : fail(`has a key that is not allowed: ${publicKeyInfo.label}`);
  },
};
