/** The metadata document (RFC 8414 §2) and its `mtls_endpoint_aliases` (RFC 8705 §5), from the table of routes. */
import type { HttpRequest, HttpResponse } from '../../http.ts';
import type { Call } from '../call.ts';
import { offeredAlgorithms, offeredMethods } from '../client-authentication/mechanisms.ts';
import { endpointUrls } from '../endpoint-urls.ts';
import { refuseParameters } from '../form.ts';
import { grantTypes } from '../grants/grant-types.ts';
import type { SigningAlgorithm } from '../jws.ts';
import type { Server } from '../ports.ts';
import { noStore, publicDocument } from '../response.ts';
import { offersSignedAnswers } from '../signed-introspection.ts';
import { activeKey, type SigningKey, wantedSlots } from '../signing-key.ts';
import type { Tenant } from '../tenant.ts';

/** RFC 8414 §3.2; the same document at `openid-configuration`, where OpenID libraries look for it. */
export async function metadata({ snapshot, request, at }: Call, { keys }: Pick<Server, 'keys'>): Promise<HttpResponse> {
  const { tenant } = snapshot;
  if (!offersSignedAnswers(tenant, keys)) return document(metadataOf(tenant, []), request);
  // While another algorithm is being introduced, the key of the one before signs still.
  const published = (await keys.published(snapshot, at)).filter(({ purpose }) => purpose === 'introspection');
  const algorithms = new Set([tenant.access_token_signing_alg, ...published.map(({ alg }) => alg)]);
  return document(metadataOf(tenant, [...algorithms]), request);
}

/** RFC 7517 §5: what verifies access tokens (RFC 9068 §4) and introspection answers (RFC 9701 §5). */
export async function jwks({ request, snapshot, at }: Call, { keys }: Pick<Server, 'keys'>): Promise<HttpResponse> {
  const published = await keys.published(snapshot, at);
  const response = document({ keys: published.map(jwk) }, request);
  const offered = keys.available ? wantedSlots(snapshot.tenant) : [];
  const signing = offered.every(({ purpose }) => activeKey(published, purpose, at.getTime() / 1000) !== undefined);
  if (published.length > 0 && signing) return response;
  // A first key signs as soon as it is made: a set that lacks it is nothing to keep.
  return { ...response, headers: { ...response.headers, ...noStore } };
}

/** RFC 7517 §4: the public members, one by one. */
const jwk = ({ public_jwk, kid, alg }: SigningKey) => ({ ...public_jwk, kid, alg, use: 'sig' });

/** RFC 8414 §2. */
export function metadataOf(
  tenant: Tenant,
  introspectionAlgorithms: readonly SigningAlgorithm[],
): Readonly<Record<string, unknown>> {
  return {
    issuer: tenant.issuer,
    ...endpointUrls(tenant, new URL(tenant.issuer).origin),
    response_types_supported: [],
    grant_types_supported: [...grantTypes.keys(), ...tenant.grant_type_aliases],
    ...(tenant.scopes_supported.length > 0 && { scopes_supported: tenant.scopes_supported }),
    ...authenticationMembers,
    // RFC 9701 §7: none where answers are not signed.
    ...(introspectionAlgorithms.length > 0 && {
      introspection_signing_alg_values_supported: introspectionAlgorithms,
    }),
    tls_client_certificate_bound_access_tokens: tenant.certificate_bound_access_tokens !== 'off',
    mtls_endpoint_aliases: aliases(tenant),
  };
}

/** RFC 8414 §2: for each endpoint the methods that work there, and what its assertions may be signed with. */
const authenticationMembers = Object.fromEntries(
  (['token', 'introspection', 'revocation'] as const).flatMap((endpoint) => [
    [`${endpoint}_endpoint_auth_methods_supported`, offeredMethods[endpoint]],
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`, offeredAlgorithms[endpoint]],
  ]),
);

/** RFC 8705 §5: only `*_endpoint` members, and each of them stands at the top level as well. */
function aliases(tenant: Tenant): Record<string, string> {
  const all = Object.entries(endpointUrls(tenant, tenant.mtls_base_uri));
  return Object.fromEntries(all.filter(([member]) => member.endsWith('_endpoint')));
}

/** A browser may read the public host's documents; the mTLS host serves no browser. */
function document(body: unknown, request: HttpRequest): HttpResponse {
  refuseParameters(request);
  const response = publicDocument(body);
  if (request.clientCertificate !== undefined) return response;
  return { ...response, headers: { ...response.headers, 'access-control-allow-origin': '*' } };
}
