/** CRLs that an operator uploads for a CA whose list no server can fetch (RFC 5280 §6.3), of any size. */
import type { AuditStore, KeptCrlStore, StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { printName } from '../pki/certificate/name.ts';
import { parsePem } from '../pki/certificate/pem.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import { ok } from '../result.ts';
import { type CrlRefreshFailure, keepCrl } from '../status/crl-refresh.ts';
import type { CrlWriter } from '../status/ports.ts';
import { type Operator, type Refusable, recorded, refuse, registeredTenant } from './change.ts';
import { type FoundEntry, findEntry } from './entries.ts';
import { withMember } from './setting.ts';

export type CrlPorts = {
  readonly tenants: Pick<TenantStore, 'find'>;
  readonly truststore: Pick<TruststoreStore, 'entries' | 'add'>;
  readonly crls: Pick<KeptCrlStore, 'writer'>;
  readonly audit: Pick<AuditStore, 'change'>;
};

export type UploadedCrl = {
  readonly tenant: string;
  readonly entry: Thumbprint;
  readonly subject: string;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date;
  /** How many certificates it revokes. */
  readonly entries: number;
  readonly cautions: readonly string[];
};

/** Keeps a CRL for what the CA of an entry issued, if that CA signed it, it is current and not older than the kept one. */
export async function uploadCrl(
  name: string,
  entryText: string,
  file: Uint8Array,
  operator: Operator,
  ports: CrlPorts,
): Promise<Refusable<UploadedCrl>> {
  const found = await issuingEntry(name, entryText, ports);
  if (!found.ok) return found;
  const der = crlIn(file);
  if (der === undefined) {
    const problem = 'the file holds no CRL, neither DER nor one PEM block "X509 CRL"';
    return refuse({ what: 'CRL', problem, remedy: 'name the file that the CA publishes' });
  }
  const { entry, certificate } = found.value;
  const writer = ports.crls.writer(name);
  const signed = { issuer: certificate, at: operator.at };
  // Judged before it is written down, and written down before it is kept.
  const judged = await keepCrl(der, signed, dryWriter(writer));
  if (!judged.ok) return refused(judged.failure, printName(certificate.subject));
  const { thisUpdate, nextUpdate, entries } = judged.value;
  const detail = `of ${thisUpdate.toISOString()}, ${entries} entries`;
  const change = { action: 'crl.upload', subject: certificate.thumbprint, detail };
  const kept = await recorded(name, operator, change, ports, () => keepCrl(der, signed, writer));
  if (!kept.ok) return refused(kept.failure, printName(certificate.subject));
  // Also when it says so already: the version of the tenant changes, and no memory keeps an older verdict.
  await ports.truststore.add(name, withUploadedCrl(entry, true));
  return ok({
    tenant: name,
    entry: certificate.thumbprint,
    subject: printName(certificate.subject),
    thisUpdate,
    ...(nextUpdate && { nextUpdate }),
    entries,
    cautions: found.value.order === 'ocsp' ? ['order=ocsp: no CRL is asked, this one neither'] : [],
  });
}

/** The CRL is no longer used; the rows that hold it expire. */
export async function removeCrl(
  name: string,
  entryText: string,
  operator: Operator,
  ports: Omit<CrlPorts, 'crls'>,
): Promise<Refusable<{ readonly tenant: string; readonly entry: Thumbprint; readonly subject: string }>> {
  const found = await issuingEntry(name, entryText, ports);
  if (!found.ok) return found;
  const { entry, certificate } = found.value;
  const subject = printName(certificate.subject);
  if (entry.status?.uploadedCrl !== true) {
    const problem = 'no CRL was uploaded for it';
    return refuse({ what: 'entry', value: subject, problem, remedy: `see «policy show --tenant ${name}»` });
  }
  const change = { action: 'crl.remove', subject: certificate.thumbprint };
  await recorded(name, operator, change, ports, () => ports.truststore.add(name, withUploadedCrl(entry, false)));
  return ok({ tenant: name, entry: certificate.thumbprint, subject });
}

async function issuingEntry(name: string, entryText: string, ports: Pick<CrlPorts, 'tenants' | 'truststore'>) {
  const tenant = await registeredTenant(name, ports);
  if (!tenant.ok) return tenant;
  const found = await findEntry(name, entryText, ports);
  if (!found.ok) return found;
  const { entry } = found.value;
  if (entry.type !== 'client') {
    return ok<FoundEntry & { order: string }>({
      ...found.value,
      order: entry.status?.order ?? tenant.value.status_policy.order,
    });
  }
  const problem = 'is a client certificate, which issues nothing';
  return refuse({ what: 'entry', value: entryText, problem, remedy: 'name the entry of the CA' });
}

function withUploadedCrl(entry: StoredEntry, uploaded: boolean): StoredEntry {
  const status = withMember(entry.status ?? {}, 'uploadedCrl', uploaded ? true : undefined);
  return withMember(entry, 'status', Object.keys(status).length === 0 ? undefined : status);
}

/** RFC 7468 §7. */
function crlIn(file: Uint8Array): Uint8Array | undefined {
  // DER begins with a SEQUENCE; no PEM text begins with that byte.
  if (file[0] === 0x30) return file;
  const [block, ...others] = parsePem(Buffer.from(file).toString('utf8'));
  return block?.label === 'X509 CRL' && others.length === 0 ? block.der : undefined;
}

const dryWriter = (writer: CrlWriter): CrlWriter => ({
  findHead: (crl) => writer.findHead(crl),
  findShard: (crl, shard) => writer.findShard(crl, shard),
  saveHead: async () => {},
  saveShard: async () => {},
});

const remedies: Readonly<Partial<Record<CrlRefreshFailure['reason'], string>>> = {
  untrusted: 'name the entry of the CA that signed it',
  not_current: 'upload the one that the CA published last',
  older: 'what is kept stays; upload a newer one',
};

function refused({ reason, detail }: CrlRefreshFailure, subject: string) {
  const remedy = remedies[reason] ?? 'ask the CA for a complete list in DER';
  return refuse({ what: 'CRL', problem: `is not kept for ${subject}: ${reason}: ${detail}`, remedy });
}
