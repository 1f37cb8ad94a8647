/** The self-signed method of mutual-TLS client authentication (RFC 8705 §2.2): the certificate itself is what is known. */
import type { Certificate } from '../../pki/certificate/certificate.ts';
import type { Thumbprint } from '../../pki/certificate/thumbprint.ts';
import { referTo } from '../../pki/path/path.ts';
import type { PathFailure } from '../../pki/reason.ts';
import { fail, ok, type Result } from '../../result.ts';
import type { StatusFailure } from '../../status/reason.ts';
import type { SelfSignedClient } from '../client.ts';
import { parseCertificateJwk, type RegisteredCertificate } from '../client-jwk.ts';
import { keyFinder } from '../client-keys.ts';
import type { TenantSnapshot } from '../ports.ts';
import type { Mismatch } from './tls-client-auth.ts';

const findCertificate = keyFinder('tls', parseCertificateJwk);

/** RFC 8705 §2.2.2: the registered certificate of this thumbprint, whatever its window says. */
export function registeredCertificate(
  { certificates }: Pick<SelfSignedClient, 'certificates'>,
  thumbprint: Thumbprint,
  snapshot: TenantSnapshot,
  at: Date,
): Promise<RegisteredCertificate | undefined> {
  const choose = (all: readonly RegisteredCertificate[]) =>
    all.find(({ certificate }) => certificate.thumbprint === thumbprint);
  return findCertificate(certificates, choose, snapshot, at);
}

/**
 * RFC 8705 §2.2: «matches one of the certificates», to the last byte: the same key in another certificate is another
 * certificate. Inside its window of activation.
 */
export async function matchRegistered(
  client: Pick<SelfSignedClient, 'certificates'>,
  certificate: Certificate,
  snapshot: TenantSnapshot,
  at: Date,
): Promise<Result<RegisteredCertificate, Mismatch>> {
  const registered = await registeredCertificate(client, certificate.thumbprint, snapshot, at);
  if (registered === undefined || Buffer.compare(registered.certificate.der, certificate.der) !== 0) {
    return fail({ reason: 'not_registered', detail: 'the client has not registered this certificate' });
  }
  const seconds = at.getTime() / 1000;
  const { nbf, exp } = registered;
  if (nbf !== undefined && seconds < nbf) {
    return fail({ reason: 'certificate_not_active_yet', detail: `active from ${isoTime(nbf)}` });
  }
  if (exp !== undefined && seconds >= exp) {
    return fail({ reason: 'certificate_retired', detail: `retired at ${isoTime(exp)}` });
  }
  return ok(registered);
}

const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString();

/**
 * RFC 8705 §2.2 leaves validity to the server: what holds of a certificate by itself, without any issuer. Its key is
 * judged where certificates are registered (`client-jwk.ts`): no other one matches.
 */
export function judgeAlone(
  certificate: Certificate,
  at: Date,
  { blocks }: Pick<TenantSnapshot, 'blocks'>,
): Result<true, PathFailure | StatusFailure> {
  const reference = referTo(certificate, 0);
  const { notBefore, notAfter } = certificate;
  if (at < notBefore) return fail({ reason: 'certificate_not_yet_valid', at, notBefore, certificate: reference });
  if (at > notAfter) return fail({ reason: 'certificate_expired', at, notAfter, certificate: reference });
  if (blocks.find([certificate]) !== undefined) {
    return fail({ reason: 'certificate_blocked', certificate: certificate.thumbprint, statuses: [] });
  }
  return ok(true);
}
