/** A request as API Gateway sees it, before it becomes an event. */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export type GatewayRequest = {
  readonly id: string;
  readonly receivedAt: Date;
  readonly method: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  /** The domain name, without a port. */
  readonly host: string;
  readonly port: number;
  /** As sent, not percent-decoded. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  /** Names as sent, in the order sent, without what concerns the connection alone. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
  /** The path of the route in API Gateway's table: `/t/{tenant}/token`. */
  readonly routePath: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The leaf of the TLS connection; its chain is never handed on. */
  readonly clientCertificate?: X509Certificate;
};

/** Where a request is addressed to, read before its body. */
export type Target = Pick<GatewayRequest, 'host' | 'port' | 'path' | 'query'>;

/** Reads host and request target (RFC 9112 §3.2); undefined when they make no sense, which is a 400. */
export function parseTarget(message: IncomingMessage): Target | undefined {
  const hosts = headerPairs(message).filter(([name]) => name.toLowerCase() === 'host');
  // RFC 9112 §3.2: a message with more than one Host field line is answered 400.
  const [, authority] = hosts.length === 1 ? (hosts[0] ?? []) : [];
  const place = authority === undefined ? undefined : parseAuthority(authority);
  const origin = originForm(message.url ?? '');
  if (place === undefined || origin === undefined) return undefined;
  const [path = '', ...query] = origin.split('?');
  return { ...place, path, query: query.join('?') };
}

/** RFC 9112 §3.2.2: a server takes the absolute form too; its authority would only repeat the Host field. */
function originForm(target: string): string | undefined {
  const origin = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const rooted = origin === '' || origin.startsWith('?') ? `/${origin}` : origin;
  return rooted.startsWith('/') ? rooted : undefined;
}

function parseAuthority(authority: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>[0-9]{1,5}))?$/.exec(authority);
  const host = match?.groups?.['host'];
  return host === undefined ? undefined : { host: host.toLowerCase(), port: Number(match?.groups?.['port'] ?? 443) };
}

/** RFC 9110 §7.6.1: an intermediary keeps the connection's own fields, and those that `Connection` names, to itself. */
export function forwardedHeaders(message: IncomingMessage): GatewayRequest['headers'] {
  const pairs = headerPairs(message);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  const kept = new Set([...connectionHeaders, ...named]);
  return pairs.filter(([name]) => !kept.has(name.toLowerCase()));
}

/** RFC 9110 §7.6.1, and `Expect`, which the gateway has answered. */
export const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function headerPairs({ rawHeaders }: IncomingMessage): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return pairs;
}

/** API Gateway: a payload has at most 10 MB. */
const maxPayloadBytes = 10 * 1024 * 1024;

/** The body; undefined when it is longer than API Gateway takes. Rejects when the client hangs up. */
export async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > maxPayloadBytes) return undefined;
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const collect = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxPayloadBytes) {
        chunks.push(chunk);
        return;
      }
      // The rest flows into nothing, so that the client is read to the end and sees its answer.
      message.off('data', collect);
      message.resume();
      resolve(undefined);
    };
    message.on('data', collect);
    message.once('end', () => resolve(Buffer.concat(chunks)));
    message.once('error', reject);
    message.once('close', () => reject(new Error('the client hung up')));
  });
}
