/** CRLs of the development CA (RFC 5280 §5): version 2, complete, signed by the CA itself. */

import { hash } from 'node:crypto';
import { contextTag } from '../pki/certificate/der.ts';
import { write, writeInteger, writeSequence } from '../pki/certificate/der-writer.ts';
import type { KeyedCertificate } from './certificate-authority.ts';
import {
  ecdsaWithSha256,
  explicit,
  parsed,
  signatureOver,
  writeExtension,
  writeReason,
  writeSerial,
  writeTime,
} from './issuer-forms.ts';
import type { LedgerEntry, Revocation } from './ledger.ts';

export type CrlContent = {
  readonly revoked: readonly (Pick<LedgerEntry, 'serial'> & { readonly revoked: Revocation })[];
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
};

const extension = { authorityKeyIdentifier: '2.5.29.35', crlNumber: '2.5.29.20', reasonCode: '2.5.29.21' };

/** A signed CertificateList, DER. Its number (RFC 5280 §5.2.3) is the time in seconds: it only ever grows. */
export function issueCrl(issuer: KeyedCertificate, { revoked, thisUpdate, nextUpdate }: CrlContent): Uint8Array {
  const { subject, publicKeyInfo } = parsed(issuer);
  const keyIdentifier = hash('sha1', publicKeyInfo.bits, 'buffer');
  const extensions = writeSequence(
    writeExtension(extension.authorityKeyIdentifier, writeSequence(write(contextTag(0), keyIdentifier))),
    writeExtension(extension.crlNumber, writeInteger(Math.floor(thisUpdate.getTime() / 1000))),
  );
  const tbs = writeSequence(
    writeInteger(1),
    ecdsaWithSha256,
    subject.der,
    writeTime(thisUpdate),
    writeTime(nextUpdate),
    // RFC 5280 §5.1.2.6: absent when nothing is revoked.
    ...(revoked.length > 0 ? [writeSequence(...revoked.map(writeEntry))] : []),
    explicit(0, extensions),
  );
  return writeSequence(tbs, ecdsaWithSha256, signatureOver(tbs, issuer.key));
}

/** RFC 5280 §5.3.1: the reason `unspecified` is said by saying nothing. */
function writeEntry({ serial, revoked: { at, reason } }: CrlContent['revoked'][number]): Uint8Array {
  const reasons =
    reason === 'unspecified' ? [] : [writeSequence(writeExtension(extension.reasonCode, writeReason(reason)))];
  return writeSequence(writeSerial(serial), writeTime(at), ...reasons);
}
