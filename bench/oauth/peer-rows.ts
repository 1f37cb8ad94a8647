/** The rows of node-oidc-provider on DynamoDB: the payload as one text, as its published adapters keep it. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export const peerTable = 'peer';

export const marshall = (payload: Readonly<Record<string, unknown>>): Record<string, AttributeValue> => ({
  payload: { S: JSON.stringify(payload) },
  ...(typeof payload['exp'] === 'number' && { exp: { N: String(payload['exp']) } }),
});

export const unmarshall = (item: Readonly<Record<string, AttributeValue>> | undefined): unknown =>
  item?.['payload']?.S === undefined ? undefined : JSON.parse(item['payload'].S);
