/** Introspection answers as JWTs (RFC 9701), signed by keys that sign nothing else. */
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { Call } from './call.ts';
import { OAuthError } from './error.ts';
import { signJws } from './jws.ts';
import type { Server } from './ports.ts';
import { noStore } from './response.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { Tenant } from './tenant.ts';

/** RFC 9701 §4. */
const mediaType = 'application/token-introspection+jwt';

/** Whether the tenant offers signed answers and this deployment has what it takes. */
export const offersSignedAnswers = ({ signed_introspection }: Tenant, { available }: Pick<SigningKeys, 'available'>) =>
  signed_introspection && available;

/** RFC 9701 §4: whether the answer is to be signed. Where it is not offered, `Accept` is passed over (RFC 9110 §12.5.1). */
export function wantsSignedAnswer({ request, snapshot }: Call, { keys }: Pick<Server, 'keys'>): boolean {
  return offersSignedAnswers(snapshot.tenant, keys) && accepts(request);
}

function accepts({ headers }: HttpRequest): boolean {
  const ranges = headers.get('accept')?.split(',') ?? [];
  return ranges.some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === mediaType && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** RFC 9701 §5: the answer in `token_introspection`, for this caller alone; nothing of it at the top level. */
export async function signedAnswer(
  token_introspection: Readonly<Record<string, unknown>>,
  client_id: string,
  { snapshot, at }: Call,
  { keys }: Pick<Server, 'keys'>,
): Promise<HttpResponse> {
  const { key, sign } = await keys.signer('introspection', snapshot, at);
  const header = { typ: 'token-introspection+jwt', alg: key.alg, kid: key.kid };
  const claims = {
    iss: snapshot.tenant.issuer,
    aud: client_id,
    iat: Math.floor(at.getTime() / 1000),
    token_introspection,
  };
  return {
    status: 200,
    headers: { 'content-type': mediaType, ...noStore },
    body: await signJws(header, claims, sign),
  };
}

/** RFC 9701 §5: a caller that is not authenticated gets 400, so that nobody is led back to the unsigned form by a 401. */
export function unauthenticated(error: unknown): never {
  if (!(error instanceof OAuthError) || error.code !== 'invalid_client') throw error;
  throw new OAuthError(error.code, error.message, {
    status: 400,
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.detail !== undefined && { detail: error.detail }),
  });
}
