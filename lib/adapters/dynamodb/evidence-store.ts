/** Status evidence of the tenants in the grants table: OCSP responses and silences (docs/storage.md). */
import type { EvidenceStore } from '../../oauth/ports.ts';
import type { Evidence } from '../../status/ports.ts';
import { getItem } from './answer.ts';
import { attributes } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { evidenceKey } from './keys.ts';
import { bytes, date, optional, parseRow, shape, text } from './row-parser.ts';

/** Seconds that evidence is kept: a responder that is silent for longer has no answer that would still hold. */
export const evidenceKept = 8 * 86_400;

export function dynamoEvidenceStore(client: DynamoClient, TableName: string): EvidenceStore {
  return {
    async find(tenant, key) {
      const row = parseRow(await getItem(client, TableName, evidenceKey(tenant, key)), storedEvidence);
      return row === undefined ? undefined : evidenceOf(row);
    },
    async save(tenant, key, evidence) {
      const Item = { ...evidenceKey(tenant, key), ...attributes({ ...rowOf(evidence), exp: endOf(evidence) }) };
      await client.call('PutItem', { TableName, Item });
    },
  };
}

type StoredEvidence = {
  readonly der?: Uint8Array;
  readonly fetchedAt?: Date;
  readonly unavailableUntil?: Date;
  readonly detail?: string;
};

const storedEvidence = shape<StoredEvidence>({
  der: optional(bytes),
  fetchedAt: optional(date),
  unavailableUntil: optional(date),
  detail: optional(text),
});

function evidenceOf({ der, fetchedAt, unavailableUntil, detail }: StoredEvidence): Evidence | undefined {
  if (der !== undefined && fetchedAt !== undefined) return { der, fetchedAt };
  return unavailableUntil !== undefined && detail !== undefined ? { unavailableUntil, detail } : undefined;
}

const rowOf = (evidence: Evidence) =>
  'der' in evidence
    ? { der: evidence.der, fetchedAt: evidence.fetchedAt.toISOString() }
    : { unavailableUntil: evidence.unavailableUntil.toISOString(), detail: evidence.detail };

const endOf = (evidence: Evidence): number =>
  'der' in evidence
    ? Math.floor(evidence.fetchedAt.getTime() / 1000) + evidenceKept
    : Math.ceil(evidence.unavailableUntil.getTime() / 1000);
