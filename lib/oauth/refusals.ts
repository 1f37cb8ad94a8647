/** Refusals that are kept besides the log: who came with a certificate and was refused, and why (docs/storage.md). */
import type { Call } from './call.ts';
import { OAuthError } from './error.ts';
import type { AuditStore, Memory } from './ports.ts';

/** Never rejects and is never asked of a success: what cannot be kept is told in the log line. */
export type KeepRefusal = (error: unknown, call: Pick<Call, 'record' | 'snapshot' | 'at'>) => Promise<void>;

/**
 * At most one row a (tenant, client, reason, minute). A client that is not registered has no name here, so that nobody
 * fills the table by making some up; what was seen is remembered by the name that was given, so that a registered one
 * takes no longer to be refused than another. Requests without a certificate, which anybody can send, are logged only.
 */
export function keepRefusal(audit: Pick<AuditStore, 'refusal'>, seen: Memory<number>): KeepRefusal {
  return async (error, { record, snapshot, at }) => {
    if (!(error instanceof OAuthError) || error.reason === undefined || record.thumbprint === undefined) return;
    const { client_id = '', thumbprint } = record;
    const minute = Math.floor(at.getTime() / 60_000);
    const name = JSON.stringify([snapshot.tenant.name, client_id, error.reason]);
    if (seen.get(name) === minute) return;
    seen.set(name, minute);
    const refusal = {
      at: Math.floor(at.getTime() / 1000),
      client_id: snapshot.clients.get(client_id) === undefined ? '' : client_id,
      reason: error.reason,
      thumbprint,
      ...(error.detail !== undefined && { detail: error.detail.slice(0, maxDetail) }),
    };
    try {
      await audit.refusal(snapshot.tenant.name, refusal);
    } catch {
      record.refusal_not_kept = true;
    }
  };
}

/** Characters: names in a certificate can be long. */
const maxDetail = 1024;
