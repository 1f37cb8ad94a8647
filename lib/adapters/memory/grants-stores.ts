/** Tokens and certificate rows in memory, for tests: they behave as the grants table does. */
import type { AccessTokenRecord } from '../../oauth/access-token.ts';
import type { CertificateRow } from '../../oauth/certificate-row.ts';
import type { CertificateStore, ClientStore, HolderStore, TokenStore } from '../../oauth/ports.ts';
import { isRevoked, newness } from '../status-newness.ts';
import { rowsByTenant } from './rows-by-tenant.ts';

/** Unbounded: expired tokens stay, as they may for days where TTL deletes them. */
export function memoryTokenStore(): TokenStore {
  const rows = rowsByTenant<AccessTokenRecord>();
  const denials = rowsByTenant<{ readonly revoked_at: number; readonly exp: number }>();
  return {
    async save(tenant, hash, record) {
      rows(tenant).set(hash, frozen(record));
    },
    async find(tenant, hash, at) {
      return live(rows(tenant).get(hash), at);
    },
    async revoke(tenant, hash, client_id, at) {
      const record = live(rows(tenant).get(hash), at);
      if (record === undefined) return 'unknown';
      if (record.client_id !== client_id) return 'foreign';
      const revoked_at = record.revoked_at ?? Math.floor(at.getTime() / 1000);
      rows(tenant).set(hash, frozen({ ...record, revoked_at }));
      return 'revoked';
    },
    async deny(tenant, { jti, exp }, at) {
      const revoked_at = denials(tenant).get(jti)?.revoked_at ?? Math.floor(at.getTime() / 1000);
      denials(tenant).set(jti, { revoked_at, exp });
    },
    async deniedAt(tenant, jti, at) {
      return live(denials(tenant).get(jti), at)?.revoked_at;
    },
  };
}

/** Nobody can change what is stored, neither who saved it nor who found it. */
const frozen = ({ aud, cnf, ...record }: AccessTokenRecord): AccessTokenRecord =>
  Object.freeze({
    ...record,
    aud: Object.freeze([...aud]),
    ...(cnf !== undefined && { cnf: Object.freeze({ ...cnf }) }),
  });

export function memoryCertificateStore(): CertificateStore {
  const rows = rowsByTenant<CertificateRow>();
  return {
    async find(tenant, leaf, at) {
      return structuredClone(live(rows(tenant).get(leaf), at));
    },
    async save(tenant, row) {
      const stored = rows(tenant).get(row.thumbprint);
      if (stored === undefined || nothingNewer(stored, row)) rows(tenant).set(row.thumbprint, structuredClone(row));
    },
  };
}

/** Both rows of a holder, out of the stores that have them. */
export function memoryHolderStore(clients: ClientStore, certificates: CertificateStore): HolderStore {
  return {
    async find(tenant, client_id, thumbprint, at) {
      const client = await clients.find(tenant, client_id);
      const certificate = await certificates.find(tenant, thumbprint, at);
      return { ...(client !== undefined && { client }), ...(certificate !== undefined && { certificate }) };
    },
  };
}

function live<R extends { readonly exp: number }>(row: R | undefined, at: Date): R | undefined {
  return row !== undefined && row.exp * 1000 > at.getTime() ? row : undefined;
}

/** The stored row has nothing newer about these certificates; «revoked» is written over anything. */
function nothingNewer(stored: CertificateRow, { statuses }: CertificateRow): boolean {
  if (statuses.some(isRevoked)) return true;
  const known = new Map(stored.statuses.map((status) => [status.certificate, newness(status)]));
  return statuses.length > 0 && statuses.every((status) => (known.get(status.certificate) ?? 0) <= newness(status));
}
