/** Who may sign an OCSP answer, and whether this one did (RFC 6960 §3.2, §4.2.2.2, §4.2.2.2.1). */
import { hash } from 'node:crypto';
import { fail, ok, type Result } from '../../result.ts';
import { type Certificate, parseCertificate } from '../certificate/certificate.ts';
import { matchName } from '../certificate/name.ts';
import { verifySignature } from '../certificate/signature.ts';
import type { SignatureAlgorithms } from '../certificate/signature-algorithms.ts';
import type { Thumbprint } from '../certificate/thumbprint.ts';
import { unknownCritical } from './extensions.ts';
import type { OcspResponse } from './ocsp-response.ts';

export type ResponderOptions = {
  readonly issuer: Certificate;
  readonly at: Date;
  /** RFC 6960 §4.2.2.2 case 1: configured by the operator, trusted without a delegation. */
  readonly responderCertificate?: Certificate | undefined;
  /** A responder whose own status has been looked up and is good. */
  readonly cleared?: Thumbprint | undefined;
  /** A weaker set is for old test vectors alone. */
  readonly algorithms?: SignatureAlgorithms | undefined;
};

export type ResponderFailure =
  | { readonly reason: 'signer_unauthorised' | 'signature_invalid'; readonly detail: string }
  /** Authorised and signed, but its own certificate might be revoked: RFC 6960 §4.2.2.2.1. */
  | { readonly reason: 'responder_unchecked'; readonly detail: string; readonly responder: Certificate };

/** Each costs two signature checks; answers with more certificates that could have signed are made to cost time. */
const maximumCandidates = 4;

/** A responder that lives longer must show that it is not revoked, or say id-pkix-ocsp-nocheck. */
const uncheckedLifetime = 90 * 86_400_000;

const ocspSigning = '1.3.6.1.5.5.7.3.9';
const noCheck = '1.3.6.1.5.5.7.48.1.5';
const processedExtensions = new Set(['2.5.29.15', '2.5.29.37', '2.5.29.19', '2.5.29.17', noCheck]);

/**
 * The certificate whose key made the signature: one object is matched with responderID, found authorised and used for
 * the signature, so that a genuine certificate cannot vouch for a foreign key.
 */
export function verifyResponder(
  response: OcspResponse,
  options: ResponderOptions,
): Result<Certificate, ResponderFailure> {
  let failure: ResponderFailure = { reason: 'signer_unauthorised', detail: 'no certificate for the responder ID' };
  for (const candidate of candidates(response, options)) {
    const verdict = verifyCandidate(candidate, response, options);
    if (verdict.ok) return verdict;
    if (failure.reason !== 'responder_unchecked') failure = verdict.failure;
  }
  return fail(failure);
}

function candidates(response: OcspResponse, { issuer, responderCertificate }: ResponderOptions): Certificate[] {
  const found = [issuer, responderCertificate].filter(
    (each) => each !== undefined && matchResponderId(each, response.responder),
  ) as Certificate[];
  for (const der of response.certificates) {
    if (found.length >= maximumCandidates) break;
    const parsed = parseCertificate(der);
    if (!parsed.ok || !matchResponderId(parsed.value, response.responder)) continue;
    if (found.every(({ thumbprint }) => thumbprint !== parsed.value.thumbprint)) found.push(parsed.value);
  }
  return found;
}

/** RFC 6960 §4.2.1: by name, or by the SHA-1 of the key's BIT STRING. */
function matchResponderId(certificate: Certificate, responder: OcspResponse['responder']): boolean {
  if ('name' in responder) return matchName(certificate.subject, responder.name);
  return Buffer.compare(hash('sha1', certificate.publicKeyInfo.bits, 'buffer'), responder.keyHash) === 0;
}

function verifyCandidate(
  candidate: Certificate,
  { proof }: OcspResponse,
  options: ResponderOptions,
): Result<Certificate, ResponderFailure> {
  const problem = authorisationProblem(candidate, options);
  if (problem !== undefined) return fail({ reason: 'signer_unauthorised', detail: problem });
  const signature = verifySignature(proof, candidate.publicKeyInfo, options.algorithms);
  if (!signature.ok) return fail({ reason: 'signature_invalid', detail: signature.failure.reason });
  if (!needsCheck(candidate, options)) return ok(candidate);
  return fail({
    reason: 'responder_unchecked',
    detail: 'the status of the responder is not known',
    responder: candidate,
  });
}

const isDirect = (candidate: Certificate, { issuer, responderCertificate }: ResponderOptions): boolean =>
  candidate.thumbprint === issuer.thumbprint || candidate.thumbprint === responderCertificate?.thumbprint;

/** RFC 6960 §4.2.2.2: the issuer, the configured responder, or a delegate of the issuer; undefined where authorised. */
function authorisationProblem(candidate: Certificate, options: ResponderOptions): string | undefined {
  const { issuer, at, algorithms } = options;
  if (candidate.thumbprint === issuer.thumbprint) return undefined;
  if (at < candidate.notBefore || at > candidate.notAfter) return 'the responder certificate is not in its validity';
  if (isDirect(candidate, options)) return undefined;
  const problem = delegationProblem(candidate);
  if (problem !== undefined) return problem;
  if (!matchName(candidate.issuer, issuer.subject)) return 'the responder certificate is not from the issuer';
  const issued = verifySignature(candidate.signed, issuer.publicKeyInfo, algorithms);
  return issued.ok ? undefined : `the responder certificate is not from the issuer: ${issued.failure.reason}`;
}

function delegationProblem({ extendedKeyUsage, keyUsage, extensions }: Certificate): string | undefined {
  // anyExtendedKeyUsage is no delegation: "MUST include a value of id-kp-OCSPSigning".
  if (!extendedKeyUsage?.includes(ocspSigning)) return 'the responder certificate is not for OCSP signing';
  if (keyUsage !== undefined && !keyUsage.has('digitalSignature')) {
    return 'the responder certificate is not for signatures';
  }
  const unknown = unknownCritical(extensions, processedExtensions);
  return unknown && `the responder certificate has the critical extension ${unknown}`;
}

/** RFC 6960 §4.2.2.2.1: nocheck, or a life short enough, or its status looked up. */
const needsCheck = (candidate: Certificate, options: ResponderOptions): boolean =>
  !isDirect(candidate, options) &&
  candidate.thumbprint !== options.cleared &&
  !candidate.extensions.has(noCheck) &&
  candidate.notAfter.getTime() - candidate.notBefore.getTime() > uncheckedLifetime;

/** Whether the signer is a delegate that says where its own status is to be had, and does not waive the check. */
export const isCheckable = (signer: Certificate, options: ResponderOptions): boolean =>
  !isDirect(signer, options) &&
  signer.thumbprint !== options.cleared &&
  !signer.extensions.has(noCheck) &&
  signer.cRLDistributionPoints !== undefined;
