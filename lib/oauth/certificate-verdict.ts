/** What a tenant thinks of a certificate now: path, then status (RFC 5280 §6.1, RFC 6960), remembered while it holds. */
import { type Certificate, parseCertificatePem } from '../pki/certificate/certificate.ts';
import type { PathFailure } from '../pki/reason.ts';
import type { Result } from '../result.ts';
import type { CertificateStatus } from '../status/certificate-status.ts';
import { type VerifiedClientCertificate, verifyClientCertificate } from '../status/client-certificate.ts';
import { describe, type StatusFailure } from '../status/reason.ts';
import type { RequestRecord, ShownStatus } from './audit.ts';
import type { Call } from './call.ts';
import type { CertificateRow } from './certificate-row.ts';
import type { TenantSnapshot } from './ports.ts';

export type CertificateVerdict = {
  readonly certificate: Certificate;
  readonly outcome: Result<VerifiedClientCertificate, PathFailure | StatusFailure>;
  /** The verdict is asked for again at this time. */
  readonly freshUntil: Date;
  /** The certificate row says the same. */
  readonly recorded: boolean;
};

/** The certificate of the connection; a failure is `certificate_unparsable`. Parsed once per PEM text. */
export function presentedCertificate(pem: string, snapshot: TenantSnapshot): ReturnType<typeof parseCertificatePem> {
  const known = snapshot.parsed.get(pem);
  if (known !== undefined) return { ok: true, value: known };
  const parsed = parseCertificatePem(pem);
  if (parsed.ok) snapshot.parsed.set(pem, parsed.value);
  return parsed;
}

/** The verdict in memory, while it is fresh; of failures only that there is no path, which no time changes. */
export function rememberedVerdict(certificate: Certificate['thumbprint'], snapshot: TenantSnapshot, at: Date) {
  const known = snapshot.verdicts.get(certificate);
  const holds = known?.outcome.ok || (known !== undefined && leadsNowhere(known));
  return known !== undefined && holds && at < known.freshUntil ? known : undefined;
}

/** RFC 4158: no certificate of the truststore issued this one, or whoever issued its issuer is not there. */
export function leadsNowhere({ outcome }: Pick<CertificateVerdict, 'outcome'>): boolean {
  return !outcome.ok && ['chain_untrusted', 'chain_incomplete', 'signature_invalid'].includes(outcome.failure.reason);
}

/** Remembers, under this version of the registry, that a client's registered certificate has no path. */
export function rememberPathless(verdict: CertificateVerdict, { verdicts }: TenantSnapshot): void {
  const { thumbprint, notAfter } = verdict.certificate;
  verdicts.set(thumbprint, { ...verdict, freshUntil: notAfter, recorded: true });
}

/**
 * The verdict on a certificate: from memory while it is fresh, else judged anew with what memory and the row know of
 * its status, which saves the network while those answers are younger than `maxStatusAge`.
 */
export async function certificateVerdict(
  certificate: Certificate,
  row: CertificateRow | undefined,
  { at, began, snapshot }: Pick<Call, 'at' | 'began' | 'snapshot'>,
): Promise<CertificateVerdict> {
  const remembered = rememberedVerdict(certificate.thumbprint, snapshot, at);
  if (remembered !== undefined) return remembered;
  const known = newest(knownStatuses(snapshot.verdicts.get(certificate.thumbprint)), row?.statuses);
  const policy = snapshot.tenant.status_policy;
  const outcome = await verifyClientCertificate(
    certificate,
    { truststore: snapshot.truststore, policy, at, began, known, blocks: snapshot.blocks },
    snapshot.status,
  );
  const verdict: CertificateVerdict = {
    certificate,
    outcome,
    freshUntil: outcome.ok ? earlier(outcome.value.status.freshUntil, outcome.value.path.notAfter) : at,
    recorded: row !== undefined && sameFindings(statusesOf(outcome), row.statuses),
  };
  // A failed path is not remembered: whoever the gateway lets in could fill the memory with them.
  if (statusesOf(outcome).length > 0) snapshot.verdicts.set(certificate.thumbprint, verdict);
  return verdict;
}

/** Writes the steps of the verdict into the record of the request. */
export function recordVerdict(verdict: CertificateVerdict, record: RequestRecord): void {
  const { outcome } = verdict;
  const statuses = statusesOf(outcome);
  record.path = outcome.ok || statuses.length > 0 ? 'ok' : outcome.failure.reason;
  if (statuses.length > 0) record.certificate_status = statuses.map(shownStatus);
  if (!outcome.ok) record.detail = describe(outcome.failure);
}

/** The statuses in a verdict, leaf first; none where the path failed before any was asked for. */
export function statusesOf(outcome: CertificateVerdict['outcome']): readonly CertificateStatus[] {
  if (outcome.ok) return outcome.value.status.statuses;
  return 'statuses' in outcome.failure ? outcome.failure.statuses : [];
}

const shown = new WeakMap<CertificateStatus, ShownStatus>();

/** Made once a finding: it is in the record of every request that it serves. */
function shownStatus(found: CertificateStatus): ShownStatus {
  const known = shown.get(found);
  if (known !== undefined) return known;
  const { source, status, fetchedAt, cached, stale, softFailed } = found;
  const made = { source, status, fetchedAt: fetchedAt.toISOString(), cached, stale, softFailed };
  shown.set(found, made);
  return made;
}

const earlier = (a: Date, b: Date) => (a < b ? a : b);

const knownStatuses = (verdict: CertificateVerdict | undefined) => (verdict ? statusesOf(verdict.outcome) : []);

/** Of the findings in memory and in the row, per certificate the one that was fetched last. */
function newest(...findings: readonly (readonly CertificateStatus[] | undefined)[]): readonly CertificateStatus[] {
  const best = new Map<string, CertificateStatus>();
  for (const status of findings.flatMap((list) => list ?? [])) {
    const other = best.get(status.certificate);
    if (other === undefined || other.fetchedAt < status.fetchedAt) best.set(status.certificate, status);
  }
  return [...best.values()];
}

function sameFindings(a: readonly CertificateStatus[], b: readonly CertificateStatus[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        one.certificate === other.certificate &&
        one.status === other.status &&
        one.fetchedAt.getTime() === other.fetchedAt.getTime()
      );
    })
  );
}
