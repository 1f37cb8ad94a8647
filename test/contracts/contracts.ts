import type { Stores } from '../../lib/adapters/stores.ts';
import { assertionStoreContract } from './assertion-store.ts';
import { auditStoreContract } from './audit-store.ts';
import { blockStoreContract } from './block-store.ts';
import { certificateStoreContract } from './certificate-store.ts';
import { clientStoreContract } from './client-store.ts';
import { crlStoresContract } from './crl-stores.ts';
import { evidenceStoreContract } from './evidence-store.ts';
import { holderStoreContract } from './holder-store.ts';
import { keyStoreContract } from './key-store.ts';
import { leaseStoreContract } from './lease-store.ts';
import { publicationStoreContract } from './publication-store.ts';
import { tenantStoreContract } from './tenant-store.ts';
import { tokenStoreContract } from './token-store.ts';
import { truststoreStoreContract } from './truststore-store.ts';
import { versionStoreContract } from './version-store.ts';

/** Every contract, on the stores of one engine. */
export function contracts(name: string, stores: () => Stores): void {
  tokenStoreContract(name, () => stores().tokens);
  certificateStoreContract(name, () => stores().certificates);
  holderStoreContract(name, stores);
  clientStoreContract(name, stores);
  tenantStoreContract(name, stores);
  truststoreStoreContract(name, stores);
  blockStoreContract(name, stores);
  assertionStoreContract(name, () => stores().assertions);
  auditStoreContract(name, () => stores().audit);
  evidenceStoreContract(name, () => stores().evidence);
  crlStoresContract(name, stores);
  keyStoreContract(name, () => stores().keys);
  versionStoreContract(name, () => stores().versions);
  leaseStoreContract(name, () => stores().leases);
  publicationStoreContract(name, () => stores().publications);
}
