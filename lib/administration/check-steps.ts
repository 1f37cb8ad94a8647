/** The steps of a check in words: what was found, from where, when, and what a person can do about it. */
import type { Client } from '../oauth/client.ts';
import type { Reason } from '../oauth/reason.ts';
import type { Certificate } from '../pki/certificate/certificate.ts';
import { printGeneralName } from '../pki/certificate/general-name.ts';
import { printName } from '../pki/certificate/name.ts';
import { isStrongKey } from '../pki/certificate/public-key.ts';
import { algorithmLabel } from '../pki/certificate/signature-algorithms.ts';
import { type VerifiedPath, validatePath } from '../pki/path/validation.ts';
import type { CertificateFailure } from '../pki/reason.ts';
import type { Result } from '../result.ts';
import type { CertificateStatus } from '../status/certificate-status.ts';
import { describe } from '../status/reason.ts';
import { crlAddresses, ocspAddresses } from '../status/sources.ts';
import { describeBlock } from './blocks.ts';
import { oneLine } from './change.ts';
import type { Asked, Sent, Stage, TokenAnswer } from './rehearsal.ts';
import { remedies } from './remedies.ts';

export type StepName = 'parse' | 'key' | 'path' | 'blocks' | 'status' | 'client' | 'match' | 'token' | 'introspection';

export type Step = {
  readonly step: StepName;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  /** One line. */
  readonly found: string;
  readonly reason?: Reason;
  readonly remedy?: string;
  /** Of `status`: which certificate it speaks of, and where that was had. */
  readonly certificate?: string;
  readonly status?: CertificateStatus;
  /** Addresses that may be asked about it. */
  readonly addresses?: readonly string[];
  readonly asked?: readonly Asked[];
};

/** What the rehearsal found out. */
export type Findings = {
  readonly stage: Stage;
  readonly answer: TokenAnswer;
  readonly client_id?: string;
  /** The client, where it authenticates by something else than this certificate, which then only binds its tokens. */
  readonly binding?: Pick<Client, 'disabled'> & { readonly method: string };
  readonly helpers: readonly Certificate[];
  /** Where no client was named: whose certificate it is. */
  readonly matching: readonly string[];
};

export const passed = (step: StepName, found: string): Step => ({ step, outcome: 'ok', found: oneLine(found) });

export function failed(step: StepName, reason: Reason, found: string, remedy = remedies[reason]): Step {
  return { step, outcome: 'failed', reason, found: oneLine(found), ...(remedy !== undefined && { remedy }) };
}

export const skipped = (...steps: readonly StepName[]): readonly Step[] =>
  steps.map((step) => ({ step, outcome: 'skipped', found: 'not reached' }));

