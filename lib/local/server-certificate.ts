/** What clients must trust to reach the two hosts (`curl --cacert`). */
import type { Authority } from './authority.ts';

/** The last certificate of a chain of one's own (its issuer may stand elsewhere), or the development CA's server root. */
export function serverCaOf(server: { readonly certificate: string } | undefined, { serverCa }: Authority): string {
  const blocks = server?.certificate.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return blocks === null || blocks === undefined ? serverCa : `${blocks.at(-1)}\n`;
}
