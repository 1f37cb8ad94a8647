/** The keys of every row (docs/storage.md): `KIND#tenant#…`, so that IAM grants kinds by `dynamodb:LeadingKeys`. */
import { createHash } from 'node:crypto';
import { kinds } from '../../kinds.ts';
import type { TokenHash } from '../../oauth/access-token.ts';
import type { KeyPurpose, SigningKey } from '../../oauth/signing-key.ts';
import type { Thumbprint } from '../../pki/certificate/thumbprint.ts';
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
export const signingKeyKey = (
  tenant: string,
  { purpose, alg, number }: Pick<SigningKey, 'purpose' | 'alg' | 'number'>,
): Key => key(signingKeysPartition(tenant, purpose), `${alg}#${String(number).padStart(8, '0')}`);

/** RFC 7009: that a JWT is revoked, by its `jti`. */
export const denialKey = (tenant: string, jti: string): Key =>
  key(
    `${kinds.tokens.prefix}${checkedTenant(tenant)}#${createHash('sha256').update(jti).digest('base64url')}`,
    'DENIED',
  );
