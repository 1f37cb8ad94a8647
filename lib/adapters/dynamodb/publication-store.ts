/** Published truststores in the registry table: for each domain name of a region the current one, and the failure since. */
import type { RefusedCertificate } from '../../publication/assemble.ts';
import type { PublicationStore } from '../../publication/ports.ts';
import type { Publication, PublicationAnswer, PublicationAttempt } from '../../publication/publication.ts';
import { getItem } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { type PublicationRow, publicationKey, publicationRequestKey } from './keys.ts';
import { count, flag, list, oneOf, optional, parseRow, shape, text } from './row-parser.ts';

/** DynamoDB takes items of 400 KB: of more refused certificates than these, the others stand in the log alone. */
const maxRefused = 200;

export function dynamoPublicationStore(client: DynamoClient, registryTable: string, region: string): PublicationStore {
  const put = (Item: Item) => client.call('PutItem', { TableName: registryTable, Item });
  const find = (domain: string, row: PublicationRow) =>
    getItem(client, registryTable, publicationKey(region, domain, row));
  return {
    async current(domain) {
      return parseRow(await find(domain, 'CURRENT'), publicationRow);
    },
    async failure(domain) {
      return parseRow(await find(domain, 'FAILURE'), attemptRow);
    },
    async published(publication) {
      const { domain, refused } = publication;
      const row = { ...publication, refused: refused.slice(0, maxRefused) };
      await put({ ...publicationKey(region, domain, 'CURRENT'), ...attributes(row) });
      // No function may delete rows: an empty one is no failure.
      await put(publicationKey(region, domain, 'FAILURE'));
    },
    async failed(attempt) {
      const row = { ...attempt, refused: attempt.refused.slice(0, maxRefused) };
      await put({ ...publicationKey(region, attempt.domain, 'FAILURE'), ...attributes(row) });
    },
    async request(domain) {
      const { Attributes } = await client.call('UpdateItem', {
        TableName: registryTable,
        Key: publicationRequestKey(region, domain),
        UpdateExpression: 'ADD #request :one',
        ExpressionAttributeNames: { '#request': 'request' },
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues: 'ALL_NEW',
      });
      return parseRow(Attributes, requestRow)?.request ?? 0;
    },
    async requested(domain) {
      const found = await getItem(client, registryTable, publicationRequestKey(region, domain));
      return parseRow(found, requestRow)?.request ?? 0;
    },
    async answer(domain) {
      return parseRow(await find(domain, 'ANSWER'), answerRow);
    },
    async answered(domain, answer) {
      await put({ ...publicationKey(region, domain, 'ANSWER'), ...attributes(answer) });
    },
  };
}

const refusedCertificate = shape<RefusedCertificate>({
  thumbprint: text,
  subject: text,
  from: list(text),
  reason: oneOf(
    'unparsable',
    'expired',
    'weak_key',
    'weak_signature',
    'no_ca',
    'client_is_ca',
    'client_not_self_signed',
    'duplicate_subject',
    'no_issuer',
    'chain_too_long',
  ),
  detail: text,
});

const publicationRow = shape<Publication>({
  domain: text,
  version: text,
  sha256: text,
  published_at: count,
  certificates: count,
  bytes: count,
  expires_at: count,
  thumbprints: list(text),
  refused: list(refusedCertificate),
  warnings: list(text),
});

const requestRow = shape<{ readonly request: number }>({ request: count });

const answerRow = shape<PublicationAnswer>({
  request: count,
  outcome: oneOf('begun', 'published', 'restored', 'unchanged', 'failed', 'fault'),
  at: count,
  reasons: list(text),
});

const attemptRow = shape<PublicationAttempt>({
  domain: text,
  failed_at: count,
  sha256: optional(text),
  version: optional(text),
  reasons: list(text),
  restored: flag,
  refused: list(refusedCertificate),
});
