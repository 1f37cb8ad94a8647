/** The holder of a certificate or a token: the client and what is known of its certificate, from memory or one read. */
import type { Thumbprint } from '../pki/certificate/thumbprint.ts';
import type { CertificateRow } from './certificate-row.ts';
import { rememberedVerdict } from './certificate-verdict.ts';
import type { Client } from './client.ts';
import { maxClientIdLength } from './client-metadata.ts';
import type { Server, TenantSnapshot } from './ports.ts';

export type Holder = { readonly client?: Client; readonly certificate?: CertificateRow };

/** No read at all while both the client and a fresh verdict are in memory, else one for both. */
export async function findHolder(
  client_id: string,
  thumbprint: Thumbprint,
  at: Date,
  snapshot: TenantSnapshot,
  { holders }: Pick<Server, 'holders'>,
): Promise<Holder> {
  const client = snapshot.clients.get(client_id);
  if (client !== undefined && rememberedVerdict(thumbprint, snapshot, at) !== undefined) return { client };
  const found = await holders.find(snapshot.tenant.name, client_id.slice(0, maxClientIdLength + 1), thumbprint, at);
  if (found.client !== undefined) snapshot.clients.set(client_id, found.client);
  return found;
}

/** The client alone: no read while it is in memory. */
export async function findClient(
  client_id: string,
  snapshot: TenantSnapshot,
  { clients }: Pick<Server, 'clients'>,
): Promise<Client | undefined> {
  const known = snapshot.clients.get(client_id);
  if (known !== undefined) return known;
  const found = await clients.find(snapshot.tenant.name, client_id.slice(0, maxClientIdLength + 1));
  if (found !== undefined) snapshot.clients.set(client_id, found);
  return found;
}
