/** OCSP answers of the development CA (RFC 6960 §4), signed by a delegated responder, its certificate enclosed. */
import { hash } from 'node:crypto';
import {
  constructedTag,
  contextTag,
  DerError,
  decode,
  type Element,
  encoding,
  enter,
  more,
  root,
  tags,
  take,
  takeAll,
  takeIf,
  takeOnly,
} from '../pki/certificate/der.ts';
import { readInteger, readOctetString, readOid } from '../pki/certificate/der-value.ts';
import { write, writeOctetString, writeOid, writeSequence } from '../pki/certificate/der-writer.ts';
import { readExtensions, unknownCritical } from '../pki/status/extensions.ts';
import type { Authority } from './authority.ts';
import {
  ecdsaWithSha256,
  explicit,
  parsed,
  signatureOver,
  writeExtension,
  writeGeneralizedTime,
  writeReason,
} from './issuer-forms.ts';
import type { CaName, Ledger } from './ledger.ts';

/** RFC 6960 §4.1.1: one certificate that is asked about. */
type CertId = {
  readonly der: Uint8Array;
  readonly hashAlgorithm: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: string;
};

type OcspRequest = { readonly certIds: readonly CertId[]; readonly nonce?: Uint8Array };

export type AnswerOptions = { readonly at: Date; readonly nextUpdate: Date };

const basicResponse = '1.3.6.1.5.5.7.48.1.1';
const nonceExtension = '1.3.6.1.5.5.7.48.1.2';
const hashNames: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

/** More than any client of ours asks for at once. */
const maximumCertIds = 16;

/**
 * The OCSPResponse to a request, DER: signed answers, `malformedRequest` for what is no request, `unauthorized` when no
 * CA of ours issued any of the certificates (RFC 6960 §2.3, §4.2.1).
 */
export function answerOcsp(der: Uint8Array, { at, nextUpdate }: AnswerOptions, authority: Authority, ledger: Ledger) {
  const request = decode(() => readRequest(root(der)));
  if (!request.ok) return ocspError('malformedRequest');
  const { certIds, nonce } = request.value;
  const issuer = certIds.map((certId) => issuerOf(certId, authority)).find((name) => name !== undefined);
  if (issuer === undefined) return ocspError('unauthorized');
  const signer = authority.ocspSigners[issuer];
  const answers = certIds.map((certId) => {
    const status = statusOf(certId, issuer, authority, ledger);
    return writeSequence(certId.der, status, writeGeneralizedTime(at), explicit(0, writeGeneralizedTime(nextUpdate)));
  });
  const data = writeSequence(
    // RFC 6960 §4.2.1: byKey, the SHA-1 of the signer's public key.
    explicit(2, writeOctetString(hash('sha1', parsed(signer).publicKeyInfo.bits, 'buffer'))),
    writeGeneralizedTime(at),
    writeSequence(...answers),
    ...(nonce === undefined ? [] : [explicit(1, writeSequence(writeExtension(nonceExtension, nonce)))]),
  );
  const certificates = explicit(0, writeSequence(signer.der));
  const basic = writeSequence(data, ecdsaWithSha256, signatureOver(data, signer.key), certificates);
  return ocspResponse(0, explicit(0, writeSequence(writeOid(basicResponse), writeOctetString(basic))));
}

/** RFC 6960 §4.2.1: an OCSPResponse without an answer. */
export function ocspError(status: 'malformedRequest' | 'internalError' | 'unauthorized'): Uint8Array {
  return ocspResponse({ malformedRequest: 1, internalError: 2, unauthorized: 6 }[status]);
}

const ocspResponse = (status: number, ...bytes: readonly Uint8Array[]) =>
  writeSequence(write(tags.enumerated, Uint8Array.of(status)), ...bytes);

function issuerOf(certId: CertId, authority: Authority): CaName | undefined {
  const algorithm = hashNames.get(certId.hashAlgorithm);
  if (algorithm === undefined) return undefined;
  return (['intermediate', 'root'] as const).find((name) => {
    const { subject, publicKeyInfo } = parsed(authority[name]);
    return (
      hash(algorithm, subject.der, 'buffer').equals(certId.issuerNameHash) &&
      hash(algorithm, publicKeyInfo.bits, 'buffer').equals(certId.issuerKeyHash)
    );
  });
}

/** RFC 6960 §2.2: `unknown` for a serial number that this CA never issued, and for another issuer's certificates. */
function statusOf(certId: CertId, signedFor: CaName, authority: Authority, ledger: Ledger): Uint8Array {
  const entry = ledger.find(certId.serial);
  if (entry?.issuer !== signedFor || issuerOf(certId, authority) !== signedFor) return write(contextTag(2));
  if (entry.revoked === undefined) return write(contextTag(0));
  const { at, reason } = entry.revoked;
  return write(constructedTag(1), writeGeneralizedTime(at), explicit(0, writeReason(reason)));
}

/** RFC 6960 §4.1.1; a signature on the request is not looked at. Throws `DerError`. */
function readRequest(element: Element): OcspRequest {
  const outer = enter(element);
  const tbs = enter(take(outer));
  takeIf(outer, constructedTag(0));
  if (more(outer)) throw new DerError('trailing bytes', outer.position);
  takeIf(tbs, constructedTag(0));
  takeIf(tbs, constructedTag(1));
  const certIds = takeAll(take(tbs), tags.sequence, 1).map((each) => readCertId(take(enter(each))));
  const extensions = takeIf(tbs, constructedTag(2));
  if (more(tbs) || certIds.length > maximumCertIds) throw new DerError('more than a request', tbs.position);
  return { certIds, ...(extensions && nonceIn(extensions)) };
}

/** RFC 9654 §2.1: a nonce has 1 to 128 octets; what is longer is malformed. */
function nonceIn(element: Element): { readonly nonce?: Uint8Array } {
  const extensions = readExtensions(takeOnly(element, constructedTag(2)));
  if (unknownCritical(extensions, new Set([nonceExtension])) !== undefined)
    throw new DerError('critical', element.start);
  const nonce = extensions.get(nonceExtension)?.value;
  if (nonce === undefined) return {};
  const length = readOctetString(root(nonce)).length;
  if (length < 1 || length > 128) throw new DerError('nonce', element.start);
  return { nonce };
}

function readCertId(element: Element): CertId {
  const cursor = enter(element);
  const hashAlgorithm = readOid(take(enter(take(cursor, tags.sequence))));
  const issuerNameHash = readOctetString(take(cursor));
  const issuerKeyHash = readOctetString(take(cursor));
  const serial = Buffer.from(readInteger(take(cursor))).toString('hex');
  if (more(cursor)) throw new DerError('trailing bytes', cursor.position);
  return { der: encoding(element), hashAlgorithm, issuerNameHash, issuerKeyHash, serial };
}
