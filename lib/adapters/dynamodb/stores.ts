/** All stores on DynamoDB. A function uses those its row in `lib/routes.ts` needs; IAM refuses it the others. */
import type { Stores } from '../stores.ts';
import { dynamoAssertionStore } from './assertion-store.ts';
import { dynamoAuditStore } from './audit-store.ts';
import { dynamoBlockStore } from './block-store.ts';
import { dynamoCertificateStore } from './certificate-store.ts';
import type { DynamoClient } from './client.ts';
import { dynamoClientStore } from './client-store.ts';
import { dynamoCrlSourceStore, dynamoKeptCrlStore } from './crl-stores.ts';
import { dynamoEvidenceStore } from './evidence-store.ts';
import { dynamoHolderStore } from './holder-store.ts';
import { dynamoSigningKeyStore } from './key-store.ts';
import { dynamoLeaseStore } from './lease-store.ts';
import { dynamoPublicationStore } from './publication-store.ts';
import type { TableNames } from './tables.ts';
import { dynamoTenantStore } from './tenant-store.ts';
import { dynamoTokenStore } from './token-store.ts';
import { dynamoTruststoreStore } from './truststore-store.ts';
import { dynamoVersionStore } from './version-store.ts';

/** `region`: whose publications and leases these are. */
export function dynamoStores(client: DynamoClient, tables: TableNames, region = 'local'): Stores {
  const { registryTable, grantsTable } = tables;
  const versions = dynamoVersionStore(client, registryTable);
  return {
    versions,
    tenants: dynamoTenantStore(client, registryTable, versions),
    truststore: dynamoTruststoreStore(client, registryTable, versions),
    blocks: dynamoBlockStore(client, registryTable, versions),
    clients: dynamoClientStore(client, registryTable, versions),
    tokens: dynamoTokenStore(client, grantsTable),
    certificates: dynamoCertificateStore(client, grantsTable),
    holders: dynamoHolderStore(client, tables),
    assertions: dynamoAssertionStore(client, grantsTable),
    evidence: dynamoEvidenceStore(client, grantsTable),
    crls: dynamoKeptCrlStore(client, grantsTable),
    crlSources: dynamoCrlSourceStore(client, grantsTable),
    audit: dynamoAuditStore(client, tables),
    keys: dynamoSigningKeyStore(client, registryTable),
    leases: dynamoLeaseStore(client, registryTable, region),
    publications: dynamoPublicationStore(client, registryTable, region),
  };
}
