/** The SHA-256 thumbprint of a certificate, the confirmation value of bound tokens (RFC 8705 §3.1, RFC 7515 §4.1.8). */
import { hash } from 'node:crypto';

declare const thumbprintOf: unique symbol;

/** `x5t#S256`: 43 characters of base64url; only `thumbprint` makes one. */
export type Thumbprint = string & { readonly [thumbprintOf]: 'certificate' };

/** RFC 8705 §3.1: base64url of the SHA-256 of the DER encoding, without padding. Over PEM text it would be worthless. */
export const thumbprint = (der: Uint8Array): Thumbprint => hash('sha256', der, 'base64url') as Thumbprint;
