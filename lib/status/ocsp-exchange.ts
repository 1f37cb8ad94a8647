/** The OCSP exchange over HTTP (RFC 6960 Appendix A.1). */
import { maximumResponseBytes } from '../pki/status/ocsp.ts';
import type { FetchRequest } from './ports.ts';

/** RFC 6960 Appendix A.1: longer ones go by POST. */
const maximumGetLength = 255;

/** RFC 6960 Appendix A.1: the exchange over HTTP; `timeout` in milliseconds. */
export function ocspExchange(url: string, request: Uint8Array, method: 'get' | 'post', timeout: number): FetchRequest {
  const common = { accept: 'application/ocsp-response', maxBytes: maximumResponseBytes, timeout };
  const encoded = encodeURIComponent(Buffer.from(request).toString('base64'));
  if (method === 'get' && encoded.length <= maximumGetLength) {
    return { ...common, method: 'GET', url: `${url.endsWith('/') ? url : `${url}/`}${encoded}` };
  }
  return { ...common, method: 'POST', url, body: request, contentType: 'application/ocsp-request' };
}
