/** `npm run smoke`: whether a deployment does its work, asked from outside with one client's certificate. */
import { createHash, X509Certificate } from 'node:crypto';
import { type Answer, exchange, type Identity, jsonIn } from './mutual-tls-client.ts';

export type SmokeTarget = {
  /** RFC 8414 §2. */
  readonly issuer: string;
  readonly clientId: string;
  readonly identity: Identity;
  /** A certificate that is not this client's: it must get nothing. */
  readonly other?: Identity;
  /** PEM: what the hosts are trusted under; the system's authorities without it. */
  readonly ca?: string;
};

export type SmokeResult = {
  /** What was looked at, with its clause. */
  readonly check: string;
  /** What was wrong: what came, and what should have. */
  readonly problem?: string;
};

type Endpoints = { readonly token: string; readonly introspection: string; readonly revocation: string };
type Form = Readonly<Record<string, string>>;

/** What one check found: undefined where all is well. */
type Finding = string | undefined;

/** Runs the checks in order; what builds on a check that failed is left out. Never rejects. */
export async function smoke(target: SmokeTarget): Promise<readonly SmokeResult[]> {
  const results: SmokeResult[] = [];
  const look = async (check: string, found: () => Promise<Finding>): Promise<boolean> => {
    const problem = await found().catch((error: Error) => error.message);
    results.push(problem === undefined ? { check } : { check, problem });
    return problem === undefined;
  };
  const metadata = { document: undefined as Readonly<Record<string, unknown>> | undefined };
  const described = await look('RFC 8414 §3: the metadata names this issuer', async () => {
    const answer = await get(metadataUrl(target.issuer), target);
    metadata.document = jsonIn(answer);
    return expected(answer, 200) ?? differs('issuer', metadata.document?.['issuer'], target.issuer);
  });
  if (!described || metadata.document === undefined) return results;
  const { document } = metadata;
  const aliases = endpointsOf(document['mtls_endpoint_aliases']);
  await look('RFC 8705 §3.3: the metadata says that tokens are bound', async () =>
    differs('tls_client_certificate_bound_access_tokens', document['tls_client_certificate_bound_access_tokens'], true),
  );
  await look('RFC 7517 §5: the JWKS can be read and holds no private key', () => publicKeys(document, target));
  if (aliases === undefined) {
    results.push({
      check: 'RFC 8705 §5: mtls_endpoint_aliases',
      problem: 'the metadata names no mutual TLS endpoints for token, introspection and revocation',
    });
    return results;
  }
  await look('RFC 8705 §2: without a certificate there is no token', () => noCertificate(aliases.token, target));
  const { other } = target;
  if (other !== undefined) {
    await look("RFC 8705 §2: another certificate is refused as this client's", async () =>
      expected(await post(aliases.token, grant(target), target, other), 401, 'invalid_client'),
    );
  }
  await tokenLife(aliases, target, look);
  return results;
}

/** A token from its issue to its end. */
async function tokenLife(
  { token, introspection, revocation }: Endpoints,
  target: SmokeTarget,
  look: (check: string, found: () => Promise<Finding>) => Promise<boolean>,
): Promise<void> {
  let access_token = '';
  const issued = await look('RFC 6749 §4.4: the client gets a token, which nobody stores', async () => {
    const answer = await post(token, grant(target), target);
    access_token = String(jsonIn(answer)?.['access_token'] ?? '');
    return (
      expected(answer, 200) ??
      (access_token === '' ? 'the answer has no access_token' : undefined) ??
      differs('cache-control', answer.headers['cache-control'], 'no-store')
    );
  });
  if (!issued) return;
  const form = { client_id: target.clientId, token: access_token };
  const introspect = async () => post(introspection, form, target);
  await look('RFC 8705 §3.2: introspection says active, and the thumbprint of this certificate', async () => {
    const answer = await introspect();
    const { active, cnf } = jsonIn(answer) ?? {};
    const bound = (cnf as Form | undefined)?.['x5t#S256'];
    return (
      expected(answer, 200) ??
      differs('active', active, true) ??
      differs('cnf x5t#S256', bound, thumbprintOf(target.identity))
    );
  });
  await look('RFC 7009 §2: the token can be revoked, and is inactive then', async () => {
    const refused = expected(await post(revocation, form, target), 200);
    return refused ?? differs('active', jsonIn(await introspect())?.['active'], false);
  });
}

/** RFC 8414 §3.1: the well-known part comes before the issuer's path. */
function metadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
}

async function publicKeys(metadata: Readonly<Record<string, unknown>>, target: SmokeTarget): Promise<Finding> {
  const answer = await get(String(metadata['jwks_uri']), target);
  const keys = jsonIn(answer)?.['keys'];
  if (answer.status !== 200 || !Array.isArray(keys)) return expected(answer, 200) ?? 'the answer has no keys';
  const secret = ['d', 'p', 'q', 'k'].find((member) => keys.some((key) => Object.hasOwn(Object(key), member)));
  return secret === undefined ? undefined : `a key has the private member ${secret}`;
}

/** API Gateway ends the handshake or answers 403; a function would answer 401. */
async function noCertificate(url: string, target: SmokeTarget): Promise<Finding> {
  const answer = await exchange({ url, ...caOf(target), form: grant(target) }).catch(() => undefined);
  if (answer === undefined || answer.status === 401 || answer.status === 403) return undefined;
  return `${answer.status} came, expected was an ended handshake, 401 or 403`;
}

const grant = ({ clientId }: SmokeTarget): Form => ({ grant_type: 'client_credentials', client_id: clientId });

const caOf = ({ ca }: SmokeTarget) => (ca === undefined ? {} : { ca });

const get = (url: string, target: SmokeTarget) => exchange({ url, ...caOf(target) });

const post = (url: string, form: Form, target: SmokeTarget, identity = target.identity) =>
  exchange({ url, ...caOf(target), identity, form });

/** The error of an answer is told; its body may be a token and is not. */
function expected(answer: Answer, status: number, error?: string): Finding {
  const { error: came } = jsonIn(answer) ?? {};
  const asExpected = answer.status === status && (error === undefined || came === error);
  if (asExpected) return undefined;
  const told = came === undefined ? '' : ` ${String(came).slice(0, 60)}`;
  return `${answer.status}${told} came, expected was ${status}${error === undefined ? '' : ` ${error}`}`;
}

function differs(name: string, came: unknown, wanted: unknown): Finding {
  return came === wanted ? undefined : `${name} is ${JSON.stringify(came)}, expected was ${JSON.stringify(wanted)}`;
}

function endpointsOf(aliases: unknown): Endpoints | undefined {
  const found = Object(aliases) as Readonly<Record<string, unknown>>;
  const [token, introspection, revocation] = ['token', 'introspection', 'revocation'].map(
    (name) => found[`${name}_endpoint`],
  );
  if (typeof token !== 'string' || typeof introspection !== 'string' || typeof revocation !== 'string')
    return undefined;
  return { token, introspection, revocation };
}

/** RFC 8705 §3.1. */
const thumbprintOf = ({ certificate }: Identity): string =>
  createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url');
