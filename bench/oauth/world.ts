/** What all servers of a benchmark share: one PKI, two clients, one addresses-free description that a child can be given. */
import { generateKeyPairSync } from 'node:crypto';
import { createAuthority, issueLeaf } from '../../lib/local/authority.ts';

/** Plain data: it goes to the children as one message. */
export type World = {
  readonly truststore: readonly { readonly type: 'anchor' | 'intermediate'; readonly pem: string }[];
  readonly server: { readonly certificate: string; readonly key: string; readonly ca: string };
  /** The client that asks for tokens, and the resource server that introspects them. */
  readonly client: { readonly certificate: string; readonly key: string };
  readonly api: { readonly certificate: string; readonly key: string };
  /** An ES256 private key as JWK, for whoever signs. */
  readonly signingKey: Readonly<Record<string, unknown>>;
  /** Where DynamoDB is spoken, for those that need it. */
  readonly store: string;
};

export const subjectOf = (client_id: 'client' | 'api') => `CN=${client_id},O=Example`;

export async function createWorld(store: string): Promise<World> {
  // No status source: what is measured is the warm path, where the verdict is in memory.
  const authority = await createAuthority({ statusUrl: 'http://127.0.0.1:9' });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    truststore: [
      { type: 'anchor', pem: authority.root.certificate },
      { type: 'intermediate', pem: authority.intermediate.certificate },
    ],
    server: { certificate: authority.server.certificate, key: authority.server.key, ca: authority.serverCa },
    client: await issueLeaf(authority, { subject: subjectOf('client') }),
    api: await issueLeaf(authority, { subject: subjectOf('api') }),
    signingKey: { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' },
    store,
  };
}
