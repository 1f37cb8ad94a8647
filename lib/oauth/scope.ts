/** Scope values (RFC 6749 §3.3). */
import type { Client } from './client.ts';
import { OAuthError } from './error.ts';
import type { Tenant } from './tenant.ts';

const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** RFC 6749 §3.3: the distinct scope values of a `scope` parameter or member; undefined where it is malformed. */
export function parseScope(text: string): readonly string[] | undefined {
  const values = text.split(' ').filter((value) => value !== '');
  return values.length > 0 && values.every((value) => scopeToken.test(value)) ? [...new Set(values)] : undefined;
}

/**
 * RFC 6749 §3.3: what is granted for what was asked. A client asks for what it registered, or, having registered
 * nothing, for what the tenant offers. Asking for nothing grants what the client registered.
 */
export function grantScope(requested: string | undefined, client: Client, tenant: Tenant): readonly string[] {
  if (requested === undefined) return client.scope;
  const allowed = client.scope.length > 0 ? client.scope : tenant.scopes_supported;
  const values = parseScope(requested);
  if (values === undefined || !values.every((value) => allowed.includes(value))) {
    throw new OAuthError('invalid_scope', 'The requested scope is malformed or not allowed for this client');
  }
  return values;
}
