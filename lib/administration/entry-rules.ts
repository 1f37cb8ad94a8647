/** What a certificate must be to stand in a truststore as this or that, and what an operator should know of it. */
import type { StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { type Certificate, parseTrustedEncoding } from '../pki/certificate/certificate.ts';
import { matchName, printName } from '../pki/certificate/name.ts';
import { isStrongKey } from '../pki/certificate/public-key.ts';
import { buildTruststore, classify } from '../pki/path/truststore.ts';
import { validatePath } from '../pki/path/validation.ts';
import { describe } from '../status/reason.ts';
import { crlAddresses, ocspAddresses } from '../status/sources.ts';
import type { Problem } from './change.ts';

export type StatusHosts = { readonly ocsp: readonly string[]; readonly crl: readonly string[] };

/** `host` or `host:port` of the addresses in a certificate, as the setting `hosts` lists them. */
export function statusHosts(certificate: Certificate): StatusHosts {
  const hosts = (urls: readonly string[]) => [
    ...new Set(urls.filter((url) => URL.canParse(url)).map((url) => new URL(url).host)),
  ];
  return {
    ocsp: hosts(ocspAddresses(certificate)),
    crl: hosts((certificate.cRLDistributionPoints ?? []).flatMap(crlAddresses)),
  };
}

type Rule = (
  certificate: Certificate,
  type: StoredEntry['type'],
  at: Date,
) => Pick<Problem, 'problem' | 'remedy'> | undefined;

/** In the order of the first thing to mend. */
const rules: readonly Rule[] = [
  ({ publicKeyInfo }) =>
    isStrongKey(publicKeyInfo)
      ? undefined
      : { problem: `has a key that is not allowed: ${publicKeyInfo.label}`, remedy: 'its CA must be renewed' },
  ({ notAfter }, _, at) =>
    notAfter >= at
      ? undefined
      : { problem: `expired at ${notAfter.toISOString()}`, remedy: 'take it out of the file, or add its successor' },
  ({ basicConstraints }, type) =>
    type === 'client' || basicConstraints?.cA === true
      ? undefined
      : { problem: 'is no CA certificate', remedy: 'a self-signed client certificate is added with --type client' },
  ({ keyUsage }, type) =>
    type === 'client' || keyUsage?.has('keyCertSign') !== false
      ? undefined
      : { problem: 'has a keyUsage without keyCertSign', remedy: 'it cannot issue certificates; ask its CA' },
  // RFC 8705 §2.2: whoever it issued certificates for would pass the gateway.
  ({ basicConstraints }, type) =>
    type !== 'client' || basicConstraints?.cA !== true
      ? undefined
      : {
          problem: 'is a CA certificate and cannot be a client',
          remedy: 'issue the client a certificate without CA:TRUE',
        },
  ({ selfIssued }, type) =>
    type !== 'client' || selfIssued
      ? undefined
      : { problem: 'is no self-signed certificate', remedy: 'add the certificate of its CA instead' },
];

/** The first rule that the certificate breaks as this type; without a type, as what it says itself to be. */
export function refuseEntry(
  certificate: Certificate,
  wanted: StoredEntry['type'] | undefined,
  at: Date,
): Problem | undefined {
  // What is no CA is a client only when somebody says so.
  const type = wanted ?? (classify(certificate) === 'anchor' ? 'anchor' : 'intermediate');
  for (const rule of rules) {
    const broken = rule(certificate, type, at);
    if (broken !== undefined) return { what: 'certificate', value: printName(certificate.subject), ...broken };
  }
  return undefined;
}

type Ports = {
  readonly tenants: Pick<TenantStore, 'list'>;
  readonly truststore: Pick<TruststoreStore, 'entries'>;
};

/** What will not work as it stands now: incomplete chains, and what API Gateway refuses to import. */
export async function entryCautions(
  name: string,
  added: readonly Certificate[],
  at: Date,
  { tenants, truststore }: Ports,
): Promise<readonly string[]> {
  const own = await truststore.entries(name);
  const all = await Promise.all((await tenants.list()).map((tenant) => truststore.entries(tenant.name)));
  const known = all.flat().flatMap(({ certificate }) => {
    const parsed = parseTrustedEncoding(certificate);
    return parsed.ok ? [parsed.value] : [];
  });
  return added.flatMap((certificate) => [...incomplete(certificate, own, at), ...sameSubject(certificate, known)]);
}

/** RFC 5280 §6.1: an intermediate that leads to no anchor helps nobody. */
function incomplete(certificate: Certificate, entries: readonly StoredEntry[], at: Date): readonly string[] {
  const own = entries.find((entry) => Buffer.compare(entry.certificate, certificate.der) === 0);
  if (own?.type !== 'intermediate' || own.policy?.partialChain === true) return [];
  const trusted = entries.flatMap(({ type, certificate: der, policy }) =>
    type === 'client' ? [] : [{ type, der, ...(policy && { policy }) }],
  );
  const path = validatePath(certificate, { truststore: buildTruststore(trusted, ''), at, purpose: 'any' });
  return path.ok
    ? []
    : [`${printName(certificate.subject)}: no path through it is valid yet. ${describe(path.failure)}`];
}

/** API Gateway refuses a truststore in which two certificates have one subject; its truststore is that of all tenants. */
function sameSubject(certificate: Certificate, known: readonly Certificate[]): readonly string[] {
  const other = known.find(
    ({ subject, thumbprint }) => thumbprint !== certificate.thumbprint && matchName(subject, certificate.subject),
  );
  if (other === undefined) return [];
  const subject = printName(certificate.subject);
  return [`${subject}: entry ${other.thumbprint} has the same subject, which API Gateway refuses in one truststore`];
}
