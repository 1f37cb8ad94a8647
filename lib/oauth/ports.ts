/**
 * How the core reaches the outside. Every port takes the tenant first: a row of one tenant cannot be had by naming
 * another. Stores throw an `Error` when they cannot answer; the edge turns that into `server_error`.
 */
import type { Certificate } from '../pki/certificate/certificate.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { EntryPolicy, Truststore } from '../pki/path/truststore.ts';
import type { Block, Blocks } from '../status/blocks.ts';
import type { StatusOverride } from '../status/policy.ts';
import type { CrlSource, CrlStore, CrlWriter, Evidence, StatusPorts } from '../status/ports.ts';
import type { AccessTokenRecord, TokenHash } from './access-token.ts';
import type { ChangeRecord, RefusalRecord } from './audit.ts';
import type { CertificateRow } from './certificate-row.ts';
import type { CertificateVerdict } from './certificate-verdict.ts';
import type { Client } from './client.ts';
import type { Sign } from './jws.ts';
import type { KeyPlace, KeyPurpose, KeyTimes, SigningKey } from './signing-key.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Tenant } from './tenant.ts';

/** RFC 7662, RFC 7009: access tokens by their hash. */
export interface TokenStore {
  save(tenant: string, hash: TokenHash, record: AccessTokenRecord): Promise<void>;
  /** Strongly consistent; undefined when there is none or `exp` is not after `at`. A revoked one is returned as such. */
  find(tenant: string, hash: TokenHash, at: Date): Promise<AccessTokenRecord | undefined>;
  /** Revokes the token if it is this client's, in one conditional write. */
  revoke(tenant: string, hash: TokenHash, client_id: string, at: Date): Promise<'revoked' | 'unknown' | 'foreign'>;
  /** Revokes a token that is not stored, by its `jti`, until its `exp`; the first time stands. */
  deny(tenant: string, token: Pick<AccessTokenRecord, 'jti' | 'exp'>, at: Date): Promise<void>;
  /** Strongly consistent: epoch seconds of the denial, undefined where there is none. */
  deniedAt(tenant: string, jti: string, at: Date): Promise<number | undefined>;
}

/** Certificate rows (docs/storage.md), kept until their `exp`. */
export interface CertificateStore {
  find(tenant: string, thumbprint: Thumbprint, at: Date): Promise<CertificateRow | undefined>;
  save(tenant: string, row: CertificateRow): Promise<void>;
}

/** What a token's holder is judged by: both rows in one read (one BatchGetItem). */
export interface HolderStore {
  find(
    tenant: string,
    client_id: string,
    thumbprint: Thumbprint,
    at: Date,
  ): Promise<{ readonly client?: Client; readonly certificate?: CertificateRow }>;
}

/** Registered clients. Rows that are no valid metadata are not returned: closed by default. */
export interface ClientStore {
  find(tenant: string, client_id: string): Promise<Client | undefined>;
  /** Takes RFC 7591 metadata as registered; it must have passed `parseClientMetadata`. */
  save(tenant: string, metadata: ClientMetadata): Promise<void>;
  remove(tenant: string, client_id: string): Promise<void>;
  list(tenant: string): Promise<readonly ClientMetadata[]>;
  /**
   * The `client_id`s of resource servers that registered something with one of these digests
   * (`certificate-index.ts`), in one read. An index may lag: the clients themselves decide.
   */
  resourceServers(tenant: string, digests: readonly string[]): Promise<readonly string[]>;
}

/** RFC 7591 §2: metadata as it was registered, wire names. */
export type ClientMetadata = Readonly<Record<string, unknown>> & { readonly client_id: string };

export interface TenantStore {
  find(tenant: string): Promise<Tenant | undefined>;
  save(tenant: Tenant): Promise<void>;
  list(): Promise<readonly Tenant[]>;
}

export type StoredEntry = {
  /** `client`: a registered self-signed certificate; for the gateway's truststore alone, never an issuer. */
  readonly type: 'anchor' | 'intermediate' | 'client';
  readonly certificate: Uint8Array;
  /** What paths through the entry must fulfil. */
  readonly policy?: EntryPolicy;
  /** What holds for the status of the certificates that the entry's key issued, in place of the tenant's policy. */
  readonly status?: StatusOverride;
};

/** A tenant's truststore entries, DER, keyed by thumbprint. */
export interface TruststoreStore {
  entries(tenant: string): Promise<readonly StoredEntry[]>;
  add(tenant: string, entry: StoredEntry): Promise<void>;
  remove(tenant: string, thumbprint: Thumbprint): Promise<void>;
}

/** What the operator blocked in a tenant; at most some thousands. */
export interface BlockStore {
  list(tenant: string): Promise<readonly StoredBlock[]>;
  /** Adding the same again changes its note. */
  add(tenant: string, block: StoredBlock): Promise<void>;
  /** Whether there was one. */
  remove(tenant: string, block: Block): Promise<boolean>;
}

export type StoredBlock = Block & {
  /** Epoch seconds. */
  readonly added_at: number;
  /** Why, in the operator's words; at most 200 characters. */
  readonly note?: string;
};

