/** One call of an AWS REST API without its SDK client: JSON, signed by Signature Version 4, tried again while it may help. */
import type { S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';

export type SignedCallOptions = {
  readonly service: string;
  /** Region, credentials and hash of any SDK client of the function. */
  readonly config: Pick<S3Client['config'], 'region' | 'credentials' | 'sha256'>;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** An origin in place of the region's own. */
  readonly endpoint?: string;
};

export type Call = { readonly method: 'GET' | 'PATCH'; readonly path: string; readonly body?: string };

export type CallAnswer = {
  readonly status: number;
  /** Parsed; undefined where it is no JSON. */
  readonly body: unknown;
};

/** Times that a call is made while the service is overloaded or cannot be reached. */
const attempts = 4;

/** Milliseconds that one call may take. */
const timeout = 10_000;

/** Bytes that are read of an answer. */
const maxAnswer = 256 * 1024;

/** Throws when the service cannot be reached; an answer of any status is an answer. */
export function signedCall({ service, config, wait, endpoint }: SignedCallOptions) {
  const { region, credentials, sha256 } = config;
  const signer = new SignatureV4({ service, region, credentials, sha256 });

  async function once({ method, path, body }: Call, signal: AbortSignal): Promise<CallAnswer> {
    const origin = new URL(endpoint ?? regionalEndpoint(service, await region()));
    const { protocol, hostname, host } = origin;
    const headers = {
      host,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const signed = await signer.sign({
      method,
      protocol,
      hostname,
      path,
      headers,
      ...(body !== undefined && { body }),
    });
    const response = await fetch(new URL(path, origin), {
      method,
      headers: signed.headers,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
      ...(body !== undefined && { body }),
    });
    return { status: response.status, body: await parsedBody(response) };
  }

  return async (call: Call, signal: AbortSignal): Promise<CallAnswer> => {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const answer = await once(call, signal).catch((cause: unknown) => {
        if (attempt === attempts || signal.aborted) throw new Error(`${service} cannot be reached`, { cause });
        return undefined;
      });
      // An update that was throttled waits for longer than this, elsewhere.
      const again = answer === undefined || answer.status >= 500 || (answer.status === 429 && call.method === 'GET');
      if (answer !== undefined && (!again || attempt === attempts)) return answer;
      await wait(500 * 2 ** attempt, signal);
    }
  };
}

const regionalEndpoint = (service: string, region: string) =>
  `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

async function parsedBody(response: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxAnswer) throw new Error(`An answer of more than ${maxAnswer} bytes`);
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}
