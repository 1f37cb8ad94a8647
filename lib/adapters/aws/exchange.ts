/** One POST to an AWS endpoint over connections that stay: bounded in time and size. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

export type ExchangeOptions = {
  /** An http or https origin. */
  readonly origin: string;
  /** Milliseconds until a connection stands. */
  readonly connectionTimeout: number;
  /** Milliseconds until the answer is whole. */
  readonly requestTimeout: number;
  /** Connections at once. */
  readonly maxSockets: number;
};

export type Answer = { readonly status: number; readonly date: string | undefined; readonly body: string };

export type Exchange = {
  /** Rejects where there is no whole answer; an answer of any status is an answer. */
  post(headers: Readonly<Record<string, string>>, body: string): Promise<Answer>;
  close(): void;
};

/** Bytes of an answer: DynamoDB's largest is 16 MB before base64. */
const maxAnswer = 32 * 1024 * 1024;

export function exchange({ origin, connectionTimeout, requestTimeout, maxSockets }: ExchangeOptions): Exchange {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === 'https:';
  const request = secure ? httpsRequest : httpRequest;
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets });
  // The names of IPv6 hosts have brackets in a URL and none in a socket.
  const target = { method: 'POST', host: hostname.replace(/^\[|\]$/g, ''), path: '/', agent, ...(port && { port }) };
  return {
    post: (headers, body) =>
      new Promise<Answer>((resolve, reject) => {
        const outgoing = request({ ...target, headers: { ...headers, 'content-length': Buffer.byteLength(body) } });
        const limit = (ms: number, detail: string) => setTimeout(() => outgoing.destroy(new Error(detail)), ms);
        const whole = limit(requestTimeout, `no whole answer within ${requestTimeout} ms`);
        outgoing.on('socket', (socket) => {
          if (!socket.connecting) return;
          const connecting = limit(connectionTimeout, `no connection within ${connectionTimeout} ms`);
          for (const end of ['connect', 'close'] as const) socket.once(end, () => clearTimeout(connecting));
        });
        // From here on it is the reading that resolves or rejects.
        outgoing.on('response', (response) => resolve(read(response)));
        outgoing.on('error', reject);
        outgoing.on('close', () => {
          clearTimeout(whole);
          reject(new Error('closed without an answer'));
        });
        outgoing.end(body);
      }),
    close: () => agent.destroy(),
  };
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxAnswer) throw new Error(`an answer of more than ${maxAnswer} bytes`);
    chunks.push(chunk);
  }
  const body = (
    chunks.length === 1 && chunks[0] !== undefined ? Buffer.from(chunks[0]) : Buffer.concat(chunks)
  ).toString();
  return { status: response.statusCode ?? 0, date: response.headers.date, body };
}
