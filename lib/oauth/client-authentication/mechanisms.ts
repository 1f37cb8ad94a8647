/** By what means a request authenticates its client (RFC 6749 §2.3), and which means each endpoint has. */
import { assertionAlgorithms, introspectionAlgorithms } from '../assertion-algorithms.ts';
import type { Call } from '../call.ts';
import type { AuthenticationMethod } from '../client.ts';
import { invalidClient, invalidRequest } from '../error.ts';
import type { Form } from '../form.ts';
import { assertionType } from './private-key-jwt.ts';

/** The endpoints that clients authenticate at. */
export type AuthenticatedEndpoint = 'token' | 'introspection' | 'revocation';

/** RFC 7662 §2.1: whoever asks about tokens proves who it is. */
const methodsAt: Readonly<Record<AuthenticatedEndpoint, readonly AuthenticationMethod[]>> = {
  token: ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt', 'none'],
  introspection: ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt'],
  revocation: ['tls_client_auth', 'self_signed_tls_client_auth', 'private_key_jwt', 'none'],
};

export const isMethodOf = (endpoint: AuthenticatedEndpoint, method: AuthenticationMethod): boolean =>
  methodsAt[endpoint].includes(method);

/** RFC 8414 §2: the methods that work. No grant is for public clients yet, so `none` gets no token. */
export const offeredMethods: Readonly<Record<AuthenticatedEndpoint, readonly AuthenticationMethod[]>> = {
  ...methodsAt,
  token: methodsAt.token.filter((method) => method !== 'none'),
};

/** RFC 8414 §2: what assertions may be signed with. */
export const offeredAlgorithms: Readonly<Record<AuthenticatedEndpoint, readonly string[]>> = {
  token: assertionAlgorithms,
  introspection: introspectionAlgorithms,
  revocation: assertionAlgorithms,
};

/**
 * RFC 6749 §2.3: «The client MUST NOT use more than one authentication method in each request». A certificate of the
 * connection is no second one beside an assertion: it binds the token (RFC 8705 §4). The assertion, where there is one.
 */
export function presentedAssertion(form: Form, { request }: Call): string | undefined {
  const basic = request.headers.has('authorization');
  const secret = form.get('client_secret') !== undefined;
  const [assertion, type] = [form.get('client_assertion'), form.get('client_assertion_type')];
  const asserted = assertion !== undefined || type !== undefined;
  if (Number(basic) + Number(secret) + Number(asserted) > 1 || (secret && request.clientCertificate !== undefined)) {
    throw invalidRequest('More than one client authentication method is used');
  }
  // RFC 6749 §5.2: whoever tried the Authorization header is told which scheme it may use there: none but this realm's.
  if (basic)
    throw invalidClient('method_mismatch', 'Authorization header', { 'www-authenticate': 'Basic realm="certbound"' });
  if (secret) throw invalidClient('method_mismatch', 'client_secret');
  if (!asserted) return undefined;
  if (assertion === undefined) throw invalidClient('assertion_invalid', 'client_assertion is missing');
  if (type !== assertionType) throw invalidClient('assertion_invalid', 'client_assertion_type is not that of RFC 7523');
  return assertion;
}
