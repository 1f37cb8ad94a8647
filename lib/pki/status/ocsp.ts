/** The verdict of an OCSP response on one certificate (RFC 6960 §3.2, §4.2.2; RFC 9654). A pure function of bytes and time. */
import { fail, ok, type Result } from '../../result.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { decode, root } from '../certificate/der.ts';
import { readOctetString } from '../certificate/der-value.ts';
import { matchCertId, type OcspTarget } from './cert-id.ts';
import { unknownCritical } from './extensions.ts';
import { isCurrent, maxAgeWithoutNextUpdate, plusSeconds, skew } from './freshness.ts';
import { nonceOid } from './ocsp-request.ts';
import { isCheckable, type ResponderFailure, type ResponderOptions, verifyResponder } from './ocsp-responder.ts';
import { type OcspResponse, readOcspResponse, type SingleAnswer } from './ocsp-response.ts';
import { statusOfReason } from './revocation-reason.ts';

/** An answer carries a few certificates at most; some responders send kilobytes of them. */
export const maximumResponseBytes = 65_536;

export type OcspOptions = ResponderOptions & {
  readonly certificate: OcspTarget;
  /** RFC 9654: what was sent; `required` when an answer without it is not taken. */
  readonly nonce?: { readonly sent: Uint8Array; readonly required: boolean } | undefined;
  /** Seconds an answer without nextUpdate holds; default 24 h. */
  readonly maxAge?: number | undefined;
};

export type OcspAnswer = {
  readonly status: 'good' | 'revoked' | 'on_hold' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly revokedAt?: Date;
  readonly revocationReason?: string;
  /** Who signed: the issuer, its delegate, or the responder that the operator configured. */
  readonly responder: Certificate;
  /** The signer, where it is a delegate whose own status is worth a look: RFC 6960 §4.2.2.2.1. */
  readonly delegate?: Certificate;
};

type Said = Omit<OcspAnswer, 'responder' | 'delegate'>;

export type OcspFailure =
  | ResponderFailure
  | {
      readonly reason: 'malformed' | 'responder_error' | 'extension_unknown' | 'nonce' | 'no_answer' | 'not_current';
      readonly detail: string;
    };

/** Extensions of RFC 6960 §4.4 that change nothing in the verdict: nonce (compared), CRL reference, archive cutoff, and … */
const processedExtensions = new Set([
  nonceOid,
  '1.3.6.1.5.5.7.48.1.3',
  '1.3.6.1.5.5.7.48.1.6',
  // … RFC 6960 §4.4.8 extended revoked, RFC 6962 §3.3 signed certificate timestamps.
  '1.3.6.1.5.5.7.48.1.9',
  '1.3.6.1.4.1.11129.2.4.5',
]);

/** Whether the answer was refused for its signature or signer, rather than for being of no use. */
export const isUntrusted = ({ reason }: OcspFailure): boolean =>
  reason === 'signer_unauthorised' || reason === 'signature_invalid' || reason === 'responder_unchecked';

/**
 * Verifies a response and reads what it says about the certificate. Of several answers the gravest counts; a certificate
 * that an answer ever called revoked for good stays revoked when that answer has outlived its nextUpdate.
 */
export function verifyOcspResponse(der: Uint8Array, options: OcspOptions): Result<OcspAnswer, OcspFailure> {
  if (der.length > maximumResponseBytes)
    return fail({ reason: 'malformed', detail: `more than ${maximumResponseBytes} bytes` });
  const read = decode(() => readOcspResponse(der));
  if (!read.ok) return fail({ reason: 'malformed', detail: `${read.failure.problem} at byte ${read.failure.at}` });
  const response = read.value;
  if (typeof response === 'string') return fail({ reason: 'responder_error', detail: response });
  const signer = verifyResponder(response, options);
  if (!signer.ok) return signer;
  const problem = responseProblem(response, options);
  if (problem !== undefined) return fail(problem);
  const answer = answerFor(response, options);
  if (!answer.ok) return answer;
  const responder = signer.value;
  return ok({ ...answer.value, responder, ...(isCheckable(responder, options) && { delegate: responder }) });
}

function responseProblem(response: OcspResponse, options: OcspOptions): OcspFailure | undefined {
  const unknown = unknownCritical(response.extensions, processedExtensions);
  if (unknown !== undefined) return { reason: 'extension_unknown', detail: unknown };
  const nonce = nonceProblem(response, options.nonce);
  if (nonce !== undefined) return { reason: 'nonce', detail: nonce };
  // RFC 6960 §4.2.2.1: an answer about a certificate is produced while there is one, and not in the future.
  const { producedAt } = response;
  const { notBefore, notAfter } = options.certificate;
  const outside = plusSeconds(producedAt, skew) < notBefore || producedAt > plusSeconds(notAfter, skew);
  if (outside || producedAt > plusSeconds(options.at, skew)) {
    return { reason: 'not_current', detail: `produced at ${producedAt.toISOString()}` };
  }
  return undefined;
}

/** RFC 9654 §2.1: a nonce that comes back is the one that was sent. Pre-produced answers carry none. */
function nonceProblem({ extensions }: OcspResponse, nonce: OcspOptions['nonce']): string | undefined {
  if (nonce === undefined) return undefined;
  const value = extensions.get(nonceOid)?.value;
  if (value === undefined) return nonce.required ? 'no nonce in the answer' : undefined;
  const echoed = decode(() => readOctetString(root(value)));
  return echoed.ok && Buffer.compare(echoed.value, nonce.sent) === 0 ? undefined : 'the nonce is not the one sent';
}

function answerFor(
  response: OcspResponse,
  { certificate, issuer, at, maxAge = maxAgeWithoutNextUpdate.ocsp }: OcspOptions,
): Result<Said, OcspFailure> {
  const matching = response.answers.filter((answer) => matchCertId(answer, certificate, issuer));
  if (matching.length === 0) return fail({ reason: 'no_answer', detail: 'nothing is said about this certificate' });
  const answers = matching.map(toAnswer);
  const revoked = answers.find(({ status, thisUpdate }) => status === 'revoked' && thisUpdate <= plusSeconds(at, skew));
  if (revoked !== undefined) return ok(revoked);
  for (const { extensions } of matching) {
    const unknown = unknownCritical(extensions, processedExtensions);
    if (unknown !== undefined) return fail({ reason: 'extension_unknown', detail: unknown });
  }
  const current = answers.filter((answer) => isCurrent(answer, maxAge, at));
  const gravest = (['on_hold', 'unknown', 'good'] as const)
    .map((status) => current.find((answer) => answer.status === status))
    .find((answer) => answer !== undefined);
  if (gravest !== undefined) return ok(gravest);
  return fail({ reason: 'not_current', detail: answers.map(describeTimes).join(', ') });
}

function toAnswer(answer: SingleAnswer): Said {
  const { status, thisUpdate, nextUpdate, revokedAt, revocationReason } = answer;
  return {
    status: status === 'revoked' ? statusOfReason(revocationReason) : status,
    thisUpdate,
    ...(nextUpdate ? { nextUpdate } : {}),
    ...(revokedAt ? { revokedAt } : {}),
    ...(revocationReason ? { revocationReason } : {}),
  };
}

const describeTimes = ({ thisUpdate, nextUpdate }: Said): string =>
  `${thisUpdate.toISOString()} to ${nextUpdate?.toISOString() ?? 'no nextUpdate'}`;
