/** What the publication of a truststore asks of the outside. Nothing here follows an RFC: it is API Gateway's side of mutual TLS. */
import type { Publication, PublicationAnswer, PublicationAttempt } from './publication.ts';

export type ObjectAddress = { readonly bucket: string; readonly key: string };

export interface ObjectStore {
  /** The object as text. Throws when it cannot be read or is longer than `maxBytes`. */
  read(address: ObjectAddress, maxBytes: number, signal: AbortSignal): Promise<string>;
  /** Writes a new version and returns its id. Throws when the bucket keeps no versions. */
  put(address: ObjectAddress, text: string, signal: AbortSignal): Promise<string>;
}

/** A custom domain name of API Gateway, as far as its truststore goes. */
export type DomainName = {
  /** `AVAILABLE` when nothing is under way and nothing is wrong. */
  readonly status: string;
  readonly statusMessage?: string;
  /** Absent where the domain name has no mutual TLS. */
  readonly truststoreVersion?: string;
  readonly truststoreWarnings: readonly string[];
};

export interface DomainNames {
  /** Undefined where there is no such domain name yet. Throws when it cannot be asked. */
  find(domain: string, signal: AbortSignal): Promise<DomainName | undefined>;
  /** The change is under way when this is true; false: the account has no update left for now. Throws when it is refused. */
  setTruststoreVersion(domain: string, version: string, signal: AbortSignal): Promise<boolean>;
}

export type Lease = {
  /** Epoch seconds of the last update of any domain name under this lease; 0 where there was none. */
  readonly updated_at: number;
};

/** Who may publish: one at a time for the account and region, for which API Gateway counts updates. */
export interface LeaseStore {
  /** One conditional write: undefined while another holder's lease runs. `until`: epoch seconds. */
  take(name: string, holder: string, until: number, at: number): Promise<Lease | undefined>;
  /** Writes down an update, if the lease is still the holder's; whether it was. */
  touch(name: string, holder: string, updated_at: number): Promise<boolean>;
  /** Gives it back; nothing happens where it is another's by now. */
  release(name: string, holder: string): Promise<void>;
}

/** What was published for each domain name, and what could not be. */
export interface PublicationStore {
  /** Strongly consistent. */
  current(domain: string): Promise<Publication | undefined>;
  /** The last attempt that failed since; undefined where the last one succeeded. */
  failure(domain: string): Promise<PublicationAttempt | undefined>;
  /** Makes it the current one, and takes back the failure. */
  published(publication: Publication): Promise<void>;
  failed(attempt: PublicationAttempt): Promise<void>;
  /** Asks for a publication, which starts the publisher; returns the number of the request, one more than that of the last. */
  request(domain: string): Promise<number>;
  /** The number of the last request, 0 where there was none. Strongly consistent. */
  requested(domain: string): Promise<number>;
  /** Strongly consistent. */
  answer(domain: string): Promise<PublicationAnswer | undefined>;
  answered(domain: string, answer: PublicationAnswer): Promise<void>;
}
