/** The truststore of a tenant: what its clients' certificates must lead to (RFC 5280 §6.1.1 (d)). */
import type { AuditStore, StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { type Certificate, parseTrustedEncoding } from '../pki/certificate/certificate.ts';
import { printName } from '../pki/certificate/name.ts';
import { type Thumbprint, thumbprint } from '../pki/certificate/thumbprint.ts';
import { classify } from '../pki/path/truststore.ts';
import { fail, ok } from '../result.ts';
import { certificatesIn } from './certificate-file.ts';
import { type Operator, type Problem, type Refusable, recorded, registeredTenant } from './change.ts';
import { findEntry } from './entries.ts';
import { entryCautions, refuseEntry, type StatusHosts, statusHosts } from './entry-rules.ts';

export type TruststorePorts = {
  readonly tenants: Pick<TenantStore, 'find' | 'list'>;
  readonly truststore: TruststoreStore;
  readonly audit: Pick<AuditStore, 'change'>;
};

export type ListedEntry = {
  readonly thumbprint: Thumbprint;
  readonly type: StoredEntry['type'];
  readonly subject: string;
  readonly issuer: string;
  readonly notAfter: Date;
  /** Where the certificate says that its own status is to be had. */
  readonly hosts: StatusHosts;
  /** Whether the entry has settings of its own: «policy show». */
  readonly policy: boolean;
};

export type AddedEntry = ListedEntry & { readonly change: 'added' | 'type changed' | 'already there' };

export type EntriesInput = {
  /** PEM, DER or PKCS#7. */
  readonly file: Uint8Array;
  /** What the file is called where something is wrong with it. */
  readonly name?: string;
  /** In place of what the certificate itself says. */
  readonly type?: StoredEntry['type'];
};

/**
 * Adds every certificate of a file or, where one is refused, none. What an entry was set to stays. Addresses in the
 * certificates are shown and never followed.
 */
export async function addEntries(
  name: string,
  { file, name: fileName = 'truststore', type }: EntriesInput,
  operator: Operator,
  ports: TruststorePorts,
): Promise<Refusable<{ readonly entries: readonly AddedEntry[]; readonly cautions: readonly string[] }>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const found = certificatesIn(fileName, file);
  if (!found.ok) return found;
  const problems = found.value.flatMap((certificate) => refuseEntry(certificate, type, operator.at) ?? []);
  if (found.value.length === 0) problems.push({ ...noCertificate, what: fileName });
  if (problems.length > 0) return fail(problems);
  const before = await ports.truststore.entries(name);
  const added: AddedEntry[] = [];
  for (const certificate of found.value) {
    const existing = before.find((entry) => thumbprint(entry.certificate) === certificate.thumbprint);
    const entry: StoredEntry = { ...existing, type: type ?? classify(certificate), certificate: certificate.der };
    added.push({ ...listed(entry, certificate), change: await addEntry(name, entry, existing, operator, ports) });
  }
  return ok({ entries: added, cautions: await entryCautions(name, found.value, operator.at, ports) });
}

const noCertificate: Omit<Problem, 'what'> = { problem: 'has no certificate', remedy: 'name another file' };

async function addEntry(
  name: string,
  entry: StoredEntry,
  existing: StoredEntry | undefined,
  operator: Operator,
  ports: TruststorePorts,
): Promise<AddedEntry['change']> {
  if (existing?.type === entry.type) return 'already there';
  const detail = existing === undefined ? entry.type : `${existing.type} → ${entry.type}`;
  const change = { action: 'truststore.add', subject: thumbprint(entry.certificate), detail };
  await recorded(name, operator, change, ports, () => ports.truststore.add(name, entry));
  return existing === undefined ? 'added' : 'type changed';
}

export async function listEntries(
  name: string,
  ports: Pick<TruststorePorts, 'tenants' | 'truststore'>,
): Promise<Refusable<readonly ListedEntry[]>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const entries = await ports.truststore.entries(name);
  return ok(
    entries.flatMap((entry) => {
      const parsed = parseTrustedEncoding(entry.certificate);
      return parsed.ok ? [listed(entry, parsed.value)] : [];
    }),
  );
}

function listed(entry: StoredEntry, certificate: Certificate): ListedEntry {
  return {
    thumbprint: certificate.thumbprint,
    type: entry.type,
    subject: printName(certificate.subject),
    issuer: printName(certificate.issuer),
    notAfter: certificate.notAfter,
    hosts: statusHosts(certificate),
    policy: entry.policy !== undefined || entry.status !== undefined,
  };
}

/** Removes an entry with its settings: tokens whose certificates led to it are inactive within `registryMaxAge`. */
export async function removeEntry(
  name: string,
  entryText: string,
  operator: Operator,
  ports: TruststorePorts,
): Promise<Refusable<{ readonly entry: ListedEntry; readonly cautions: readonly string[] }>> {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const found = await findEntry(name, entryText, ports);
  if (!found.ok) return found;
  const { entry, certificate } = found.value;
  const subject = printName(certificate.subject);
  const change = { action: 'truststore.remove', subject: certificate.thumbprint, detail: `${entry.type} ${subject}` };
  await recorded(name, operator, change, ports, () => ports.truststore.remove(name, certificate.thumbprint));
  const left = await ports.truststore.entries(name);
  const trusts = left.some(({ type, policy }) => type === 'anchor' || policy?.partialChain === true);
  const cautions = trusts ? [] : [`tenant ${name} has no trust anchor any more: no certificate is accepted`];
  return ok({ entry: listed(entry, certificate), cautions });
}
