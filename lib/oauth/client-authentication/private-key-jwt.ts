/** Client authentication by a signed assertion (RFC 7523 §2.2, §3, FAPI 2.0 §5.3.2.1, draft-ietf-oauth-rfc7523bis). */
import { compactVerify, decodeJwt, decodeProtectedHeader, type ProtectedHeaderParameters } from 'jose';
import { fail, ok, type Result } from '../../result.ts';
import { type AssertionAlgorithm, assertionAlgorithms, introspectionAlgorithms } from '../assertion-algorithms.ts';
import type { PrivateKeyJwtClient } from '../client.ts';
import { type AssertionKey, parseAssertionJwk } from '../client-jwk.ts';
import { keyFinder } from '../client-keys.ts';
import { endpointUrls } from '../endpoint-urls.ts';
import type { Server, TenantSnapshot } from '../ports.ts';
import type { Tenant } from '../tenant.ts';

/** RFC 7523 §2.2: the one value of `client_assertion_type`. */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Characters. */
const maxAssertionLength = 16_384;
const maxJtiLength = 256;

/** Seconds: what is good for longer could be replayed for longer, and every `jti` is kept until then. */
const longestLife = 3600;

/** Seconds that a client's clock may be ahead (FAPI 2.0 §5.3.2.1 (13)); an assertion that is over is over. */
const clockSkew = 10;

/** RFC 7515 §2, §7.1: base64url without padding, line breaks and white space, which decoders let pass. */
const compactForm = /^[\w-]+\.[\w-]+\.[\w-]+$/;

type Claims = Readonly<Record<string, unknown>>;

/** What an assertion says, not proved yet. */
export type UnverifiedAssertion = {
  readonly compact: string;
  readonly header: ProtectedHeaderParameters;
  readonly claims: Claims;
  /** RFC 7523 §3 (2): the client that it claims to come from. */
  readonly client_id: string;
};

export type AssertionRefusal = { readonly reason: 'assertion_invalid' | 'assertion_replayed'; readonly detail: string };

const refuse = (detail: string) => fail<AssertionRefusal>({ reason: 'assertion_invalid', detail });

/**
 * RFC 7523 §3: the form of an assertion. The failure never holds a part of it. No extension is understood (RFC 7515
 * §4.1.11), least of all `b64`, which JWTs must not use (RFC 7797 §7).
 */
export function readAssertion(compact: string): Result<UnverifiedAssertion, AssertionRefusal> {
  if (compact.length > maxAssertionLength) return refuse(`longer than ${maxAssertionLength} characters`);
  const read = decoded(compact);
  if (read === undefined) return refuse('no signed JWT');
  if (read.header.crit !== undefined) return refuse('crit names what is not understood');
  const { iss, sub } = read.claims;
  if (typeof sub !== 'string' || sub === '') return refuse('sub is missing');
  if (iss !== sub) return refuse('iss and sub differ');
  return ok({ compact, ...read, client_id: sub });
}

function decoded(compact: string): Pick<UnverifiedAssertion, 'header' | 'claims'> | undefined {
  if (!compactForm.test(compact)) return undefined;
  try {
    return { header: decodeProtectedHeader(compact), claims: decodeJwt(compact) };
  } catch {
    return undefined;
  }
}

/**
 * RFC 7523 §3: type, signature, audience, times, and that it was never used before; in that order, so that only the
 * owner of the key can use up a `jti`. Keys come from the client's registration alone: `jwk`, `jku`, `x5c` and `x5u` of
 * the header (RFC 7515 §4.1) are not looked at.
 */
