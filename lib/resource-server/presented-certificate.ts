/** The thumbprint of the certificate that a caller of an API presented (RFC 8705 §3.1), wherever TLS ended. */
import { createHash } from 'node:crypto';
import type { HttpRequest } from '../http.ts';

/**
 * Where the certificate is taken from. A header is anybody's unless a proxy in front removes what callers send and sets
 * it (RFC 9440 §4): naming one says that there is such a proxy, and then nothing else is looked at.
 */
export type CertificateSource =
  | { readonly from: 'connection' }
  /** RFC 9440 §2.2: `Client-Cert`, a Byte Sequence (RFC 9651 §3.3.5). */
  | { readonly from: 'client-cert' }
  /** URL-encoded PEM, as nginx's `$ssl_client_escaped_cert` has it; the name of the header in lower case. */
  | { readonly from: 'escaped-pem'; readonly header: string };

/** Characters; a certificate of 16 KB in base64 is shorter. */
const maxLength = 32 * 1024;

/** Undefined where there is none, or nothing that could be one: the check of the binding then fails. */
export function presentedThumbprint(request: HttpRequest, source: CertificateSource): string | undefined {
  const der = derIn(request, source);
  return der && createHash('sha256').update(der).digest('base64url');
}

/** For a Node server that ends TLS itself: the DER of `socket.getPeerCertificate().raw`; empty where there is none. */
export function thumbprintOf(raw: Uint8Array | undefined): string | undefined {
  return raw === undefined || raw.length === 0 ? undefined : createHash('sha256').update(raw).digest('base64url');
}

function derIn({ clientCertificate, headers }: HttpRequest, source: CertificateSource): Uint8Array | undefined {
  if (source.from === 'connection') return pem(clientCertificate);
  if (source.from === 'escaped-pem') return pem(unescaped(headers.get(source.header)));
  return base64(/^:([A-Za-z0-9+/=]*):$/.exec(bounded(headers.get('client-cert'))?.trim() ?? '')?.[1]);
}

function pem(text: string | undefined): Uint8Array | undefined {
  const block = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/;
  return base64(block.exec(bounded(text) ?? '')?.[1]?.replace(/\s+/g, ''));
}

/** RFC 4648 §4: one text for one value. */
function base64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text === '') return undefined;
  const der = Buffer.from(text, 'base64');
  return der.toString('base64') === text ? der : undefined;
}

const bounded = (text: string | undefined) => (text === undefined || text.length > maxLength ? undefined : text);

function unescaped(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
