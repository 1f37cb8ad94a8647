/** A registered client (RFC 7591 §2), in the words of its metadata. */
import type { Name } from '../pki/certificate/name.ts';
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { AssertionKey, RegisteredCertificate } from './client-jwk.ts';

/** RFC 8705 §2.1.2: exactly one of the five subject kinds, so that «only one» cannot be broken by a value. */
export type RegisteredSubject =
  | { readonly kind: 'tls_client_auth_subject_dn'; readonly value: string; readonly name: Name }
  | { readonly kind: 'tls_client_auth_san_dns'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_uri'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_ip'; readonly value: string }
  | { readonly kind: 'tls_client_auth_san_email'; readonly value: string };

export type SubjectKind = RegisteredSubject['kind'];

/** RFC 7591 §2: keys by value, or where the client publishes them; never both. */
export type RegisteredKeys<K> =
  | { readonly kind: 'jwks'; readonly keys: readonly K[] }
  | { readonly kind: 'jwks_uri'; readonly uri: string };

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
  /** base64url of the SHA-256 of the SubjectPublicKeyInfo of a CA that must stand on the path. */
  readonly tls_client_auth_ca_spki_s256?: string;
  /** The one certificate that is accepted. */
  readonly tls_client_auth_x5t_s256?: Thumbprint;
};

/** RFC 8705 §2.2: known by exactly the certificates it registered. */
export type SelfSignedClient = AnyClient & {
  readonly token_endpoint_auth_method: 'self_signed_tls_client_auth';
  readonly certificates: RegisteredKeys<RegisteredCertificate>;
};

/** RFC 7523 §2.2: known by assertions that its key signed. */
export type PrivateKeyJwtClient = AnyClient & {
  readonly token_endpoint_auth_method: 'private_key_jwt';
  readonly keys: RegisteredKeys<AssertionKey>;
  /** RFC 7591: the one algorithm of its assertions; any of the server's where it is absent. */
  readonly token_endpoint_auth_signing_alg?: string;
};

/** RFC 6749 §2.1: a public client, which proves nothing. */
export type PublicClient = AnyClient & { readonly token_endpoint_auth_method: 'none' };

export type Client = TlsClientAuthClient | SelfSignedClient | PrivateKeyJwtClient | PublicClient;

export type AuthenticationMethod = Client['token_endpoint_auth_method'];