/** RFC 5280 §4.1. */
export function parseStep(parsed: Result<Certificate, CertificateFailure>): Step {
  if (!parsed.ok) return failed('parse', parsed.failure.reason, describe(parsed.failure));
  const { subject, issuer, serialNumber, notBefore, notAfter, subjectAltName } = parsed.value;
  const names = subjectAltName.length === 0 ? '' : `, names ${subjectAltName.map(printGeneralName).join(', ')}`;
  const validity = `valid from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  return passed(
    'parse',
    `${printName(subject) || '(no subject)'}${names}, serial number ${serialNumber} of ${printName(issuer)}, ${validity}`,
  );
}

/** What the path would refuse first is told here, whatever else is wrong with the path. */
export function keyStep({ publicKeyInfo, signed }: Certificate): Step {
  const found = `key ${publicKeyInfo.label}, signed with ${algorithmLabel(signed.algorithm.oid)}`;
  return isStrongKey(publicKeyInfo) ? passed('key', found) : failed('key', 'weak_key', found);
}

/** RFC 5280 §6.1: the path to an anchor of this tenant, or why there is none and whether the helpers would complete it. */
export function pathStep(certificate: Certificate, { stage, helpers, client_id, binding, answer }: Findings) {
  const { snapshot, at } = stage;
  const path = validatePath(certificate, { truststore: snapshot.truststore, at });
  if (path.ok) {
    const names = path.value.certificates.map(({ subject }) => printName(subject) || '(no subject)').join(' ← ');
    const end = path.value.notAfter.toISOString();
    return {
      step: passed('path', `${names} (anchor ${path.value.anchor.thumbprint}), valid to ${end}`),
      path: path.value,
    };
  }
  if (client_id !== undefined && binding === undefined && answer.reason !== path.failure.reason) {
    // RFC 8705 §2.2: a certificate that is registered whole needs none.
    const found = `there is none, and the method of the client asks for none: ${describe(path.failure)}`;
    return { step: { step: 'path', outcome: 'skipped', found } satisfies Step };
  }
  const helped =
    helpers.length === 0 ? undefined : validatePath(certificate, { truststore: snapshot.truststore, at, helpers });
  const remedy = helped?.ok === true ? `add to the truststore: ${missing(helped.value, helpers)}` : undefined;
  return { step: failed('path', path.failure.reason, describe(path.failure), remedy ?? remedies[path.failure.reason]) };
}

function missing({ certificates }: VerifiedPath, helpers: readonly Certificate[]): string {
  const used = certificates
    .slice(1)
    .filter(({ thumbprint }) => helpers.some((helper) => helper.thumbprint === thumbprint));
  return used.map(({ subject, thumbprint }) => `${printName(subject)} (${thumbprint})`).join(', ');
}

export function blockStep({ certificates }: VerifiedPath, { stage }: Findings): Step {
  const block = stage.snapshot.blocks.find(certificates);
  if (block === undefined) return passed('blocks', 'none of the certificates of the path is blocked');
  return failed('blocks', 'certificate_blocked', `blocked: ${describeBlock(block)}`);
}

/** One step for each certificate of the path but the anchor, the end entity first. */
export function statusSteps(
  certificate: Certificate,
  path: VerifiedPath,
  { stage, answer }: Findings,
): readonly Step[] {
  const outcome = stage.snapshot.verdicts.get(certificate.thumbprint)?.outcome;
  if (outcome === undefined) return skipped('status');
  const failure = outcome.ok || !('statuses' in outcome.failure) ? undefined : outcome.failure;
  const statuses = outcome.ok ? outcome.value.status.statuses : (failure?.statuses ?? []);
  return statuses.map((status, index) => {
    const subject = path.certificates[index];
    const addresses = subject === undefined ? [] : addressesOf(subject, path.certificates[index + 1], stage);
    const details = {
      certificate: subject === undefined ? status.certificate : printName(subject.subject) || status.certificate,
      status,
      addresses,
      asked:
        subject === undefined ? [] : stage.asked.filter((sent) => isAbout(sent, subject, addresses)).map(shownRequest),
    };
    const refused = failure !== undefined && failure.certificate === status.certificate;
    const found = statusText(status);
    return refused
      ? { ...failed('status', failure.reason, `${found}. ${describe(failure)}${retry(answer)}`), ...details }
      : { ...passed('status', found), ...details };
  });
}

/** RFC 6960 §4.1.1: an OCSP request holds the serial number it asks about; a CRL speaks of all. */
function isAbout({ url, body }: Sent, { serial }: Certificate, addresses: readonly string[]): boolean {
  const ours = addresses.some((address) => url.startsWith(address));
  return ours && (body === undefined || Buffer.from(body).includes(Buffer.from(serial)));
}

export const shownRequest = ({ url, method, outcome }: Sent): Asked => ({ url, method, outcome });

const retry = ({ status }: TokenAnswer): string => (status === 503 ? ' The client is told to try again.' : '');

/** The operator's addresses for what this issuer issued take the place of those in the certificate. */
function addressesOf(
  certificate: Certificate,
  issuer: Certificate | undefined,
  { snapshot }: Stage,
): readonly string[] {
  const override = issuer && snapshot.tenant.status_policy.overrides?.[issuer.thumbprint];
  const ocsp = override?.responderUrl ? [override.responderUrl] : ocspAddresses(certificate);
  const crl = override?.crlUrl ? [override.crlUrl] : (certificate.cRLDistributionPoints ?? []).flatMap(crlAddresses);
  return [...new Set([...ocsp, ...crl])];
}

function statusText(status: CertificateStatus): string {
  const { source, thisUpdate, nextUpdate, fetchedAt, cached, stale, softFailed, revokedAt, revocationReason, detail } =
    status;
  const parts = [
    status.status.replaceAll('_', ' '),
    source === 'none' ? '' : `by ${source.toUpperCase()}`,
    status.exemption === undefined ? '' : `because of ${exemptions[status.exemption]}`,
    revokedAt === undefined ? '' : `since ${revokedAt.toISOString()}`,
    revocationReason === undefined ? '' : `for ${revocationReason}`,
    thisUpdate === undefined ? '' : `as of ${thisUpdate.toISOString()}`,
    nextUpdate === undefined ? '' : `until ${nextUpdate.toISOString()}`,
    source === 'none' ? '' : `${cached ? 'remembered from' : 'asked at'} ${fetchedAt.toISOString()}`,
    stale ? 'stale' : '',
    softFailed ? 'tolerated by soft-fail' : '',
    detail === undefined ? '' : `(${detail})`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

const exemptions: Readonly<Record<NonNullable<CertificateStatus['exemption']>, string>> = {
  no_rev_avail: 'its extension noRevAvail (RFC 9608)',
  short_lived: 'its short life (short_lived)',
  entry: 'the entry of its CA (revocation=none)',
  policy: 'the policy (mode or depth)',
};
