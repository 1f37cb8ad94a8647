/** What an OCSP response says, before anything of it is believed (RFC 6960 §4.2, RFC 9654). */
import {
  close,
  constructedTag,
  contents,
  contextTag,
  DerError,
  type Element,
  encoding,
  enter,
  root,
  tags,
  take,
  takeAll,
  takeIf,
  takeOnly,
} from '../certificate/der.ts';
import { readGeneralizedTime } from '../certificate/der-time.ts';
import { readCount, readNull, readOctetString, readOid } from '../certificate/der-value.ts';
import { type Name, readName } from '../certificate/name.ts';
import { type Signed, takeSigned } from '../certificate/signature.ts';
import { type Extensions, noExtensions, readExtensions } from './extensions.ts';
import { type RevocationReason, readRevocationReason } from './revocation-reason.ts';

/** RFC 6960 §4.2.1 OCSPResponseStatus but `successful`. */
export type ResponderError = 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized';

export type OcspResponse = {
  readonly proof: Signed;
  readonly responder: { readonly name: Name } | { readonly keyHash: Uint8Array };
  readonly producedAt: Date;
  readonly answers: readonly SingleAnswer[];
  readonly extensions: Extensions;
  /** DER, as sent: nothing is said about any of them yet. */
  readonly certificates: readonly Uint8Array[];
};

export type SingleAnswer = {
  readonly hashAlgorithm: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Contents octets, exactly as sent. */
  readonly serialNumber: Uint8Array;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt?: Date;
  readonly revocationReason?: RevocationReason;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  readonly extensions: Extensions;
};

const basicResponse = '1.3.6.1.5.5.7.48.1.1';

const responderErrors = new Map<number, ResponderError>([
  [1, 'malformedRequest'],
  [2, 'internalError'],
  [3, 'tryLater'],
  [5, 'sigRequired'],
  [6, 'unauthorized'],
]);

/** RFC 6960 §4.2.1: OCSPResponse, or the error that the responder reports; throws `DerError`. */
export function readOcspResponse(der: Uint8Array): OcspResponse | ResponderError {
  const cursor = enter(root(der));
  const status = readCount(take(cursor), tags.enumerated);
  const body = takeIf(cursor, constructedTag(0));
  close(cursor);
  if (status !== 0) return readResponderError(status);
  if (body === undefined) throw new DerError('successful without an answer', 0);
  const response = enter(takeOnly(body, constructedTag(0)));
  const type = readOid(take(response));
  const basic = readOctetString(take(response));
  close(response);
  if (type !== basicResponse) throw new DerError(`response type ${type}`, 0);
  return readBasicResponse(root(basic));
}

function readResponderError(status: number): ResponderError {
  const error = responderErrors.get(status);
  if (error === undefined) throw new DerError(`response status ${status}`, 0);
  return error;
}

function readBasicResponse(element: Element): OcspResponse {
  const cursor = enter(element);
  const { data, proof } = takeSigned(cursor);
  const certificates = takeIf(cursor, constructedTag(0));
  close(cursor);
  return {
    ...readResponseData(data),
    proof,
    certificates: certificates ? takeAll(takeOnly(certificates, constructedTag(0))).map(encoding) : [],
  };
}

function readResponseData(element: Element) {
  const cursor = enter(element);
  const version = takeIf(cursor, constructedTag(0));
  if (version && readCount(takeOnly(version, constructedTag(0))) !== 0)
    throw new DerError('not version 1', version.start);
  const responder = readResponderId(take(cursor));
  const producedAt = readGeneralizedTime(take(cursor));
  const answers = takeAll(take(cursor)).map(readSingleAnswer);
  const extensions = readOptionalExtensions(takeIf(cursor, constructedTag(1)), 1);
  close(cursor);
  return { responder, producedAt, answers, extensions };
}

function readResponderId(element: Element): OcspResponse['responder'] {
  if (element.tag === constructedTag(1)) return { name: readName(takeOnly(element, constructedTag(1))) };
  return { keyHash: readOctetString(takeOnly(element, constructedTag(2))) };
}

function readSingleAnswer(element: Element): SingleAnswer {
  const cursor = enter(element);
  const certId = readCertId(take(cursor));
  const status = readStatus(take(cursor));
  const thisUpdate = readGeneralizedTime(take(cursor));
  const next = takeIf(cursor, constructedTag(0));
  const extensions = readOptionalExtensions(takeIf(cursor, constructedTag(1)), 1);
  close(cursor);
  return {
    ...certId,
    ...status,
    thisUpdate,
    ...(next ? { nextUpdate: readGeneralizedTime(takeOnly(next, constructedTag(0))) } : {}),
    extensions,
  };
}

function readCertId(element: Element) {
  const cursor = enter(element);
  const algorithm = enter(take(cursor));
  const hashAlgorithm = readOid(take(algorithm));
  const parameters = takeIf(algorithm, tags.null);
  if (parameters) readNull(parameters);
  close(algorithm);
  const issuerNameHash = readOctetString(take(cursor));
  const issuerKeyHash = readOctetString(take(cursor));
  // Compared octet by octet with the certificate's, so a serial number that is not minimal matches none of ours.
  const serialNumber = contents(take(cursor, tags.integer));
  close(cursor);
  return { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber };
}

function readStatus(element: Element): Pick<SingleAnswer, 'status' | 'revokedAt' | 'revocationReason'> {
  if (element.tag === constructedTag(1)) return { status: 'revoked', ...readRevokedInfo(element) };
  const unknown = element.tag === contextTag(2);
  readNull({ ...element, tag: unknown || element.tag === contextTag(0) ? tags.null : element.tag });
  return { status: unknown ? 'unknown' : 'good' };
}

function readRevokedInfo(element: Element) {
  const cursor = enter(element, constructedTag(1));
  const revokedAt = readGeneralizedTime(take(cursor));
  const reason = takeIf(cursor, constructedTag(0));
  close(cursor);
  return reason
    ? { revokedAt, revocationReason: readRevocationReason(takeOnly(reason, constructedTag(0))) }
    : { revokedAt };
}

const readOptionalExtensions = (element: Element | undefined, tag: number): Extensions =>
  element ? readExtensions(takeOnly(element, constructedTag(tag))) : noExtensions;
