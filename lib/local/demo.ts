/** The demo's part of the local server: three certificates, three clients, one API. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNull } from '../pki/certificate/der-writer.ts';
import { issueCertificate, type KeyedCertificate } from './certificate-authority.ts';
import { demoApi, type Introspect, introspectOverMutualTls } from './demo-api.ts';
import {
  certificateFile,
  type DemoClient,
  demoClients,
  demoIdentity,
  demoMetadata,
  demoSubject,
  keyFile,
} from './demo-files.ts';
import type { ExtraRoute } from './gateway-dispatch.ts';
import type { Responder } from './responder.ts';
import { type Endpoint, writePrivate } from './state-directory.ts';

export type Demo = {
  readonly routes: readonly ExtraRoute[];
  /** RFC 7591 metadata. */
  readonly clients: (issuer: string) => readonly unknown[];
  /** PEM of what the tenant must trust, besides what it trusts anyway, for the API to be heard. */
  readonly anchor: string;
  /** Tells the API where to introspect, and what the hosts' certificate is trusted under. */
  readonly open: (endpoint: Endpoint, serverCa: string) => void;
};

/**
 * Issues the certificates that are missing or of no use any more. With a truststore of one's own the demo's clients
 * would not be trusted: then only the API is there, under an anchor made for it alone.
 */
export async function prepareDemo(state: string, ownTruststore: boolean, responder: Responder): Promise<Demo> {
  await mkdir(join(state, 'clients'), { recursive: true, mode: 0o700 });
  if (ownTruststore) {
    const { root, leaf } = await lonelyApi();
    await keep(state, 'demo-api', leaf);
    return { ...demoRoute(state), anchor: root.certificate, clients: (issuer) => demoMetadata(issuer).slice(-1) };
  }
  for (const client of demoClients) {
    if (await isUsable(certificateFile(state, client), responder)) continue;
    await keep(state, client, await responder.issue({ subject: demoSubject(client) }));
  }
  return { ...demoRoute(state), anchor: '', clients: demoMetadata };
}

async function keep(state: string, client: DemoClient, { certificate, key }: KeyedCertificate): Promise<void> {
  await writePrivate(keyFile(state, client), key);
  await writeFile(certificateFile(state, client), certificate);
}

/** `GET /demo/whoami` on both hosts. */
function demoRoute(state: string): Pick<Demo, 'routes' | 'open'> {
  let introspect: Introspect = () => Promise.reject(new Error('the server is starting'));
  return {
    routes: [{ path: '/demo/whoami', hosts: ['public', 'mtls'], handler: demoApi((token) => introspect(token)) }],
    open: ({ mtls }, ca) => {
      introspect = (token) => {
        // Read each time: the file may hold a renewed certificate.
        const identity = demoIdentity(state, 'demo-api');
        return introspectOverMutualTls({ endpoint: `${mtls}/introspect`, client_id: 'demo-api', ca, identity })(token);
      };
    },
  };
}

/**
 * A CA that issues one certificate and is forgotten with its key, so that trusting it lets nobody else in. The
 * certificate needs no status, and says so (RFC 9608).
 */
async function lonelyApi() {
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 365 * 86_400_000) };
  const root = await issueCertificate(undefined, {
    ...validity,
    subject: 'CN=Certbound Demo API CA',
    ca: { pathLength: 0 },
  });
  const leaf = await issueCertificate(root, {
    ...validity,
    subject: demoSubject('demo-api'),
    eku: ['clientAuth'],
    extensions: [{ oid: '2.5.29.56', critical: false, value: writeNull() }],
  });
  return { root, leaf };
}

/** There, not expired, and neither revoked nor unknown to the CA: an interrupted demo leaves a revoked one behind. */
async function isUsable(file: string, { find }: Responder): Promise<boolean> {
  const pem = await readFile(file, 'utf8').catch(() => undefined);
  if (pem === undefined) return false;
  const { serialNumber, validToDate } = new X509Certificate(pem);
  const entry = find(serialNumber.toLowerCase());
  return entry !== undefined && entry.revoked === undefined && validToDate > new Date();
}
