/** The demo's part of the local server: three certificates, three clients, one API. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoApi, introspectOverMutualTls } from './demo-api.ts';
import { certificateFile, demoClients, demoIdentity, demoMetadata, demoSubject, keyFile } from './demo-files.ts';
import type { ExtraRoute } from './gateway-dispatch.ts';
import type { Responder } from './responder.ts';
import { type Endpoint, writePrivate } from './state-directory.ts';

export type Demo = {
  readonly routes: readonly ExtraRoute[];
  /** RFC 7591 metadata. */
  readonly clients: (issuer: string) => readonly unknown[];
  /** Tells the API where to introspect. */
  readonly open: (endpoint: Endpoint) => void;
};

/** Issues the certificates that are missing or of no use any more, and mounts `GET /demo/whoami` on both hosts. */
export async function prepareDemo(state: string, responder: Responder): Promise<Demo> {
  await mkdir(join(state, 'clients'), { recursive: true, mode: 0o700 });
  for (const client of demoClients) {
    if (await isUsable(certificateFile(state, client), responder)) continue;
    const { certificate, key } = await responder.issue({ subject: demoSubject(client) });
    await writePrivate(keyFile(state, client), key);
    await writeFile(certificateFile(state, client), certificate);
  }
  let endpoint: Endpoint | undefined;
  const handler = demoApi(async (token) => {
    if (endpoint === undefined) throw new Error('the server is starting');
    const identity = demoIdentity(state, 'demo-api');
    const ca = responder.authority.serverCa;
    return introspectOverMutualTls({ endpoint: `${endpoint.mtls}/introspect`, client_id: 'demo-api', ca, identity })(
      token,
    );
  });
  return {
    routes: [{ path: '/demo/whoami', hosts: ['public', 'mtls'], handler }],
    clients: demoMetadata,
    open: (opened) => {
      endpoint = opened;
    },
  };
}

/** There, not expired, and neither revoked nor unknown to the CA: an interrupted demo leaves a revoked one behind. */
async function isUsable(file: string, { find }: Responder): Promise<boolean> {
  const pem = await readFile(file, 'utf8').catch(() => undefined);
  if (pem === undefined) return false;
  const { serialNumber, validToDate } = new X509Certificate(pem);
  const entry = find(serialNumber.toLowerCase());
  return entry !== undefined && entry.revoked === undefined && validToDate > new Date();
}
