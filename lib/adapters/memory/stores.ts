/** All stores in memory, for tests of everything above them. */
import type { Stores } from '../stores.ts';
import { memoryAssertionStore } from './assertion-store.ts';
import { memoryCrlSourceStore, memoryKeptCrlStore } from './crl-stores.ts';
import { memoryEvidenceStore } from './evidence-store.ts';
import { memoryCertificateStore, memoryHolderStore, memoryTokenStore } from './grants-stores.ts';
import { memorySigningKeyStore } from './key-store.ts';
import { memoryLeaseStore } from './lease-store.ts';
import { memoryAuditStore, memoryBlockStore } from './operator-stores.ts';
import { memoryPublicationStore } from './publication-store.ts';
import { memoryClientStore, memoryTenantStore, memoryTruststoreStore, memoryVersionStore } from './registry-stores.ts';

export function memoryStores(): Stores {
  const versions = memoryVersionStore();
  const clients = memoryClientStore(versions);
  const certificates = memoryCertificateStore();
  return {
    versions,
    tenants: memoryTenantStore(versions),
    truststore: memoryTruststoreStore(versions),
    blocks: memoryBlockStore(versions),
    clients,
    tokens: memoryTokenStore(),
    certificates,
    holders: memoryHolderStore(clients, certificates),
    assertions: memoryAssertionStore(),
    evidence: memoryEvidenceStore(),
    crls: memoryKeptCrlStore(),
    crlSources: memoryCrlSourceStore(),
    audit: memoryAuditStore(),
    keys: memorySigningKeyStore(),
    leases: memoryLeaseStore(),
    publications: memoryPublicationStore(),
  };
}
