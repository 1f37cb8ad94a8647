/** The `cnf` member that binds a token to a certificate (RFC 7800 §3.1, RFC 8705 §3.1). */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';

export type Confirmation = { readonly 'x5t#S256': Thumbprint };

/** RFC 8705 §3.1: the SHA-256 of the certificate's DER, base64url without padding. */
export const confirmation = (certificate: Certificate): Confirmation => ({ 'x5t#S256': certificate.thumbprint });
