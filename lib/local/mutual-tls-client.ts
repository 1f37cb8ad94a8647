/** An HTTPS exchange with a client certificate (RFC 8446 §4.4.2): what the demo, its API and the CLI speak with. */
import { request as httpsRequest } from 'node:https';

/** PEM each. */
export type Identity = { readonly certificate: string; readonly key: string };

export type Exchange = {
  readonly url: string;
  /** The certificates that the server's own is trusted under, PEM; the system's without it. */
  readonly ca?: string | undefined;
  readonly identity?: Identity;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST as a form; without it the request is a GET. */
  readonly form?: Readonly<Record<string, string>>;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
};

/** Rejects where no answer can be had within ten seconds. */
export function exchange({ url, ca, identity, headers, form }: Exchange): Promise<Answer> {
  const body = form && new URLSearchParams(form).toString();
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      url,
      {
        method: body === undefined ? 'GET' : 'POST',
        ...(ca !== undefined && { ca }),
        agent: false,
        timeout: 10_000,
        headers: { ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
        ...(identity && { cert: identity.certificate, key: identity.key }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer within ten seconds`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** The JSON object in an answer; undefined where there is none. */
export function jsonIn({ body }: Answer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
