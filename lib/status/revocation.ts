/** The revocation status of a certification path: asked for, remembered, judged (RFC 5280 §6.1.3 (a)(3), RFC 6960). */

import type { Truststore } from '../pki/path/truststore.ts';
import type { VerifiedPath } from '../pki/path/validation.ts';
import { signerPathsIn } from '../pki/status/signer-paths.ts';
import type { Result } from '../result.ts';
import { fetchBudget } from './budget.ts';
import type { CertificateStatus, StatusVerdict } from './certificate-status.ts';
import { effectivePolicy, policiesOf } from './effective-policy.ts';
import { exemptionOf } from './exemption.ts';
import { judgeStatuses } from './judgement.ts';
import { reusable } from './known.ts';
import { type Level, unaskedStatus } from './level.ts';
import type { StatusPolicy } from './policy.ts';
import type { StatusPorts } from './ports.ts';
import type { StatusFailure } from './reason.ts';

export type { CertificateStatus, StatusVerdict } from './certificate-status.ts';
export { judgeStatus } from './judgement.ts';
export { defaultStatusPolicy, type StatusOverride, type StatusPolicy } from './policy.ts';

export type StatusOptions = {
  readonly policy: StatusPolicy;
  readonly at: Date;
  /** What was found before, by certificate: used again while fresh, and while it holds when nothing newer can be had. */
  readonly known?: readonly CertificateStatus[];
  /** Where signers of CRLs are looked for that are not on the path (RFC 5280 §6.3.3 (f)). */
  readonly truststore?: Truststore;
  /** When the request began by `StatusPorts.now`: all that it asks shares its time. This moment without it. */
  readonly began?: number | undefined;
};

/**
 * The status of each certificate of the path but the anchor, leaf first. Never throws. Asks nobody what `known` or the
 * cache still answer; takes no longer than 4 seconds and 4 addresses a certificate.
 */
export function fetchStatus(
  path: VerifiedPath,
  options: StatusOptions,
  ports: StatusPorts,
): Promise<readonly CertificateStatus[]> {
  const known = new Map((options.known ?? []).map((status) => [status.certificate, status]));
  return Promise.all(
    levels(path, options, ports).map((level) => statusOfLevel(level, known.get(level.certificate.thumbprint))),
  );
}

/** `fetchStatus`, then `judgeStatus`. */
export async function checkStatus(
  path: VerifiedPath,
  options: StatusOptions,
  ports: StatusPorts,
): Promise<Result<StatusVerdict, StatusFailure>> {
  const policies = policiesOf(options.policy, path.certificates);
  const statuses = await fetchStatus(path, options, ports);
  return judgeStatuses(
    statuses.map((status, index) => [status, policies[index] ?? options.policy]),
    options.at,
  );
}

function levels({ certificates }: VerifiedPath, options: StatusOptions, ports: StatusPorts): readonly Level[] {
  const { at, truststore } = options;
  const [endEntity] = certificates;
  return certificates.slice(0, -1).flatMap((certificate, index) => {
    const authorities = certificates.slice(index + 1);
    const [issuer] = authorities;
    if (issuer === undefined) return [];
    const override = options.policy.overrides?.[issuer.thumbprint] ?? {};
    const policy = effectivePolicy(options.policy, authorities);
    const signerPaths = truststore && signerPathsIn(truststore, authorities, { at });
    const budget = fetchBudget(ports.now, options.began);
    return [{ certificate, issuer, authorities, index, endEntity, override, policy, at, budget, ports, signerPaths }];
  });
}

async function statusOfLevel(level: Level, known: CertificateStatus | undefined): Promise<CertificateStatus> {
  // Whatever the policy has become since: revoked is for good.
  if (known?.status === 'revoked') return { ...known, cached: true };
  const exemption = exemptionOf(level);
  if (exemption !== undefined) return unaskedStatus(level, 'not_checked', exemption);
  if (known && reusable(known, level)) return { ...known, cached: true };
  // Most requests ask nobody: OCSP, CRLs and whatever reads them are evaluated when somebody first must be asked.
  const { askSources } = await import('./asking.ts');
  return askSources(level, known);
}
