/** Signing keys in the registry table, by tenant, purpose, algorithm, number and region; the private part is ciphertext. */
import type { PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { SigningKeyStore } from '../../oauth/ports.ts';
import type { PublicJwk } from '../../oauth/public-jwk.ts';
import type { SigningKey } from '../../oauth/signing-key.ts';
import { conditionHeld, queryPartition } from './answer.ts';
import { attributes, type Item } from './attribute-value.ts';
import type { DynamoClient } from './client.ts';
import { signingKeyKey, signingKeysPartition } from './keys.ts';
import { bytes, count, oneOf, type Parser, parseRow, shape, text } from './row-parser.ts';

export function dynamoSigningKeyStore(client: DynamoClient, registryTable: string): SigningKeyStore {
  const put = (tenant: string, key: SigningKey, condition: PutCondition) => {
    const Item = { ...signingKeyKey(tenant, key), ...attributes(key) };
    return conditionHeld(client.call('PutItem', { TableName: registryTable, Item, ...condition }));
  };
  return {
    async list(tenant, purpose) {
      const items = await queryPartition(client, registryTable, signingKeysPartition(tenant, purpose));
      return items.flatMap((item) => keyIn(tenant, item) ?? []);
    },
    create: (tenant, key) => put(tenant, key, { ConditionExpression: 'attribute_not_exists(pk)' }),
    replace: (tenant, key, { active_at, retire_at, remove_at }) =>
      put(tenant, key, {
        // It fails for a row that was removed as well.
        ConditionExpression: 'active_at = :active AND retire_at = :retire AND remove_at = :remove',
        ExpressionAttributeValues: attributes({ ':active': active_at, ':retire': retire_at, ':remove': remove_at }),
      }),
    async remove(tenant, key) {
      await client.call('DeleteItem', { TableName: registryTable, Key: signingKeyKey(tenant, key) });
    },
  };
}

type PutCondition = Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

/** A row in another key's place is no key. */
function keyIn(tenant: string, item: Item): SigningKey | undefined {
  const key = parseRow(item, signingKey);
  if (key === undefined) return undefined;
  const { pk, sk } = signingKeyKey(tenant, key);
  return pk.S === item['pk']?.S && sk.S === item['sk']?.S ? key : undefined;
}

const ec = shape<Extract<PublicJwk, { kty: 'EC' }>>({ kty: oneOf('EC'), crv: oneOf('P-256'), x: text, y: text });
const rsa = shape<Extract<PublicJwk, { kty: 'RSA' }>>({ kty: oneOf('RSA'), n: text, e: text });
const okp = shape<Extract<PublicJwk, { kty: 'OKP' }>>({ kty: oneOf('OKP'), crv: oneOf('Ed25519'), x: text });
const anyKty = shape<{ readonly kty: PublicJwk['kty'] }>({ kty: oneOf('EC', 'RSA', 'OKP') });
const byKty: Readonly<Record<PublicJwk['kty'], Parser<PublicJwk>>> = { EC: ec, RSA: rsa, OKP: okp };

const signingKey = shape<SigningKey>({
  kid: text,
  purpose: oneOf('access_token', 'introspection'),
  alg: oneOf('ES256', 'PS256', 'EdDSA'),
  number: count,
  region: text,
  published_at: count,
  active_at: count,
  retire_at: count,
  remove_at: count,
  public_jwk: (value) => byKty[anyKty(value).kty](value),
  private_key: bytes,
  wrapped_by: text,
});
