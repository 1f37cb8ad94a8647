/** What the hostile responder says about one certificate by OCSP, and what each answer is worth (RFC 6960 §3.2, §4.2.2). */
import type { Issued } from '../pki/issue.ts';
import {
  type Answer,
  issueOcspResponse,
  nonce,
  type OcspResponseOptions,
  ocspError,
} from '../pki/status/issue-status.ts';
import {
  type Asked,
  endlessBody,
  httpStatus,
  lyingLength,
  noHttp,
  type Reply,
  reset,
  silence,
  slowBody,
  slowHeaders,
} from './hostile-responder.ts';
import type { HostilePki } from './hostile-responder-pki.ts';

export type Scene = {
  readonly pki: HostilePki;
  readonly leaf: Issued;
  readonly now: Date;
  readonly asked: Asked;
  /** An address that nobody may come to. */
  readonly canary: string;
};

/** What an answer is worth: the words of `CertificateStatus`. */
export type Worth = 'good' | 'revoked' | 'on_hold' | 'unknown' | 'unavailable' | 'untrusted';

export type HostileAnswer = {
  readonly what: string;
  readonly reply: (scene: Scene) => Reply;
  readonly worth: Worth;
  /** What the operator reads of it. */
  readonly detail?: RegExp;
};

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;
const from = (now: Date, milliseconds: number) => new Date(now.getTime() + milliseconds);

type Said = Partial<Answer> & Pick<Partial<OcspResponseOptions>, 'signer' | 'certificates' | 'extensions'>;

/** An answer about the leaf by its CA, made a second ago, that holds for an hour; `said` is different. */
export function ocspAnswer({ pki, leaf, now }: Pick<Scene, 'pki' | 'leaf' | 'now'>, said: Said = {}): Uint8Array {
  const { signer = pki.ca, certificates = [], extensions = [], ...answer } = said;
  return issueOcspResponse({
    signer,
    certificates,
    extensions,
    producedAt: from(now, -second),
    answers: [statement({ pki, leaf, now }, answer)],
  });
}

const statement = ({ pki, leaf, now }: Pick<Scene, 'pki' | 'leaf' | 'now'>, answer: Partial<Answer>): Answer => ({
  certificate: leaf.certificate,
  issuer: pki.ca,
  thisUpdate: from(now, -second),
  nextUpdate: from(now, hour),
  revokedAt: from(now, -day),
  ...answer,
});

const says =
  (said: (scene: Scene) => Said = () => ({})) =>
  (scene: Scene): Reply =>
    ocspAnswer(scene, said(scene));

const bytes = (make: (good: Uint8Array) => Uint8Array) => (scene: Scene) => make(ocspAnswer(scene));
const always = (reply: Reply) => () => reply;

const revoked = { status: 'revoked', reason: 1 } as const;

export const goodAnswers: readonly HostileAnswer[] = [
  { what: 'good', reply: says(), worth: 'good' },
  {
    what: 'good, by a delegated responder',
    reply: says(({ pki }) => ({ signer: pki.delegate, certificates: [pki.delegate.der] })),
    worth: 'good',
  },
  { what: 'good, without nextUpdate', reply: says(() => ({ nextUpdate: null })), worth: 'good' },
];

export const badAnswers: readonly HostileAnswer[] = [
  { what: 'revoked', reply: says(() => revoked), worth: 'revoked' },
  { what: 'revoked without a reason', reply: says(() => ({ status: 'revoked' })), worth: 'revoked' },
  {
    what: 'revoked, in an answer that has expired',
    reply: says(({ now }) => ({ ...revoked, thisUpdate: from(now, -2 * day), nextUpdate: from(now, -day) })),
    worth: 'revoked',
  },
  {
    what: 'good and revoked in one answer',
    reply: (scene) =>
      issueOcspResponse({
        signer: scene.pki.ca,
        producedAt: scene.now,
        answers: [statement(scene, {}), statement(scene, revoked)],
      }),
    worth: 'revoked',
  },
  { what: 'on hold', reply: says(() => ({ status: 'revoked', reason: 6 })), worth: 'on_hold' },
  { what: 'unknown', reply: says(() => ({ status: 'unknown' })), worth: 'unknown' },
  {
    what: 'good and unknown in one answer',
    reply: (scene) =>
      issueOcspResponse({
        signer: scene.pki.ca,
        producedAt: scene.now,
        answers: [statement(scene, {}), statement(scene, { status: 'unknown' })],
      }),
    worth: 'unknown',
  },
];

