/** Brings the tenants that the flags name into the registry: tenant rows, truststore entries, clients. */
import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../administration/change.ts';
import { addClients } from '../administration/clients.ts';
import type { AuditStore, ClientStore, StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { newTenant, type Tenant } from '../oauth/tenant.ts';
import { thumbprint } from '../pki/certificate/thumbprint.ts';
import { classify, parseBundle } from '../pki/path/truststore.ts';
import { defaultTenant } from '../routes.ts';
import { defaultStatusPolicy, type StatusPolicy } from '../status/policy.ts';
import type { TenantOptions } from './start-options.ts';

export type RegistryStores = {
  readonly tenants: TenantStore;
  readonly truststore: TruststoreStore;
  readonly clients: ClientStore;
  readonly audit: AuditStore;
};

export type Origins = { readonly issuer: string; readonly mtls: string };

/**
 * Registers one tenant. What an operator has set in an earlier run stays, except where a flag says otherwise. Returns what
 * was refused, each in one line; nothing of that stops the rest.
 */
export async function registerTenant(
  options: TenantOptions,
  entries: readonly StoredEntry[],
  origins: Origins,
  stores: RegistryStores,
): Promise<readonly string[]> {
  const { tenant } = options;
  const earlier = await stores.tenants.find(tenant);
  const row = tenantRow(options, origins, earlier);
  if (!isDeepStrictEqual(row, earlier)) await stores.tenants.save(row);
  await addEntries(tenant, entries, options.truststore !== undefined, stores);
  const operator = { actor: 'npm start', at: new Date() };
  const refusals: string[] = [];
  for (const metadata of options.clients) {
    const added = await addClients(tenant, metadata, { replace: true }, operator, stores);
    if (!added.ok) refusals.push(...added.failure.map((problem) => refusalLine(tenant, problem)));
  }
  return refusals;
}

/** A local server looks at a status again after two seconds, so that its user sees what he does. */
const localStatusPolicy: StatusPolicy = { ...defaultStatusPolicy, maxStatusAge: 2 };

/** The ports of the hosts may be others than in the earlier run, and with them the issuer. */
function tenantRow({ tenant, scopes, policy }: TenantOptions, origins: Origins, earlier: Tenant | undefined): Tenant {
  const issuer = tenant === defaultTenant ? origins.issuer : `${origins.issuer}/t/${tenant}`;
  const address = { name: tenant, issuer, mtls_base_uri: origins.mtls };
  const said = scopes.length > 0 ? { scopes_supported: scopes } : {};
  const before = earlier ?? newTenant({ ...address, status_policy: localStatusPolicy });
  const ownResource = before.default_resource !== before.issuer;
  return {
    ...before,
    ...address,
    ...(!ownResource && { default_resource: issuer }),
    ...said,
    status_policy: { ...before.status_policy, ...policy },
  };
}

const refusalLine = (tenant: string, { what, value, problem }: Problem): string =>
  `${what} ${JSON.stringify(value)} of tenant ${tenant} is refused: ${problem}`;

/** A bundle named by a flag stands in place of every CA that was there; clients' own certificates go with their clients. */
async function addEntries(
  tenant: string,
  entries: readonly StoredEntry[],
  replace: boolean,
  { truststore }: RegistryStores,
) {
  const wanted = new Map(entries.map((entry) => [thumbprint(entry.certificate), entry]));
  for (const { certificate, type } of await truststore.entries(tenant)) {
    const id = thumbprint(certificate);
    if (!wanted.delete(id) && replace && type !== 'client') await truststore.remove(tenant, id);
  }
  for (const entry of wanted.values()) await truststore.add(tenant, entry);
}

export type Bundle = { readonly entries: readonly StoredEntry[]; readonly problems: readonly string[] };

/** Self-issued CA certificates are anchors, other CA certificates intermediates; everything else is a problem. */
export function entriesOf(bundle: Uint8Array, where: string): Bundle {
  const { certificates, problems } = parseBundle(bundle);
  const found = problems.map((problem) => `${where}: ${problem.problem}`);
  const entries = certificates.flatMap((certificate, index): StoredEntry[] => {
    const type = classify(certificate);
    if (type !== 'client') return [{ type, certificate: certificate.der }];
    found.push(`${where}: certificate ${index + 1} is no CA certificate`);
    return [];
  });
  if (entries.length === 0 && found.length === 0) found.push(`${where}: holds no certificate`);
  return { entries, problems: found };
}
