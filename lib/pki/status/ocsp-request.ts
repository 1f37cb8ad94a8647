/** An OCSP request for one certificate (RFC 6960 §4.1, Appendix A.1; RFC 9654 §2.1). */
import type { Certificate } from '../certificate/certificate.ts';
import { constructedTag } from '../certificate/der.ts';
import { write, writeOctetString, writeOid, writeSequence } from '../certificate/der-writer.ts';
import type { FetchRequest } from '../ports.ts';
import { type OcspTarget, writeCertId } from './cert-id.ts';
import type { CertIdHash } from './policy.ts';

/** id-pkix-ocsp-nonce. */
export const nonceOid = '1.3.6.1.5.5.7.48.1.2';

/** RFC 9654 §2.1: octets of a nonce that a client sends. */
export const nonceLength = 32;

/** RFC 6960 Appendix A.1: longer ones go by POST. */
const maximumGetLength = 255;

/** An answer carries a few certificates at most; some responders send kilobytes of them. */
export const maximumResponseBytes = 65_536;

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

/** RFC 6960 Appendix A.1: the exchange over HTTP; `timeout` in milliseconds. */
export function ocspExchange(url: string, request: Uint8Array, method: 'get' | 'post', timeout: number): FetchRequest {
  const common = { accept: 'application/ocsp-response', maxBytes: maximumResponseBytes, timeout };
  const encoded = encodeURIComponent(Buffer.from(request).toString('base64'));
  if (method === 'get' && encoded.length <= maximumGetLength) {
    return { ...common, method: 'GET', url: `${url.endsWith('/') ? url : `${url}/`}${encoded}` };
  }
  return { ...common, method: 'POST', url, body: request, contentType: 'application/ocsp-request' };
}
