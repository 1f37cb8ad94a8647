/** Publishes a truststore: reads the bundle, checks it as API Gateway would, puts it as a new object version. */
import { maxTruststoreBytes, parseTruststoreBundle } from '../../truststore-bundle.ts';
import type { ObjectAddress, Objects } from './objects.ts';

export type TruststorePublication = {
  /** Where the bundle comes from. */
  readonly source: ObjectAddress;
  /** Where API Gateway reads it. */
  readonly target: ObjectAddress;
  /** Of the bundle, lower-case hex: what was checked at synthesis is what is published. */
  readonly sha256: string;
};

/** Returns the version to which the domain name is to be set. Throws an Error that says what was wrong. */
export async function publishTruststore(
  { source, target, sha256 }: TruststorePublication,
  signal: AbortSignal,
  objects: Objects,
): Promise<string> {
  const bundle = parseTruststoreBundle(await objects.read(source, maxTruststoreBytes, signal));
  if (!bundle.ok) {
    throw new Error(`API Gateway would refuse s3://${source.bucket}/${source.key}: ${bundle.failure.join('; ')}`);
  }
  if (bundle.value.sha256 !== sha256) {
    throw new Error(
      `s3://${source.bucket}/${source.key} is not the bundle that was checked: ` +
        `its SHA-256 is ${bundle.value.sha256}, expected ${sha256}`,
    );
  }
  return objects.put(target, bundle.value.pem, signal);
}

/** Reads the properties of the custom resource. Throws one Error that names every one that is missing. */
export function parsePublication(properties: Readonly<Record<string, unknown>>): TruststorePublication {
  const missing: string[] = [];
  const read = (name: string) => {
    const value = properties[name];
    if (typeof value === 'string' && value !== '') return value;
    missing.push(name);
    return '';
  };
  const publication = {
    source: { bucket: read('SourceBucket'), key: read('SourceKey') },
    target: { bucket: read('TruststoreBucket'), key: read('TruststoreKey') },
    sha256: read('Sha256'),
  };
  if (missing.length > 0) throw new Error(`The custom resource lacks ${missing.join(', ')}`);
  return publication;
}
