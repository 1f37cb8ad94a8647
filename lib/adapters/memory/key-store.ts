/** Signing keys in memory, for tests: they behave as the registry table does. */
import type { SigningKeyStore } from '../../oauth/ports.ts';
import type { SigningKey } from '../../oauth/signing-key.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

export function memorySigningKeyStore(): SigningKeyStore {
  const rows = rowsByTenant<SigningKey>();
  const place = ({ purpose, alg, number, region }: SigningKey) => `${purpose}#${alg}#${number}#${region}`;
  return {
    async list(tenant, purpose) {
      return structuredClone([...rows(tenant).values()].filter((key) => key.purpose === purpose));
    },
    async create(tenant, key) {
      if (rows(tenant).has(place(key))) return false;
      rows(tenant).set(place(key), structuredClone(key));
      return true;
    },
    async replace(tenant, key, { active_at, retire_at, remove_at }) {
      const stored = rows(tenant).get(place(key));
      if (stored?.active_at !== active_at || stored.retire_at !== retire_at) return false;
      if (stored.remove_at !== remove_at) return false;
      rows(tenant).set(place(key), structuredClone(key));
      return true;
    },
    async remove(tenant, key) {
      rows(tenant).delete(place(key));
    },
  };
}
