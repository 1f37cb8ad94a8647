/** What a caller asks of a token besides whether it is active: parameters beyond RFC 7662 §2.1 (docs/resource-servers.md). */
import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { Call } from './call.ts';
import { isThumbprint } from './confirmation.ts';
import { invalidRequest } from './error.ts';
import { type Form, required } from './form.ts';
import { isResource } from './resource.ts';
import { parseScope } from './scope.ts';

export type IntrospectionRequest = {
  readonly token: string;
  /** The certificate that was presented to the caller together with the token. */
  readonly presented?: Thumbprint;
  /** The scope values that the caller needs. */
  readonly scope: readonly string[];
  /** RFC 8707: the resources that the caller needs the token to be for. */
  readonly resources: readonly string[];
  /** Whether the answer has the member `binding`. */
  readonly binding: boolean;
};

/** Throws `invalid_request` for a parameter that cannot be understood: a check that was asked for is never left out. */
export function parseIntrospectionRequest(form: Form, call: Call): IntrospectionRequest {
  const token = required(form, 'token');
  const presented = presentedThumbprint(form, call);
  const scope = form.get('scope');
  const values = scope === undefined ? [] : parseScope(scope);
  if (values === undefined) throw invalidRequest('The parameter scope is malformed');
  if (!form.resources.every(isResource)) throw invalidRequest('The parameter resource is no absolute URI');
  return {
    token,
    ...(presented !== undefined && { presented }),
    scope: values,
    resources: form.resources,
    binding: presented !== undefined || form.get('binding') === '1',
  };
}

function presentedThumbprint(form: Form, { snapshot }: Call): Thumbprint | undefined {
  const thumbprint = form.get('x5t#S256');
  const text = form.get('client_certificate');
  if (thumbprint !== undefined && text !== undefined) {
    throw invalidRequest('Only one of client_certificate and x5t#S256 can be judged');
  }
  if (thumbprint !== undefined && !isThumbprint(thumbprint)) throw invalidRequest('x5t#S256 is no SHA-256 thumbprint');
  if (text === undefined) return thumbprint;
  // Apart from the certificates of connections, which are read more strictly.
  const key = `client_certificate ${text}`;
  const certificate = snapshot.parsed.get(key) ?? certificateIn(text);
  if (certificate === undefined) throw invalidRequest('client_certificate is no certificate');
  snapshot.parsed.set(key, certificate);
  return certificate.thumbprint;
}

/** PEM (RFC 7468), PEM as proxies escape it in a header, or the DER in base64 (RFC 4648 §4). */
function certificateIn(text: string): Certificate | undefined {
  const plain = text.includes('%') ? unescaped(text) : text;
  const base64 = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(plain)?.[1];
  // RFC 7468 §3: line ends are white space; proxies fold them to blanks and tabs.
  const compact = (base64 ?? plain).replace(/\s+/g, '');
  const der = Buffer.from(compact, 'base64');
  if (compact === '' || der.toString('base64') !== compact) return undefined;
  const parsed = parseCertificate(der);
  return parsed.ok ? parsed.value : undefined;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
