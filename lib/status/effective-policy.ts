/** What holds for each certificate of a path: what its entries say, nearest first, else the tenant's policy (docs/policies.md). */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { StatusPolicy, StatusSettings } from './policy.ts';

const names = [
  'mode',
  'order',
  'depth',
  'maxStatusAge',
  'nonce',
  'ocspMethod',
  'shortLived',
  'negativeAge',
] as const satisfies readonly (keyof StatusSettings)[];

/** The policy for a certificate with these authorities above it, its issuer first. */
export function effectivePolicy(policy: StatusPolicy, authorities: readonly Certificate[]): StatusPolicy {
  const { overrides } = policy;
  if (overrides === undefined) return policy;
  const said = authorities.flatMap(({ thumbprint }) => overrides[thumbprint] ?? []);
  const settings = names.flatMap((name) => {
    const nearest = said.find((override) => override[name] !== undefined);
    return nearest === undefined ? [] : [[name, nearest[name]] as const];
  });
  return settings.length === 0 ? policy : { ...policy, ...Object.fromEntries(settings) };
}

/** The policies for all certificates of a path but its anchor, leaf first. */
export const policiesOf = (policy: StatusPolicy, path: readonly Certificate[]): readonly StatusPolicy[] =>
  path.slice(0, -1).map((_, index) => effectivePolicy(policy, path.slice(index + 1)));
