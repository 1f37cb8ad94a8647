/** Client authentication (RFC 6749 §2.3, RFC 8705 §2, RFC 7523): one method, the one that the client registered. */
import type { Certificate } from '../../pki/certificate/certificate.ts';
import type { Call } from '../call.ts';
import { digestsOfCertificate } from '../certificate-index.ts';
import { keepVerdict } from '../certificate-row.ts';
import type { Client } from '../client.ts';
import {
  type AcceptedCertificate,
  type CertificateRefusal,
  isUnavailable,
  judgeCertificate,
} from '../client-certificate.ts';
import { maxClientIdLength } from '../client-metadata.ts';
import { invalidClient, type OAuthError, statusUnavailable } from '../error.ts';
import type { Form } from '../form.ts';
import { findClient, findHolder } from '../holder.ts';
import type { Server } from '../ports.ts';
import { connectionCertificate } from './connection-certificate.ts';
import { type AuthenticatedEndpoint, isMethodOf, presentedAssertion } from './mechanisms.ts';
import { readAssertion, verifyAssertion } from './private-key-jwt.ts';

declare const authenticated: unique symbol;

/** A client that proved who it is. Only `authenticateClient` makes one. */
export type AuthenticatedClient = {
  readonly client: Client;
  /** What it was authenticated by; absent where its method needs no certificate. */
  readonly certificate?: AcceptedCertificate;
  readonly [authenticated]: true;
};

type Stores = Pick<Server, 'clients' | 'holders' | 'certificates' | 'assertions'>;

/**
 * The client of a request. Throws `invalid_client`, the same for an unknown client and for every failure,
 * `temporarily_unavailable` where the status cannot be had, or `invalid_request` for two methods at once.
 */
export async function authenticateClient(
  form: Form,
  endpoint: AuthenticatedEndpoint,
  call: Call,
  server: Stores,
): Promise<AuthenticatedClient> {
  const found = await proveClient(form, endpoint, call, server);
  call.record.authentication_method = found.client.token_endpoint_auth_method;
  return found as AuthenticatedClient;
}

type Proved = Omit<AuthenticatedClient, typeof authenticated>;

async function proveClient(form: Form, endpoint: AuthenticatedEndpoint, call: Call, server: Stores): Promise<Proved> {
  const assertion = presentedAssertion(form, call);
  const client_id = form.get('client_id');
  if (client_id !== undefined) call.record.client_id = client_id.slice(0, maxClientIdLength);
  if (assertion !== undefined) return byAssertion(assertion, client_id, endpoint, call, server);
  const byCertificateAlone = client_id === undefined && endpoint === 'introspection';
  if (client_id === undefined && !byCertificateAlone) {
    // RFC 8705 §2: the client MUST send its `client_id`.
    throw invalidClient('client_unknown', 'the parameter client_id is missing');
  }
  if (call.request.clientCertificate === undefined) return byNothing(client_id, endpoint, call, server);
  const certificate = connectionCertificate(call);
  if (!certificate.ok) throw invalidClient(certificate.failure.reason, certificate.failure.detail);
  if (client_id === undefined) return resourceServerOf(certificate.value, call, server);
  return byCertificate(client_id, certificate.value, endpoint, call, server);
}

/** RFC 7523 §2.2: `client_id` is not needed, and must be the client of the assertion where it is sent. */
async function byAssertion(
  compact: string,
  client_id: string | undefined,
  endpoint: AuthenticatedEndpoint,
  call: Call,
  server: Stores,
): Promise<Proved> {
  const assertion = readAssertion(compact);
  if (!assertion.ok) throw invalidClient(assertion.failure.reason, assertion.failure.detail);
  if (client_id !== undefined && client_id !== assertion.value.client_id) {
    throw invalidClient('assertion_invalid', 'client_id is not the sub of the assertion');
  }
  call.record.client_id = assertion.value.client_id.slice(0, maxClientIdLength);
  const client = knownClient(await findClient(assertion.value.client_id, call.snapshot, server));
  if (client.token_endpoint_auth_method !== 'private_key_jwt')
    throw invalidClient('method_mismatch', 'client_assertion');
  const place = endpoint === 'introspection' ? 'introspection' : 'other';
  const verified = await verifyAssertion(assertion.value, client, place, call, server);
  if (!verified.ok) throw invalidClient(verified.failure.reason, verified.failure.detail);
  return { client };
}

