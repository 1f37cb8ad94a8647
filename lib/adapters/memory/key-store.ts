/** Signing keys in memory, for tests: they behave as the registry table does. */
import type { SigningKeyStore } from '../../oauth/ports.ts';
import type { SigningKey } from '../../oauth/signing-key.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memorySigningKeyStore(): SigningKeyStore {
  const rows = rowsByTenant<SigningKey>();
  const place = ({ purpose, alg, number }: SigningKey) => `${purpose}#${alg}#${number}`;
  return {
    async list(tenant, purpose) {
      return structuredClone([...rows(tenant).values()].filter((key) => key.purpose === purpose));
    },
    async create(tenant, key) {
      if (rows(tenant).has(place(key))) return false;
      rows(tenant).set(place(key), structuredClone(key));
      return true;
    },
    async replace(tenant, key) {
      if (rows(tenant).has(place(key))) rows(tenant).set(place(key), structuredClone(key));
    },
    async remove(tenant, key) {
      rows(tenant).delete(place(key));
    },
  };
}
