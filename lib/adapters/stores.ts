/** The stores of a deployment together: DynamoDB or memory, behind the same ports. */
import type {
  CertificateStore,
  ClientStore,
  HolderStore,
  SigningKeyStore,
  TenantStore,
  TokenStore,
  TruststoreStore,
  VersionStore,
} from '../oauth/ports.ts';

export type Stores = {
  readonly tenants: TenantStore;
  readonly versions: VersionStore;
  readonly truststore: TruststoreStore;
  readonly clients: ClientStore;
  readonly tokens: TokenStore;
  readonly certificates: CertificateStore;
  readonly holders: HolderStore;
  readonly keys: SigningKeyStore;
};
