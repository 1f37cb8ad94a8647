/** One exchange with an address that strangers wrote into a certificate: every limit of it is enforced here (RFC 6960 Appendix A, RFC 5280 §8). */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import { fail, ok, type Result } from '../../result.ts';
import type { FetchFailure, FetchRequest } from '../../status/ports.ts';
import { isPublicAddress } from './address.ts';
import { dnsResolve, type Resolve, systemResolve } from './resolve.ts';
import { type FetchTarget, fetchTarget } from './url.ts';

export type GuardOptions = {
  /** `host:port` whose address and port are not judged; all other limits hold. */
  readonly allowHosts: readonly string[];
  /** Milliseconds until the connection must stand, names resolved and TLS agreed; default 1000. */
  readonly connectTimeout?: number;
  /** Milliseconds that no fetch exceeds, whatever its request says. */
  readonly maxTimeout: number;
  /** Bytes that no answer exceeds, whatever its request says; default none but the request's. */
  readonly maxBytes?: number;
  /** Instead of the DNS. */
  readonly resolve?: Resolve;
};

/** What was asked and how its answer is read. The reader gets every status but decides itself which it wants. */
export type Exchange<T> = FetchRequest & {
  /** Besides those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly read: (response: IncomingMessage, limit: BodyLimit) => Promise<Result<T, FetchFailure>>;
};

export type BodyLimit = { readonly maxBytes: number; readonly host: string };

/** No redirect is followed, nothing is decompressed, no connection is kept, nothing is thrown. */
export async function guardedExchange<T>(
  request: Exchange<T>,
  options: GuardOptions,
): Promise<Result<T, FetchFailure>> {
  const target = fetchTarget(request.url, options.allowHosts);
  if (!target.ok) return fail({ reason: 'url_refused', detail: target.failure });
  const { signal, connected, ended } = deadlines(request, options);
  const { maxBytes = request.maxBytes } = options;
  const limited = { ...request, maxBytes: Math.min(request.maxBytes, maxBytes) };
  try {
    const addresses = await checkedAddresses(target.value, signal, options);
    return addresses.ok ? await exchange(limited, target.value, addresses.value, { signal, connected }) : addresses;
  } catch (error) {
    return failed(target.value, signal, error);
  } finally {
    ended();
  }
}

type Deadlines = {
  readonly signal: AbortSignal;
  /** The connection stands. */
  readonly connected: () => void;
  readonly ended: () => void;
};

function deadlines({ timeout }: FetchRequest, { connectTimeout = 1_000, maxTimeout }: GuardOptions): Deadlines {
  const whole = Math.min(timeout, maxTimeout);
  const controller = new AbortController();
  const abort = (detail: string) => controller.abort(detail);
  const connecting = setTimeout(abort, connectTimeout, `no connection within ${connectTimeout} ms`);
  const answering = setTimeout(abort, whole, `no complete answer within ${whole} ms`);
  return {
    signal: controller.signal,
    connected: () => clearTimeout(connecting),
    ended: () => {
      clearTimeout(connecting);
      clearTimeout(answering);
    },
  };
}

/** One name may have many addresses; a handful of attempts is enough. */
const maxAddresses = 4;

/** The addresses to connect to. One that is not public makes all of them suspect. */
async function checkedAddresses(
  { url, host, allowed }: FetchTarget,
  signal: AbortSignal,
  { resolve }: GuardOptions,
): Promise<Result<readonly string[], FetchFailure>> {
  const addresses = await unlessAborted((resolve ?? (allowed ? systemResolve : dnsResolve))(host, signal), signal);
  if (addresses.length === 0) return fail({ reason: 'network', detail: `${url.host}: the name has no address` });
  if (!allowed && !addresses.every(isPublicAddress)) {
    return fail({ reason: 'url_refused', detail: `${url.host}: the address is not public` });
  }
  return ok(addresses.slice(0, maxAddresses));
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  return Promise.race([promise, aborted]);
}

async function exchange<T>(
  request: Exchange<T>,
  target: FetchTarget,
  addresses: readonly string[],
  { signal, connected }: Pick<Deadlines, 'signal' | 'connected'>,
): Promise<Result<T, FetchFailure>> {
  const outgoing = send(request, target, addresses, signal);
  const secure = target.url.protocol === 'https:';
  outgoing.once('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', connected));
  try {
    return await request.read(await responseTo(outgoing), { maxBytes: request.maxBytes, host: target.url.host });
  } finally {
    outgoing.destroy();
  }
}

function send(
  { method, body, accept, contentType, headers }: Exchange<unknown>,
  { url, host, port }: FetchTarget,
  addresses: readonly string[],
  signal: AbortSignal,
): ClientRequest {
  const outgoing = (url.protocol === 'https:' ? httpsRequest : httpRequest)({
    method,
    host,
    port,
    path: `${url.pathname}${url.search}`,
    headers: {
      ...headers,
      host: url.host,
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'certbound',
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(body !== undefined && { 'content-length': body.byteLength }),
    },
    // A connection of its own, closed at the end; the lookup is done and knows only what was checked.
    agent: false,
    lookup: pinned(addresses),
    maxHeaderSize: 16_384,
    signal,
  });
  return outgoing.end(body);
}

function pinned(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, callback) => {
    if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family);
  };
}

function responseTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    // A protocol upgrade that nobody asked for closes the connection without another event.
    outgoing.on('close', () => reject(new Error('closed without an answer')));
  });
}

/** The body of a 200 answer, of at most `maxBytes`. */
export async function readBody(
  response: IncomingMessage,
  { maxBytes, host }: BodyLimit,
): Promise<Result<Uint8Array, FetchFailure>> {
  const { statusCode = 0, headers } = response;
  const tooLarge = fail({ reason: 'too_large', detail: `${host}: the answer is larger than ${maxBytes} bytes` });
  if (statusCode !== 200) {
    const redirect = statusCode >= 300 && statusCode < 400 ? ', and no redirect is followed' : '';
    return fail({ reason: 'http_status', detail: `${host}: the status is ${statusCode}${redirect}` });
  }
  if (!['identity', undefined].includes(headers['content-encoding']?.toLowerCase())) {
    return fail({ reason: 'network', detail: `${host}: the answer is encoded although no encoding was asked for` });
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return tooLarge;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) return tooLarge;
    chunks.push(chunk);
  }
  return ok(new Uint8Array(Buffer.concat(chunks)));
}

/** Only the code of an error goes on: its message may say what the other side wrote. */
function failed({ url }: FetchTarget, signal: AbortSignal, error: unknown): Result<never, FetchFailure> {
  if (signal.aborted) return fail({ reason: 'timeout', detail: `${url.host}: ${signal.reason}` });
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'the connection was closed';
  return fail({ reason: 'network', detail: `${url.host}: ${code}` });
}
