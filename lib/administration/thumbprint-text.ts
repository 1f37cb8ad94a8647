/** Thumbprints as people have them: hexadecimal with or without colons (OpenSSL, browsers), base64url (RFC 7515 §4.1.8). */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';

/** The SHA-256 thumbprint that a text stands for; undefined where it is none, a SHA-1 fingerprint included. */
export function parseThumbprint(text: string): Thumbprint | undefined {
  const hex = text.trim().replace(/^sha256 fingerprint=/i, '');
  if (/^([0-9a-f]{2}:){31}[0-9a-f]{2}$|^[0-9a-f]{64}$/i.test(hex)) {
    return Buffer.from(hex.replaceAll(':', ''), 'hex').toString('base64url') as Thumbprint;
  }
  // The last character holds four bits; another spelling of the same octets is another key.
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text) ? (text as Thumbprint) : undefined;
}

export const thumbprintForms =
  'a SHA-256 thumbprint: 64 hexadecimal digits, colons allowed, or 43 characters of base64url';