/** RFC 6749 §2.3.1, §3.2.1: a public client only says who it is, where that is enough. */
async function byNothing(
  client_id: string | undefined,
  endpoint: AuthenticatedEndpoint,
  call: Call,
  server: Stores,
): Promise<Proved> {
  if (client_id === undefined || !isMethodOf(endpoint, 'none')) throw invalidClient('no_certificate');
  const client = await findClient(client_id, call.snapshot, server);
  if (client?.token_endpoint_auth_method !== 'none') throw invalidClient('no_certificate');
  return { client: knownClient(client) };
}

/** RFC 8705 §2: path → status → binding, and the first that fails is the reason. */
async function byCertificate(
  client_id: string,
  certificate: Certificate,
  endpoint: AuthenticatedEndpoint,
  call: Call,
  server: Stores,
): Promise<Proved> {
  const { snapshot, at } = call;
  const holder = await findHolder(client_id, certificate.thumbprint, at, snapshot, server);
  const method = holder.client?.token_endpoint_auth_method;
  // A certificate that happens to be there makes no other client of a public one.
  if (holder.client !== undefined && method === 'none' && isMethodOf(endpoint, method)) {
    return { client: knownClient(holder.client) };
  }
  const byTls = method === 'tls_client_auth' || method === 'self_signed_tls_client_auth';
  // An unknown client goes through path and status as well, so that it answers like a known one.
  const judged = await judgeCertificate(byTls ? holder.client : undefined, certificate, holder.certificate, call);
  if (!judged.ok) {
    const { verdict } = judged.failure;
    if (!verdict.outcome.ok) await keepVerdict(verdict, holder.certificate, snapshot, server);
    throw refusal(judged.failure);
  }
  const client = knownClient(holder.client);
  if (!byTls) throw invalidClient('method_mismatch', 'the client authenticates otherwise than by a certificate');
  return { client, certificate: judged.value };
}

/** Clients that one certificate may fit before they are told apart. */
const maxCandidates = 4;

/** Introspection alone (Apache mod_oauth2 sends no `client_id`): the one resource server that the certificate is of. */
async function resourceServerOf(certificate: Certificate, call: Call, server: Stores): Promise<Proved> {
  const { snapshot, at } = call;
  const ids = await server.clients.resourceServers(snapshot.tenant.name, digestsOfCertificate(certificate));
  const found: Proved[] = [];
  for (const client_id of ids.slice(0, maxCandidates)) {
    const { client, certificate: row } = await findHolder(client_id, certificate.thumbprint, at, snapshot, server);
    if (client === undefined || client.disabled || client.resource_server_for.length === 0) continue;
    const { token_endpoint_auth_method: method } = client;
    if (method !== 'tls_client_auth' && method !== 'self_signed_tls_client_auth') continue;
    const judged = await judgeCertificate(client, certificate, row, call);
    if (judged.ok) found.push({ client, certificate: judged.value });
  }
  const [only] = found;
  if (only !== undefined && found.length === 1 && ids.length <= maxCandidates) {
    call.record.client_id = only.client.client_id;
    return only;
  }
  const judged = await judgeCertificate(undefined, certificate, undefined, call);
  if (!judged.ok) throw refusal(judged.failure);
  throw invalidClient(
    'client_unknown',
    `${found.length} resource servers have this certificate, and client_id is missing`,
  );
}

function knownClient(client: Client | undefined): Client {
  if (client === undefined) throw invalidClient('client_unknown');
  if (client.disabled) throw invalidClient('client_disabled');
  return client;
}

function refusal({ reason, detail, retryAfter }: CertificateRefusal): OAuthError {
  return isUnavailable(reason) ? statusUnavailable(reason, detail, retryAfter) : invalidClient(reason, detail);
}
