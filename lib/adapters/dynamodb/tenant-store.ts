/** Tenants in the registry table. */
import type { TenantStore, VersionStore } from '../../oauth/ports.ts';
import type { Tenant } from '../../oauth/tenant.ts';
import { writeRegistry } from '../registry-writes.ts';
import { getItem, queryPartition } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { tenantKey, tenantsPartition } from './keys.ts';
import { count, flag, list, oneOf, parseRow, record, shape, text } from './row-parser.ts';
import { statusPolicy } from './status-policy-row.ts';

export function dynamoTenantStore(
  client: DynamoClient,
  registryTable: string,
  versions: Pick<VersionStore, 'bump'>,
): TenantStore {
  return {
    async find(name) {
      const tenant = parseRow(await getItem(client, registryTable, tenantKey(name)), tenantRow);
      return tenant?.name === name ? tenant : undefined;
    },
    async save(tenant) {
      const Item = { ...tenantKey(tenant.name), ...attributes(tenant) };
      await writeRegistry(tenant.name, () => client.call('PutItem', { TableName: registryTable, Item }), versions);
    },
    async list() {
      const items = await queryPartition(client, registryTable, tenantsPartition);
      return items.flatMap((item) => parseRow(item, tenantRow) ?? []);
    },
  };
}

const tenantRow = shape<Tenant>({
  name: text,
  issuer: text,
  mtls_base_uri: text,
  scopes_supported: list(text),
  default_resource: text,
  access_token_lifetime: count,
  status_policy: statusPolicy,
  certificate_bound_access_tokens: oneOf('always', 'client', 'off'),
  self_signed_path: oneOf('use', 'require'),
  legacy_audiences: flag,
  show_reasons: flag,
  grant_type_aliases: list(text),
  access_token_signing_alg: oneOf('ES256', 'PS256', 'EdDSA'),
  signed_introspection: flag,
  assurance: record(oneOf('tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt', 'none'), text),
});
