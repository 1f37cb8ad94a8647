/** Seeded mutations of certificates: of one byte, or of one field. */
import type { Extension } from '../issue.ts';
import {
  after,
  anyPolicy,
  basicConstraints,
  certificatePolicies,
  extendedKeyUsage,
  extension,
  generalName,
  type Issue,
  inhibitAnyPolicy,
  keyUsage,
  nameConstraints,
  policyConstraints,
  policyMappings,
  purposes,
  subjectAltName,
  subjectKeyIdentifier,
  type Usage,
} from '../issue.ts';

export type Random = (below: number) => number;

/** mulberry32: the same numbers for the same seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)]!;

/** Another value in one byte: a bit flipped, one more or less, or anything. */
export function mutateByte(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const at = random(copy.length);
  const old = copy[at]!;
  const choices = [old ^ (1 << random(8)), old + 1, old - 1, random(256), 0, 0xff, 0x80];
  const value = pick(random, choices) & 0xff;
  copy[at] = value === old ? old ^ 1 : value;
  return copy;
}

const { dns, email, uri, ip, directory } = generalName;
const usages: readonly Usage[] = [
  'digitalSignature',
  'keyEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'nonRepudiation',
];
const hosts = ['a.example', 'x.a.example', 'b.example', '*.a.example', 'localhost'];

function name(random: Random): Uint8Array {
  const host = pick(random, hosts);
  return pick(random, [
    dns(host),
    email(`user@${host}`),
    uri(`https://${host}/path`),
    ip(10, random(3), 0, 1),
    directory('CN=x,O=Example'),
  ]);
}

function base(random: Random): Uint8Array {
  const host = pick(random, ['a.example', 'example', 'x.a.example', '.a.example', 'b.example', '']);
  return pick(random, [
    dns(host),
    email(host),
    uri(host),
    ip(10, random(3), 0, 0, 255, 255, 0, 0),
    directory(pick(random, ['O=Example', 'O=Other', 'CN=client'])),
  ]);
}

const some = <T>(random: Random, make: (random: Random) => T): T[] =>
  Array.from({ length: 1 + random(3) }, () => make(random));
const policies = ['1.3.6.1.4.1.99999.1', '1.3.6.1.4.1.99999.2', anyPolicy];

const extensions: readonly ((random: Random) => Extension)[] = [
  (random) =>
    keyUsage(
      some(random, () => pick(random, usages)),
      random(2) === 0,
    ),
  (random) =>
    extendedKeyUsage(
      some(random, () => pick(random, Object.values(purposes))),
      random(2) === 0,
    ),
  (random) => basicConstraints(random(3) > 0, random(2) === 0 ? random(3) : undefined, random(3) > 0),
  (random) => subjectAltName(some(random, name), random(2) === 0),
  (random) => nameConstraints({ permitted: some(random, base) }),
  (random) => nameConstraints({ excluded: some(random, base) }),
  (random) => nameConstraints({ permitted: some(random, base), excluded: some(random, base) }),
  (random) => certificatePolicies([pick(random, policies)], random(2) === 0),
  (random) => policyConstraints(random(3), random(2) === 0 ? random(3) : undefined),
  (random) => policyMappings([[pick(random, policies), pick(random, policies)]]),
  (random) => inhibitAnyPolicy(random(3)),
  (random) => extension(`1.3.6.1.4.1.99999.${random(5)}`, Uint8Array.of(5, 0), random(2) === 0),
  (random) => subjectKeyIdentifier(Uint8Array.from(some(random, () => random(256))), random(4) === 0),
];

const fields: readonly ((random: Random) => Issue)[] = [
  ...extensions.map(
    (make) =>
      (random: Random): Issue => ({ extensions: [make(random)] }),
  ),
  (random) => ({ notAfter: after(random(5) - 2.5) }),
  (random) => ({ notBefore: after(random(5) - 2.5) }),
  (random) => ({ version: 1 + random(3) }),
  (random) => ({ serialNumber: Uint8Array.from([1 + random(100), ...new Array<number>(random(24)).fill(7)]) }),
  (random) => ({ serialNumber: Uint8Array.of(random(256)) }),
  (random) => ({
    subject: pick(random, ['', 'CN=client', 'CN=x,O=Example', 'CN=x,O=Other,C=CH', 'CN=x,emailAddress=a@b.example']),
  }),
  (random) => ({ signature: pick(random, ['ecdsa-sha1', 'ecdsa-sha384', 'ecdsa-sha512'] as const) }),
  (random) => ({ issuerName: pick(random, ['CN=ROOT', 'CN=INTERMEDIATE', 'CN=Other', 'CN=Intermediate']) }),
];

/** One field of a certificate with another value. */
export const mutateField = (random: Random): Issue => pick(random, fields)(random);
