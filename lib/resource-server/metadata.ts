/** What an API says of itself (RFC 9728): where its tokens come from, and that they are bound to certificates. */
import type { HttpResponse } from '../http.ts';

export type ProtectedResource = {
  /** RFC 9728 §2: what the API is called in `aud`: https, without a fragment. */
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
};

/** RFC 9728 §3: the well-known path stands between the host and the path of the resource. Throws for what is no URL. */
export function metadataUrl(resource: string): string {
  const { origin, pathname, search } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}${search}`;
}

/** RFC 9728 §3.2. Throws where `resource` is not https or has a fragment: nobody may trust such a document. */
export function metadataResponse({
  resource,
  authorization_servers,
  scopes_supported,
}: ProtectedResource): HttpResponse {
  const url = new URL(resource);
  if (url.protocol !== 'https:' || resource.includes('#'))
    throw new Error(`${resource} is no https URL without a fragment`);
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
    body: JSON.stringify({
      resource,
      authorization_servers,
      ...(scopes_supported !== undefined && { scopes_supported }),
      bearer_methods_supported: ['header'],
      tls_client_certificate_bound_access_tokens: true,
    }),
  };
}
