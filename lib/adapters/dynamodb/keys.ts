/** The keys of every row (docs/storage.md): `KIND#tenant#…`, so that IAM grants kinds by `dynamodb:LeadingKeys`. */
import { createHash } from 'node:crypto';
import { kinds } from '../../kinds.ts';
import type { TokenHash } from '../../oauth/access-token.ts';
import type { RefusalRecord } from '../../oauth/audit.ts';
import type { KeyPlace, KeyPurpose } from '../../oauth/signing-key.ts';
import type { Thumbprint } from '../../pki/certificate/thumbprint.ts';
import type { Block } from '../../status/blocks.ts';
import { blockId } from '../block-id.ts';
import { checkedTenant } from '../checked-tenant.ts';

export type Key = { readonly pk: { readonly S: string }; readonly sk: { readonly S: string } };

const key = (pk: string, sk: string): Key => ({ pk: { S: pk }, sk: { S: sk } });

/** All tenants are one collection, so that listing them is a Query; a function that reads tenants may read each. */
export const tenantsPartition: string = kinds.tenants.prefix;

export const tenantKey = (tenant: string): Key => key(tenantsPartition, checkedTenant(tenant));

export const versionKey = (tenant: string): Key => key(`${kinds.versions.prefix}${checkedTenant(tenant)}`, 'VERSION');

export const truststorePartition = (tenant: string): string => `${kinds.truststore.prefix}${checkedTenant(tenant)}`;

export const truststoreKey = (tenant: string, thumbprint: Thumbprint): Key =>
  key(truststorePartition(tenant), thumbprint);

export const blocksPartition = (tenant: string): string => `${kinds.blocks.prefix}${checkedTenant(tenant)}`;

export const blockKey = (tenant: string, block: Block): Key => key(blocksPartition(tenant), blockId(block));

export const clientsPartition = (tenant: string): string => `${kinds.clients.prefix}${checkedTenant(tenant)}`;

/** A `client_id` is whatever a request says: DynamoDB throws on an empty key and on one of more than 1024 bytes. */
export const clientKey = (tenant: string, client_id: string): Key =>
  key(clientsPartition(tenant), createHash('sha256').update(client_id).digest('base64url'));

export const tokenKey = (tenant: string, hash: TokenHash): Key =>
  key(`${kinds.tokens.prefix}${checkedTenant(tenant)}#${hash}`, 'TOKEN');

export const certificateKey = (tenant: string, thumbprint: Thumbprint): Key =>
  key(`${kinds.certificates.prefix}${checkedTenant(tenant)}#${thumbprint}`, 'CERTIFICATE');

/** A kind for each purpose: the function that signs introspection answers makes no key for access tokens. */
const keyKinds = { access_token: kinds.keys, introspection: kinds.introspectionKeys };

export const signingKeysPartition = (tenant: string, purpose: KeyPurpose): string =>
  `${keyKinds[purpose].prefix}${checkedTenant(tenant)}`;

/** A place, not a name: of two processes that make the next key at once, one finds it taken. */
export const signingKeyKey = (tenant: string, { purpose, alg, number, region }: KeyPlace): Key =>
  key(signingKeysPartition(tenant, purpose), `${alg}#${String(number).padStart(8, '0')}#${region}`);

/** RFC 7009: that a JWT is revoked, by its `jti`. */
export const denialKey = (tenant: string, jti: string): Key =>
  key(
    `${kinds.tokens.prefix}${checkedTenant(tenant)}#${createHash('sha256').update(jti).digest('base64url')}`,
    'DENIED',
  );

/** In the order of time. */
export const changeKey = (tenant: string, at: number, id: string): Key =>
  key(`${kinds.changes.prefix}${checkedTenant(tenant)}`, `${String(at).padStart(12, '0')}#${id}`);

/** One for each (tenant, client, reason, minute). */
export function refusalKey(tenant: string, { client_id, reason, at }: RefusalRecord): Key {
  const minute = Math.floor(at / 60);
  const hashed = createHash('sha256')
    .update(JSON.stringify([client_id, reason, minute]))
    .digest('base64url');
  return key(`${kinds.refusals.prefix}${checkedTenant(tenant)}#${hashed}`, 'REFUSAL');
}

/** `evidence` is a key of lib/status/evidence.ts: at most 64 characters of base64url, dots and words. */
export const evidenceKey = (tenant: string, evidence: string): Key =>
  key(`${kinds.evidence.prefix}${checkedTenant(tenant)}#${evidence}`, 'EVIDENCE');

/** Head and shards of a kept CRL are one partition. */
export const crlPartition = (tenant: string, crl: string): string =>
  `${kinds.crls.prefix}${checkedTenant(tenant)}#${crl}`;

export const crlHeadKey = (tenant: string, crl: string): Key => key(crlPartition(tenant, crl), 'HEAD');

export const crlShardKey = (tenant: string, crl: string, shard: string): Key =>
  key(crlPartition(tenant, crl), `SHARD#${shard}`);

/** A lease of two regions would be none: their copies of a row agree a second later. */
const regionName = /^[a-z0-9-]{1,64}$/;

function checkedRegion(region: string): string {
  if (!regionName.test(region)) throw new Error(`${JSON.stringify(region.slice(0, 80))} is no region`);
  return region;
}

/** No tenant's: no tenant has an empty name. Throws an Error where `region` could be none. */
export const refreshTurnKey = (region: string): Key => key(`${kinds.crls.prefix}#TURN`, checkedRegion(region));

export const crlSourcesPartition = (tenant: string): string => `${kinds.crlSources.prefix}${checkedTenant(tenant)}`;

export const crlSourceKey = (tenant: string, crl: string): Key => key(crlSourcesPartition(tenant), crl);

export type PublicationRow = 'CURRENT' | 'FAILURE' | 'ANSWER';

const hostName = /^(?=.{1,253}$)[a-z0-9.-]+$/;

/** Of one domain name in one region: `CURRENT`, `FAILURE` and `ANSWER`. Throws an Error where it could be none. */
export function publicationKey(region: string, domain: string, row: PublicationRow): Key {
  if (!hostName.test(domain)) throw new Error(`${JSON.stringify(domain.slice(0, 80))} is no domain name`);
  return key(`${kinds.publications.prefix}${checkedRegion(region)}#${domain}`, row);
}

/** A kind of its own: what a run writes down must not start the next one. Throws an Error as `publicationKey` does. */
export function publicationRequestKey(region: string, domain: string): Key {
  if (!hostName.test(domain)) throw new Error(`${JSON.stringify(domain.slice(0, 80))} is no domain name`);
  return key(`${kinds.publicationRequests.prefix}${checkedRegion(region)}#${domain}`, 'REQUEST');
}

/** Leases are of the kind that they are for; no domain name has capitals. Throws an Error where `region` could be none. */
export const leaseKey = (region: string, name: string): Key =>
  key(`${kinds.publications.prefix}${checkedRegion(region)}#LEASE`, name);

/** RFC 7523 §3 (7): both parts are what a client says, so they are hashed, and apart from each other. */
export const assertionKey = (tenant: string, client_id: string, jti: string): Key =>
  key(
    `${kinds.assertions.prefix}${checkedTenant(tenant)}#${createHash('sha256')
      .update(JSON.stringify([client_id, jti]))
      .digest('base64url')}`,
    'ASSERTION',
  );

/** The resource servers that registered something with this digest (lib/oauth/certificate-index.ts). */
export const resourceServersKey = (tenant: string, digest: string): Key =>
  key(`${clientsPartition(tenant)}#${digest}`, 'RESOURCE_SERVERS');
