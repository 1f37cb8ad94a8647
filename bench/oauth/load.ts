/** The load: a closed loop over connections that stay, and how long each request took. */
import { Pool } from 'undici';
import type { World } from './world.ts';

export type Form = Readonly<Record<string, string>>;
export type Operation = { readonly path: string; readonly form: Form; readonly as: 'client' | 'api' };

export type Slice = {
  readonly requests: number;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Milliseconds of each request. */
  readonly durations: readonly number[];
};

const connections = 8;

export type Target = { readonly pools: Readonly<Record<'client' | 'api', Pool>> };

export function target(origin: string, { server, client, api }: World): Target {
  const pool = ({ certificate, key }: World['client']) =>
    new Pool(origin, { connections, connect: { ca: server.ca, cert: certificate, key } });
  return { pools: { client: pool(client), api: pool(api) } };
}

export const closeTarget = ({ pools }: Target) => Promise.all([pools.client.close(), pools.api.close()]);

/** Sends one form; rejects on anything but 200. */
export async function send({ pools }: Target, { path, form, as }: Operation): Promise<string> {
  const { statusCode, body } = await pools[as].request({
    path,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${text}`);
  return text;
}

/** `requests` of the operation, `connections` at a time. */
export async function slice(to: Target, operation: Operation, requests: number): Promise<Slice> {
  const durations: number[] = [];
  let left = requests;
  const start = performance.now();
  const worker = async () => {
    while (left-- > 0) {
      const begun = performance.now();
      await send(to, operation);
      durations.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return { requests, elapsed: performance.now() - start, durations };
}
