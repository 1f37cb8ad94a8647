/** CertID: which certificate an OCSP request or answer is about (RFC 6960 §4.1.1). */
import { hash } from 'node:crypto';
import type { Certificate } from '../certificate/certificate.ts';
import { writeInteger, writeNull, writeOctetString, writeOid, writeSequence } from '../certificate/der-writer.ts';
import type { SingleAnswer } from './ocsp-response.ts';

/** RFC 6960 §4.3: what names the issuer in a request. */
export type CertIdHash = 'sha1' | 'sha256';

/** What of a certificate OCSP looks at. */
export type OcspTarget = Pick<Certificate, 'serial' | 'issuer' | 'notBefore' | 'notAfter'>;

const hashNames = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);

const hashOids: Readonly<Record<CertIdHash, string>> = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' };

/** SHA-1 names the issuer here and proves nothing; a collision needs two issuers of our own truststore. */
export function writeCertId(target: OcspTarget, issuer: Certificate, algorithm: CertIdHash): Uint8Array {
  return writeSequence(
    writeSequence(writeOid(hashOids[algorithm]), writeNull()),
    writeOctetString(hash(algorithm, target.issuer.der, 'buffer')),
    writeOctetString(hash(algorithm, issuer.publicKeyInfo.bits, 'buffer')),
    writeInteger(target.serial),
  );
}

/**
 * Whether an answer is about the certificate as *our* issuer signed it: serial number, issuer's name and issuer's key, by
 * whichever hash the responder used. Its name may be hashed as the certificate or as the issuer's own subject encodes it.
 */
export function matchCertId(answer: SingleAnswer, target: OcspTarget, issuer: Certificate): boolean {
  const algorithm = hashNames.get(answer.hashAlgorithm);
  if (algorithm === undefined || !equal(answer.serialNumber, target.serial)) return false;
  const digest = (bytes: Uint8Array) => hash(algorithm, bytes, 'buffer');
  return (
    equal(answer.issuerKeyHash, digest(issuer.publicKeyInfo.bits)) &&
    [target.issuer.der, issuer.subject.der].some((name) => equal(answer.issuerNameHash, digest(name)))
  );
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
