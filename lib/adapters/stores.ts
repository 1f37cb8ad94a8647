/** The stores of a deployment together: DynamoDB or memory, behind the same ports. */
import type {
  AssertionStore,
  AuditStore,
  BlockStore,
  CertificateStore,
  ClientStore,
  CrlSourceStore,
  EvidenceStore,
  HolderStore,
  KeptCrlStore,
  SigningKeyStore,
  TenantStore,
  TokenStore,
  TruststoreStore,
  VersionStore,
} from '../oauth/ports.ts';
import type { LeaseStore, PublicationStore } from '../publication/ports.ts';

export type Stores = {
  readonly tenants: TenantStore;
  readonly versions: VersionStore;
  readonly truststore: TruststoreStore;
  readonly blocks: BlockStore;
  readonly clients: ClientStore;
  readonly tokens: TokenStore;
  readonly certificates: CertificateStore;
  readonly holders: HolderStore;
  readonly assertions: AssertionStore;
  readonly evidence: EvidenceStore;
  readonly crls: KeptCrlStore;
  readonly crlSources: CrlSourceStore;
  readonly audit: AuditStore;
  readonly keys: SigningKeyStore;
  readonly leases: LeaseStore;
  readonly publications: PublicationStore;
};
