/** A registered client (RFC 7591 §2), in the words of its metadata. */
import type { Name } from '../pki/certificate/name.ts';

/** RFC 8705 §2.1.2: exactly one of the five subject kinds, so that «only one» cannot be broken by a value. */
export type RegisteredSubject =
  | { readonly kind: 'tls_client_auth_subject_dn'; readonly value: string; readonly name: Name }
  | { readonly kind: 'tls_client_auth_san_dns'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_uri'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_ip'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_email'; readonly value: string };

export type SubjectKind = RegisteredSubject['kind'];

type AnyClient = {
  readonly client_id: string;
  readonly client_name?: string;
  /** Epoch seconds. */
  readonly client_id_issued_at?: number;
  readonly grant_types: readonly string[];
  /** RFC 7591 §2: the scope values the client may ask for. */
  readonly scope: readonly string[];
  /** RFC 8707: the resources the client may ask tokens for, besides the tenant's default. */
  readonly resources: readonly string[];
  /** The URIs whose tokens this client, a resource server, may introspect. */
  readonly resource_server_for: readonly string[];
  /** Seconds; the tenant's where it is absent. */
  readonly access_token_lifetime?: number;
  /** RFC 9068: `jwt`, which resource servers check by themselves; `opaque` where it is absent. */
  readonly access_token_format: 'opaque' | 'jwt';
  readonly tls_client_certificate_bound_access_tokens: boolean;
  readonly disabled: boolean;
};

/** RFC 8705 §2.1: known by a certificate under the tenant's trust anchors and one subject name. */
export type TlsClientAuthClient = AnyClient & {
  readonly token_endpoint_auth_method: 'tls_client_auth';
  readonly subject: RegisteredSubject;
};

export type Client = TlsClientAuthClient;
