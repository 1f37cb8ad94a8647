/** Where each kind of row lives (docs/storage.md): the stores build keys from it, the constructs IAM conditions. */
import type { Kind } from './routes.ts';

/** `registry` is durable; rows of `grants` expire by their `exp`. */
export type Table = 'registry' | 'grants';

export type KindPlace = {
  readonly table: Table;
  /** How every partition key of the kind begins: `dynamodb:LeadingKeys` grants a function its kinds by it. */
  readonly prefix: string;
};

export const kinds: Readonly<Record<Kind, KindPlace>> = {
  tenants: { table: 'registry', prefix: 'TENANT#' },
  versions: { table: 'registry', prefix: 'VERSION#' },
  truststore: { table: 'registry', prefix: 'TRUSTSTORE#' },
  blocks: { table: 'registry', prefix: 'BLOCK#' },
  clients: { table: 'registry', prefix: 'CLIENT#' },
  keys: { table: 'registry', prefix: 'KEY#' },
  introspectionKeys: { table: 'registry', prefix: 'INTROSPECTIONKEY#' },
  publications: { table: 'registry', prefix: 'PUBLICATION#' },
  publicationRequests: { table: 'registry', prefix: 'PUBLICATIONREQUEST#' },
  changes: { table: 'registry', prefix: 'CHANGE#' },
  tokens: { table: 'grants', prefix: 'TOKEN#' },
  certificates: { table: 'grants', prefix: 'CERTIFICATE#' },
  assertions: { table: 'grants', prefix: 'ASSERTION#' },
  evidence: { table: 'grants', prefix: 'EVIDENCE#' },
  crls: { table: 'grants', prefix: 'CRL#' },
  crlSources: { table: 'grants', prefix: 'CRLSOURCE#' },
  refusals: { table: 'grants', prefix: 'REFUSAL#' },
};
