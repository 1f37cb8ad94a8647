/** Asking the sources of a certificate's status, OCSP (RFC 6960) and CRLs (RFC 5280 §6.3), when nothing known is fresh. */
import { maximumFetches } from './budget.ts';
import type { CertificateStatus } from './certificate-status.ts';
import { askCrls, checkDelegate, crlPlan } from './crl-source.ts';
import { fallbackOf, isConclusive, mostTelling } from './known.ts';
import { type Level, unaskedStatus } from './level.ts';
import { askResponder } from './ocsp-source.ts';
import { ocspAddresses } from './sources.ts';

/** The sources are asked in turn until one is conclusive; `known` serves where none is and it still holds. Never throws. */
export async function askSources(level: Level, known: CertificateStatus | undefined): Promise<CertificateStatus> {
  const asks = plan(level);
  const found: CertificateStatus[] = [];
  for (const ask of asks) {
    const status = await ask();
    if (isConclusive(status)) return mostTelling([status, ...fallbackOf(known, level, [])]);
    found.push(status);
  }
  if (asks.length === 0) return unaskedStatus(level, 'no_source');
  return mostTelling([...found, ...fallbackOf(known, level, found)]);
}

/** The sources of the certificate in the order of the policy; the operator's address takes the place of the certificate's. */
function plan(level: Level): readonly (() => Promise<CertificateStatus>)[] {
  const { certificate, override, policy } = level;
  const responders = override.responderUrl ? [override.responderUrl] : ocspAddresses(certificate);
  const byOcsp = responders.slice(0, maximumFetches).map((url) => () => askResponder(url, level, checkDelegate));
  const hasCrl = crlPlan(level).length > 0 || override.crl !== undefined || override.uploadedCrl === true;
  const byCrl = hasCrl ? [() => askCrls(level)] : [];
  return { ocsp: byOcsp, crl: byCrl, 'ocsp-crl': [...byOcsp, ...byCrl], 'crl-ocsp': [...byCrl, ...byOcsp] }[
    policy.order
  ];
}
