/** What a stored client is read as: its registered metadata (RFC 7591 §2), judged again at each reading. */
import { digestsOfClient } from '../oauth/certificate-index.ts';
import type { Client } from '../oauth/client.ts';
import { parseClientMetadata } from '../oauth/client-metadata.ts';
import type { ClientMetadata } from '../oauth/ports.ts';

/** The client of this `client_id`; undefined where the text is no valid metadata of it. */
export function clientOf(metadata: string, client_id: string): Client | undefined {
  const client = parseClientMetadata(parsed(metadata));
  // Two identifiers with lone surrogates hash alike.
  return client.ok && client.value.client_id === client_id ? client.value : undefined;
}

/** The metadata as registered; undefined where it is not valid any more. */
export function metadataOf(text: string): ClientMetadata | undefined {
  const metadata = parsed(text);
  const client = parseClientMetadata(metadata);
  return client.ok ? { ...Object(metadata), client_id: client.value.client_id } : undefined;
}

/** What a resource server with this metadata is found by. */
export function digestsOf(text: string): readonly string[] {
  const client = parseClientMetadata(parsed(text));
  return client.ok ? digestsOfClient(client.value) : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
