/** A fetch for URLs that strangers wrote into certificates: every limit of it is enforced here (RFC 6960 Appendix A, RFC 5280 §8). */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIPv6, type LookupFunction } from 'node:net';
import type { Fetch, FetchFailure, FetchRequest } from '../../pki/ports.ts';
import { fail, ok, type Result } from '../../result.ts';
import { isPublicAddress } from './address.ts';
import { dnsResolve, type Resolve, systemResolve } from './resolve.ts';
import { type FetchTarget, fetchTarget } from './url.ts';

export type GuardedFetchOptions = {
  /** `host:port` whose address and port are not judged; all other limits hold. */
  readonly allowHosts: readonly string[];
  /** Milliseconds until the connection must stand, names resolved and TLS agreed; default 1000. */
  readonly connectTimeout?: number;
  /** Milliseconds that no fetch exceeds, whatever its request says; default 2500. */
  readonly maxTimeout?: number;
  /** Instead of the DNS. */
  readonly resolve?: Resolve;
};

type Answer = Result<Uint8Array, FetchFailure>;

/** No redirect is followed, nothing is decompressed, no connection is kept, nothing is thrown. */
export function guardedFetch(options: GuardedFetchOptions): Fetch {
  return async (request) => {
    const target = fetchTarget(request.url, options.allowHosts);
    if (!target.ok) return fail({ reason: 'url_refused', detail: target.failure });
    const { signal, connected, ended } = deadlines(request, options);
    try {
      const addresses = await checkedAddresses(target.value, signal, options);
      return addresses.ok ? await exchange(request, target.value, addresses.value, { signal, connected }) : addresses;
    } catch (error) {
      return failed(target.value, signal, error);
    } finally {
      ended();
    }
  };
}

type Deadlines = {
  readonly signal: AbortSignal;
  /** The connection stands. */
  readonly connected: () => void;
  readonly ended: () => void;
};

function deadlines({ timeout }: FetchRequest, options: GuardedFetchOptions): Deadlines {
  const { connectTimeout = 1_000, maxTimeout = 2_500 } = options;
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
  { resolve }: GuardedFetchOptions,
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

async function exchange(
  request: FetchRequest,
  target: FetchTarget,
  addresses: readonly string[],
  { signal, connected }: Pick<Deadlines, 'signal' | 'connected'>,
): Promise<Answer> {
  const outgoing = send(request, target, addresses, signal);
  const secure = target.url.protocol === 'https:';
  outgoing.once('socket', (socket) => socket.once(secure ? 'secureConnect' : 'connect', connected));
  try {
    return await readAnswer(await responseTo(outgoing), request.maxBytes, target.url.host);
  } finally {
    outgoing.destroy();
  }
}

function send(
  { method, body, accept, contentType }: FetchRequest,
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

async function readAnswer(response: IncomingMessage, maxBytes: number, host: string): Promise<Answer> {
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
function failed({ url }: FetchTarget, signal: AbortSignal, error: unknown): Answer {
  if (signal.aborted) return fail({ reason: 'timeout', detail: `${url.host}: ${signal.reason}` });
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'the connection was closed';
  return fail({ reason: 'network', detail: `${url.host}: ${code}` });
}
