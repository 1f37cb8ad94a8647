/** The `cnf` member that binds a token to a certificate (RFC 7800 §3.1, RFC 8705 §3.1). */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';

export type Confirmation = { readonly 'x5t#S256': Thumbprint };

/** RFC 8705 §3.1: the SHA-256 of the certificate's DER, base64url without padding. */
export const confirmation = (certificate: Certificate): Confirmation => ({ 'x5t#S256': certificate.thumbprint });

/** RFC 8705 §3.1: base64url of 32 bytes, 43 characters, no padding. */
export const isThumbprint = (value: unknown): value is Thumbprint =>
  typeof value === 'string' && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(value);

/** RFC 7800 §3.1: undefined where it has other members than `x5t#S256`, which a recipient must not pass over. */
export function parseConfirmation(value: unknown): Confirmation | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(value);
  const [[name, thumbprint] = []] = members;
  return members.length === 1 && name === 'x5t#S256' && isThumbprint(thumbprint)
    ? { 'x5t#S256': thumbprint }
    : undefined;
}
