/** The truststore of the mTLS domain name, as a CloudFormation custom resource that returns its object version. */
import { S3Client } from '@aws-sdk/client-s3';
import { customResource, putAnswer } from '../lib/adapters/cloudformation/custom-resource.ts';
import { s3Objects } from '../lib/adapters/s3/objects.ts';
import { parsePublication, publishTruststore } from '../lib/adapters/s3/truststore-publication.ts';

const objects = s3Objects(new S3Client({ maxAttempts: 3 }));

export const handler = customResource({
  apply: async (properties, signal) => {
    const publication = parsePublication(properties);
    const { bucket, key } = publication.target;
    const VersionId = await publishTruststore(publication, signal, objects);
    return { physicalId: `s3://${bucket}/${key}`, data: { VersionId } };
  },
  answer: putAnswer,
  log: (line) => process.stdout.write(`${line}\n`),
});
