/** The certificate of the two hosts, and what clients must trust to reach them (`curl --cacert`). */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Authority } from './authority.ts';
import type { Identity } from './mutual-tls-client.ts';

/** Throws one line when the flags name no certificate, no key, or the key of another certificate. */
export function checkServerCertificate({ certificate, key }: Identity): void {
  const problem = problemOf(certificate, key);
  if (problem !== undefined) throw new Error(`--server-cert and --server-key: ${problem}`);
}

function problemOf(certificate: string, key: string): string | undefined {
  try {
    const matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
    return matches ? undefined : 'the key is not that of the certificate';
  } catch {
    return 'a PEM certificate and its unencrypted PEM key are needed';
  }
}

/** The last certificate of a chain of one's own (its issuer may stand elsewhere), or the development CA's server root. */
export function serverCaOf(server: { readonly certificate: string } | undefined, { serverCa }: Authority): string {
  const blocks = server?.certificate.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return blocks === null || blocks === undefined ? serverCa : `${blocks.at(-1)}\n`;
}
