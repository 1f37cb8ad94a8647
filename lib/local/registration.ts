/** Brings the tenants that the flags name into the registry: tenant rows, truststore entries, clients. */
import { parseClientMetadata } from '../oauth/client-metadata.ts';
import type { ClientMetadata, ClientStore, StoredEntry, TenantStore, TruststoreStore } from '../oauth/ports.ts';
import { newTenant } from '../oauth/tenant.ts';
import { thumbprint } from '../pki/certificate/thumbprint.ts';
import { classify, parseBundle } from '../pki/path/truststore.ts';
import { defaultStatusPolicy } from '../pki/status/policy.ts';
import { defaultTenant } from '../routes.ts';
import type { TenantOptions } from './start-options.ts';

export type RegistryStores = {
  readonly tenants: TenantStore;
  readonly truststore: TruststoreStore;
  readonly clients: ClientStore;
};

export type Origins = { readonly issuer: string; readonly mtls: string };

/** Registers one tenant. Returns what was refused, each in one line; nothing of that stops the rest. */
export async function registerTenant(
  options: TenantOptions,
  entries: readonly StoredEntry[],
  origins: Origins,
  stores: RegistryStores,
): Promise<readonly string[]> {
  const { tenant } = options;
  await stores.tenants.save(
    newTenant({
      name: tenant,
      issuer: tenant === defaultTenant ? origins.issuer : `${origins.issuer}/t/${tenant}`,
      mtls_base_uri: origins.mtls,
      scopes_supported: options.scopes,
      status_policy: { ...defaultStatusPolicy, ...options.policy },
    }),
  );
  await addEntries(tenant, entries, options.truststore !== undefined, stores);
  const refusals: string[] = [];
  for (const metadata of options.clients) {
    const refusal = await registerClient(tenant, metadata, options.scopes, stores);
    if (refusal !== undefined) refusals.push(refusal);
  }
  return refusals;
}

/** A bundle named by a flag stands in place of everything that was there. */
async function addEntries(
  tenant: string,
  entries: readonly StoredEntry[],
  replace: boolean,
  { truststore }: RegistryStores,
) {
  const wanted = new Map(entries.map((entry) => [thumbprint(entry.certificate), entry]));
  for (const { certificate } of await truststore.entries(tenant)) {
    const id = thumbprint(certificate);
    if (!wanted.delete(id) && replace) await truststore.remove(tenant, id);
  }
  for (const entry of wanted.values()) await truststore.add(tenant, entry);
}

async function registerClient(
  tenant: string,
  metadata: unknown,
  scopes: readonly string[],
  { clients }: RegistryStores,
) {
  const parsed = parseClientMetadata(metadata);
  if (!parsed.ok) {
    const id = (metadata as { readonly client_id?: unknown } | null)?.client_id;
    return `client ${JSON.stringify(id)} of tenant ${tenant} is refused: ${parsed.failure.member} ${parsed.failure.problem}`;
  }
  const foreign = parsed.value.scope.filter((value) => scopes.length > 0 && !scopes.includes(value));
  if (foreign.length > 0) {
    return `client "${parsed.value.client_id}" of tenant ${tenant} is refused: scope ${foreign.join(' ')} is not offered by the tenant`;
  }
  await clients.save(tenant, metadata as ClientMetadata);
  return undefined;
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
