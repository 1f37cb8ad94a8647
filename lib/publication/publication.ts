/** What is written down about truststores that were published, or could not be. */
import type { RefusedCertificate } from './assemble.ts';

export type Publication = {
  /** The custom domain name. */
  readonly domain: string;
  /** The object version that the domain name is to have. */
  readonly version: string;
  /** Of the bundle, lower-case hex. */
  readonly sha256: string;
  /** Epoch seconds. */
  readonly published_at: number;
  readonly certificates: number;
  readonly bytes: number;
  /** Epoch seconds at which the first of its certificates expires: API Gateway does not tell. */
  readonly expires_at: number;
  /** Thumbprints in the bundle: the subject names that are taken. */
  readonly thumbprints: readonly string[];
  /** What was left out, and why. */
  readonly refused: readonly RefusedCertificate[];
  /** Ours and API Gateway's. */
  readonly warnings: readonly string[];
};

/** What became of what an operator asked for. */
export type PublicationAnswer = {
  /** The number of the last request that it answers, and of all before it. */
  readonly request: number;
  /** `begun`: a run is at it; `fault`: a run could not do its work and will be tried again. The others are outcomes of a run. */
  readonly outcome: 'begun' | 'published' | 'restored' | 'unchanged' | 'failed' | 'fault';
  /** Epoch seconds. */
  readonly at: number;
  /** Of `failed` and `fault`. */
  readonly reasons: readonly string[];
};

export type PublicationAttempt = {
  readonly domain: string;
  /** Epoch seconds. */
  readonly failed_at: number;
  /** Absent where nothing could be published at all. */
  readonly sha256?: string;
  /** The object version, so that trying again makes no other one. */
  readonly version?: string;
  readonly reasons: readonly string[];
  /** Whether the domain name has the truststore that it had before. */
  readonly restored: boolean;
  readonly refused: readonly RefusedCertificate[];
};
