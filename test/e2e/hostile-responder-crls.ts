/** What the hostile server has where a CRL should be, and what each list is worth (RFC 5280 §5, §6.3.3). */
import { extension, generalName } from '../pki/issue.ts';
import { type CrlOptions, distributionPoints, issueCrl } from '../pki/status/issue-status.ts';
import type { Reply } from './hostile-responder.ts';
import { brokenServers, type HostileAnswer, type Scene } from './hostile-responder-answers.ts';

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const from = (now: Date, milliseconds: number) => new Date(now.getTime() + milliseconds);

type List = Partial<CrlOptions>;

/** A list of the CA that names somebody else, made a second ago, that holds for an hour; `list` is different. */
export function crlAbout({ pki, now }: Pick<Scene, 'pki' | 'now'>, list: List = {}): Uint8Array {
  return issueCrl({
    signer: pki.ca,
    thisUpdate: from(now, -second),
    nextUpdate: from(now, hour),
    entries: [{ serial: Uint8Array.of(0x5a, 1, 2, 3), revokedAt: from(now, -day), reason: 1 }],
    ...list,
  });
}

/** The leaf stands on the list. */
const naming = ({ leaf, now }: Scene, reason?: number) => ({
  serial: leaf.certificate.serial,
  revokedAt: from(now, -hour),
  ...(reason !== undefined && { reason }),
});

const list =
  (change: (scene: Scene) => List = () => ({})) =>
  (scene: Scene): Reply =>
    crlAbout(scene, change(scene));

const bytes = (make: (good: Uint8Array) => Uint8Array) => (scene: Scene) => make(crlAbout(scene));

const unavailable = (what: string, change: (scene: Scene) => List, detail?: RegExp): HostileAnswer => ({
  what,
  reply: list(change),
  worth: 'unavailable',
  ...(detail && { detail }),
});

const usefulCrls: readonly HostileAnswer[] = [
  { what: 'a list without the certificate', reply: list(), worth: 'good' },
  { what: 'an empty list', reply: list(() => ({ entries: [] })), worth: 'good' },
  { what: 'a list without nextUpdate', reply: list(() => ({ nextUpdate: null })), worth: 'good' },
  { what: 'a list for end entities', reply: list(() => ({ idp: { user: true } })), worth: 'good' },
  { what: 'the certificate', reply: list((scene) => ({ entries: [naming(scene, 1)] })), worth: 'revoked' },
  {
    what: 'the certificate without a reason',
    reply: list((scene) => ({ entries: [naming(scene)] })),
    worth: 'revoked',
  },
  { what: 'the certificate on hold', reply: list((scene) => ({ entries: [naming(scene, 6)] })), worth: 'on_hold' },
  {
    what: 'an indirect list that names the certificate',
    reply: list((scene) => ({
      idp: { indirect: true },
      entries: [{ ...naming(scene, 1), certificateIssuer: [generalName.directory('CN=Hostile CA')] }],
    })),
    worth: 'revoked',
  },
  {
    what: 'an indirect list that names the serial number of another CA',
    reply: list((scene) => ({
      idp: { indirect: true },
      entries: [{ ...naming(scene, 1), certificateIssuer: [generalName.directory('CN=Hostile Stranger')] }],
    })),
    worth: 'good',
  },
];

const forgedCrls: readonly HostileAnswer[] = [
  {
    what: 'a list of a stranger',
    reply: list(({ pki }) => ({ signer: pki.stranger })),
    worth: 'untrusted',
    detail: /nobody with the name/,
  },
  {
    what: 'a list of an impostor with the name of the CA',
    reply: list(({ pki }) => ({ signer: pki.impostor })),
    worth: 'untrusted',
    detail: /signature/,
  },
  {
    what: 'a list of a delegated OCSP responder in the name of the CA',
    reply: list(({ pki }) => ({ signer: pki.delegate, issuerName: pki.ca.subject })),
    worth: 'untrusted',
  },
  {
    what: 'an indirect list of a stranger',
    reply: list(({ pki }) => ({ signer: pki.stranger, idp: { indirect: true } })),
    worth: 'untrusted',
  },
  {
    what: 'a broken signature',
    reply: bytes((good) => good.with(-1, (good.at(-1) ?? 0) ^ 1)),
    worth: 'untrusted',
    detail: /signature/,
  },
];

const uselessCrls: readonly HostileAnswer[] = [
  unavailable(
    'a list that has expired',
    ({ now }) => ({ thisUpdate: from(now, -2 * day), nextUpdate: from(now, -day) }),
    /not current/,
  ),
  unavailable('a list of the future', ({ now }) => ({ thisUpdate: from(now, hour), nextUpdate: from(now, day) })),
  unavailable('a list of eight days ago without nextUpdate', ({ now }) => ({
    thisUpdate: from(now, -8 * day),
    nextUpdate: null,
  })),
  unavailable('a list for CAs', () => ({ idp: { ca: true } })),
  unavailable('a list for attribute certificates', () => ({ idp: { attribute: true } })),
  unavailable('a list of another distribution point', () => ({
    idp: { names: [generalName.uri('http://other.example/crl')] },
  })),
  unavailable('a list of some reasons only', () => ({ idp: { reasons: [1, 2] } })),
  unavailable('removeFromCRL in a complete list', (scene) => ({ entries: [naming(scene, 8)] })),
  unavailable('a delta list', () => ({ number: 2, base: 1 })),
  unavailable('an unknown critical extension', () => ({
    extensions: [extension('1.3.6.1.4.1.99999.1', Uint8Array.of(5, 0), true)],
  })),
  { what: 'no DER', reply: bytes(() => Buffer.from('<html>busy</html>')), worth: 'unavailable' },
  { what: 'a truncated list', reply: bytes((good) => good.subarray(0, -10)), worth: 'unavailable' },
  { what: 'trailing bytes', reply: bytes((good) => Buffer.concat([good, Buffer.alloc(1)])), worth: 'unavailable' },
  { what: 'an empty body', reply: () => new Uint8Array(), worth: 'unavailable' },
];

export const crlAnswers: readonly HostileAnswer[] = [
  ...usefulCrls,
  ...forgedCrls,
  ...uselessCrls,
  ...brokenServers((scene) => crlAbout(scene)),
];

/** RFC 5280 §5.2.6: the complete list says where its delta is. */
export const withDelta = (scene: Scene, delta: string): Uint8Array =>
  crlAbout(scene, {
    number: 1,
    extensions: [distributionPoints([{ names: [generalName.uri(delta)] }], '2.5.29.46')],
  });

export const deltaNaming = (scene: Scene, reason: number): Uint8Array =>
  crlAbout(scene, { number: 2, base: 1, entries: [naming(scene, reason)] });
