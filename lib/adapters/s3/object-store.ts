/** Objects in S3, as far as a truststore needs them: read one, put one and learn its version. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../publication/ports.ts';

export function s3ObjectStore(client: S3Client): ObjectStore {
  return {
    async read({ bucket, key }, maxBytes, abortSignal) {
      const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal,
      });
      if (Body === undefined || ContentLength === undefined || ContentLength > maxBytes) {
        throw new Error(`s3://${bucket}/${key} has ${ContentLength ?? 'no known'} bytes; at most ${maxBytes} are read`);
      }
      return Body.transformToString('utf-8');
    },
    async put({ bucket, key }, text, abortSignal) {
      const { VersionId } = await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: 'application/x-pem-file' }),
        { abortSignal },
      );
      if (VersionId === undefined || VersionId === 'null') {
        throw new Error(`s3://${bucket}/${key} was written without a version: versioning of the bucket is off`);
      }
      return VersionId;
    },
  };
}
