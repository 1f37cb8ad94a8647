/** Which hosts a tenant lets be asked (docs/policies.md): a certificate names the addresses, an operator the limits. */
import type { StatusOverride, StatusPolicy } from './policy.ts';

/** Why the address may not be asked; undefined where it may. What an override names is the operator's own. */
export function unlistedHost(
  url: string,
  { policy, override }: { readonly policy: StatusPolicy; readonly override: StatusOverride },
): string | undefined {
  const { hosts } = policy;
  if (hosts === undefined || url === override.responderUrl || url === override.crlUrl) return undefined;
  const names = URL.canParse(url) ? namesOf(new URL(url)) : [];
  if (hosts.some((listed) => names.includes(listed.toLowerCase()))) return undefined;
  return `host_not_listed: ${names[1] ?? 'the address'} is not among the hosts that the tenant lists`;
}

const namesOf = ({ hostname, port, protocol }: URL): readonly string[] => [
  hostname,
  `${hostname}:${port === '' ? { 'http:': 80, 'https:': 443 }[protocol] : port}`,
];