/** Which CRLs the certificates of a tenant name, for the function that keeps them. */
export interface CrlSourceStore {
  want(tenant: string, source: CrlSource): Promise<void>;
  list(tenant: string, at: Date): Promise<readonly CrlSource[]>;
}

/** Kept CRLs of a tenant. */
export interface KeptCrlStore {
  reader(tenant: string): Omit<CrlStore, 'want'>;
  writer(tenant: string): CrlWriter;
}

/** Evidence of certificate status that the functions of a deployment share; what it says is verified at each use. */
export interface EvidenceStore {
  find(tenant: string, key: string): Promise<Evidence | undefined>;
  save(tenant: string, key: string, evidence: Evidence): Promise<void>;
}

/** RFC 7523 §3 `jti`: each assertion once. */
export interface AssertionStore {
  /** One conditional write: false where this client used this `jti` before. `exp`: epoch seconds, when it may be forgotten. */
  use(tenant: string, client_id: string, jti: string, exp: number, at: Date): Promise<boolean>;
}

/** Changes that operators made, and refusals: what is kept besides the log (docs/storage.md). */
export interface AuditStore {
  change(tenant: string, change: ChangeRecord): Promise<void>;
  /** At most one a (tenant, client, reason, minute); whether this one was it. */
  refusal(tenant: string, refusal: RefusalRecord): Promise<boolean>;
}

/** The signing keys of a tenant by purpose, in every state; some tens at most. */
export interface SigningKeyStore {
  list(tenant: string, purpose: KeyPurpose): Promise<readonly SigningKey[]>;
  /**
   * One conditional write: false where the tenant has a key of this purpose, algorithm and number. The tenant's version
   * does not change by it: the functions that make keys when one is missing may not write versions.
   */
  create(tenant: string, key: SigningKey): Promise<boolean>;
  /**
   * One conditional write of other times for a key that still has the times it `was` read with: false where somebody else
   * changed them, so that a key that was withdrawn does not come back.
   */
  replace(tenant: string, key: SigningKey, was: KeyTimes): Promise<boolean>;
  remove(tenant: string, key: SigningKey): Promise<void>;
}

/**
 * What a private key belongs to: it can be opened with the same context only. It is the place of the key's row, which is
 * known before the pair is; a `kid` is not (RFC 7638).
 */
export type KeyContext = KeyPlace & { readonly tenant: string };

/** Who makes private keys and keeps them secret: they are stored as it returns them. */
export interface KeyCustody {
  /** Says which one it is; stands beside what it keeps. */
  readonly name: string;
  /** Where its keys are made. */
  readonly region: string;
  /** A pair that nobody has seen: the public key as SubjectPublicKeyInfo, the private one as it is to be stored. */
  generate(context: KeyContext): Promise<{ readonly publicKey: Uint8Array; readonly privateKey: Uint8Array }>;
  /** Rejects with an Error for another context, another custody, or a changed key. */
  open(privateKey: Uint8Array, context: KeyContext): Promise<Sign>;
  /** Ends a private key that it keeps itself; absent where nothing is left when the row goes. */
  discard?(privateKey: Uint8Array): Promise<void>;
}

/** One for each purpose: who opens keys for access tokens opens none for introspection answers. */
export type KeyCustodies = Readonly<Record<KeyPurpose, KeyCustody>>;

/** One row per tenant whose value changes with every registry row of the tenant: memory is good while it stands. */
export interface VersionStore {
  current(tenant: string): Promise<string>;
  bump(tenant: string): Promise<void>;
}

/** A bounded memory: what was set longest ago goes first. */
export interface Memory<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

/** A tenant as the registry has it, at most `registryMaxAge` old; dropped as a whole when its version changes. */
export type TenantSnapshot = {
  readonly tenant: Tenant;
  readonly version: string;
  readonly truststore: Truststore;
  readonly blocks: Blocks;
  /** Registered clients seen under this version, by `client_id`. */
  readonly clients: Memory<Client>;
  /** Certificates parsed, by the PEM exactly as delivered. */
  readonly parsed: Memory<Certificate>;
  /** Verdicts under this version, by thumbprint. */
  readonly verdicts: Memory<CertificateVerdict>;
  /** RFC 6960, RFC 5280 §6.3: where certificate status comes from, for this tenant alone. */
  readonly status: StatusPorts;
};

export interface Registry {
  /** Undefined for a tenant that is not registered. */
  snapshot(tenant: string): Promise<TenantSnapshot | undefined>;
}

/** Everything an endpoint may ask of the outside; each takes the part it uses. */
export type Server = {
  readonly registry: Registry;
  readonly tokens: TokenStore;
  readonly clients: Pick<ClientStore, 'find' | 'resourceServers'>;
  readonly holders: HolderStore;
  readonly certificates: CertificateStore;
  readonly assertions: AssertionStore;
  readonly keys: SigningKeys;
  readonly now: () => Date;
  readonly randomBytes: (size: number) => Uint8Array;
};
