/** An OCSP request for one certificate (RFC 6960 §4.1, RFC 9654 §2.1). */
import type { Certificate } from '../certificate/certificate.ts';
import { constructedTag } from '../certificate/der.ts';
import { write, writeOctetString, writeOid, writeSequence } from '../certificate/der-writer.ts';
import type { CertIdHash } from './cert-id.ts';
import { type OcspTarget, writeCertId } from './cert-id.ts';

/** id-pkix-ocsp-nonce. */
export const nonceOid = '1.3.6.1.5.5.7.48.1.2';

/** RFC 9654 §2.1: octets of a nonce that a client sends. */
export const nonceLength = 32;

/** RFC 6960 §4.1.1: OCSPRequest, unsigned. */
export function encodeOcspRequest(
  target: OcspTarget,
  issuer: Certificate,
  { hash, nonce }: { readonly hash: CertIdHash; readonly nonce?: Uint8Array | undefined },
): Uint8Array {
  const requestList = writeSequence(writeSequence(writeCertId(target, issuer, hash)));
  if (nonce === undefined) return writeSequence(writeSequence(requestList));
  const extension = writeSequence(writeOid(nonceOid), writeOctetString(writeOctetString(nonce)));
  return writeSequence(writeSequence(requestList, write(constructedTag(2), writeSequence(extension))));
}