export async function verifyAssertion(
  assertion: UnverifiedAssertion,
  client: PrivateKeyJwtClient,
  endpoint: 'introspection' | 'other',
  { snapshot, at }: { readonly snapshot: TenantSnapshot; readonly at: Date },
  { assertions }: Pick<Server, 'assertions'>,
): Promise<Result<true, AssertionRefusal>> {
  if (!isAssertionType(assertion.header.typ)) return refuse('typ is that of another JWT');
  const allowed = endpoint === 'introspection' ? introspectionAlgorithms : assertionAlgorithms;
  const { token_endpoint_auth_signing_alg: only } = client;
  const algorithms = allowed.filter((each) => only === undefined || each === only);
  const key = await findKey(client.keys, signerAmong(assertion, algorithms, at), snapshot, at);
  if (key === undefined) return refuse('no registered key verifies it with an algorithm that is allowed');
  const { claims, client_id } = assertion;
  const problem = audienceProblem(claims, snapshot.tenant) ?? timeProblem(claims, at.getTime() / 1000);
  if (problem !== undefined) return refuse(problem);
  const { jti, exp } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJtiLength) return refuse('jti is missing or too long');
  const first = await assertions.use(snapshot.tenant.name, client_id, jti, Math.ceil(Number(exp)), at);
  return first ? ok(true) : fail({ reason: 'assertion_replayed', detail: 'the jti was used before' });
}

const findKey = keyFinder('jws', parseAssertionJwk);

/** rfc7523bis §4: `client-authentication+jwt`; `JWT` and none are from before it. Any other type is for another purpose. */
const isAssertionType = (typ: string | undefined): boolean =>
  typ === undefined || ['client-authentication+jwt', 'jwt'].includes(typ.toLowerCase().replace(/^application\//, ''));

/** RFC 7515 §4.1.4: `kid` says which key to try first to none: without a match by name nothing is tried. */
function signerAmong(
  { compact, header }: UnverifiedAssertion,
  allowed: readonly AssertionAlgorithm[],
  at: Date,
): (keys: readonly AssertionKey[]) => Promise<AssertionKey | undefined> {
  const seconds = at.getTime() / 1000;
  const algorithm = allowed.find((each) => each === header.alg);
  return async (keys) => {
    if (algorithm === undefined) return undefined;
    const candidates = keys.filter(
      ({ kid, algorithms, nbf = 0, exp = Number.POSITIVE_INFINITY }) =>
        algorithms.includes(algorithm) &&
        (kid === undefined || header.kid === undefined || kid === header.kid) &&
        seconds >= nbf &&
        seconds < exp,
    );
    for (const candidate of candidates) {
      if (await verifies(compact, candidate, algorithm)) return candidate;
    }
    return undefined;
  };
}

async function verifies(compact: string, { key }: AssertionKey, algorithm: AssertionAlgorithm): Promise<boolean> {
  try {
    await compactVerify(compact, key, { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

/** FAPI 2.0 §5.3.2.1 (8): the issuer alone, so that no other server can use the assertion here (CVE-2025-27370). */
function audienceProblem({ aud }: Claims, tenant: Tenant): string | undefined {
  if (aud === tenant.issuer || (Array.isArray(aud) && aud.length === 1 && aud[0] === tenant.issuer)) return undefined;
  if (!tenant.legacy_audiences) return 'aud is not the issuer';
  const accepted = [tenant.issuer, ...urlsOf(tenant)];
  const given: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return given.some((each) => accepted.some((url) => url === each)) ? undefined : 'aud is nothing of ours';
}

/** RFC 7523 §3 (3): endpoint URLs, at both hosts. */
const urlsOf = (tenant: Tenant): readonly string[] =>
  [new URL(tenant.issuer).origin, tenant.mtls_base_uri].flatMap((origin) =>
    Object.entries(endpointUrls(tenant, origin)).flatMap(([member, url]) =>
      member.endsWith('_endpoint') ? [url] : [],
    ),
  );

/** RFC 7523 §3 (4) to (6). */
function timeProblem({ exp, nbf, iat }: Claims, now: number): string | undefined {
  if (!isTime(exp)) return 'exp is missing';
  if (exp <= now) return 'exp is past';
  if (exp > now + longestLife) return 'exp is more than an hour ahead';
  if (nbf !== undefined && !(isTime(nbf) && nbf <= now + clockSkew)) return 'nbf is ahead';
  if (iat !== undefined && !(isTime(iat) && iat <= now + clockSkew)) return 'iat is ahead';
  return undefined;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
