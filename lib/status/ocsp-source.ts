/** Asking an OCSP responder about one certificate (RFC 6960 §4, Appendix A.1; RFC 9654). */

import { type Certificate, parseCertificate } from '../pki/certificate/certificate.ts';
import type { Refused } from '../pki/status/finding.ts';
import {
  isUntrusted,
  type OcspAnswer,
  type OcspFailure,
  type OcspOptions,
  verifyOcspResponse,
} from '../pki/status/ocsp.ts';
import { encodeOcspRequest, nonceLength } from '../pki/status/ocsp-request.ts';
import { fail, type Result } from '../result.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { obtain, type Question, questionKey } from './evidence.ts';
import { askingOf, type Level, lifetimeOf, silentStatus, statusOf } from './level.ts';
import { unlistedHost } from './listed-hosts.ts';
import { ocspExchange } from './ocsp-exchange.ts';

/** Whether the delegate that signed an answer is revoked itself (RFC 6960 §4.2.2.2.1). */
export type ResponderCheck = (responder: Certificate, level: Level) => Promise<'good' | 'revoked' | 'undetermined'>;

/** The status by one responder, from memory or from the responder at `url`. */
export async function askResponder(url: string, level: Level, check: ResponderCheck): Promise<CertificateStatus> {
  const unlisted = unlistedHost(url, level);
  if (unlisted !== undefined) return silentStatus(level, 'ocsp', { status: 'unavailable', detail: unlisted });
  const reply = await obtain(ocspQuestion(url, level, check), askingOf(level), level.ports);
  return statusOf(level, 'ocsp', reply);
}

function ocspQuestion(url: string, level: Level, check: ResponderCheck): Question<OcspAnswer> {
  const { certificate, issuer, policy, override } = level;
  const hash = override.certIdHash ?? policy.certIdHash ?? 'sha1';
  const nonce = policy.nonce === 'off' ? undefined : level.ports.randomBytes?.(nonceLength);
  const responderCertificate = configuredResponder(level);
  return {
    key: questionKey('ocsp', url, issuer.thumbprint, certificate.thumbprint, responderCertificate?.thumbprint ?? ''),
    address: `${issuer.thumbprint} ${url}`,
    request(timeout) {
      const request = encodeOcspRequest(certificate, issuer, { hash, nonce });
      return ocspExchange(url, request, policy.ocspMethod ?? 'post', timeout);
    },
    async verify(der, fetched) {
      const sent = nonce && fetched ? { sent: nonce, required: policy.nonce === 'require' } : undefined;
      // Without a source of randomness no nonce can be demanded back, and an answer without one is not what was asked for.
      if (fetched && policy.nonce === 'require' && !nonce)
        return fail({ status: 'unavailable', detail: 'no nonce sent' });
      return verifyAnswer(der, { certificate, issuer, at: level.at, nonce: sent, responderCertificate }, level, check);
    },
    lifetime: (answer) => lifetimeOf(answer, policy),
    thisUpdate: (answer) => answer.thisUpdate,
  };
}

function configuredResponder({ override }: Level): Certificate | undefined {
  const parsed = override.responderCertificate && parseCertificate(override.responderCertificate);
  return parsed?.ok ? parsed.value : undefined;
}

async function verifyAnswer(
  der: Uint8Array,
  options: OcspOptions,
  level: Level,
  check: ResponderCheck,
): Promise<Result<OcspAnswer, Refused>> {
  const verdict = verifyOcspResponse(der, options);
  const delegate = verdict.ok ? verdict.value.delegate : unchecked(verdict.failure);
  if (delegate === undefined) return verdict.ok ? verdict : fail(refused(verdict.failure));
  const status = await check(delegate, level);
  if (status === 'revoked') return fail({ status: 'untrusted', detail: 'the responder is revoked' });
  if (verdict.ok) return verdict;
  if (status !== 'good') return fail(refused(verdict.failure));
  const cleared = verifyOcspResponse(der, { ...options, cleared: delegate.thumbprint });
  return cleared.ok ? cleared : fail(refused(cleared.failure));
}

const unchecked = (failure: OcspFailure): Certificate | undefined =>
  failure.reason === 'responder_unchecked' ? failure.responder : undefined;

const refused = (failure: OcspFailure): Refused => ({
  status: isUntrusted(failure) ? 'untrusted' : 'unavailable',
  detail: `${failure.reason}: ${failure.detail}`,
});
