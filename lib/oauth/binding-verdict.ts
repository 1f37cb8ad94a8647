/** The extension member `binding` of an introspection answer: what was found about the certificate, and how old it is. */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import { fail, ok, type Result } from '../result.ts';
import type { CertificateStatus } from '../status/certificate-status.ts';
import type { AccessTokenRecord } from './access-token.ts';
import { statusesOf } from './certificate-verdict.ts';
import type { IntrospectionRequest } from './introspection-request.ts';
import type { TenantSnapshot } from './ports.ts';
import type { Reason } from './reason.ts';

export type BindingVerdict = {
  /**
   * `match`: the certificate that was presented is the token's. `bound`: none was presented to compare. `unbound`: the
   * token is bound to none. `mismatch`: another certificate was presented. `refused`: see `reason`.
   */
  readonly verdict: 'match' | 'bound' | 'unbound' | 'mismatch' | 'refused';
  readonly reason?: Reason;
  /** Of all certificates of the path the gravest. */
  readonly status?: CertificateStatus['status'];
  /** Epoch seconds: when the oldest of those statuses was had from its source. */
  readonly as_of?: number;
  /** Whether one of them is older than the tenant wants and its source gave nothing newer. */
  readonly stale?: boolean;
};

/**
 * RFC 8705 §3, RFC 6750 §3.1: whether an active token is good for what the caller was asked to do with it. A token that
 * is bound to no certificate is not good for a caller that names one.
 */
export function checkSufficiency(
  token: AccessTokenRecord,
  { presented, scope, resources }: IntrospectionRequest,
): Result<true, Reason> {
  const bound = token.cnf?.['x5t#S256'];
  if (presented !== undefined && bound === undefined) return fail('token_not_bound');
  if (presented !== undefined && presented !== bound) return fail('certificate_mismatch');
  const granted = token.scope?.split(' ') ?? [];
  if (!scope.every((value) => granted.includes(value))) return fail('scope_insufficient');
  if (!resources.every((resource) => token.aud.includes(resource))) return fail('audience_not_allowed');
  return ok(true);
}

/** What is told about a token that the caller may see; `reason` where it is not active. */
export function bindingVerdict(
  { cnf }: AccessTokenRecord,
  reason: Reason | undefined,
  { presented }: IntrospectionRequest,
  snapshot: TenantSnapshot,
): BindingVerdict {
  const bound = cnf?.['x5t#S256'];
  return {
    verdict: word(bound, reason, presented),
    ...(reason !== undefined && { reason }),
    ...(bound !== undefined && statusMembers(bound, snapshot)),
  };
}

function word(
  bound: Thumbprint | undefined,
  reason: Reason | undefined,
  presented: Thumbprint | undefined,
): BindingVerdict['verdict'] {
  if (reason === 'certificate_mismatch' && presented !== bound) return 'mismatch';
  if (reason !== undefined && reason !== 'token_not_bound') return 'refused';
  if (bound === undefined) return 'unbound';
  if (reason !== undefined) return 'refused';
  return presented === undefined ? 'bound' : 'match';
}

/** The gravest first. */
const gravity: readonly CertificateStatus['status'][] = [
  'revoked',
  'on_hold',
  'unknown',
  'untrusted',
  'unavailable',
  'no_source',
  'good',
  'not_checked',
];

/** Nothing where the path failed, or the token before its certificate was looked at. */
function statusMembers(bound: Thumbprint, snapshot: TenantSnapshot): Partial<BindingVerdict> {
  const verdict = snapshot.verdicts.get(bound);
  const statuses = verdict === undefined ? [] : statusesOf(verdict.outcome);
  const status = gravity.find((each) => statuses.some((found) => found.status === each));
  if (status === undefined) return {};
  const fetched = statuses.filter((each) => each.status !== 'not_checked').map(({ fetchedAt }) => fetchedAt.getTime());
  return {
    status,
    ...(fetched.length > 0 && { as_of: Math.floor(Math.min(...fetched) / 1000) }),
    stale: statuses.some(({ stale }) => stale),
  };
}
