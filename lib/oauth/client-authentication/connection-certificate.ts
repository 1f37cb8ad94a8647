/** The certificate of the connection (RFC 8705 §2), parsed and written into the record of the request. */
import type { Certificate } from '../../pki/certificate/certificate.ts';
import { printName } from '../../pki/certificate/name.ts';
import { fail, ok, type Result } from '../../result.ts';
import { describe } from '../../status/reason.ts';
import type { RequestRecord } from '../audit.ts';
import type { Call } from '../call.ts';
import { presentedCertificate } from '../certificate-verdict.ts';

type Unusable = { readonly reason: 'no_certificate' | 'certificate_unparsable'; readonly detail: string };

export function connectionCertificate({ request, snapshot, record, at }: Call): Result<Certificate, Unusable> {
  if (request.clientCertificate === undefined) {
    return fail({ reason: 'no_certificate', detail: 'the connection has no client certificate' });
  }
  const parsed = presentedCertificate(request.clientCertificate, snapshot);
  if (!parsed.ok) {
    record.path = parsed.failure.reason;
    return fail({ reason: parsed.failure.reason, detail: describe(parsed.failure) });
  }
  const certificate = parsed.value;
  const days = expiryWarning(certificate, at);
  record.thumbprint = certificate.thumbprint;
  Object.assign(record, namesOf(certificate));
  record.serial = certificate.serialNumber;
  if (days !== undefined) record.certificate_expires_in_days = days;
  return ok(certificate);
}

const names = new WeakMap<Certificate, Pick<RequestRecord, 'subject' | 'issuer'>>();

/** As text, made once a certificate. */
function namesOf(certificate: Certificate) {
  const known = names.get(certificate);
  if (known !== undefined) return known;
  const made = { subject: printName(certificate.subject), issuer: printName(certificate.issuer) };
  names.set(certificate, made);
  return made;
}

/** Days before the end of a certificate at which its owner should know; of one that is over, nothing more is said. */
function expiryWarning({ notAfter }: Certificate, at: Date): RequestRecord['certificate_expires_in_days'] {
  const days = (notAfter.getTime() - at.getTime()) / 86_400_000;
  return days < 0 ? undefined : ([7, 30, 60] as const).find((each) => days <= each);
}
