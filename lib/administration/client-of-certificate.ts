/** The metadata of a client that is known by a certificate's subject (RFC 8705 §2.1.2 `tls_client_auth_subject_dn`). */
import { matchName, parseName, printName } from '../pki/certificate/name.ts';
import { ok } from '../result.ts';
import { oneCertificate } from './certificate-file.ts';
import { type Refusable, refuse } from './change.ts';

/** RFC 4514, the most specific RDN first, exactly as the token endpoint will compare it. */
export function subjectMetadata(file: Uint8Array): Refusable<{ readonly tls_client_auth_subject_dn: string }> {
  const certificate = oneCertificate('certificate', file);
  if (!certificate.ok) return certificate;
  const { subject, subjectAltName } = certificate.value;
  const text = printName(subject);
  if (subject.rdns.length === 0) {
    const names = subjectAltName.length === 0 ? 'and no other name' : 'only other names';
    const remedy = 'register one of its names: tls_client_auth_san_dns, _uri, _ip or _email';
    return refuse({ what: 'certificate', problem: `has no subject, ${names}`, remedy });
  }
  const read = parseName(text);
  if (read.ok && matchName(read.value, subject)) return ok({ tls_client_auth_subject_dn: text });
  const remedy = 'register one of its subjectAltNames instead';
  return refuse({ what: 'subject', value: text, problem: 'cannot be written as text that matches', remedy });
}
