/**
 * The publication of a local server: what the registry's stream, S3 and API Gateway do for a deployment, by the same code. The
 * versions of the tenants are looked at instead of a stream, and the local gateway takes the place of a domain name.
 */
import { randomUUID } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Stores } from '../adapters/stores.ts';
import type { DomainNames, LeaseStore, ObjectStore } from '../publication/ports.ts';
import { type PublicationOutcome, type PublicationPorts, publishTruststore } from '../publication/publish.ts';
import { storeAccess } from './local-tables.ts';
import { startObjectStore } from './object-store.ts';
import { repeat } from './schedule.ts';

export type LocalPublisherOptions = {
  /** Where the truststore's versions are kept. */
  readonly path: string;
  readonly stores: Pick<Stores, 'tenants' | 'versions' | 'truststore' | 'publications'>;
  /** Throws, and changes nothing, for a truststore that API Gateway would refuse. */
  readonly setTruststore: (pem: string) => void;
  readonly report: (line: string) => void;
  readonly now?: () => Date;
};

export type LocalPublisher = {
  /** Publishes if a tenant has changed since the last look; never rejects. */
  look(): Promise<void>;
  /** Looks every so many milliseconds, now at first. */
  start(every: number): void;
  /** Resolves after the last look. */
  close(): Promise<void>;
};

/** The name under which the publications of a local server are written down. */
export const localDomain = 'localhost';

const object = { bucket: 'truststores', key: 'truststore.pem' };

/** Bytes that are read of a version: no truststore has more. */
const maxBytes = 1_000_000;

/** Starts the object store. Nothing is published before the first look. */
export async function localPublisher(options: LocalPublisherOptions): Promise<LocalPublisher> {
  const { stores, report } = options;
  const store = await startObjectStore({ path: options.path });
  const closing = new AbortController();
  let s3: { readonly client: S3Client; readonly ports: PublicationPorts } | undefined;
  let seen = '';
  let stop = async () => {};

  async function publish(): Promise<void> {
    const changes = await changesOf(stores);
    if (changes === seen) return;
    s3 ??= await portsOf(options, store.endpoint);
    const target = { domain: localDomain, object };
    const outcome = await publishTruststore(target, { setBy: 'publisher', signal: closing.signal }, s3.ports);
    // Only now: what could not be done is tried again at the next look.
    seen = changes;
    for (const line of linesOf(outcome)) report(line);
  }

  const look = () =>
    publish().catch((error: unknown) => {
      if (!closing.signal.aborted) report(`truststore: not published, ${String(error)}`);
    });
  return {
    look,
    start: (every) => {
      const first = look();
      const end = repeat(look, every);
      stop = async () => {
        await Promise.all([first, end()]);
      };
    },
    close: async () => {
      closing.abort();
      await stop();
      s3?.client.destroy();
      await store.close();
    },
  };
}

/** A text that is another one after every change of any tenant, and when an operator asks for a publication. */
async function changesOf({ tenants, versions, publications }: LocalPublisherOptions['stores']): Promise<string> {
  const names = (await tenants.list()).map(({ name }) => name).sort();
  const current = names.map(async (name) => [name, await versions.current(name)]);
  return JSON.stringify(await Promise.all([publications.requested(localDomain), ...current]));
}

async function portsOf({ stores, setTruststore, now = () => new Date() }: LocalPublisherOptions, endpoint: string) {
  // Loaded when there is something to publish: a server is ready before.
  const [{ S3Client }, { s3ObjectStore }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../adapters/s3/object-store.ts'),
  ]);
  const client = new S3Client({ endpoint, forcePathStyle: true, maxAttempts: 1, ...storeAccess });
  const objects: ObjectStore = s3ObjectStore(client);
  const ports: PublicationPorts = {
    tenants: stores.tenants,
    truststore: stores.truststore,
    publications: stores.publications,
    objects,
    domains: gatewayDomain(endpoint, setTruststore),
    leases: noLease,
    holder: randomUUID(),
    now,
    // Only a run that fails waits, and then for a gateway that does not change by itself.
    wait: async (_, signal) => signal.throwIfAborted(),
  };
  return { client, ports };
}

/** The local gateway as a domain name: it reads the version from the object store, as API Gateway would. */
function gatewayDomain(endpoint: string, setTruststore: (pem: string) => void): DomainNames {
  let truststoreVersion: string | undefined;
  return {
    find: async () => ({
      status: 'AVAILABLE',
      truststoreWarnings: [],
      ...(truststoreVersion !== undefined && { truststoreVersion }),
    }),
    async setTruststoreVersion(_, version, signal) {
      const { bucket, key } = object;
      const url = `${endpoint}/${bucket}/${key}?versionId=${encodeURIComponent(version)}`;
      const response = await fetch(url, { signal });
      const pem = await response.text();
      if (!response.ok || pem.length > maxBytes) throw new Error(`there is no version ${version} of the truststore`);
      setTruststore(pem);
      truststoreVersion = version;
      return true;
    },
  };
}

/** One process publishes, one look after the other, and nothing counts its updates. */
const noLease: LeaseStore = {
  take: async () => ({ updated_at: 0 }),
  touch: async () => true,
  release: async () => {},
};

function linesOf(outcome: PublicationOutcome): readonly string[] {
  const { refused } = outcome.outcome === 'failed' ? outcome.attempt : outcome.publication;
  const left = refused.map(
    ({ subject, from, detail }) => `truststore: ${subject} of ${from.join(', ')} is left out: ${detail}`,
  );
  if (outcome.outcome === 'failed')
    return [...left, `truststore: not published, ${outcome.attempt.reasons.join('; ')}`];
  const { certificates } = outcome.publication;
  return outcome.outcome === 'unchanged' ? left : [...left, `truststore: ${certificates} certificates published`];
}
