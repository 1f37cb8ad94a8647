/** A tenant: an issuer with a truststore, a policy and clients of its own. Nothing of one is visible to another. */
import { defaultStatusPolicy, type StatusPolicy } from '../status/policy.ts';

export type Tenant = {
  /** `[a-z0-9-]{1,63}`; `default` lives at the root of the deployment. */
  readonly name: string;
  /** RFC 8414 §2: the issuer identifier, the same whichever host served the request. */
  readonly issuer: string;
  /** RFC 8705 §5: the origin of `mtls_endpoint_aliases`, `https://host[:port]`. */
  readonly mtls_base_uri: string;
  readonly scopes_supported: readonly string[];
  /** RFC 8707: the audience of a token that was asked for without `resource`. */
  readonly default_resource: string;
  /** Seconds. */
  readonly access_token_lifetime: number;
  readonly status_policy: StatusPolicy;
  /**
   * RFC 8705 §3.4: tokens are bound whenever the connection has a certificate, or as the client registered
   * (`tls_client_certificate_bound_access_tokens`), or never.
   */
  readonly certificate_bound_access_tokens: 'always' | 'client' | 'off';
  /** RFC 8705 §2.2: whether a registered self-signed certificate must have a path (`require`) or is used without (`use`). */
  readonly self_signed_path: 'use' | 'require';
  /** RFC 7523 §3: endpoint URLs are taken as the audience of assertions besides the issuer. */
  readonly legacy_audiences: boolean;
  /** The reason of a refusal is told in `error_description`: for tests, never for the open. */
  readonly show_reasons: boolean;
  /** Other names of `client_credentials`, such as `urn:hid:oauth:grant-type:client-secret-pki`. */
  readonly grant_type_aliases: readonly string[];
  /** RFC 9068: what JWT access tokens are signed with. */
  readonly access_token_signing_alg: 'ES256' | 'PS256' | 'EdDSA';
  /** RFC 9701: signed introspection answers for whoever asks by `Accept`. */
  readonly signed_introspection: boolean;
  /** Level of assurance by method: `acr` of the token (RFC 9470) and `LEVEL_OF_ASSURANCE` of the token response. */
  readonly assurance: Readonly<Record<string, string>>;
};

/** Seconds an access token lives where neither the tenant nor the client says otherwise. */
export const defaultAccessTokenLifetime = 3600;

/** A tenant row from what an operator must decide; the rest are the documented defaults. */
export function newTenant(settings: Pick<Tenant, 'name' | 'issuer' | 'mtls_base_uri'> & Partial<Tenant>): Tenant {
  return {
    scopes_supported: [],
    default_resource: settings.issuer,
    access_token_lifetime: defaultAccessTokenLifetime,
    status_policy: defaultStatusPolicy,
    certificate_bound_access_tokens: 'always',
    self_signed_path: 'use',
    legacy_audiences: false,
    show_reasons: false,
    grant_type_aliases: [],
    access_token_signing_alg: 'ES256',
    signed_introspection: false,
    assurance: {},
    ...settings,
  };
}
