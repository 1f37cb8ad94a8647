/** Truststore entries as an operator names them. */
import type { StoredEntry, TruststoreStore } from '../oauth/ports.ts';
import { type Certificate, parseTrustedEncoding } from '../pki/certificate/certificate.ts';
import { thumbprint } from '../pki/certificate/thumbprint.ts';
import { ok } from '../result.ts';
import { type Refusable, refuse } from './change.ts';
import { parseThumbprint, thumbprintForms } from './thumbprint-text.ts';

export type FoundEntry = { readonly entry: StoredEntry; readonly certificate: Certificate };

/** The entry with this thumbprint, in any of the forms that people have. */
export async function findEntry(
  tenant: string,
  text: string,
  { truststore }: { readonly truststore: Pick<TruststoreStore, 'entries'> },
): Promise<Refusable<FoundEntry>> {
  const wanted = parseThumbprint(text);
  const remedy = `see «truststore list --tenant ${tenant}»`;
  if (wanted === undefined) return refuse({ what: 'entry', value: text, problem: `is not ${thumbprintForms}`, remedy });
  const entry = (await truststore.entries(tenant)).find(({ certificate }) => thumbprint(certificate) === wanted);
  if (entry === undefined) {
    return refuse({ what: 'entry', value: text, problem: `is not in the truststore of tenant ${tenant}`, remedy });
  }
  const parsed = parseTrustedEncoding(entry.certificate);
  if (parsed.ok) return ok({ entry, certificate: parsed.value });
  const problem = `cannot be parsed any more: ${parsed.failure.problem}`;
  return refuse({ what: 'entry', value: text, problem, remedy: 'remove it with «truststore remove»' });
}
