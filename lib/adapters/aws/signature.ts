/** AWS Signature Version 4 of a POST to the root path, by node:crypto: the key is derived once a day, the rest is three hashes. */
import { createHmac, hash } from 'node:crypto';
import type { AwsCredentials } from '../../aws-environment.ts';

export type SignerOptions = { readonly service: string; readonly region: string; readonly credentials: AwsCredentials };

/** Lower-case names. */
export type Headers = Readonly<Record<string, string>>;

export type Signer = (headers: Headers, body: string, at: Date) => Headers;

/** Returns the headers with `x-amz-date`, `x-amz-security-token` and `authorization`; all but `content-length` are signed. */
export function signer({ service, region, credentials }: SignerOptions): Signer {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  let derived: { readonly day: string; readonly key: Uint8Array } | undefined;

  function signingKey(day: string): Uint8Array {
    if (derived?.day !== day) {
      const parts = [day, region, service, 'aws4_request'];
      derived = { day, key: parts.reduce<Uint8Array>(hmac, Buffer.from(`AWS4${secretAccessKey}`)) };
    }
    return derived.key;
  }

  return (headers, body, at) => {
    const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = time.slice(0, 8);
    const signed: Record<string, string> = {
      ...headers,
      'x-amz-date': time,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    };
    const names = Object.keys(signed).sort();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join('');
    const signedHeaders = names.join(';');
    const canonical = `POST\n/\n\n${lines}\n${signedHeaders}\n${hash('sha256', body)}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', signingKey(day)).update(text).digest('hex');
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    return { ...signed, authorization };
  };
}

const hmac = (key: Uint8Array, text: string): Uint8Array => createHmac('sha256', key).update(text).digest();
