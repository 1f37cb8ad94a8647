/** What an issuer of CRLs and OCSP responses writes in DER (RFC 5280 §4.1, §5; RFC 6960 §4.2), by lib/pki's writer. */
import { createPrivateKey, sign } from 'node:crypto';
import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import { constructedTag, tags } from '../pki/certificate/der.ts';
import {
  write,
  writeBoolean,
  writeInteger,
  writeOctetString,
  writeOid,
  writeSequence,
} from '../pki/certificate/der-writer.ts';
import type { KeyedCertificate } from './certificate-authority.ts';

/** The CRLReason codes (RFC 5280 §5.3.1) that can be given for a revocation. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;

export type RevocationReason = keyof typeof revocationReasons;

export const isRevocationReason = (text: unknown): text is RevocationReason =>
  typeof text === 'string' && Object.hasOwn(revocationReasons, text);

export const writeReason = (reason: RevocationReason) =>
  write(tags.enumerated, Uint8Array.of(revocationReasons[reason]));

/** RFC 5280 §4.1.2.5.2: `YYYYMMDDHHMMSSZ`. */
export const writeGeneralizedTime = (at: Date) =>
  write(tags.generalizedTime, Buffer.from(`${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`));

/** RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime after. */
export function writeTime(at: Date): Uint8Array {
  if (at.getUTCFullYear() >= 2050) return writeGeneralizedTime(at);
  return write(tags.utcTime, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));
}

export const writeBitString = (bytes: Uint8Array) => write(tags.bitString, Uint8Array.of(0), bytes);

/** An explicit tag around one value. */
export const explicit = (number: number, value: Uint8Array) => write(constructedTag(number), value);

/** RFC 5280 §4.2: one extension. */
export const writeExtension = (oid: string, value: Uint8Array, critical = false) =>
  writeSequence(writeOid(oid), ...(critical ? [writeBoolean(true)] : []), writeOctetString(value));

/** A serial number from hex, as `writeInteger` takes it: ours are positive, their first octet below 80. */
export const writeSerial = (hex: string) => writeInteger(Buffer.from(hex, 'hex'));

/** RFC 5758 §3.2: ecdsa-with-SHA256, no parameters; the development CA has P-256 keys. */
export const ecdsaWithSha256 = writeSequence(writeOid('1.2.840.10045.4.3.2'));

export const signatureOver = (tbs: Uint8Array, key: string) =>
  writeBitString(sign('sha256', tbs, createPrivateKey(key)));

/** A certificate of our own, parsed. */
export function parsed({ der }: KeyedCertificate): Certificate {
  const certificate = parseCertificate(der);
  if (!certificate.ok) throw new Error(`a certificate of the development CA: ${JSON.stringify(certificate.failure)}`);
  return certificate.value;
}
