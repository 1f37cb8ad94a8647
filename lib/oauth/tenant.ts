/** A tenant: an issuer with a truststore, a policy and clients of its own. Nothing of one is visible to another. */
import { defaultStatusPolicy, type StatusPolicy } from '../pki/status/policy.ts';

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
    ...settings,
  };
}