export const forgedAnswers: readonly HostileAnswer[] = [
  {
    what: 'a delegate without id-kp-OCSPSigning',
    reply: says(({ pki }) => ({ signer: pki.undelegated, certificates: [pki.undelegated.der] })),
    worth: 'untrusted',
    detail: /not for OCSP signing/,
  },
  {
    what: 'a delegate of another CA',
    reply: says(({ pki }) => ({ signer: pki.strangersDelegate, certificates: [pki.strangersDelegate.der] })),
    worth: 'untrusted',
    detail: /not from the issuer/,
  },
  {
    what: 'a delegate that has expired',
    reply: says(({ pki }) => ({ signer: pki.expiredDelegate, certificates: [pki.expiredDelegate.der] })),
    worth: 'untrusted',
    detail: /not in its validity/,
  },
  {
    what: 'the signature of a stranger',
    reply: says(({ pki }) => ({ signer: pki.stranger, certificates: [pki.stranger.der] })),
    worth: 'untrusted',
  },
  {
    what: 'the signature of an impostor with the name of the CA',
    reply: says(({ pki }) => ({ signer: pki.impostor, certificates: [pki.impostor.der] })),
    worth: 'untrusted',
    detail: /signature_invalid|not for OCSP signing/,
  },
  {
    what: 'a broken signature',
    reply: bytes((good) => good.with(-1, (good.at(-1) ?? 0) ^ 1)),
    worth: 'untrusted',
    detail: /signature_invalid/,
  },
];

export const uselessAnswers: readonly HostileAnswer[] = [
  {
    what: 'an answer that has expired',
    reply: says(({ now }) => ({ thisUpdate: from(now, -2 * day), nextUpdate: from(now, -day) })),
    worth: 'unavailable',
    detail: /not_current/,
  },
  {
    what: '«on hold» in an answer that has expired',
    reply: says(({ now }) => ({
      status: 'revoked',
      reason: 6,
      thisUpdate: from(now, -2 * day),
      nextUpdate: from(now, -day),
    })),
    worth: 'unavailable',
    detail: /not_current/,
  },
  {
    what: 'an answer from the future',
    reply: says(({ now }) => ({ thisUpdate: from(now, hour), nextUpdate: from(now, day) })),
    worth: 'unavailable',
    detail: /not_current/,
  },
  {
    what: 'an answer of two days ago without nextUpdate',
    reply: says(({ now }) => ({ thisUpdate: from(now, -2 * day), nextUpdate: null })),
    worth: 'unavailable',
    detail: /not_current/,
  },
  {
    what: 'an answer about another serial number',
    reply: says(() => ({ serial: Uint8Array.of(0x5a, 1, 2, 3) })),
    worth: 'unavailable',
    detail: /no_answer/,
  },
  {
    what: 'an answer about the same serial number of another CA',
    reply: says(({ pki }) => ({ issuer: pki.stranger })),
    worth: 'unavailable',
    detail: /no_answer/,
  },
  { what: 'no DER', reply: bytes(() => Buffer.from('<html>busy</html>')), worth: 'unavailable', detail: /malformed/ },
  {
    what: 'a truncated answer',
    reply: bytes((good) => good.subarray(0, -10)),
    worth: 'unavailable',
    detail: /malformed/,
  },
  {
    what: 'trailing bytes',
    reply: bytes((good) => Buffer.concat([good, Buffer.alloc(1)])),
    worth: 'unavailable',
    detail: /malformed/,
  },
  { what: 'tryLater', reply: always(ocspError(3)), worth: 'unavailable', detail: /tryLater/ },
  { what: 'an empty body', reply: always(new Uint8Array()), worth: 'unavailable', detail: /malformed/ },
  {
    what: 'a nonce that was never sent',
    reply: says(() => ({ extensions: [nonce(Buffer.alloc(32, 9))] })),
    worth: 'unavailable',
    detail: /nonce/,
  },
];

/** Besides the bytes of an answer, HTTP itself: no answer at all, whatever was asked for. */
export const brokenServers = (good: (scene: Scene) => Uint8Array): readonly HostileAnswer[] => [
  { what: '404', reply: always(httpStatus(404)), worth: 'unavailable', detail: /the status is 404/ },
  { what: '500', reply: always(httpStatus(500)), worth: 'unavailable', detail: /the status is 500/ },
  {
    what: 'a redirect',
    reply: ({ canary }) => httpStatus(302, { location: canary }),
    worth: 'unavailable',
    detail: /no redirect is followed/,
  },
  { what: 'a body of 200 MiB', reply: always(endlessBody), worth: 'unavailable', detail: /too_large/ },
  { what: 'a Content-Length of 200 MiB', reply: always(lyingLength), worth: 'unavailable', detail: /too_large/ },
  { what: 'silence', reply: always(silence), worth: 'unavailable', detail: /timeout/ },
  { what: 'headers that trickle', reply: always(slowHeaders), worth: 'unavailable', detail: /timeout/ },
  {
    what: 'a good body that trickles',
    reply: (scene) => slowBody(good(scene)),
    worth: 'unavailable',
    detail: /timeout/,
  },
  { what: 'a connection reset', reply: always(reset), worth: 'unavailable', detail: /ECONNRESET/ },
  { what: 'what is not HTTP', reply: always(noHttp), worth: 'unavailable', detail: /HPE_/ },
];

export const ocspAnswers: readonly HostileAnswer[] = [
  ...goodAnswers,
  ...badAnswers,
  ...forgedAnswers,
  ...uselessAnswers,
  ...brokenServers((scene) => ocspAnswer(scene)),
];
