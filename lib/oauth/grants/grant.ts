/** What a grant gives: whom the token speaks of, for what, for whom (RFC 6749 §1.3). */
import type { AuthenticatedClient } from '../client-authentication/client-authentication.ts';
import type { Form } from '../form.ts';
import type { Tenant } from '../tenant.ts';

export type Grant = {
  readonly sub: string;
  readonly scope: readonly string[];
  readonly aud: readonly string[];
};

export type GrantType = (client: AuthenticatedClient, form: Form, tenant: Tenant) => Grant;
