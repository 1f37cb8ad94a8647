/** Where the demo's certificates lie below the state directory, and who they belong to. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './mutual-tls-client.ts';

/** Two clients, and the API as a resource server. */
export const demoClients = ['demo-client-1', 'demo-client-2', 'demo-api'] as const;
export type DemoClient = (typeof demoClients)[number];

/** RFC 4514 text of a demo client's subject. */
export const demoSubject = (client: DemoClient) => `CN=${client},O=Certbound Demo`;

export const certificateFile = (state: string, client: DemoClient) => join(state, 'clients', `${client}.crt`);
export const keyFile = (state: string, client: DemoClient) => join(state, 'clients', `${client}.key`);
/** The certificates under which the two hosts' own certificate is trusted. */
export const serverCaFile = (state: string) => join(state, 'server-ca.crt');

export function demoIdentity(state: string, client: DemoClient): Identity {
  return {
    certificate: readFileSync(certificateFile(state, client), 'utf8'),
    key: readFileSync(keyFile(state, client), 'utf8'),
  };
}

/** RFC 7591 metadata of the demo's clients; `issuer` is the audience of a token that names no resource. */
export function demoMetadata(issuer: string): readonly Readonly<Record<string, unknown>>[] {
  return demoClients.map((client_id) => ({
    client_id,
    client_name: `Certbound ${client_id.replaceAll('-', ' ')}`,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: demoSubject(client_id),
    grant_types: ['client_credentials'],
    ...(client_id === 'demo-api' ? { resource_server_for: [issuer] } : { scope: 'read write' }),
  }));
}
