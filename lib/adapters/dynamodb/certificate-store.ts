/** Certificate rows in the grants table, by tenant and leaf thumbprint (docs/storage.md). */
import type { CertificateRow } from '../../oauth/certificate-row.ts';
import type { CertificateStore } from '../../oauth/ports.ts';
import { type Thumbprint, thumbprint } from '../../pki/certificate/thumbprint.ts';
import type { CertificateStatus } from '../../status/certificate-status.ts';
import { isRevoked, newness } from '../status-newness.ts';
import { conditionHeld, getItem } from './answer.ts';
import { attributes, type Item, type PlainMembers } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { certificateKey } from './keys.ts';
import {
  bytes,
  count,
  date,
  flag,
  list,
  oneOf,
  optional,
  parseRow,
  shape,
  storedThumbprint,
  text,
} from './row-parser.ts';

export function dynamoCertificateStore(client: DynamoClient, grantsTable: string): CertificateStore {
  return {
    async find(tenant, leaf, at) {
      return parseCertificateRow(await getItem(client, grantsTable, certificateKey(tenant, leaf)), leaf, at);
    },
    /** A row that knows something newer stays, and so does «revoked»: losing is no error. */
    async save(tenant, row) {
      const Item = { ...certificateKey(tenant, row.thumbprint), ...certificateAttributes(row) };
      await conditionHeld(client.call('PutItem', { TableName: grantsTable, Item, ...nothingNewer(row.statuses) }));
    },
  };
}

/** Undefined where the row does not parse, is another leaf's, or is past its `exp`. */
export function parseCertificateRow(item: Item | undefined, leaf: Thumbprint, at: Date): CertificateRow | undefined {
  const stored = parseRow(item, storedRow);
  if (stored === undefined || thumbprint(stored.certificate) !== leaf || stored.exp * 1000 <= at.getTime()) {
    return undefined;
  }
  return { thumbprint: leaf, ...stored };
}

/** `fetched` says by thumbprint how new each status is, so that a condition can name it. */
function certificateAttributes({ thumbprint: _inTheKey, statuses, ...row }: CertificateRow): Item {
  const fetched = Object.fromEntries(statuses.map((status) => [status.certificate, newness(status)]));
  return attributes({ ...row, statuses: statuses.map(storable), fetched });
}

function storable({
  thisUpdate,
  nextUpdate,
  fetchedAt,
  revokedAt,
  retryAt,
  ...status
}: CertificateStatus): PlainMembers {
  return {
    ...status,
    thisUpdate: thisUpdate?.toISOString(),
    nextUpdate: nextUpdate?.toISOString(),
    fetchedAt: fetchedAt.toISOString(),
    revokedAt: revokedAt?.toISOString(),
    retryAt: retryAt?.toISOString(),
  };
}

/** The condition that the stored row has nothing newer about these certificates; «revoked» is written over anything. */
function nothingNewer(statuses: readonly CertificateStatus[]) {
  if (statuses.some(isRevoked)) return {};
  if (statuses.length === 0) return { ConditionExpression: 'attribute_not_exists(pk)' };
  const conditions = statuses.map((_, i) => `(attribute_not_exists(fetched.#c${i}) OR fetched.#c${i} <= :t${i})`);
  return {
    ConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(statuses.map(({ certificate }, i) => [`#c${i}`, certificate])),
    ExpressionAttributeValues: attributes(Object.fromEntries(statuses.map((status, i) => [`:t${i}`, newness(status)]))),
  };
}

const certificateStatus = shape<CertificateStatus>({
  certificate: storedThumbprint,
  source: oneOf('ocsp', 'crl', 'none'),
  status: oneOf('good', 'revoked', 'on_hold', 'unknown', 'unavailable', 'untrusted', 'no_source', 'not_checked'),
  thisUpdate: optional(date),
  nextUpdate: optional(date),
  fetchedAt: date,
  cached: flag,
  stale: flag,
  softFailed: flag,
  revokedAt: optional(date),
  revocationReason: optional(text),
  detail: optional(text),
  retryAt: optional(date),
  exemption: optional(oneOf('no_rev_avail', 'short_lived', 'entry', 'policy')),
});

const storedRow = shape<Omit<CertificateRow, 'thumbprint'>>({
  certificate: bytes,
  path: list(storedThumbprint),
  truststore_version: text,
  statuses: list(certificateStatus),
  exp: count,
});
